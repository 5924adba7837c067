"""Timers of SLAs: once each, whatever is killed; answered or missed, never both; and the ladder to its end."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from sqlalchemy import select, update

from graph.ports import Order, VendorError
from tests.fixtures.router import Bench, context_of, person
from tools.embedded.notifier import EmbeddedNotifier
from tools.embedded.valkey import EmbeddedValkey
from tools.routing_file import parse
from tools.store.acts import accept, close, touch
from tools.store.inbox import alerts
from tools.store.sla_report import sla_by_member
from tools.store.tables import assignments, outbox
from tools.stream.again import again, passed
from tools.stream.connect import connect
from tools.stream.dispatcher import Dispatcher
from tools.stream.inbox import Inbox
from tools.stream.outbox import EFFECT, TIMER, claim, depth
from tools.stream.sla_timers import SlaTimers
from tools.stream.zones import ZoneOf, zone_of

GENERAL = "general@company.com"
FILE = {
    "DEFAULT": GENERAL,
    "people": {
        "dee": {"email": "dee@company.com", "manager": "rita"},
        "eli": {"email": "eli@company.com", "manager": "rita"},
        "rita": {"email": "rita@company.com"},
    },
    "pools": {"ent": {"members": ["dee", "eli"]}},
    "slas": {"hot": {"accept": "5m", "touch": "15m", "clock": "wall", "remind": "50%"}},
    "rules": [{"id": "ent", "to": "pool:ent", "sla": "hot"}],
}


class Desk:
    """A router under a file with SLAs: leads are decided, timers made due, dispatchers and workers run."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.engine = bench, bench.engine
        self.table = parse(json.dumps(FILE))
        bench.now = datetime.now(UTC)  # a dispatcher goes by the machine's clock
        self.clock = self.bench.now

    async def lead(self, name: str = "ann", **form: Any) -> str:
        submission = person(name, **form)
        await self.bench.post(submission)
        await self.work()
        return submission.lead_id

    def worker(self, name: str = "w1") -> Any:
        return self.bench.worker(name, context=lambda: context_of(self.bench.ports, self.bench.now, self.table))

    async def work(self) -> None:
        await self.worker().run(drain=True)

    def timers(self, inbox: Inbox | None = None) -> SlaTimers:
        back = inbox or self.bench.inbox

        def zones() -> ZoneOf:
            with self.engine.execution_options(immediate=True).begin():  # as where a new version of the file is kept
                return lambda email: zone_of(email, self.table)

        return SlaTimers(self.engine, self.bench.executor, back, clock=lambda: self.clock, zones=zones)

    async def dispatch(self, name: str = "d", timers: Any = None) -> None:
        """Everything that is due, until nothing is."""
        notifier = EmbeddedNotifier(self.engine, executor=self.bench.executor)
        performers = {"notifier": notifier, "sla": timers or self.timers()}
        async with asyncio.timeout(30):
            await Dispatcher(self.engine, self.bench.executor, performers, name).run(drain=True)

    def due(self, *kinds: str) -> int:
        """The pending timers of these kinds are due now."""
        now = datetime.now(UTC)
        wanted = update(outbox).where(outbox.c.vendor == "sla", outbox.c.state == "pending", outbox.c.kind.in_(kinds))
        with self.engine.execution_options(immediate=True).begin() as connection:
            return connection.execute(wanted.values(due_at=now)).rowcount

    def orders(self, *kinds: str) -> list[Order]:
        """The timers of these kinds, as a dispatcher hands them out."""
        return [
            Order(row.key, row.lead_id, row.revision, 1, EFFECT.validate_json(row.payload))
            for row in self.timer_rows()
            if row.kind in kinds
        ]

    async def miss(self) -> None:
        self.due("remind_owner", "accept_missed")
        await self.dispatch()
        await self.work()
        await self.dispatch()

    def timer_rows(self, **wanted: Any) -> list[Any]:
        found = select(outbox).where(outbox.c.vendor == "sla").order_by(outbox.c.id)
        with self.engine.connect() as connection:
            return [row for row in connection.execute(found) if all(getattr(row, k) == v for k, v in wanted.items())]

    def pending(self) -> list[str]:
        return [row.kind for row in self.timer_rows(state="pending")]

    def states(self) -> list[tuple[str, str]]:
        return [(row.owner.partition("@")[0], row.state) for row in self.bench.rows("assignments", "lead_id", "number")]

    def threads(self, owner: str) -> list[str]:
        return [note.text for alert in alerts(self.engine, f"{owner}@company.com") for note in alert.notes]

    def record(self, lead_id: str) -> dict[str, Any]:
        rows = [row for row in self.bench.rows("decisions", "revision") if row.lead_id == lead_id]
        return dict(orjson.loads(rows[-1].record))


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return Desk(bench)


