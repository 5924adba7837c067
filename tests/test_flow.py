"""The labelled sample leads through the whole router in one process: webhook, stream, graph, store, dispatcher, replay."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import Engine, select, update

from graph.build import build_graph
from tests.fixtures.router import ROUTING, samples
from tools.cli.demo import Totals, judge
from tools.cli.warm_up import ready_accounts
from tools.embedded.valkey import EmbeddedValkey
from tools.idempotency import Identifier
from tools.replaying import Difference, Replayer, stored_records
from tools.settings import Settings
from tools.store.migrate import migrate
from tools.store.tables import alerts, assignments, dead_letters, decisions, leads, outbox, pools, turns
from tools.stream.connect import connect
from tools.stream.consumer import Consumer
from tools.stream.dispatcher import Dispatcher
from tools.stream.inbox import Inbox
from tools.stream.keys import Partition
from tools.stream.worker import Worker, WorkerOptions
from tools.web.server import intake_options
from tools.web.waiting import Decisions
from tools.web.webhook import PATH, Webhook
from tools.wiring import Store, build_performers, build_ports, context_source, live_routing, open_store


@dataclass
class Flow:
    """What came of the samples. answers: by the sample's name; records: by submission, newest revision of a lead last."""

    settings: Settings
    store: Store
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def engine(self) -> Engine:
        return self.store.engine

    def rows(self, table: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(table)))

    def lead_of(self, name: str) -> str:
        return str(self.answers[name].json()["lead_id"])


@pytest.fixture(scope="module")
def flow() -> Iterator[Flow]:
    folder = Path(tempfile.mkdtemp(prefix="lead-router-flow-"))
    settings = Settings(_env_file=None, data_dir=folder, routing_file=ROUTING)
    server = EmbeddedValkey(folder / "valkey", settings.redis_fsync)
    server.start()
    store = open_store(settings)
    migrate(store.engine)
    ready_accounts(settings, store.engine)
    flow = Flow(settings, store)
    try:
        asyncio.run(_run(flow, server.url))
        yield flow
    finally:
        store.close()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _run(flow: Flow, url: str) -> None:
    """Everything is posted first, so that batches hold many leads and several submissions of one."""
    settings, store = flow.settings, flow.store
    redis, listening = connect(url, timeout_s=None), connect(url, timeout_s=None)
    async with Inbox(redis, deadline_s=30.0) as inbox:
        decisions_of = Decisions(listening, 1, store.engine, store.executor)
        webhook = Webhook(inbox, Identifier(b"f" * 32), decisions_of, intake_options(settings))
        transport = httpx.ASGITransport(app=webhook.asgi)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://leads.example") as client:
            for sample in samples():
                raw = sample["body"].encode() if isinstance(sample["body"], str) else orjson.dumps(sample["body"])
                headers = {"content-type": sample["content_type"]} if sample["content_type"] else {}
                flow.answers[sample["name"]] = await client.post(PATH, content=raw, headers=headers)
        ports = build_ports(settings, store)
        context = context_source(settings, ports, live_routing(settings, store))
        consumer = Consumer(redis, Partition(0), "flow")
        options = WorkerOptions(batch=64, block_ms=20)
        await Worker(consumer, build_graph(), store.engine, store.executor, context, options).run(drain=True)
        await Dispatcher(store.engine, store.executor, build_performers(settings, store), "flow").run(drain=True)
    for client_of in (redis, listening):
        await client_of.aclose()
    for row in sorted(flow.rows(decisions), key=lambda row: row.revision):
        flow.records.setdefault(row.lead_id, []).append(orjson.loads(row.record))


def judged(flow: Flow) -> Totals:
    """Each sample with the decision about it: the n-th submission of a lead made its n-th revision."""
    totals = Totals()
    lead_ids = {name: flow.lead_of(name) for name in flow.answers}
    seen: Counter[str] = Counter()
    for sample in samples():
        lead_id = lead_ids[sample["name"]]
        if flow.answers[sample["name"]].json()["status"] == "accepted":
            seen[lead_id] += 1
        judge(totals, sample, flow.records[lead_id][seen[lead_id] - 1], lead_ids)
    return totals


def test_every_sample_is_accepted_or_known_already(flow: Flow):
    assert {answer.status_code for answer in flow.answers.values()} == {202}
    assert len(flow.answers) >= 120


def test_owners_are_those_of_the_labels(flow: Flow):
    totals = judged(flow)
    assert totals.owner / totals.leads >= 0.98, "\n".join(totals.wrong)


def test_ways_are_those_of_the_labels(flow: Flow):
    totals = judged(flow)
    assert totals.path / totals.leads >= 0.95, "\n".join(totals.wrong)


def test_the_labels_are_compared_and_not_only_counted(flow: Flow):
    totals = Totals()
    sample = samples()[0]
    lead_ids = {sample["name"]: flow.lead_of(sample["name"])}
    wrong = flow.records[lead_ids[sample["name"]]][0] | {"owner": "nobody@company.com", "path": "nowhere"}
    judge(totals, sample, wrong, lead_ids)
    assert (totals.leads, totals.owner, totals.path) == (1, 0, 0)


