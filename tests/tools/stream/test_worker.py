"""The worker: decided once whatever dies, one lead's fault is its own, and outages cost nobody an attempt."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine, event, text

from graph.domain.account import Prior
from graph.domain.facts import Fact
from graph.domain.routing import PoolState
from graph.domain.scoring import Judgement, ModelOutput
from graph.features.vector import FEATURES
from graph.ports import JudgeAsk
from tests.fixtures.router import NOW, Bench, person
from tools.embedded.judge import RuleJudge
from tools.embedded.rule_scorer import RuleScorer
from tools.embedded.valkey import EmbeddedValkey
from tools.store import engine as opening
from tools.store.acts import accept
from tools.store.dead import find_dead, list_dead, mark_replayed
from tools.store.history import SqlHistory
from tools.stream import worker as working
from tools.stream.again import again, passed, send_raw
from tools.stream.codec import encode
from tools.stream.connect import connect
from tools.stream.consumer import Consumer, Entry
from tools.stream.inbox import Inbox
from tools.stream.keys import GROUP
from tools.stream.worker import ALONE_AFTER, BACKOFF_S, GIVE_UP_AFTER, Worker, one_each

HAS_PHONE = [feature.name for feature in FEATURES].index("hasPhone")
PHONE = "+49 30 23125 118"


class Killed(BaseException):
    """The process dies here: nothing after this line is run."""


class DiesBeforeAck(Consumer):
    async def finish(self, entries: Sequence[Entry]) -> None:
        if entries:
            raise Killed


class Choosy(RuleScorer):
    """Breaks on whoever left a phone number, until it is mended."""

    broken = True
    calls = 0

    def score(self, rows: NDArray[np.float32]) -> Sequence[ModelOutput]:
        self.calls += 1
        if self.broken and (rows[:, HAS_PHONE] == 1).any():
            raise ValueError("no model for people with phones")
        return super().score(rows)


class NotANumber(RuleScorer):
    def score(self, rows: NDArray[np.float32]) -> Sequence[ModelOutput]:
        outputs = super().score(rows)
        return [
            replace(output, propensity=math.nan) if row[HAS_PHONE] == 1 else output
            for row, output in zip(rows, outputs, strict=True)
        ]


class Rendezvous(SqlHistory):
    """Both workers have read their history before either goes on: the race that is rare in life happens every time."""

    def __init__(self, engine: Engine, executor: Executor, parties: int = 2) -> None:
        super().__init__(engine, executor)
        self.barrier, self.met = asyncio.Barrier(parties), Counter[str]()

    async def priors(self, lead_ids: Sequence[str], now: datetime) -> Sequence[Fact[Prior]]:
        found = await super().priors(lead_ids, now)
        await self._meet("priors")
        return found

    async def pools(self, names: Sequence[str]) -> dict[str, PoolState]:
        found = dict(await super().pools(names))
        await self._meet("pools")
        return found

    async def _meet(self, what: str) -> None:
        self.met[what] += 1
        if self.met[what] <= self.barrier.parties:
            async with asyncio.timeout(10):
                await self.barrier.wait()


class Held(RuleJudge):
    """A judge that takes as long as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def judge(self, asks: Sequence[JudgeAsk], now: datetime) -> Sequence[Fact[Judgement]]:
        self.reached.set()
        await self.go.wait()
        return await super().judge(asks, now)


@contextmanager
def changed(bench: Bench, **ports: Any) -> Iterator[Bench]:
    before, bench.ports = bench.ports, replace(bench.ports, **ports)
    yield bench
    bench.ports = before


async def finished(bench: Bench, worker: Worker, true: Any) -> int:
    """Runs the worker until `true`, then stops it."""
    running = asyncio.create_task(worker.run())
    try:
        await bench.until(true)
    finally:
        worker.stop()
    return await running


def turns_by_member(bench: Bench) -> Counter[str]:
    return Counter(row.member for row in bench.rows("turns"))