async def test_an_offered_lead_has_a_timer_for_each_time_of_its_sla(desk: Desk):
    await desk.lead()
    now = desk.bench.now
    assert [(row.kind, row.due_at - now) for row in desk.timer_rows(state="pending")] == [
        ("remind_owner", timedelta(seconds=150)),
        ("accept_missed", timedelta(minutes=5)),
        ("touch_missed", timedelta(minutes=15)),
    ]
    assert claim(desk.engine, "sla", "d/sla/1", now, limit=10, lease_s=60) == []
    assert depth(desk.engine, now)["sla", TIMER] == 3
    assert ("sla", "pending") not in depth(desk.engine, now), "a timer is no backlog"
    later = depth(desk.engine, now + timedelta(minutes=6))
    assert (later["sla", TIMER], later["sla", "pending"]) == (1, 2)


async def test_the_owner_is_reminded_once_in_the_thread_and_by_the_clock_line(desk: Desk):
    desk.bench.now -= timedelta(seconds=150)  # half of its time is gone
    await desk.lead()
    await desk.dispatch()
    (alert,) = alerts(desk.engine)
    (alert,) = alerts(desk.engine)
    assert "*Reminder: accept by " in str(alert.message)
    assert "lead.accept" in str(alert.message)
    assert "to be accepted by" in desk.threads(alert.owner.partition("@")[0])[0]
    (note,) = desk.threads(alert.owner.partition("@")[0])[1:]
    assert "2 min 30 s left" in note
    assert "or it goes to somebody else" in note
    desk.due("remind_owner")
    await desk.dispatch()
    assert len(alerts(desk.engine)[0].notes) == 2


async def test_an_acceptance_ends_reminder_and_deadline_but_not_the_touch(desk: Desk):
    lead_id = await desk.lead()
    assert accept(desk.engine, lead_id, 1, "dee@company.com", desk.bench.now).outcome == "done"
    assert desk.pending() == ["touch_missed", "confirm_owner"]
    assert {row.error for row in desk.timer_rows(state="done")} == {"not needed: accepted"}
    assert desk.bench.rows("dead_letters") == []
    assert touch(desk.engine, lead_id, 1, "dee@company.com", "call", desk.bench.now).outcome == "done"
    assert desk.pending() == ["confirm_owner"]


@pytest.mark.parametrize("cause", ["pass", "moved"])
async def test_an_assignment_that_ends_takes_its_timers_with_it_and_the_next_has_its_own(desk: Desk, cause: str):
    lead_id = await desk.lead()
    if cause == "pass":
        act = passed(again(desk.engine, lead_id, "pass"), 1, "dee@company.com", "no time")
    else:
        act = person("ann", message="something else")
        desk.table = parse(json.dumps({**FILE, "rules": [{"id": "r", "to": "rita", "sla": "hot"}]}))
    await desk.bench.post(act)
    await desk.work()
    assert [row.state for row in desk.timer_rows(revision=1)] == ["done"] * 3
    assert {row.error for row in desk.timer_rows(revision=1)} == {f"not needed: {cause}"}
    assert [row.state for row in desk.timer_rows(revision=2)] == ["pending"] * 3


