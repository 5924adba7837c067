"""An insight is of the very score that the decision recorded, and what would raise it was scored by the same model."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import Engine

from graph.domain.values import evolve
from graph.features.changes import changes
from graph.features.vector import vector_of
from graph.ports import Ports
from tests.fixtures.router import NOW, person, ports_of, settle, threads
from tools.insights.insight import insight, scored
from tools.insights.predicting import predictions_of
from tools.insights.scorers import Answering
from tools.insights.seen import seen
from tools.insights.times import time_to_close
from tools.ml.registry import ensure_bootstrap
from tools.store.engine import open_engine
from tools.xgb import XgbScorer


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Answering:
    return Answering(XgbScorer(ensure_bootstrap(tmp_path_factory.mktemp("models"))), "model")


async def test_seen_again_a_lead_has_the_vector_and_score_of_its_decision(sqlite_url: str, model: Answering):
    database = open_engine(sqlite_url)
    with threads(2) as executor:
        ports: Ports = ports_of(database, executor, scorer=model.scorer)
        ann = person("ann", message="Please call me about a demo.", phone="+493012345678")
        await settle(database, ports, ann)
        await settle(database, ports, person("ann", message="Prices, please."), now=NOW + timedelta(days=3))
        (decided,) = await settle(database, ports, person("ann"), now=NOW + timedelta(days=5))
    one = seen(database, [ann.lead_id])[ann.lead_id]
    database.dispose()
    assert one.revision == 3
    record = orjson.loads(decided.record)
    assert vector_of(one.inp) == pytest.approx(decided.case.vector, nan_ok=True)
    found = insight(one, model, NOW)
    assert found.score.points == record["score"]
    assert [each.points for each in found.score.contributions] == [
        each["points"] for each in record["scoring"]["contributions"]
    ]


async def test_every_raise_is_what_the_scorer_says_of_the_changed_lead(
    database: Engine, ports: Ports, model: Answering
):
    ann = person("ann")
    await settle(database, ports, ann)
    one = seen(database, [ann.lead_id])[ann.lead_id]
    found = insight(one, model, NOW)
    assert found.raising.single
    made = {change.option: change.made for change in changes(one.inp)}
    for each in found.raising.single:
        (score,), _ = scored([made[each.options[0]](one.inp)], one.judgement, model)
        assert (score.points, score.tier) == (each.points, each.tier)
        assert each.gain == pytest.approx(score.points - found.score.points, abs=1e-9)


async def test_silence_counts_until_now_and_not_into_the_score(database: Engine, ports: Ports, model: Answering):
    ann = person("ann")
    await settle(database, ports, ann)
    one = seen(database, [ann.lead_id])[ann.lead_id]
    fresh, late = insight(one, model, NOW), insight(one, model, NOW + timedelta(days=40))
    assert fresh.score == late.score
    assert "silence" not in {risk.factor for risk in fresh.risks}
    assert next(risk for risk in late.risks if risk.factor == "silence").current_value == 40.0


async def test_days_to_close_come_with_a_range_factors_and_what_speeds_it_up(
    database: Engine, ports: Ports, model: Answering
):
    ann = person("ann")
    await settle(database, ports, ann)
    found = insight(seen(database, [ann.lead_id])[ann.lead_id], model, NOW)
    told = time_to_close(found)
    assert told is not None
    assert told["optimistic"] <= told["point"] <= told["pessimistic"]
    assert told["factors"]
    assert all((each["factor"] > 1) == (each["effect"] == "longer") for each in told["factors"])
    assert all(each["daysSaved"] > 0 for each in told["speedUp"])
    assert time_to_close(evolve_score(found)) is None


def evolve_score(found):
    from dataclasses import replace

    return replace(found, score=evolve(found.score, days=None))


async def test_priority_is_the_one_that_the_router_rolled_up(sqlite_url: str, model: Answering):
    database = open_engine(sqlite_url)
    with threads(2) as executor:
        ports: Ports = ports_of(database, executor, scorer=model.scorer)
        ann = person("ann")
        (decided,) = await settle(database, ports, ann)
    found = predictions_of(seen(database, [ann.lead_id])[ann.lead_id], model, NOW)
    database.dispose()
    account = orjson.loads(decided.record)["account"]
    priority = next(each for each in found if each.type == "PRIORITY")
    assert priority.value == account["priority_usd"]
    told = orjson.loads(priority.payload)
    assert (told["currency"], told["account"]) == ("USD", account["parent_domain"])
    assert told["probability"] * told["contractValue"]["point"] == pytest.approx(priority.value, rel=0.01)


def test_a_lead_nobody_knows_is_not_seen(database: Engine):
    assert seen(database, ["ld_nobody"]) == {}
