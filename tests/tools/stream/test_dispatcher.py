"""The dispatcher: in order, once, again when it failed, never because of somebody else's trouble."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, text

from graph.ports import Order, Receipt, Untried, VendorError
from tests.fixtures.effects import NOW, account, alert, due, make_due, owner, rows, states, task
from tools.breaker import Breaker
from tools.store.dead import list_dead, reopen_effect
from tools.stream import dispatcher as dispatching
from tools.stream.dispatcher import DEFAULT_SCHEDULE, SCHEDULES, Dispatcher, DispatcherOptions, Wake
from tools.stream.pace import Waiting


@dataclass
class Vendor:
    """Performs what `answer` says; remembers what it was asked and how many calls ran side by side."""

    answer: Callable[[Order], Any] = lambda order: Receipt(f"id-{order.effect.target}")
    orders: list[Order] = field(default_factory=list)
    running: int = 0
    most: int = 0

    async def perform(self, order: Order) -> Receipt:
        self.orders.append(order)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            answer = self.answer(order)
            if asyncio.iscoroutine(answer):
                answer = await answer
            else:
                await asyncio.sleep(0)
        finally:
            self.running -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    @property
    def keys(self) -> list[str]:
        return [order.key for order in self.orders]


@dataclass
class Bulk:
    """A performer that takes a whole round at once."""

    answer: Callable[[Order], Receipt | VendorError] = lambda order: Receipt("id")
    rounds: list[list[str]] = field(default_factory=list)

    async def perform(self, order: Order) -> Receipt:
        raise AssertionError("a round goes through perform_many")

    async def perform_many(self, orders: Sequence[Order]) -> list[Receipt | VendorError]:
        self.rounds.append([order.key for order in orders])
        return [self.answer(order) for order in orders]


def dispatcher(
    engine: Engine, executor: Executor, options: DispatcherOptions | None = None, **vendors: Any
) -> Dispatcher:
    return Dispatcher(engine, executor, vendors, "d", options)


async def drained(engine: Engine, executor: Executor, options: DispatcherOptions | None = None, **vendors: Any) -> None:
    async with asyncio.timeout(20):
        await dispatcher(engine, executor, options, **vendors).run(drain=True)


async def test_what_is_due_is_performed_and_recorded(database: Engine, executor: Executor):
    (key,) = due(database, "ld_1", owner())
    vendor = Vendor()
    await drained(database, executor, crm=vendor)
    assert vendor.keys == [key]
    row = rows(database)[key]
    assert (row.state, row.external_id, row.attempts, row.error) == ("done", "id-dee@us.example", 1, None)


async def test_a_leads_effects_go_in_order_and_leads_side_by_side(database: Engine, executor: Executor):
    for n in range(6):
        due(database, f"ld_{n}", task("1"), task("2"), task("3"))
    order = list(rows(database))
    vendor = Vendor()
    await drained(database, executor, DispatcherOptions(side_by_side=8), crm=vendor)
    assert sorted(vendor.keys) == sorted(order)
    for n in range(6):
        own = [key for key in vendor.keys if key.startswith(f"ld_{n}@")]
        assert own == sorted(own, key=order.index)
    assert 1 < vendor.most <= 8


async def test_a_vendor_that_takes_many_gets_a_round_at_once(database: Engine, executor: Executor):
    for n in range(30):
        due(database, f"ld_{n}", account(f"{n}.example"))
    bulk = Bulk()
    await drained(database, executor, similar=bulk)
    assert [len(round_) for round_ in bulk.rounds] == [30]
    assert set(states(database)) == {"done"}


async def test_a_failure_is_tried_again_by_its_schedule_then_a_dead_letter_then_replayed(
    database: Engine, executor: Executor
):
    (key,) = due(database, "ld_1", task("1"))
    vendor = Vendor(lambda order: VendorError("503", "away"))
    pauses = []
    for _ in SCHEDULES["create_task"]:
        before = datetime.now(UTC)
        await drained(database, executor, crm=vendor)
        row = rows(database)[key]
        assert (row.state, row.error) == ("pending", "503: away")
        pauses.append((row.due_at - before).total_seconds())
        make_due(database)
    await drained(database, executor, crm=vendor)
    assert pauses == pytest.approx(SCHEDULES["create_task"], abs=1.0)
    assert [order.attempt for order in vendor.orders] == list(range(1, len(pauses) + 2))
    assert states(database) == ["dead"]
    (letter,) = list_dead(database)
    assert (letter.reason, letter.attempts) == ("503: away", len(pauses) + 1)

    reopen_effect(database, letter.id, key)
    mended = Vendor()
    await drained(database, executor, crm=mended)
    assert [order.attempt for order in mended.orders] == [2]
    assert states(database) == ["done"]


async def test_the_vendors_own_wish_to_wait_is_heard_when_it_is_longer(database: Engine, executor: Executor):
    due(database, "ld_1", task("long"))
    due(database, "ld_2", task("short"))
    wish = {"long": 300.0, "short": 0.5}
    vendor = Vendor(lambda order: VendorError("429", retry_after_s=wish[order.effect.subject]))  # type: ignore[union-attr]
    before = datetime.now(UTC)
    await drained(database, executor, crm=vendor)
    pauses = [(row.due_at - before).total_seconds() for row in rows(database).values()]
    assert pauses == pytest.approx([300.0, SCHEDULES["create_task"][0]], abs=1.0)


async def test_what_can_never_succeed_is_a_dead_letter_at_once_and_opens_no_breaker(
    database: Engine, executor: Executor
):
    for n in range(10):
        due(database, f"ld_{n}", task("1"))
    vendor = Vendor(lambda order: VendorError("400", "no such owner", permanent=True))
    running = dispatcher(database, executor, crm=vendor)
    await running.run(drain=True)
    assert set(states(database)) == {"dead"}
    assert len(vendor.orders) == len(list_dead(database)) == 10
    assert running.breakers["crm"].state == "closed"


async def test_what_follows_a_failed_effect_of_its_lead_is_not_tried_and_loses_no_attempt(
    database: Engine, executor: Executor
):
    first, second, third = due(database, "ld_1", task("1"), task("2"), task("3"))
    (other,) = due(database, "ld_2", task("1"))
    vendor = Vendor(lambda order: VendorError("503") if order.key == first else Receipt("x"))
    await drained(database, executor, crm=vendor)
    assert sorted(vendor.keys) == sorted([first, other])
    assert [row.attempts for row in rows(database).values()] == [1, 0, 0, 1]
    vendor.answer = lambda order: Receipt("x")
    make_due(database, [first])
    await drained(database, executor, crm=vendor)
    assert vendor.keys[2:] == [first, second, third]
    assert set(states(database)) == {"done"}


async def test_in_a_round_of_many_too_a_lead_waits_for_its_failed_effect(database: Engine, executor: Executor):
    first, second = due(database, "ld_1", task("1"), task("2"))
    due(database, "ld_2", task("1"))
    bulk = Bulk(lambda order: VendorError("503") if order.lead_id == "ld_1" else Receipt("x"))
    await drained(database, executor, crm=bulk)
    found = rows(database)
    assert [row.attempts for row in found.values()] == [1, 0, 1]
    assert (found[first].state, found[second].state) == ("pending", "pending")
    assert found[first].due_at > found[second].due_at


async def test_what_lets_go_after_a_give_up_goes_on(database: Engine, executor: Executor):
    first, second = due(database, "ld_1", task("1"), task("2"))
    vendor = Vendor(lambda order: VendorError("400", permanent=True) if order.key == first else Receipt("x"))
    await drained(database, executor, crm=vendor)
    assert [rows(database)[key].state for key in (first, second)] == ["dead", "done"]


async def test_a_bug_in_an_adapter_is_retried_like_a_failure_and_hurts_no_neighbour(
    database: Engine, executor: Executor
):
    bad, good = due(database, "ld_1", task("1"))[0], due(database, "ld_2", task("1"))[0]
    vendor = Vendor(lambda order: ZeroDivisionError("oops") if order.key == bad else Receipt("x"))
    await drained(database, executor, crm=vendor)
    found = rows(database)
    assert (found[bad].state, found[bad].error) == ("pending", "ZeroDivisionError: oops")
    assert found[good].state == "done"


async def test_the_breaker_opens_after_a_row_of_failures_and_one_tries_when_it_has_rested(
    database: Engine, executor: Executor
):
    for n in range(20):
        due(database, f"ld_{n}", task("1"))
    vendor = Vendor(lambda order: VendorError("503"))
    running = dispatcher(database, executor, DispatcherOptions(side_by_side=2), crm=vendor)
    running.breakers["crm"] = Breaker(threshold=4, rest_s=1000.0)
    await running.run(drain=True)
    assert len(vendor.orders) == 4, "then nobody asks any more"
    assert running.breakers["crm"].state == "open"

    running.breakers["crm"].opened_at = time.monotonic() - 1000.0
    await running.round("crm", "d/crm/x")
    assert len(vendor.orders) == 5, "one tries"
    await running.run(drain=True)
    assert len(vendor.orders) == 5

    vendor.answer = lambda order: Receipt("x")
    running.breakers["crm"].opened_at = time.monotonic() - 1000.0
    make_due(database)
    await running.run(drain=True)
    assert running.breakers["crm"].state == "closed"
    assert set(states(database)) == {"done"}


async def test_a_stalled_vendor_delays_only_its_own(database: Engine, executor: Executor):
    for n in range(12):
        due(database, f"ld_{n}", task("1"), alert())
    stalled, prompt = asyncio.Event(), Vendor()
    slow = Vendor(lambda order: stalled.wait())
    running = dispatcher(database, executor, crm=slow, notifier=prompt)
    serving = asyncio.create_task(running.run())
    async with asyncio.timeout(10):
        while len(prompt.orders) < 12:
            await asyncio.sleep(0.002)
    assert slow.orders
    assert {row.state for row in rows(database).values() if row.vendor == "crm"} == {"pending"}
    running.stop()
    stalled.set()
    await asyncio.wait_for(serving, 10)


async def test_a_call_that_passes_its_deadline_is_tried_again_later(database: Engine, executor: Executor):
    (key,) = due(database, "ld_1", alert())
    vendor = Vendor(lambda order: asyncio.Event().wait())
    await drained(database, executor, DispatcherOptions(deadline_s=0.02), notifier=vendor)
    row = rows(database)[key]
    assert (row.state, row.attempts) == ("pending", 1)
    assert row.error.startswith("TimeoutError")
    await_s = (row.due_at - datetime.now(UTC)).total_seconds()
    assert await_s <= SCHEDULES["post_alert"][0]


async def test_a_round_of_many_that_passes_its_deadline_is_tried_again_later(database: Engine, executor: Executor):
    class Hanging(Bulk):
        async def perform_many(self, orders: Sequence[Order]) -> list[Receipt | VendorError]:
            await asyncio.Event().wait()
            return []

    due(database, "ld_1", account("a.example"))
    due(database, "ld_2", account("b.example"))
    await drained(database, executor, DispatcherOptions(deadline_s=0.02), similar=Hanging())
    assert states(database) == ["pending", "pending"]
    assert [row.attempts for row in rows(database).values()] == [1, 1]


async def test_an_adapter_that_answers_too_few_outcomes_loses_none(database: Engine, executor: Executor):
    class Forgetful(Bulk):
        async def perform_many(self, orders: Sequence[Order]) -> list[Receipt | VendorError]:
            return [Receipt("x")]

    due(database, "ld_1", account("a.example"))
    due(database, "ld_2", account("b.example"))
    await drained(database, executor, similar=Forgetful())
    assert states(database) == ["pending", "pending"], "who got which answer is not known"


async def test_what_a_round_has_no_room_for_is_no_attempt_and_comes_when_there_is(database: Engine, executor: Executor):
    full = Bulk(lambda order: Untried(60.0))
    due(database, "ld_1", account("a.example"))
    await drained(database, executor, similar=full)
    (row,) = rows(database).values()
    assert (row.state, row.attempts, len(full.rounds)) == ("pending", 0, 1)
    assert 50 < (row.due_at - datetime.now(UTC)).total_seconds() <= 60


async def test_what_a_round_had_no_time_for_comes_at_once(database: Engine, executor: Executor):
    answers = iter([Untried(), Receipt("id")])
    due(database, "ld_1", account("a.example"))
    await drained(database, executor, similar=Bulk(lambda order: next(answers)))  # type: ignore[arg-type,return-value]
    (row,) = rows(database).values()
    assert (row.state, row.attempts) == ("done", 1)


async def test_a_dispatcher_that_dies_lets_go_and_the_next_knows_that_the_outcome_is_unknown(
    database: Engine, executor: Executor
):
    (key,) = due(database, "ld_1", alert())
    vendor = Vendor(lambda order: asyncio.Event().wait())
    options = DispatcherOptions(lease_s=0.4)
    dying = asyncio.create_task(dispatcher(database, executor, options, notifier=vendor).run(drain=True))
    async with asyncio.timeout(10):
        while not vendor.orders:
            await asyncio.sleep(0.002)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    await asyncio.sleep(0.5)
    after = Vendor()
    await drained(database, executor, notifier=after)
    assert [(order.key, order.attempt) for order in after.orders] == [(key, 2)]


async def test_what_was_claimed_before_a_process_stood_still_is_not_begun(database: Engine, executor: Executor):
    due(database, "ld_1", task("1"))
    due(database, "ld_1", account("a.example"))
    vendor, bulk = Vendor(), Bulk()
    stood_still = dispatcher(database, executor, DispatcherOptions(lease_s=0.0), crm=vendor, similar=bulk)
    await stood_still.round("crm", "d/crm/1")
    await stood_still.round("similar", "d/similar/1")
    assert (vendor.orders, bulk.rounds) == ([], [])
    assert {(row.state, row.attempts) for row in rows(database).values()} == {("pending", 0)}


async def test_an_effect_that_comes_late_behind_a_slow_one_of_its_lead_waits_for_another_lease(
    database: Engine, executor: Executor
):
    first, second = due(database, "ld_1", task("1"), task("2"))
    vendor = Vendor(lambda order: asyncio.sleep(0.3, Receipt("id")))
    await dispatcher(database, executor, DispatcherOptions(lease_s=0.4), crm=vendor).round("crm", "d/crm/1")
    assert vendor.keys == [first]
    assert [(rows(database)[key].state, rows(database)[key].attempts) for key in (first, second)] == [
        ("done", 1),
        ("pending", 0),
    ]


async def test_a_database_that_is_away_is_waited_for(postgres_server: str, postgres_url: str, executor: Executor):
    from tests.tools.stream.test_worker import refused
    from tools.store.engine import open_engine

    engine = open_engine(postgres_url)
    due(engine, "ld_1", alert())
    vendor = Vendor()
    with refused(engine, postgres_server) as come_back:
        running = dispatcher(engine, executor, DispatcherOptions(idle_s=0.01), notifier=vendor)
        serving = asyncio.create_task(running.run())
        await asyncio.sleep(0.05)
        assert not serving.done()
        assert not vendor.orders
        come_back()
        async with asyncio.timeout(10):
            while "done" not in states(engine):
                await asyncio.sleep(0.005)
    running.stop()
    await serving
    engine.dispose()


async def test_an_effect_that_cannot_be_read_stops_nobody(database: Engine, executor: Executor):
    bad, good = due(database, "ld_1", alert(), alert("eli@us.example"))
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(text("UPDATE outbox SET payload = :p WHERE key = :k"), {"p": b"{}", "k": bad})
    vendor = Vendor()
    await drained(database, executor, notifier=vendor)
    assert vendor.keys == [good]
    assert [letter.ref for letter in list_dead(database)] == [bad]


async def test_a_machine_with_a_long_name_dispatches_too(database: Engine, executor: Executor):
    due(database, "ld_1", alert())
    vendor = Vendor()
    name = "lead-router-dispatcher-" + "x" * 63 + "-4194304"
    await Dispatcher(database, executor, {"notifier": vendor}, name).run(drain=True)
    assert states(database) == ["done"]


async def test_two_dispatchers_perform_each_effect_once(database: Engine, executor: Executor):
    for n in range(25):
        due(database, f"ld_{n}", task("1"), task("2"))
    one, two = Vendor(), Vendor()
    await asyncio.gather(
        Dispatcher(database, executor, {"crm": one}, "one").run(drain=True),
        Dispatcher(database, executor, {"crm": two}, "two").run(drain=True),
    )
    assert sorted(one.keys + two.keys) == sorted(rows(database))
    assert set(states(database)) == {"done"}


async def test_a_sleeping_dispatcher_wakes_when_it_is_rung(database: Engine, executor: Executor):
    wake, vendor = Wake(), Vendor()
    options = DispatcherOptions(idle_s=3600.0)
    running = Dispatcher(database, executor, {"notifier": vendor}, "d", options, wait=wake.wait)
    serving = asyncio.create_task(running.run())
    async with asyncio.timeout(10):
        while not wake._sleepers:
            await asyncio.sleep(0.002)
        due(database, "ld_1", alert())
        wake.ring()
        while not vendor.orders:
            await asyncio.sleep(0.002)
        running.stop()
        while not serving.done():
            wake.ring()
            await asyncio.sleep(0.002)
    assert states(database) == ["done"]


def test_every_schedule_grows_and_an_alert_is_tried_within_seconds():
    for schedule in (*SCHEDULES.values(), DEFAULT_SCHEDULE):
        assert list(schedule) == sorted(schedule)
    assert sum(SCHEDULES["post_alert"][:3]) < 15
    assert timedelta(seconds=sum(DEFAULT_SCHEDULE)) > timedelta(days=1)
    assert NOW.tzinfo is UTC


async def test_after_a_429_the_whole_queue_waits_as_long_as_the_vendor_says_and_the_others_go_on(
    database: Engine, executor: Executor
):
    due(database, "ld_1", task("1"))
    vendor = Vendor(lambda order: VendorError("rate_limited", retry_after_s=60.0))
    running = dispatcher(database, executor, crm=vendor)
    await running.run(drain=True)
    due(database, "ld_2", task("2"))
    await running.run(drain=True)
    assert len(vendor.orders) == 1, "another lead's effect would be refused too, and make it worse"
    assert running.breakers["crm"].state == "closed"


class Within(Bulk):
    """Its effects are rows of our own database."""

    def perform_within(self, connection: Any, orders: Sequence[Order]) -> list[Receipt | Exception]:
        self.rounds.append([order.key for order in orders])
        return [Receipt("id") for _ in orders]


async def test_a_round_is_followed_by_the_pause_that_fits_what_it_found(
    database: Engine, executor: Executor, monkeypatch: pytest.MonkeyPatch
):
    pauses: list[float] = []

    async def waiting() -> Waiting:
        return "many" if len(pauses) == 1 else "some"

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    due(database, "ld_1", task("1"), task("2"), task("3"))
    options = DispatcherOptions(within=1, full_s=7.0, gather_s=8.0, crowded_s=9.0)
    working = Dispatcher(database, executor, {"crm": Within()}, "d", options, waiting=waiting)
    monkeypatch.setattr(dispatching, "asyncio", SimpleNamespace(**vars(asyncio) | {"sleep": sleep}))
    await working.run(drain=True)
    assert pauses == [7.0, 9.0, 7.0]


async def test_a_vendor_that_has_nothing_to_do_is_asked_now_and_then_however_often_batches_are_decided(
    database: Engine, executor: Executor
):
    asked: list[float] = []
    options = DispatcherOptions(idle_s=3600.0, gather_s=0.4)
    wake = Wake()
    running = Dispatcher(database, executor, {"crm": Within()}, "d", options, wait=wake.wait)
    ask = running.round

    async def counted(vendor: str, name: str) -> int:
        asked.append(time.monotonic())
        return await ask(vendor, name)

    running.round = counted  # type: ignore[method-assign]
    serving = asyncio.create_task(running.run())
    async with asyncio.timeout(30):
        while len(asked) < 3:
            wake.ring()
            await asyncio.sleep(0.005)
        running.stop()
        while not serving.done():
            wake.ring()
            await asyncio.sleep(0.005)
    assert asked[2] - asked[0] >= 0.79