async def test_a_lead_that_writes_again_keeps_its_timers_and_its_deadline(desk: Desk):
    lead_id = await desk.lead()
    first = desk.record(lead_id)["assignment"]
    desk.bench.now += timedelta(minutes=3)
    await desk.lead("ann", message="one more thing")
    again = desk.record(lead_id)
    assert again["revision"] == 2
    assert (again["assignment"]["accept_due_at"], again["assignment"]["sla"]) == (first["accept_due_at"], "hot")
    assert len(desk.timer_rows()) == 3


async def test_a_nurtured_lead_has_no_timers_until_it_qualifies_and_none_when_it_goes_there(desk: Desk):
    desk.table = parse(json.dumps({**FILE, "nurture": {"if": {"source": "newsletter"}, "sequence": "edu"}}))
    lead_id = await desk.lead("ann", source="newsletter")
    assert desk.timer_rows() == []
    desk.bench.now += timedelta(days=2)
    await desk.lead("ann", source="demo_request", message="now we are ready")
    assert [row.due_at - desk.bench.now for row in desk.timer_rows()] == [
        timedelta(seconds=150),
        timedelta(minutes=5),
        timedelta(minutes=15),
    ]
    (row,) = desk.bench.rows("assignments")
    assert (row.number, row.offered_at, row.sla) == (1, desk.bench.now, "hot")
    assert row.accept_due_at == desk.bench.now + timedelta(minutes=5)
    await desk.lead("ann", source="newsletter", message="send me news")
    assert desk.record(lead_id)["path"] == "nurture"
    assert desk.pending() == []
    (row,) = desk.bench.rows("assignments")
    assert (row.accept_due_at, row.touch_due_at, row.sla) == (None, None, None)


async def test_the_ladder_is_climbed_to_its_end_and_each_owner_hears_what_concerns_them(desk: Desk):
    lead_id = await desk.lead()
    await desk.dispatch()
    for _ in range(3):
        await desk.miss()
    assert desk.states() == [("dee", "missed"), ("eli", "missed"), ("rita", "missed"), ("general", "offered")]
    record = desk.record(lead_id)
    assert record["submission"]["cause"] == "missed"
    assert record["assignment"]["why"] == f"Not accepted by Rita in 5 min, next in the ladder: DEFAULT, {GENERAL}."
    by_owner = {alert.owner.partition("@")[0]: alert for alert in alerts(desk.engine)}
    assert [by_owner[name].closed for name in ("dee", "eli", "rita", "general")] == [True, True, True, False]
    assert "Missed: not accepted, moved to Eli" in str(by_owner["dee"].message)
    assert desk.threads("dee")[-1].startswith("Not accepted by Dee in 5 min, next in the ladder: Eli.")
    assert desk.threads("dee")[-1].endswith("Ladder of hot: next (now Eli), then manager, then DEFAULT.")
    assert desk.threads("eli")[-1].endswith("Ladder of hot: next (used up), then manager (now Rita), then DEFAULT.")
    await desk.miss()
    assert desk.states()[-1] == ("general", "offered"), "nobody is left: it stays"
    assert desk.record(lead_id)["revision"] == 5
    assert desk.threads("general")[-1:] == ["Not accepted by General in 5 min, and nobody is left in the ladder."]
    assert desk.pending() == ["touch_missed"], "no timer asks again for ever"
    assert accept(desk.engine, lead_id, 4, GENERAL, desk.bench.now).outcome == "done"
    ledger = orjson.loads(desk.bench.rows("pools")[0].turns)
    assert ledger == {"dee@company.com": 1, "eli@company.com": 1}