def assert_ledger_is_consistent(bench: Bench) -> None:
    """As many turns in the ledger as leads took one, for each member; nobody ever further off than the rule allows."""
    taken: dict[str, Counter[str]] = {}
    for row in bench.rows("turns"):
        taken.setdefault(row.pool, Counter())[row.member] += 1
    ledgers = bench.rows("pools")
    assert {row.pool for row in ledgers} == taken.keys()
    for ledger in ledgers:
        assert orjson.loads(ledger.turns) == taken[ledger.pool]
        assert ledger.version == taken[ledger.pool].total()
        credits = orjson.loads(ledger.credits)
        assert sum(credits.values()) == 0
        assert max(abs(credit) for credit in credits.values()) <= 1_000_000


async def test_what_was_accepted_is_decided_then_acknowledged(bench: Bench):
    leads = [person(f"p{n}") for n in range(5)]
    await bench.post(*leads)
    assert await bench.drain() == 5
    assert await bench.waiting() == 0
    rows = bench.rows("decisions", "lead_id")
    assert {row.lead_id for row in rows} == {lead.lead_id for lead in leads}
    assert {row.revision for row in rows} == {1}
    assert bench.count("leads") == bench.count("assignments") == 5
    assert {row.lead_id for row in bench.rows("outbox")} == {lead.lead_id for lead in leads}
    assert await bench.redis.get(bench.partition.once(f"a:{leads[0].submission_id}")) == (
        f"d|{leads[0].lead_id}||{leads[0].submission_id}".encode()
    )
    assert_ledger_is_consistent(bench)


async def test_nothing_is_acknowledged_before_it_is_committed(bench: Bench):
    """A worker that dies before its commit leaves the lead to the next."""

    class DiesBeforeCommit(RuleJudge):
        async def judge(self, asks: Sequence[JudgeAsk], now: datetime) -> Sequence[Fact[Judgement]]:
            raise Killed

    await bench.post(person("ann"))
    with changed(bench, judge=DiesBeforeCommit()), pytest.raises(Killed):
        await bench.worker("dead").run()
    assert (await bench.waiting(), bench.count("decisions")) == (1, 0)
    await bench.make_idle("dead")
    assert await bench.drain() == 1
    assert (await bench.waiting(), bench.count("decisions")) == (0, 1)


async def test_a_crash_between_commit_and_acknowledgement_gives_no_second_decision(bench: Bench):
    await bench.post(*(person(f"p{n}") for n in range(3)))
    with pytest.raises(Killed):
        await bench.worker("dead", consumer=DiesBeforeAck).run()
    decided, effects, ledger = bench.rows("decisions", "lead_id"), bench.count("outbox"), bench.rows("pools")
    assert (len(decided), await bench.waiting()) == (3, 3)
    await bench.make_idle("dead")
    assert await bench.drain() == 3
    assert await bench.waiting() == 0
    assert bench.rows("decisions", "lead_id") == decided
    assert (bench.count("outbox"), bench.rows("pools")) == (effects, ledger)


async def test_a_submission_that_comes_again_after_its_key_expired_is_not_decided_twice(bench: Bench):
    lead = person("ann")
    await bench.post(lead)
    await bench.drain()
    await bench.redis.flushdb()
    await bench.post(lead, person("bob"))
    assert await bench.drain() == 2
    assert (bench.count("decisions"), await bench.waiting()) == (2, 0)


async def test_a_failing_lead_fails_alone_and_comes_back_later(bench: Bench):
    guilty, others = person("guilty", phone=PHONE), [person(f"p{n}") for n in range(6)]
    await bench.post(*others[:3], guilty, *others[3:])
    before = time.time()
    with changed(bench, scorer=Choosy()):
        await finished(bench, bench.worker(), bench.postponed)
    assert {row.lead_id for row in bench.rows("decisions")} == {lead.lead_id for lead in others}
    ((member, due),) = await bench.postponed()
    assert (member["s"], member["a"]) == (guilty.submission_id, "1")
    assert before + BACKOFF_S[0] - 0.01 <= due / 1000 <= time.time() + BACKOFF_S[0]
    assert await bench.waiting() == 0
    assert_ledger_is_consistent(bench)
    assert turns_by_member(bench) == {"maren@company.com": 3, "jonas@company.com": 3}


