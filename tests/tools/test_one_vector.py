"""A lead has one vector: decision, training row, prediction and `/score-lead` agree bit for bit, also about texts that give
orders; and a prediction comes from the model that decided."""

from __future__ import annotations

from concurrent.futures import Executor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray
from redis.asyncio import Redis
from sqlalchemy import Engine, select, update

from graph.domain.lead import Form, Submission
from graph.features.vector import vector_of
from graph.ports import Challenge, Ports
from graph.rules.aliases import NONE
from graph.rules.bots import ORDERS
from tests.fixtures.hostile_texts import HOSTILE, ORDER
from tests.fixtures.router import NOW, decided, person, ports_of, settle
from tests.tools.insights.test_scorers import Named, choose, scorer_of
from tools.insights.predicting import Predictor
from tools.insights.quick import Ask, QuickScores
from tools.insights.seen import seen
from tools.ml.registry.roles import Challenger
from tools.score_cache import ScoreCache
from tools.store.learning import past_leads
from tools.store.tables import decisions

TYPED: list[dict[str, Any]] = [
    {"message": "We run 400 services on Kubernetes.", "title": "VP Engineering", "phone": "+493012345678"},
    {"message": f"We run 400 services. {ORDER}", "title": "VP Engineering"},
    {"message": "A demo, please.", "title": f"CTO. {ORDER}"},
    {"message": "A demo, please.", "source": ORDER},
]


def exactly(rows: Any) -> bytes:
    """Bits as a model gets them."""
    return np.array(rows, dtype=np.float32).tobytes()


def people() -> list[Submission]:
    return [person(f"p{n}", **typed) for n, typed in enumerate(TYPED)]


async def test_a_training_row_is_the_vector_of_the_decision_also_when_it_is_made_anew(database: Engine, ports: Ports):
    made = {one.case.submission.lead_id: one.case.vector for one in await settle(database, ports, *people())}
    for lead in past_leads(database):
        assert exactly(lead.row) == exactly(made[lead.lead_id])
    with database.execution_options(immediate=True).begin() as connection:
        for lead_id, raw in connection.execute(select(decisions.c.lead_id, decisions.c.record)).all():
            record = orjson.loads(raw)
            record["versions"]["features"], record["features"] = "of another day", []
            this = update(decisions).where(decisions.c.lead_id == lead_id)
            connection.execute(this.values(record=orjson.dumps(record)))
    again = list(past_leads(database))
    assert len(again) == len(TYPED)
    for lead in again:
        assert exactly(lead.row) == exactly(made[lead.lead_id])


async def test_a_prediction_sees_the_vector_of_the_decision(database: Engine, ports: Ports):
    made = {one.case.submission.lead_id: one.case.vector for one in await settle(database, ports, *people())}
    found = seen(database, list(made))
    assert len(found) == len(TYPED)
    for lead_id, one in found.items():
        assert exactly(vector_of(one.inp)) == exactly(made[lead_id])


class Noting(Named):
    rows: list[NDArray[np.float32]]

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.rows = []

    def score(self, rows: NDArray[np.float32]) -> Any:
        self.rows.append(rows.copy())
        return super().score(rows)


async def asked(redis: Redis, folder: Path, ports: Ports, submissions: list[Submission]) -> list[NDArray[np.float32]]:
    """The rows that `/score-lead` gives the model, one by one."""
    scorer = Noting(Path("one"))
    choose(folder, "one")
    cache = ScoreCache(redis, places=0, ttl_s=60)
    current = scorer_of(folder, load=lambda _: scorer)
    async with QuickScores(current, cache, enrichment=ports.enrichment, aliases=lambda: NONE) as scores:
        for one in submissions:
            await scores.score(Ask(one.form, (), one.received_at))
    return scorer.rows


async def test_score_lead_sees_the_vector_that_a_decision_of_the_same_lead_would(
    redis: Redis, tmp_path: Path, ports: Ports
):
    posted = people()
    made, _ = await decided(ports, *posted)
    vectors = {one.case.submission.lead_id: one.case.vector for one in made}
    rows = await asked(redis, tmp_path, ports, posted)
    assert [exactly(row[0]) for row in rows] == [exactly(vectors[one.lead_id]) for one in posted]


@pytest.mark.parametrize("field", ["message", "title", "source"])
async def test_an_order_moves_score_lead_no_more_than_an_empty_field(
    redis: Redis, tmp_path: Path, ports: Ports, field: str
):
    typed = {"message": "A demo, please.", "title": "CTO", "source": "webinar"}
    posted = [person("ann", **(typed | {field: text})) for text in (None, *HOSTILE.values())]
    made, _ = await decided(ports, *posted)
    flagged = [
        not ORDERS.isdisjoint(flag.code for flag in one.case.lead.flags) for one in made if one.case.lead is not None
    ]
    empty, *rows = await asked(redis, tmp_path, ports, posted)
    orders = [row for row, order in zip(rows, flagged[1:], strict=True) if order]
    assert len(orders) >= 40
    assert {exactly(row) for row in orders} == {exactly(empty)}


async def test_a_prediction_comes_from_the_model_that_decided(database: Engine, executor: Executor, tmp_path: Path):
    choose(tmp_path, "one", Challenger(digest="two", share=0.5, salt="s", since=datetime(2026, 6, 1, tzinfo=UTC)))
    two = Challenge(Named(Path("two")), 0.5, "s")
    ports = ports_of(database, executor, scorer=Named(Path("one")), challenge=two)
    free = Submission("s:free", "ld_free", NOW, Form(email="mail@gmail.com", country="Germany"))
    await settle(database, ports, *(person(f"p{n}") for n in range(12)), free)
    predictor = Predictor(database, scorer_of(tmp_path), lambda: NOW)
    with database.connect() as connection:
        decided_by = dict(connection.execute(select(decisions.c.lead_id, decisions.c.model_digest)).all())
    assert set(decided_by.values()) == {"one", "two"}
    some = list(decided_by)
    told = {lead_id: predictor.predict(lead_id)["version"] for lead_id in some[::2]}
    bulk = predictor.many(some, force=True)
    assert bulk.failed == 0
    assert {one.lead_id: one.version for one in bulk.new} == decided_by
    assert told == {lead_id: decided_by[lead_id] for lead_id in told}