async def test_a_timer_that_fires_again_after_a_crash_changes_nothing(desk: Desk):
    """Killed after each step: the push and the record of a dispatcher, in any order and number."""
    await desk.lead()
    desk.due("remind_owner", "accept_missed")
    orders = desk.orders("remind_owner", "accept_missed")
    for _ in range(3):  # performed, and dead before it is recorded
        await desk.timers().perform_many(orders)
    assert await desk.bench.waiting() == 1
    await desk.work()
    for _ in range(2):
        await desk.timers().perform_many(orders)
    await desk.work()
    await desk.dispatch()
    assert desk.states() == [("dee", "missed"), ("eli", "offered")]
    assert [note.startswith("Reminder") for note in desk.threads("dee")].count(True) == 1
    assert Counter(row.state for row in desk.timer_rows(revision=1)) == {"done": 3}


async def test_several_dispatchers_and_workers_fire_each_timer_once(desk: Desk):
    leads = [await desk.lead(f"p{n}") for n in range(12)]
    await desk.dispatch()
    desk.due("remind_owner", "accept_missed")
    working = [asyncio.create_task(desk.worker(f"w{n}").run()) for n in range(3)]
    workers = working  # they stop when the test has seen what it waits for
    await asyncio.gather(*(desk.dispatch(f"d{n}") for n in range(3)))
    await desk.bench.until(lambda: sum(state == "missed" for _, state in desk.states()) == len(leads))
    for task in workers:
        task.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    await desk.dispatch()
    found = Counter(row.lead_id for row in desk.bench.rows("decisions"))
    assert set(found.values()) == {2}
    reminders = Counter(
        alert.lead_id for alert in alerts(desk.engine, limit=100) for n in alert.notes if "Reminder" in n.text
    )
    assert reminders == dict.fromkeys(leads, 1)


async def test_of_an_acceptance_and_a_miss_one_wins(desk: Desk):
    """Fifty leads, each clicked while its miss is being decided: earlier after the miss won, later after the click did,
    so that most of them fall into the moment in which either may win."""
    for n in range(50):
        await desk.bench.post(person(f"p{n}"))
    await desk.work()
    outcomes: dict[str, str] = {}
    delay_s, step_s = 0.0, 0.01
    for order in desk.orders("accept_missed"):
        await desk.timers().perform(order)  # the miss is in the stream

        async def click(order: Order = order, after_s: float = delay_s) -> str:
            await asyncio.sleep(after_s)
            act = (desk.engine, order.lead_id, 1, order.effect.owner, desk.bench.now)  # type: ignore[union-attr]
            return (await asyncio.to_thread(accept, *act)).outcome

        _, outcomes[order.lead_id] = await asyncio.gather(desk.work(), click())
        delay_s = max(0.0, delay_s + (step_s if outcomes[order.lead_id] == "done" else -step_s))
    assert len(outcomes) == 50
    states: dict[str, list[str]] = {}
    for row in desk.bench.rows("assignments", "lead_id", "number"):
        states.setdefault(row.lead_id, []).append(row.state)
    decisions = Counter(row.lead_id for row in desk.bench.rows("decisions"))
    for lead_id, outcome in outcomes.items():
        assert (states[lead_id], decisions[lead_id]) == (
            (["accepted"], 1) if outcome == "done" else (["missed", "offered"], 2)
        )
    assert set(outcomes.values()) == {"done", "moved"}, "both must have won somewhere, else this was no race"
    assert desk.bench.rows("dead_letters") == []


async def test_a_miss_that_comes_after_the_acceptance_is_void(desk: Desk):
    lead_id = await desk.lead()
    desk.due("accept_missed")
    await desk.dispatch()  # it is in the stream
    assert await desk.bench.waiting() == 1
    assert accept(desk.engine, lead_id, 1, "dee@company.com", desk.bench.now).outcome == "done"
    await desk.work()
    assert desk.states() == [("dee", "accepted")]
    assert await desk.bench.waiting() == 0


