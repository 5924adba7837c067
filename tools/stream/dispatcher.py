"""Performs the outbox: one loop a vendor, so that a vendor which is down or stalls delays only its own effects. Queues that
come and go while it runs, as those of webhook endpoints do, are asked for every few seconds.

Each round claims effects under a lease, performs them (a lead's in order, leads side by side), and records the outcomes;
where effects are rows of our own database, all of it in one transaction (`tools.stream.stored`).
A failure is retried by its kind's schedule, later when the vendor says so, and ends as a dead letter.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Protocol, runtime_checkable

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from graph.ports import Order, Performer, Receipt, Untried, VendorError
from tools.breaker import Breaker
from tools.observe import metrics
from tools.observe.why import why
from tools.stream.outbox import Claimed, Outcome, claim, record
from tools.stream.outcomes import DEFAULT_SCHEDULE, SCHEDULES, count
from tools.stream.own_rounds import OwnRounds
from tools.stream.pace import DispatcherOptions, Waiting
from tools.stream.stored import StoredPerformer
from tools.stream.wake import Wake

__all__ = ["DEFAULT_SCHEDULE", "SCHEDULES", "Dispatcher", "DispatcherOptions", "ManyPerformer", "Wake"]
log = structlog.get_logger(__name__)

LONGEST_NAME = 48  # with vendor and round it fits the column that holds a claim


@runtime_checkable
class ManyPerformer(Protocol):
    """A performer that takes a whole round at once; one failure does not fail the others."""

    async def perform_many(self, orders: Sequence[Order]) -> Sequence[Receipt | Exception]: ...


class Dispatcher:
    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        performers: Mapping[str, Performer],
        name: str,
        options: DispatcherOptions | None = None,
        wait: Callable[[float], Any] | None = None,
        waiting: Callable[[], Awaitable[Waiting]] | None = None,
        queues: Callable[[], Awaitable[Mapping[str, Performer]]] | None = None,
    ) -> None:
        """name: this process, in the claims that it makes. `wait(seconds)` may return sooner, when something new is known
        to be due. `waiting` says how many leads wait for their decision. While there are some, rounds of our own rows are
        followed by a rest; while there are more than a worker takes at once, a vendor gets one round in two seconds, and
        alerts four: writer and dispatcher share a processor and a database, and a lead that is decided late is later for
        everybody. `queues`: those that come and go, with their performers, beside `performers`."""
        self._waiting = waiting or _none
        self._engine, self._executor, self._performers = engine, executor, dict(performers)
        self._queues, self._passing = queues, set[str]()
        self._name = name[
            -LONGEST_NAME:
        ]  # a machine's name may be longer than a claim; its end tells more than its start
        self._options = options or DispatcherOptions()
        self._wait = wait or asyncio.sleep
        self.breakers = {vendor: Breaker() for vendor in performers}
        self._stopping = asyncio.Event()
        self._own = OwnRounds(engine, executor, self._options, self._waiting)

    def stop(self) -> None:
        self._stopping.set()

    async def run(self, *, drain: bool = False) -> None:
        """Until stopped; with drain until nothing is due any more: a timer may make work for another vendor."""
        busy = True
        while busy:
            await self._look()
            async with asyncio.TaskGroup() as group:
                served = self._serving(group, {}, drain=drain)
                while self._queues is not None and not drain and not self._stopping.is_set():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._stopping.wait(), self._options.look_s)
                    await self._look()
                    served = self._serving(group, served, drain=drain)
            busy = drain and any(task.result() for task in served.values())

    def _serving(
        self, group: asyncio.TaskGroup, served: dict[str, asyncio.Task[bool]], *, drain: bool
    ) -> dict[str, asyncio.Task[bool]]:
        """A task for each queue that has none: one that went and came back has its old one until that has noticed."""
        running = {vendor: task for vendor, task in served.items() if not task.done()}
        for vendor in self._performers.keys() - running.keys():
            if not self._stopping.is_set():
                running[vendor] = group.create_task(self._serve(vendor, drain=drain), name=f"dispatch-{vendor}")
        return running

    async def _look(self) -> None:
        """Which of the queues that come and go there are now. A database that is away changes none."""
        if self._queues is None:
            return
        try:
            found = await self._queues()
        except SQLAlchemyError as error:
            log.warning("waiting", part="database", error=why(error))
            return
        for vendor in self._passing - found.keys():
            del self._performers[vendor]
            metrics.breaker_open.labels(vendor).set(0)
        for vendor in found.keys() - self._passing:
            self.breakers[vendor] = Breaker()
        self._performers |= found
        self._passing = set(found)

    async def _serve(self, vendor: str, *, drain: bool) -> bool:
        """Whether anything was done."""
        rounds, done = 0, False
        while not self._stopping.is_set() and vendor in self._performers:
            rounds, began = rounds + 1, time.monotonic()
            try:
                found = await self.round(vendor, f"{self._name}/{vendor}/{rounds}")
                done |= found > 0
            except SQLAlchemyError as error:
                metrics.outages.labels("database").inc()
                log.warning("waiting", part="database", error=why(error))
                found = 0
                await asyncio.sleep(self._options.idle_s)
            metrics.breaker_open.labels(vendor).set(self.breakers[vendor].state == "open")
            if not found:
                if drain:
                    return done
                await self._wait(self._options.idle_s)
                # every batch that is decided rings, and most have nothing for this vendor
                await asyncio.sleep(began + self._pause(vendor) - time.monotonic())
            else:
                await asyncio.sleep(self._pause(vendor, found, await self._waiting()))
        return done

    def _pause(self, vendor: str, found: int = 0, waiting: Waiting = "none") -> float:
        own = isinstance(self._performers.get(vendor), StoredPerformer)
        return self._options.pause(vendor, found, own=own, waiting=waiting)

    async def round(self, vendor: str, name: str) -> int:
        """Claim, perform, record once. The effects found: none when nothing was due, or the breaker rests."""
        breaker, options = self.breakers[vendor], self._options
        performer, found = self._performers[vendor], 0
        if isinstance(performer, StoredPerformer):
            found, left = await self._stored(vendor, performer, breaker.room(time.monotonic(), options.within))
            if not left:
                return found
        many = performer if isinstance(performer, ManyPerformer) else None
        most: int = getattr(performer, "side_by_side", options.limit if many else options.side_by_side)
        limit = breaker.room(time.monotonic(), most)
        if limit == 0:
            return found
        claimed = await self._thread(
            lambda: claim(self._engine, vendor, name, datetime.now(UTC), limit=limit, lease_s=options.lease_s)
        )
        if not claimed:
            return found
        outcomes = await self._all_at_once(many, claimed) if many else await self._by_lead(performer, claimed)
        await self._thread(lambda: record(self._engine, outcomes, datetime.now(UTC)))
        count(vendor, outcomes)
        return max(found, len(claimed))

    async def _stored(self, vendor: str, performer: StoredPerformer, limit: int) -> tuple[int, bool]:
        """How many were due, and whether any of them is left to be performed one by one."""
        if limit == 0:
            return 0, False
        found = await self._own.perform(vendor, performer, limit)
        if found.done:
            self.breakers[vendor].succeeded()
            count(vendor, found.done)
        return found.found, found.left

    async def _all_at_once(self, performer: ManyPerformer, claimed: list[Claimed]) -> list[Outcome]:
        if _too_late(claimed[0]):
            return [Outcome(c, untried=True) for c in claimed]
        try:
            async with asyncio.timeout(self._options.deadline_s):
                answers = await performer.perform_many([c.order for c in claimed])
            if len(answers) != len(claimed):
                raise RuntimeError(f"{len(answers)} outcomes for {len(claimed)} orders")  # noqa: TRY301 - as a bug in it
        except Exception as error:  # noqa: BLE001 - becomes the outcome of each
            return [self._outcome(c, error) for c in claimed]
        outcomes: list[Outcome] = []
        broken: set[str] = set()
        for c, answer in zip(claimed, answers, strict=True):
            if isinstance(answer, Untried) or (c.order.lead_id in broken and isinstance(answer, Exception)):
                outcomes.append(Outcome(c, untried=True, retry_at=_later(answer)))
                continue
            outcomes.append(self._outcome(c, answer))
            if not outcomes[-1].done:
                broken.add(c.order.lead_id)
        return outcomes

    async def _by_lead(self, performer: Performer, claimed: list[Claimed]) -> list[Outcome]:
        by_lead = sorted(claimed, key=lambda c: (c.order.lead_id, c.row_id))
        leads = [list(group) for _, group in groupby(by_lead, key=lambda c: c.order.lead_id)]
        done = await asyncio.gather(*(self._one_lead(performer, effects) for effects in leads))
        return [outcome for outcomes in done for outcome in outcomes]

    async def _one_lead(self, performer: Performer, effects: list[Claimed]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for claimed in effects:
            if _too_late(claimed) or (outcomes and (outcomes[-1].untried or outcomes[-1].retry_at is not None)):
                outcomes.append(Outcome(claimed, untried=True))
                continue
            try:
                async with asyncio.timeout(self._options.deadline_s):
                    answer: Receipt | Exception = await performer.perform(claimed.order)
            except Exception as error:  # noqa: BLE001 - becomes the outcome
                answer = error
            outcomes.append(self._outcome(claimed, answer))
        return outcomes

    def _outcome(self, claimed: Claimed, answer: Receipt | Exception) -> Outcome:
        breaker, order = self.breakers[claimed_vendor(claimed)], claimed.order
        if isinstance(answer, Receipt):
            breaker.succeeded()
            return Outcome(claimed, done=True, external_id=answer.external_id)
        if not isinstance(answer, VendorError):
            if not isinstance(answer, TimeoutError):
                log.error("an effect broke", key=order.key, error=type(answer).__name__, exc_info=answer)
            answer = VendorError(type(answer).__name__, str(answer))
        if answer.permanent:
            return Outcome(claimed, error=str(answer))
        breaker.failed(time.monotonic(), answer.retry_after_s)
        schedule = SCHEDULES.get(order.effect.kind, DEFAULT_SCHEDULE)
        if order.attempt > len(schedule):
            return Outcome(claimed, error=str(answer))
        delay = max(schedule[order.attempt - 1], answer.retry_after_s or 0.0)
        return Outcome(claimed, error=str(answer), retry_at=datetime.now(UTC) + timedelta(seconds=delay))

    async def _thread(self, function: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function)


def _later(answer: Exception) -> datetime | None:
    """When an order that was not begun is to be, where its performer says so."""
    after_s = answer.after_s if isinstance(answer, Untried) else None
    return None if after_s is None else datetime.now(UTC) + timedelta(seconds=after_s)


def _too_late(claimed: Claimed) -> bool:
    """This process stood still after the claim, or the lead's earlier effects took long."""
    return claimed.order.late(datetime.now(UTC))


def claimed_vendor(claimed: Claimed) -> str:
    """The vendor of a claimed effect, from the claim's name `dispatcher/vendor/round`."""
    return claimed.claim.rsplit("/", 2)[1]


async def _none() -> Waiting:
    return "none"