def test_submissions_of_one_person_are_one_lead_and_copies_are_no_second_decision(flow: Flow):
    labelled = [sample for sample in samples() if sample["expect"].keys() & {"same_lead_as", "duplicate_of"}]
    assert len(labelled) >= 9
    for sample in labelled:
        expect = sample["expect"]
        other = expect.get("same_lead_as") or expect["duplicate_of"]
        assert flow.lead_of(sample["name"]) == flow.lead_of(other), sample["name"]
        status = "duplicate" if "duplicate_of" in expect else "accepted"
        assert flow.answers[sample["name"]].json()["status"] == status, sample["name"]
    accepted = [a for a in flow.answers.values() if a.json()["status"] == "accepted"]
    assert sum(map(len, flow.records.values())) == len(accepted) == len(flow.rows(decisions))


def test_every_lead_has_exactly_one_owner_on_every_way(flow: Flow):
    assert {row.lead_id for row in flow.rows(leads)} == {flow.lead_of(name) for name in flow.answers}
    assert all("@" in row.owner for row in flow.rows(leads))
    open_offers = Counter(row.lead_id for row in flow.rows(assignments) if row.state == "offered")
    assert set(open_offers.values()) == {1}
    assert open_offers.keys() == {row.lead_id for row in flow.rows(leads)}
    held = {row.lead_id: row.owner for row in flow.rows(assignments) if row.state == "offered"}
    assert held == {row.lead_id: row.owner for row in flow.rows(leads)}
    assert {row.path for row in flow.rows(leads)} == {"qualify", "nurture", "manual_review"}


def test_ledgers_hold_as_many_turns_as_leads_took(flow: Flow):
    taken: dict[str, Counter[str]] = {}
    for row in flow.rows(turns):
        taken.setdefault(row.pool, Counter())[row.member] += 1
    assert {row.pool: orjson.loads(row.turns) for row in flow.rows(pools)} == taken
    assert all(row.version == taken[row.pool].total() for row in flow.rows(pools))


def test_nothing_was_given_up_and_every_effect_was_performed_once(flow: Flow):
    assert flow.rows(dead_letters) == []
    performed = {(row.state, row.attempts) for row in flow.rows(outbox) if row.vendor not in {"sla", "steps"}}
    assert performed == {("done", 1)}
    timers = {(row.state, row.attempts) for row in flow.rows(outbox) if row.vendor == "sla"}
    assert timers == {("pending", 0), ("done", 0)}, "due later, or no longer needed"
    asked = {(row.lead_id, orjson.loads(row.payload)["owner"]) for row in flow.rows(outbox) if row.kind == "post_alert"}
    posted = Counter((row.lead_id, row.owner) for row in flow.rows(alerts))
    assert posted.keys() == asked
    assert set(posted.values()) == {1}


def test_nobody_under_review_or_in_nurture_reached_what_is_not_for_them(flow: Flow):
    for records in flow.records.values():
        for record in records:
            kinds = {effect["kind"] for effect in record["effects"]}
            if record["path"] == "manual_review":
                assert not kinds & {"upsert_contact", "upsert_company", "create_task", "enrol_nurture"}
            if record["path"] == "nurture":
                assert "enrol_nurture" in kinds
                assert "post_alert" not in kinds


def replayed(flow: Flow) -> tuple[int, list[Difference]]:
    async def run() -> tuple[int, list[Difference]]:
        ports = build_ports(flow.settings, flow.store)
        return await Replayer(flow.settings, flow.engine, ports).run(stored_records(flow.engine))

    return asyncio.run(run())


def test_a_replay_of_all_decisions_finds_no_difference(flow: Flow):
    assert replayed(flow) == (len(flow.rows(decisions)), [])


def test_a_replay_finds_the_one_bit_that_was_changed(flow: Flow):
    row = next(row for row in flow.rows(decisions) if b'"status":"decided"' in row.record)
    key = (decisions.c.lead_id == row.lead_id) & (decisions.c.revision == row.revision)
    at = row.record.index(b'"decided"') + 1
    flipped = row.record[:at] + bytes([row.record[at] ^ 1]) + row.record[at + 1 :]
    try:
        _write(flow.engine, key, flipped)
        count, (found,) = replayed(flow)
        assert count == len(flow.rows(decisions))
        assert (found.lead_id, found.revision, found.path) == (row.lead_id, row.revision, "status")
        assert (found.recorded, found.replayed) == ("'eecided'", "'decided'")
    finally:
        _write(flow.engine, key, row.record)


def _write(engine: Engine, key: Any, record: bytes) -> None:
    with engine.execution_options(immediate=True).begin() as connection:
        connection.execute(update(decisions).where(key).values(record=record))
