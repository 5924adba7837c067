"""The daily job: what it trains challenges, a challenge is judged once a week, nothing that is needed is thrown away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from graph.ports import Ports
from tests.fixtures.past import WINDOW, World, with_past
from tests.fixtures.router import NOW
from tools.learning.comparing import compare_models
from tools.learning.leaderboard import leaderboard
from tools.learning.reading import read_history
from tools.learning.retraining import Plan, retrain
from tools.learning.watching import watch_store
from tools.locking import Busy, file_lock
from tools.ml import registry
from tools.ml.promotion import Rules
from tools.ml.registry import current, load, save
from tools.ml.registry.choosing import Note, challenge, promote
from tools.ml.registry.pruning import prune
from tools.ml.registry.reports import read_seen, reports_folder
from tools.ml.registry.roles import LOCK, read_roles
from tools.ml.standing import models_state

DAY = timedelta(days=1)
PLAN = Plan(window=WINDOW, rules=Rules(least_leads=40, least_converted=8))
NOTE = Note("ana@sales.example", "a test", NOW - 60 * DAY)
WORLD = World()


def with_answers(models: Path, note: str, turn: float) -> str:
    """Another model: the champion's trees with every probability turned towards or away from its opposite."""
    path = current(models)
    assert path is not None
    model = load(path)
    head = model.card.heads["propensity"]
    table = head.calibration
    assert table is not None
    margins = tuple(np.linspace(-4, 4, 33).tolist())
    point = tuple((1 / (1 + np.exp(-turn * np.array(margins)))).tolist())
    changed = table.model_copy(
        update={"method": "platt", "margins": margins, "probability": point, "low": point, "high": point}
    )
    heads = model.card.heads | {"propensity": head.model_copy(update={"calibration": changed})}
    return save(models, model.card.model_copy(update={"heads": heads, "note": note}), model.files).name


async def test_a_first_run_trains_a_model_that_challenges_and_writes_a_report(
    database: Engine, ports: Ports, models: Path
):
    champion = with_answers(models, "wrong way round", -1.0)
    promote(models, champion, NOTE)
    await with_past(database, ports, WORLD)
    report, told = retrain(database, models, NOW, PLAN)
    roles = read_roles(models)
    assert roles.champion == champion
    assert roles.challenger is not None
    assert (roles.challenger.share, roles.challenger.since) == (0.2, NOW)
    assert roles.challenger.digest in report.read_text()
    assert report.parent == reports_folder(models)
    _, again = retrain(database, models, NOW + DAY, PLAN)
    assert any("challenges since" in sentence for sentence in again), "a look each week, not each day"
    assert any("challenges already" in sentence for sentence in again)
    assert read_roles(models).challenger == roles.challenger
    assert len(told) >= 4


async def test_a_new_model_that_is_no_better_does_not_challenge(database: Engine, ports: Ports, models: Path):
    await with_past(database, ports, WORLD)  # whose odds are those that the bootstrap model was taught
    _, told = retrain(database, models, NOW, PLAN)
    assert any("no better" in sentence for sentence in told)
    assert read_roles(models).challenger is None


async def test_a_store_without_outcomes_leaves_everything_as_it_is_and_says_so(
    database: Engine, ports: Ports, models: Path
):
    before = current(models)
    _, told = retrain(database, models, NOW, PLAN)
    assert any("nothing trained" in sentence for sentence in told)
    assert current(models) == before
    assert ports is not None


async def test_two_runs_at_once_are_one(database: Engine, models: Path):
    with file_lock(reports_folder(models) / LOCK), pytest.raises(Busy):
        retrain(database, models, NOW, PLAN)


@pytest.mark.parametrize(("promotes", "better"), [(True, True), (False, True), (True, False)])
async def test_a_challenger_is_promoted_when_it_won_and_that_was_asked_for(
    sqlite_url: str, executor, models: Path, promotes: bool, better: bool
):
    from tests.fixtures.router import ports_of
    from tools.store.engine import open_engine

    engine = open_engine(sqlite_url)
    await with_past(engine, ports_of(engine, executor), WORLD)
    bad, good = with_answers(models, "wrong way round", -1.0), with_answers(models, "as it was", 1.0)
    promote(models, bad if better else good, NOTE)
    challenge(models, good if better else bad, 0.2, NOTE)
    _, told = retrain(engine, models, NOW, replace(PLAN, promotes=promotes))
    roles = read_roles(models)
    assert (roles.champion == good) == (promotes or not better)
    look = next(entry for entry in roles.log if entry.what == "look")
    assert look.by == "retrain"
    if promotes and better:
        entry = next(entry for entry in reversed(roles.log) if entry.what == "promoted")
        assert "look 1" in entry.evidence
    assert any(("better." in sentence and "not" not in sentence) == better for sentence in told if "Brier" in sentence)
    engine.dispose()