async def test_it_is_tried_again_with_growing_pauses_then_listed_with_the_reason_and_can_be_replayed(bench: Bench):
    guilty, scorer = person("guilty", phone=PHONE), Choosy()
    await bench.post(guilty)
    pauses = []
    with changed(bench, scorer=scorer):
        for _ in BACKOFF_S:
            before = time.time()
            await finished(bench, bench.worker(), lambda: put_off(bench))
            ((_, due),) = await bench.postponed()
            pauses.append(due / 1000 - before)
            await bench.make_due()
        await finished(bench, bench.worker(), lambda: bench.count("dead_letters"))
    assert pauses == pytest.approx(BACKOFF_S, abs=0.9)
    (letter,) = list_dead(bench.engine)
    assert (letter.kind, letter.ref, letter.lead_id) == ("lead", guilty.submission_id, guilty.lead_id)
    assert (letter.attempts, letter.reason) == (5, "graph: ValueError: no model for people with phones")
    assert await bench.drain() == 0, "nothing waits any more"
    assert bench.count("decisions") == 0

    found = find_dead(bench.engine, letter.id)
    assert found is not None
    _, ref, lead_id, payload = found
    assert (await send_raw(bench.inbox, ref, lead_id, payload, fresh=True)).new
    mark_replayed(bench.engine, letter.id)
    assert await bench.drain() == 1
    (row,) = bench.rows("decisions")
    assert (row.lead_id, row.submission_id) == (guilty.lead_id, guilty.submission_id)
    assert list_dead(bench.engine) == []


async def test_a_replayed_lead_that_fails_again_is_listed_again(bench: Bench):
    guilty = person("guilty", phone=PHONE)
    await bench.post(guilty)
    with changed(bench, scorer=Choosy()):
        for _ in range(2):
            worker = bench.worker(attempts=1)
            await finished(bench, worker, lambda: list_dead(bench.engine))
            (letter,) = list_dead(bench.engine)
            await send_raw(bench.inbox, letter.ref, letter.lead_id, encode(guilty), fresh=True)
            mark_replayed(bench.engine, letter.id)
    assert bench.count("dead_letters") == 1


async def test_a_batch_where_every_lead_fails_ends(bench: Bench):
    await bench.post(*(person(f"p{n}", phone=PHONE) for n in range(3)))
    with changed(bench, scorer=Choosy()):
        await finished(bench, bench.worker(attempts=1), lambda: bench.count("dead_letters") == 3)
    assert (bench.count("decisions"), bench.count("pools"), await bench.waiting()) == (0, 0, 0)


async def test_a_score_that_is_no_number_is_that_leads_failure(bench: Bench):
    """Databases disagree about NaN: one stores it, one takes it for a missing value."""
    await bench.post(person("ann"), person("guilty", phone=PHONE), person("bob"))
    with changed(bench, scorer=NotANumber()):
        await finished(bench, bench.worker(attempts=1), lambda: bench.count("dead_letters"))
    assert bench.count("decisions") == 2
    assert "number" in list_dead(bench.engine)[0].reason


async def test_a_lead_that_fails_after_its_turn_in_a_pool_leaves_no_gap_in_the_ledger(bench: Bench):
    """The turn that it took in vain is taken by the next."""

    class NoTraces(type(bench.ports.writer)):  # type: ignore[misc]
        async def write(self, asks: Sequence[Any], now: datetime) -> Sequence[Any]:
            answers = list(await super().write(asks, now))
            return [
                replace(a, value=5) if ask.lead_id == guilty.lead_id else a
                for ask, a in zip(asks, answers, strict=True)
            ]

    guilty = person("guilty")
    await bench.post(person("p0"), guilty, person("p1"), person("p2"), person("p3"))
    with changed(bench, writer=NoTraces()):
        await finished(bench, bench.worker(attempts=1), lambda: bench.count("dead_letters"))
    assert bench.count("decisions") == 4
    assert_ledger_is_consistent(bench)
    assert turns_by_member(bench) == {"maren@company.com": 2, "jonas@company.com": 2}