async def test_while_the_stream_is_away_a_miss_waits(desk: Desk, own_valkey: EmbeddedValkey):
    await desk.lead()
    desk.due("accept_missed")
    async with Inbox(connect(own_valkey.url, timeout_s=None)) as away:
        own_valkey.stop()
        await desk.dispatch(timers=desk.timers(away))
    (row,) = desk.timer_rows(kind="accept_missed")
    assert (row.state, row.attempts) == ("pending", 1)
    assert row.error.startswith("stream_unavailable")
    assert row.due_at > desk.bench.now
    await desk.miss()
    assert desk.states() == [("dee", "missed"), ("eli", "offered")]


async def test_owner_and_manager_read_when_it_was_due_on_their_own_clocks(desk: Desk):
    """The words for whoever sees no live times; in Slack each reader's own client says it."""
    people = {key: dict(value) for key, value in FILE["people"].items()}  # type: ignore[attr-defined]
    people["dee"]["hours"] = "mon-sun 00:00-24:00 Asia/Tokyo"
    desk.table = parse(json.dumps({**FILE, "people": people, "timezone": "America/Denver"}))
    lead_id = await desk.lead()
    await desk.dispatch()
    accept(desk.engine, lead_id, 1, "dee@company.com", desk.bench.now)
    desk.due("touch_missed")
    await desk.dispatch()
    with desk.engine.connect() as connection:
        due = connection.scalar(select(assignments.c.touch_due_at))
    assert due is not None
    for name, zone in (("dee", "Asia/Tokyo"), ("rita", "America/Denver")):
        (told,) = [note for note in desk.threads(name) if note.startswith("First touch by Dee is overdue")]
        assert f"{due.astimezone(ZoneInfo(zone)):%H:%M %Z}" in told, told


async def test_a_first_touch_that_does_not_come_is_told_to_owner_and_manager_once(desk: Desk):
    lead_id = await desk.lead()
    await desk.dispatch()
    accept(desk.engine, lead_id, 1, "dee@company.com", desk.bench.now)
    desk.due("touch_missed")
    await desk.dispatch()
    desk.due("touch_missed")
    await desk.dispatch()
    (owners,) = alerts(desk.engine, "dee@company.com")
    (managers,) = alerts(desk.engine, "rita@company.com")
    assert "First touch overdue" in str(owners.message)
    assert "lead.touch.call" in str(owners.message)
    assert managers.closed
    assert "lead." not in str(managers.message["blocks"])
    for name in ("dee", "rita"):
        assert [n.startswith("First touch by Dee is overdue") for n in desk.threads(name)].count(True) == 1
    assert desk.states() == [("dee", "accepted")], "nobody else gets it"
    assert (
        touch(desk.engine, lead_id, 1, "dee@company.com", "call", desk.bench.now + timedelta(hours=1)).outcome == "done"
    )
    (member,) = sla_by_member(desk.engine, desk.bench.now - timedelta(days=1), desk.bench.now + timedelta(hours=2))
    assert (member.owner, member.accept_met, member.touch_met, member.touch_missed) == ("dee@company.com", 1, 0, 1)


async def test_a_closed_lead_that_writes_again_is_offered_anew(desk: Desk):
    lead_id = await desk.lead()
    await desk.dispatch()
    accept(desk.engine, lead_id, 1, "dee@company.com", desk.bench.now)
    assert close(desk.engine, lead_id, 1, "dee@company.com", "lost", desk.bench.now).outcome == "done"
    assert desk.pending() == []
    await desk.lead("ann", message="we are back")
    assert desk.states() == [("dee", "closed"), ("dee", "offered")]
    assert desk.pending() == ["remind_owner", "accept_missed", "touch_missed"]
    await desk.dispatch()
    (alert,) = alerts(desk.engine)
    assert (alert.assignment, alert.open) == (2, True)
    assert "lead.accept" in str(alert.message)


async def test_what_is_no_timer_is_refused_for_good(desk: Desk):
    from tests.fixtures.effects import owner

    (answer,) = await desk.timers().perform_many([Order("k", "ld_1", 1, 1, owner())])
    assert isinstance(answer, VendorError)
    assert answer.permanent