async def test_a_comparison_is_on_leads_that_neither_model_knew_and_shows_who_scored_them(
    database: Engine, ports: Ports, models: Path
):
    await with_past(database, ports, WORLD)
    one = current(models)
    assert one is not None
    other = with_answers(models, "wrong way round", -1.0)
    compared = compare_models(database, models, one.name, other, NOW, WINDOW, NOW - 100 * DAY)
    assert compared.found is not None
    assert compared.found.brier[0] < compared.found.brier[1]
    assert compared.found.leads == sum(arm.leads for arm in compared.arms) == 211
    assert compared.arms[0].model == WORLD.model
    nobody = compare_models(database, models, one.name, other, NOW, WINDOW, NOW + DAY)
    assert nobody.found is None


async def test_the_leaderboard_holds_promises_against_what_came(database: Engine, ports: Ports):
    await with_past(database, ports, WORLD)
    rows = leaderboard(read_history(database), NOW, WINDOW)
    whole = rows[0]
    assert (whole.model, whole.period, whole.tier) == (WORLD.model, "all", "all")
    assert whole.leads == sum(row.leads for row in rows if row.tier != "all")
    assert whole.leads == sum(row.leads for row in rows if row.period != "all")
    assert abs(whole.sigmas) < 4, "the drawn odds are true"
    assert whole.auc is not None
    assert whole.auc > 0.65
    tiers = [row for row in rows if row.tier != "all"]
    assert [row.promised for row in tiers] == sorted((row.promised for row in tiers), reverse=True)
    assert leaderboard(read_history(database), NOW - 400 * DAY, WINDOW) == []


async def test_a_model_without_a_reference_is_watched_against_earlier_leads(
    database: Engine, ports: Ports, models: Path
):
    await with_past(database, ports, WORLD)
    seen = watch_store(database, models, NOW, 30 * DAY, WINDOW)
    assert "earlier leads" in seen.basis
    assert seen.leads == 91
    assert [check for check in seen.drift.findings if check.kind in {"input", "score"}] == []
    early = watch_store(database, models, NOW - 295 * DAY, 4 * DAY, WINDOW)
    assert early.drift.checks == ()
    assert "earlier leads" in early.drift.unjudged[0]


async def test_a_shift_in_the_newest_leads_is_found_and_named_by_when_it_becomes_known(
    database: Engine, ports: Ports, models: Path
):
    await with_past(database, ports, replace(WORLD, shifted=90))
    found = watch_store(database, models, NOW, 30 * DAY, WINDOW).drift.findings
    known = {check.name: check.known_at for check in found}
    assert known.items() >= {"logEmployees": "enrichment", "asksDemo": "submission"}.items()
    assert len([check for check in found if check.kind == "input"]) == 2


async def test_drift_is_kept_for_health(database: Engine, ports: Ports, models: Path):
    await with_past(database, ports, WORLD)
    retrain(database, models, NOW, PLAN)
    seen = read_seen(models)
    assert seen is not None
    assert seen.at == NOW
    assert models_state(models)["drift"]["findings"] == [sentence for _, sentence in seen.findings]


def test_pruning_keeps_what_served_what_decisions_name_and_the_newest(models: Path):
    served = str(read_roles(models).champion)
    many = [with_answers(models, f"number {n}", 1.0) for n in range(6)]
    challenge(models, many[0], 0.2, NOTE)
    gone = prune(models, 2, {many[1]})
    left = {path.parent.name for path in models.glob("*/card.json")}
    assert {served, many[0], many[1]} <= left
    assert set(gone) <= set(many[2:])
    assert len(gone) >= 2
    assert len(left) == 7 - len(gone)
    assert not list(models.glob(".pruned-*"))
    for digest in left:
        registry.load(models / digest)