@pytest.mark.parametrize(
    "fields",
    [
        {"hello": "world"},
        {"s": "s", "k": "k", "d": b"\xff\xfe"},
        {"s": "s", "k": "k", "d": "[]"},
        {"s": "s", "k": "k", "d": '{"lead_id": "ld_1", "at": 1e300, "form": {}}'},
    ],
)
async def test_what_is_no_submission_becomes_a_dead_letter_and_its_neighbours_are_decided(
    bench: Bench, fields: dict[str, Any]
):
    await bench.post(person("ann"))
    await bench.redis.xadd(bench.partition.stream, fields)
    await bench.post(person("bob"))
    await bench.drain()
    assert (bench.count("decisions"), await bench.waiting()) == (2, 0)
    (letter,) = list_dead(bench.engine)
    assert letter.reason.startswith("decode: Undecodable: ")
    found = find_dead(bench.engine, letter.id)
    assert found is not None
    assert found[3]


async def test_a_submission_that_the_store_refuses_is_that_leads_failure(bench: Bench):
    """A text that PostgreSQL cannot hold, and SQLite can."""
    guilty = replace(person("guilty"), lead_id="ld_\x00")
    await bench.post(person("ann"), guilty, person("bob"))
    running = bench.worker(attempts=1)
    await finished(bench, running, lambda: bench.count("dead_letters") + bench.count("decisions") == 3)
    assert bench.count("decisions") >= 2
    assert await bench.waiting() == 0


async def test_two_submissions_of_one_lead_in_one_batch_become_two_revisions_in_order(bench: Bench):
    first = person("ann", message="first")
    second = replace(person("ann", country="France", employees="20"), lead_id=first.lead_id)
    await bench.post(first)
    await bench.post(second)
    await bench.post(person("bob"))
    assert await bench.drain(batch=64) == 3
    rows = [row for row in bench.rows("decisions", "revision") if row.lead_id == first.lead_id]
    assert [(row.revision, row.submission_id) for row in rows] == [
        (1, first.submission_id),
        (2, second.submission_id),
    ]
    record = orjson.loads(rows[1].record)
    assert record["facts"]["prior"]["value"]["revision"] == 1
    assert record["lead"]["message"] == "first", "what they left out is kept from before"
    assert [row.submissions for row in bench.rows("leads") if row.lead_id == first.lead_id] == [2]
    states = [(r.number, r.state) for r in bench.rows("assignments", "number") if r.lead_id == first.lead_id]
    assert states == [(1, "moved"), (2, "offered")]


async def test_two_workers_that_race_for_one_pool_end_as_one_worker_would(bench: Bench):
    history = Rendezvous(bench.engine, bench.executor)
    with changed(bench, history=history):
        await bench.post(*(person(f"p{n}") for n in range(8)))
        workers = [bench.worker(name, batch=4) for name in ("w1", "w2")]
        assert await asyncio.gather(*(worker.run(drain=True) for worker in workers)) == [4, 4]
    assert history.met["pools"] > 2, "they did collide"
    assert bench.count("decisions") == 8
    assert_ledger_is_consistent(bench)
    assert turns_by_member(bench) == {"maren@company.com": 4, "jonas@company.com": 4}


async def test_two_workers_that_race_for_one_lead_give_it_two_revisions(bench: Bench):
    history = Rendezvous(bench.engine, bench.executor)
    first, second = person("ann", message="one"), person("ann", message="two")
    with changed(bench, history=history):
        await bench.post(first, second)
        workers = [bench.worker(name, batch=1) for name in ("w1", "w2")]
        await asyncio.gather(*(worker.run(drain=True) for worker in workers))
    assert history.met["priors"] > 2, "they did collide"
    rows = bench.rows("decisions", "revision")
    assert [row.revision for row in rows] == [1, 2]
    assert {row.submission_id for row in rows} == {first.submission_id, second.submission_id}
    assert bench.count("turns") == 1, "a lead has one turn in a pool, however often it writes"
    assert_ledger_is_consistent(bench)


async def test_two_workers_in_a_crowd_give_the_same_totals_as_one(bench: Bench):
    crowd = [person(f"p{n % 30}", message=f"number {n}") for n in range(60)]
    await bench.post(*crowd)
    workers = [bench.worker(name, batch=5) for name in ("w1", "w2")]
    done = await asyncio.gather(*(worker.run(drain=True) for worker in workers))
    assert sum(done) == 60
    assert min(done) > 0
    assert Counter(row.revision for row in bench.rows("decisions")) == {1: 30, 2: 30}
    assert turns_by_member(bench) == {"maren@company.com": 15, "jonas@company.com": 15}
    assert_ledger_is_consistent(bench)
    assert bench.count("dead_letters") == 0


