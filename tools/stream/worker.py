"""Takes what waits in the stream, has it decided in batches, acknowledges, and puts aside what failed.

    read or take over -> decode -> draft -> commit -> finish
                            |                  +-- a lead failed: postponed with back-off, at last a dead letter
                            +-- not a submission: dead letter

While one worker commits, others draft. The stream or the database being away is not a lead's failure: the worker waits
with the batch in hand, shows signs of life for it, and counts no attempt.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from graph.domain.trace import Failure
from graph.state import RunContext
from tools.observe import metrics
from tools.observe.why import why
from tools.store.dead import bury_lead
from tools.stream.codec import Undecodable, decode
from tools.stream.consumer import IDLE_MS, Consumer, Entry
from tools.stream.copying import Copying
from tools.stream.deciding import Decider, Draft, Job, is_outage
from tools.stream.ending import ended
from tools.stream.turnstile import Turnstile

log = structlog.get_logger(__name__)
BACKOFF_S = (1.0, 5.0, 30.0, 120.0)
HEARTBEAT_S = IDLE_MS / 1000 / 4
ALONE_AFTER = 2  # deliveries: an entry that may have killed its worker is decided alone
GIVE_UP_AFTER = 5  # deliveries: one that kills every worker becomes a dead letter
LATE_MS = 50  # longer than a batch of a worker that keeps up takes
AWAY = (RedisError, OSError, TimeoutError)


class Stopped(Exception):
    """The worker was told to stop while a part that it needs was away. What it has in hand stays in the stream."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """batch: leads a run carries at the most; block_ms: how long an idle worker waits for the first of them; attempts:
    decisions of a lead that may fail before it is a dead letter; threads: name each run for LangGraph's checkpointer;
    spare: take leads only when they wait for longer than LATE_MS. A worker that keeps up decides a batch with less work
    than two do with its halves."""

    batch: int = 256
    block_ms: int = 1_000
    attempts: int = len(BACKOFF_S) + 1
    threads: bool = False
    spare: bool = False


class Worker:
    """One partition's worker. `context` is asked for each run's clock reading, routing file and ports."""

    def __init__(
        self,
        consumer: Consumer,
        graph: Any,
        engine: Engine,
        executor: Executor,
        context: Callable[[], RunContext],
        options: WorkerOptions | None = None,
        turnstile: Turnstile | None = None,
        between: Callable[[int], None] | None = None,
        alone: AbstractAsyncContextManager[Any] | None = None,
    ) -> None:
        """turnstile: shared with the workers of this host. between: told the number of leads of each batch when it is done
        and nothing of it is held any more. alone: shared with the workers of this process of which one at a time is to
        have a batch in hand."""
        self._consumer, self._engine, self._executor = consumer, engine, executor
        self._options = options or WorkerOptions()
        self._decider = Decider(
            graph, engine, executor, context, self._wait, threads=self._options.threads, turnstile=turnstile
        )
        self._copying, self._between = Copying(engine, executor), between or (lambda _: None)
        self._alone = alone or contextlib.nullcontext()
        self._stopping = asyncio.Event()
        self._in_hand: dict[bytes, Entry] = {}

    def stop(self) -> None:
        """Finish what is in hand, take nothing more."""
        self._stopping.set()

    async def run(self, *, drain: bool = False) -> int:
        """Work until stopped; with drain until nothing waits any more. Returns the number of entries finished."""
        beat = asyncio.create_task(self._beat(), name="heartbeat")
        finished, tidy_at = 0, 0.0
        try:
            await self._prepare()
            while not self._stopping.is_set():
                try:
                    if time.monotonic() >= tidy_at:
                        tidy_at = time.monotonic() + 1.0
                        finished += await self._tidy()
                    spare = self._options.spare and not drain
                    if spare and not await self._wanted():
                        continue
                    # a spare one that waited here would have the next lead before the first worker
                    entries = await self._consumer.read(self._options.batch, 1 if spare else self._options.block_ms)
                    finished += await self._work(entries)
                    self._between(len(entries))
                    if drain and not entries and await self._consumer.backlog() == 0:
                        break
                except AWAY as error:
                    await self._wait("stream", error)
        except Stopped:
            log.info("stopped with work in hand", entries=len(self._in_hand))
        finally:
            await ended(beat)
            await self._copying.ended()
        return finished

    async def _wanted(self) -> bool:
        """Whether leads wait for too long; if not, after a while in which that may have changed."""
        waited = await self._consumer.waiting_ms()
        if waited is None:
            self._between(0)
        elif waited >= LATE_MS:
            return True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), (LATE_MS - (waited or 0)) / 1000)
        return False

    async def _prepare(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._consumer.prepare()
                return
            except AWAY as error:
                await self._wait("stream", error)

    async def _tidy(self) -> int:
        """Due retries go back to the stream; what a dead worker held is done here."""
        await self._consumer.resume_due()
        entries = [e for e in await self._consumer.take_over(self._options.batch) if e.entry_id not in self._in_hand]
        if entries:
            log.info("took over", entries=len(entries))
            metrics.taken_over.inc(len(entries))
        alone = [entry for entry in entries if entry.deliveries > ALONE_AFTER]
        finished = await self._work([entry for entry in entries if entry.deliveries <= ALONE_AFTER])
        for times in sorted({entry.deliveries for entry in alone}):  # each counts only in its own turn
            await self._consumer.blame([entry for entry in alone if entry.deliveries == times], times - 1)
        for entry in alone:
            deadly = entry.deliveries > GIVE_UP_AFTER
            await self._consumer.blame([entry], entry.deliveries)
            finished += await (self._give_up(entry) if deadly else self._work([entry]))
        return finished

    async def _give_up(self, entry: Entry) -> int:
        """Every worker that had this entry in hand died: it is not tried once more."""
        for job in await self._decoded([entry]):
            if await self._decider.is_settled(job):
                await self._consumer.finish([entry])
            else:
                times = f"handed out {entry.deliveries} times, and no worker finished it"
                await self._bury(entry, job.submission.lead_id, Failure("worker", "Died", times))
        return 1

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            with contextlib.suppress(*AWAY):  # the next beat tries again
                await self._consumer.heartbeat(list(self._in_hand.values()))

    async def _work(self, entries: list[Entry]) -> int:
        """Decide these; the same lead's submissions one after the other. Returns the entries finished."""
        self._in_hand |= {entry.entry_id: entry for entry in entries}
        finished = 0
        try:
            async with self._alone:
                jobs = await self._decoded(entries)
                while jobs:
                    wave, jobs = one_each(jobs)
                    draft = await self._decider.draft(wave)
                    await self._consumer.blame([job.entry for job in wave if job.entry.deliveries > 1], 1)  # survived
                    finished += await self._close(draft)
        finally:
            self._decider.let_go()
            for entry in entries:
                self._in_hand.pop(entry.entry_id, None)
        return finished

    async def _decoded(self, entries: list[Entry]) -> list[Job]:
        jobs: list[Job] = []
        for entry in entries:
            try:
                jobs.append(Job(entry, decode(entry.submission_id, entry.payload)))
            except Undecodable as error:
                await self._bury(entry, "", Failure("decode", "Undecodable", str(error)))
                self._in_hand.pop(entry.entry_id, None)
        return jobs

    async def _close(self, draft: Draft) -> int:
        """Commit, acknowledge, count, and put the failed ones aside. Returns the entries finished."""
        outcome = await self._decider.commit(draft)
        self._copying.committed(len(outcome.cases))
        try:
            await self._consumer.finish([job.entry for job in outcome.done])
            metrics.count_decisions(outcome.cases, time.time())
            for job, failure in outcome.broken:
                await self._put_aside(job, failure)
        except AWAY as error:  # what was not acknowledged comes again and is known then; what is in hand goes on
            metrics.outages.labels("stream").inc()
            log.warning("not acknowledged", part="stream", error=type(error).__name__)
            return 0
        finally:
            for job in (*draft.jobs, *draft.settled):
                self._in_hand.pop(job.entry.entry_id, None)
        return len(draft.jobs) + len(draft.settled)

    async def _put_aside(self, job: Job, failure: Failure) -> None:
        entry = job.entry
        metrics.lead_failures.labels(failure.node).inc()
        log.warning("lead failed", lead_id=job.submission.lead_id, node=failure.node, error=failure.error)
        if entry.attempts + 1 >= self._options.attempts or entry.deliveries >= GIVE_UP_AFTER:
            await self._bury(entry, job.submission.lead_id, failure)
        else:
            await self._consumer.postpone(entry, BACKOFF_S[min(entry.attempts, len(BACKOFF_S) - 1)])

    async def _bury(self, entry: Entry, lead_id: str, failure: Failure) -> None:
        """Keep it as a dead letter, however long the database takes to come back."""
        reason = f"{failure.node}: {failure.error}: {failure.detail}"
        letter = (self._engine, entry.submission_id, lead_id, entry.payload, reason, entry.attempts + 1)
        while True:
            try:
                await asyncio.get_running_loop().run_in_executor(self._executor, bury_lead, *letter)
                break
            except SQLAlchemyError as error:
                if not is_outage(error):
                    raise
                await self._wait("database", error)
        metrics.dead_letters.labels("lead").inc()
        await self._consumer.finish([entry])

    async def _wait(self, what: str, error: Exception) -> None:
        """Something we depend on is away: say so, and breathe before the next try. Raises Stopped."""
        metrics.outages.labels(what).inc()
        log.warning("waiting", part=what, error=why(error))
        if what != "stream":
            self._copying.now()
            with contextlib.suppress(*AWAY):  # a worker that dies while it waits does not die of what it has in hand
                await self._consumer.blame(list(self._in_hand.values()), 1)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), 0.5)
        if self._stopping.is_set():
            raise Stopped


def one_each(jobs: list[Job]) -> tuple[list[Job], list[Job]]:
    """The first submission of each lead, and the rest: a lead's submissions are decided one after the other."""
    seen: set[str] = set()
    wave: list[Job] = []
    rest: list[Job] = []
    for job in jobs:
        (rest if job.submission.lead_id in seen else wave).append(job)
        seen.add(job.submission.lead_id)
    return wave, rest
