"""A request may wait for its decision: woken when it is made, certain by asking the store."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Executor

from redis.asyncio import Redis
from sqlalchemy import Engine, update

from graph.ports import Ports
from tests.fixtures.router import Bench, person, settle
from tools.embedded.valkey import EmbeddedValkey
from tools.store.tables import outbox
from tools.stream.connect import connect
from tools.web.waiting import Decisions, outcome_of


async def test_the_outcome_is_named_as_the_contract_names_it(database: Engine, ports: Ports):
    ann = person("ann")
    (one,) = await settle(database, ports, ann)
    assert one.case.assignment is not None
    assert one.case.score is not None
    assert outcome_of(database, ann.submission_id) == {
        "lead_id": ann.lead_id,
        "score": one.case.score.points,
        "owner": one.case.assignment.owner,
        "path": "qualify",
        "crm_id": None,
    }
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(update(outbox).where(outbox.c.kind == "upsert_contact").values(external_id="contact-7"))
    assert outcome_of(database, ann.submission_id)["crm_id"] == "contact-7"  # type: ignore[index]
    assert outcome_of(database, "s:unknown") is None


async def test_each_submission_of_a_lead_has_its_own_outcome(database: Engine, ports: Ports):
    first, second = person("ann"), person("ann", country="France", employees="20")
    await settle(database, ports, first)
    await settle(database, ports, second)
    assert outcome_of(database, first.submission_id)["owner"] != outcome_of(database, second.submission_id)["owner"]  # type: ignore[index]


async def test_what_is_decided_already_is_told_at_once(
    redis: Redis, database: Engine, ports: Ports, executor: Executor
):
    ann = person("ann")
    await settle(database, ports, ann)
    async with Decisions(redis, 1, database, executor) as decisions:
        async with asyncio.timeout(5):
            assert (await decisions.wait(ann.submission_id, 0.0) or {})["lead_id"] == ann.lead_id


async def test_every_request_that_waits_for_a_submission_hears_of_it(bench: Bench, shared_valkey: EmbeddedValkey):
    client = connect(shared_valkey.url, timeout_s=None)
    people = [person(f"p{n}") for n in range(5)]
    async with Decisions(client, 1, bench.engine, bench.executor) as decisions:
        waiting = asyncio.gather(*(decisions.wait(p.submission_id, 20.0) for p in people * 3))
        await asyncio.sleep(0)
        await bench.post(*people)
        await bench.drain()
        outcomes = await waiting
        assert [outcome and outcome["lead_id"] for outcome in outcomes] == [p.lead_id for p in people * 3]
        assert decisions._waiting == {}, "nobody is remembered who waits no longer"
    await client.aclose()


async def test_without_an_announcement_the_store_is_asked(database: Engine, ports: Ports, executor: Executor):
    """A stream server that is away costs a moment, not the answer."""
    nowhere = connect("unix:///nowhere/at/all", timeout_s=None)
    ann = person("ann")
    async with Decisions(nowhere, 1, database, executor) as decisions:
        waiting = asyncio.create_task(decisions.wait(ann.submission_id, 20.0))
        await asyncio.sleep(0)
        await settle(database, ports, ann)
        async with asyncio.timeout(5):
            assert await waiting is not None
    await nowhere.aclose()


async def test_what_is_not_decided_in_time_is_none(redis: Redis, database: Engine, executor: Executor):
    async with Decisions(redis, 1, database, executor) as decisions:
        started = time.monotonic()
        assert await decisions.wait("s:never", 0.05) is None
        assert time.monotonic() - started < 2.0


async def test_a_database_that_is_away_costs_only_the_answer(
    redis: Redis, postgres_url: str, postgres_server: str, executor: Executor
):
    from tests.tools.stream.test_worker import refused
    from tools.store.engine import open_engine

    engine = open_engine(postgres_url)
    with refused(engine, postgres_server):
        async with Decisions(redis, 1, engine, executor) as decisions:
            assert await decisions.wait("s:any", 0.05) is None
    engine.dispose()