async def test_a_database_that_is_away_is_waited_for_and_costs_no_attempt(bench: Bench, postgres_server: str):
    await bench.post(*(person(f"p{n}") for n in range(3)))
    with away(bench.engine, postgres_server) as come_back:
        worker = bench.worker()
        running = asyncio.create_task(worker.run(drain=True))
        await bench.until(lambda: outages("database") > 0)
        assert not running.done()
        assert await bench.waiting() == 3
        come_back()
        async with asyncio.timeout(20):
            assert await running == 3
    assert (bench.count("decisions"), await bench.postponed(), bench.count("dead_letters")) == (3, [], 0)


async def test_while_the_database_is_away_its_log_is_copied_since_a_full_disk_may_be_full_of_it(
    bench: Bench, postgres_server: str, monkeypatch: pytest.MonkeyPatch
):
    copied: list[Engine] = []
    monkeypatch.setattr("tools.stream.copying.copy_home", copied.append)
    await bench.post(person("ann"))
    with away(bench.engine, postgres_server) as come_back:
        running = asyncio.create_task(bench.worker().run(drain=True))
        await bench.until(lambda: len(copied) > 0)
        come_back()
        async with asyncio.timeout(20):
            assert await running == 1
    assert set(copied) == {bench.engine}


async def test_a_database_that_goes_away_while_a_dead_letter_is_written_is_waited_for_too(
    bench: Bench, postgres_server: str
):
    await bench.redis.xadd(bench.partition.stream, {"hello": "world"})
    with away(bench.engine, postgres_server) as come_back:
        running = asyncio.create_task(bench.worker().run(drain=True))
        await bench.until(lambda: outages("database") > 0)
        come_back()
        async with asyncio.timeout(20):
            await running
    assert bench.count("dead_letters") == 1


async def test_a_worker_that_is_stopped_while_the_database_is_away_leaves_its_batch_in_the_stream(
    bench: Bench, postgres_server: str
):
    await bench.post(person("ann"))
    with away(bench.engine, postgres_server):
        worker = bench.worker("stopped")
        running = asyncio.create_task(worker.run())
        await bench.until(lambda: outages("database") > 0)
        worker.stop()
        async with asyncio.timeout(5):
            assert await running == 0
    assert await bench.waiting() == 1
    await bench.make_idle("stopped")
    assert await bench.drain() == 1
    assert bench.count("decisions") == 1


async def test_a_stream_that_is_away_is_waited_for(own_valkey: EmbeddedValkey, sqlite_url: str, executor: Executor):
    from tools.store.engine import open_engine

    engine, client = open_engine(sqlite_url), connect(own_valkey.url, timeout_s=5.0)
    async with Inbox(connect(own_valkey.url, timeout_s=None)) as inbox:
        bench = Bench(client, inbox, engine, executor)
        worker = bench.worker()
        running = asyncio.create_task(worker.run())
        await bench.post(person("ann"))
        await bench.until(lambda: bench.count("decisions") == 1)
        await asyncio.to_thread(own_valkey.stop)
        await bench.until(lambda: outages("stream") > 0)
        await asyncio.to_thread(own_valkey.start)
        await bench.post(person("bob"))
        await bench.until(lambda: bench.count("decisions") == 2)
        worker.stop()
        await running
    engine.dispose()
    await client.aclose()


async def test_a_pass_moves_the_lead_and_its_giver_does_not_get_it_back(bench: Bench):
    ann = person("ann")
    await bench.post(ann)
    await bench.drain()
    (first,) = bench.rows("assignments")
    await bench.post(passed(again(bench.engine, ann.lead_id, "pass"), 1, first.owner, "on leave"))
    assert await bench.drain() == 1
    old, new = bench.rows("assignments", "number")
    assert (old.state, old.acted_by, old.reason) == ("passed", first.owner, "on leave")
    assert (new.number, new.state) == (2, "offered")
    assert new.owner != first.owner
    await bench.post(person("ann", message="me again"))
    await bench.drain()
    assert bench.rows("leads")[0].owner == new.owner, "a later submission does not go back to who passed"


async def test_a_pass_that_comes_after_an_acceptance_changes_nothing(bench: Bench):
    ann = person("ann")
    await bench.post(ann)
    await bench.drain()
    (offer,) = bench.rows("assignments")
    late = passed(again(bench.engine, ann.lead_id, "pass"), 1, offer.owner, "changed my mind")
    assert accept(bench.engine, ann.lead_id, 1, offer.owner, NOW).outcome == "done"
    effects = bench.count("outbox")
    await bench.post(late)
    assert await bench.drain() == 1
    (still,) = bench.rows("assignments")
    assert (still.state, still.owner) == ("accepted", offer.owner)
    assert (bench.count("decisions"), bench.count("outbox"), await bench.waiting()) == (1, effects, 0)


async def test_a_pass_that_loses_to_an_acceptance_while_it_is_decided_changes_nothing(bench: Bench):
    ann = person("ann")
    await bench.post(ann)
    await bench.drain()
    (offer,) = bench.rows("assignments")
    judge = Held()
    with changed(bench, judge=judge):
        await bench.post(passed(again(bench.engine, ann.lead_id, "pass"), 1, offer.owner, "late"))
        running = asyncio.create_task(bench.worker().run(drain=True))
        await judge.reached.wait()
        assert accept(bench.engine, ann.lead_id, 1, offer.owner, NOW).outcome == "done"
        judge.go.set()
        await running
    (still,) = bench.rows("assignments")
    assert (still.state, bench.count("decisions"), await bench.waiting()) == ("accepted", 1, 0)


async def test_two_passes_of_one_assignment_are_one(bench: Bench):
    ann = person("ann")
    await bench.post(ann)
    await bench.drain()
    (offer,) = bench.rows("assignments")
    click = passed(again(bench.engine, ann.lead_id, "pass"), 1, offer.owner, "no time")
    answers = [*(await bench.post(click)), *(await bench.post(click))]
    assert [answer.new for answer in answers] == [True, False]
    await bench.drain()
    await bench.redis.delete(bench.partition.once(f"a:{click.submission_id}"))
    await bench.post(click)
    await bench.drain()
    assert [row.state for row in bench.rows("assignments", "number")] == ["passed", "offered"]


async def test_a_slow_batch_is_kept_alive_by_heartbeats(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(working, "HEARTBEAT_S", 0.02)
    judge = Held()
    await bench.post(person("ann"), person("bob"))
    with changed(bench, judge=judge):
        running = asyncio.create_task(bench.worker("slow").run(drain=True))
        await judge.reached.wait()
        await bench.make_idle("slow", ms=60_000)

        async def alive() -> bool:
            rows = await bench.redis.xpending_range(bench.partition.stream, GROUP, "-", "+", 10)
            return all(row["time_since_delivered"] < 5_000 and row["times_delivered"] == 1 for row in rows)

        await bench.until(alive)
        other = Consumer(bench.redis, bench.partition, "other")
        assert await other.take_over(10) == []
        judge.go.set()
        assert await running == 2


async def test_an_entry_that_was_handed_out_often_is_decided_alone(bench: Bench):
    leads = [person(f"p{n}") for n in range(3)]
    await bench.post(*leads)
    for n in range(ALONE_AFTER):
        await hand_out(bench, f"dead{n}")
    scorer = Choosy()
    with changed(bench, scorer=scorer):
        await bench.drain()
    assert scorer.calls == 3
    assert bench.count("decisions") == 3


async def test_an_entry_that_kills_every_worker_becomes_a_dead_letter(bench: Bench):
    lead = person("deadly")
    await bench.post(lead)
    for n in range(GIVE_UP_AFTER):
        await hand_out(bench, f"dead{n}")
    assert await bench.drain() == 1
    assert bench.count("decisions") == 0
    (letter,) = list_dead(bench.engine)
    assert (letter.lead_id, letter.ref) == (lead.lead_id, lead.submission_id)
    assert "worker" in letter.reason


async def test_a_decided_entry_that_was_handed_out_often_is_acknowledged_and_no_dead_letter(bench: Bench):
    await bench.post(person("ann"))
    with pytest.raises(Killed):
        await bench.worker("first", consumer=DiesBeforeAck).run()
    await bench.make_idle("first")
    for n in range(GIVE_UP_AFTER):
        await hand_out(bench, f"dead{n}")
    await bench.drain()
    assert (bench.count("decisions"), bench.count("dead_letters"), await bench.waiting()) == (1, 0, 0)


async def test_a_stopped_worker_finishes_the_batch_in_hand_and_takes_no_other(bench: Bench):
    judge = Held()
    await bench.post(person("ann"), person("bob"))
    with changed(bench, judge=judge):
        worker = bench.worker(batch=1)
        running = asyncio.create_task(worker.run())
        await judge.reached.wait()
        worker.stop()
        judge.go.set()
        assert await running == 1
    assert (bench.count("decisions"), await bench.waiting()) == (1, 1)


async def test_a_spare_worker_takes_leads_only_when_they_wait(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(working, "LATE_MS", 400)
    began = time.monotonic()
    await bench.post(person("ann"))
    assert await finished(bench, bench.worker(spare=True), lambda: bench.count("decisions")) == 1
    assert time.monotonic() - began > 0.4, "another worker would have had its time"
    monkeypatch.setattr(working, "LATE_MS", 3_600_000)
    await bench.post(person("bob"))
    spare = bench.worker("w2", spare=True)
    running = asyncio.create_task(spare.run())
    assert await finished(bench, bench.worker("w1"), lambda: bench.count("decisions") == 2) == 1
    spare.stop()
    assert await running == 0


async def test_history_is_read_once_a_batch_not_once_a_lead(bench: Bench):
    statements: list[str] = []
    event.listen(bench.engine, "before_cursor_execute", lambda *args: statements.append(args[2].split()[0]))
    await bench.post(*(person(f"p{n}") for n in range(20)))
    await bench.drain(batch=20)
    assert (
        len([s for s in statements if s == "SELECT"]) < 12
    )  # of 20 leads; events and endpoints of webhooks are asked for, too


async def put_off(bench: Bench) -> bool:
    """Whether a retry waits for its time, and that has not come."""
    return any(due > 0 for _, due in await bench.postponed())


async def hand_out(bench: Bench, name: str) -> None:
    """A worker of that name takes every entry and dies."""
    consumer = Consumer(bench.redis, bench.partition, name)
    await consumer.prepare()
    taken = [*await consumer.read(100, 1), *await consumer.take_over(100)]
    assert taken
    await bench.make_idle(name)


def outages(part: str) -> float:
    from tools.observe import metrics

    return metrics.outages.labels(part)._value.get() - _before.get(part, 0.0)


_before: dict[str, float] = {}


@pytest.fixture(autouse=True)
def outages_of_this_test() -> None:
    _before.clear()
    _before.update({part: outages(part) for part in ("database", "stream")})


@contextmanager
def away(engine: Engine, postgres_server: str) -> Iterator[Any]:
    """The database refuses connections (PostgreSQL) or its lock (SQLite) until the yielded function is called."""
    if engine.dialect.name == "postgresql":
        with refused(engine, postgres_server) as come_back:
            yield come_back
        return
    other = sqlite3.connect(str(engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    back: list[bool] = []

    def come_back() -> None:
        if not back:
            back.append(True)
            other.execute("ROLLBACK")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(opening, "BUSY_TIMEOUT_MS", 200)  # 10 s tell no more than that somebody waited that long
        try:
            yield come_back
        finally:
            come_back()
            other.close()


@contextmanager
def refused(engine: Engine, postgres_server: str) -> Iterator[Any]:
    from tools.store.engine import open_engine

    name = engine.url.database
    admin = open_engine(postgres_server.format(database="postgres")).execution_options(isolation_level="AUTOCOMMIT")

    def say(*statements: str) -> None:
        with admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def come_back() -> None:
        say(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")

    say(
        f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    )
    try:
        yield come_back
    finally:
        come_back()
        admin.dispose()


def test_a_leads_submissions_are_decided_one_after_the_other():
    jobs = [working.Job(Entry(b"0", s.submission_id, "", b""), s) for s in (person("a"), person("b"), person("a"))]
    wave, rest = one_each(jobs)
    assert [job.submission for job in wave] == [jobs[0].submission, jobs[1].submission]
    assert rest == [jobs[2]]
