"""Takes what waits in the stream, carries it through the graph in batches, commits, acknowledges.

    read or take over -> decode -> graph -> commit -> finish
                             |        |        +-- Conflict: decide anew with fresh history
                             |        +-- a lead failed: postponed with back-off, at last a dead letter
                             +-- not a submission: dead letter

The database or the stream being away is not a lead's failure: the worker waits with the batch in hand, shows signs of
life for it, and counts no attempt.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from graph.build import run_batch
from graph.domain.lead import Submission
from graph.domain.trace import Failure
from graph.nodes.shell import failed
from graph.record import Undecided
from graph.state import Case, RunContext
from tools.observe import metrics
from tools.store.commit import Conflict, Decided, already_decided, commit, seal, void_passes
from tools.store.dead import bury_lead
from tools.stream.codec import Undecodable, decode
from tools.stream.consumer import IDLE_MS, Consumer, Entry

log = structlog.get_logger(__name__)
BACKOFF_S = (1.0, 5.0, 30.0, 120.0)
HEARTBEAT_S = IDLE_MS / 1000 / 4
ALONE_AFTER = 2  # deliveries: an entry that may have killed its worker is decided alone
GIVE_UP_AFTER = 5  # deliveries: one that kills every worker becomes a dead letter


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """batch: leads a run carries at the most; block_ms: how long an idle worker waits for the first of them; attempts:
    decisions of a lead that may fail before it is a dead letter; threads: name each run for LangGraph's checkpointer."""

    batch: int = 64
    block_ms: int = 1_000
    attempts: int = len(BACKOFF_S) + 1
    threads: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    entry: Entry
    submission: Submission


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
    ) -> None:
        self._consumer, self._graph, self._engine = consumer, graph, engine
        self._executor, self._context = executor, context
        self._options = options or WorkerOptions()
        self._stopping = asyncio.Event()
        self._in_hand: list[Entry] = []

    def stop(self) -> None:
        """Finish the batch in hand, take no other."""
        self._stopping.set()

    async def run(self, *, drain: bool = False) -> int:
        """Work until stopped; with drain until nothing waits any more. Returns the number of entries finished."""
        await self._prepare()
        beat = asyncio.create_task(self._beat(), name="heartbeat")
        finished, tidy_at = 0, 0.0
        try:
            while not self._stopping.is_set():
                try:
                    if time.monotonic() >= tidy_at:
                        tidy_at = time.monotonic() + 1.0
                        finished += await self._tidy()
                    entries = await self._consumer.read(self._options.batch, self._options.block_ms)
                    finished += await self._work(entries)
                    if drain and not entries and await self._consumer.backlog() == 0:
                        break
                except (RedisError, OSError, TimeoutError) as error:
                    await self._wait("stream", error)
        finally:
            beat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beat
        return finished

    async def _prepare(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._consumer.prepare()
                return
            except (RedisError, OSError, TimeoutError) as error:
                await self._wait("stream", error)

    async def _tidy(self) -> int:
        """Due retries go back to the stream; what a dead worker held is done here."""
        await self._consumer.resume_due()
        entries = await self._consumer.take_over(self._options.batch)
        if entries:
            log.info("took over", entries=len(entries))
            metrics.taken_over.inc(len(entries))
        alone = [entry for entry in entries if entry.deliveries > ALONE_AFTER]
        finished = await self._work([entry for entry in entries if entry.deliveries <= ALONE_AFTER])
        for entry in alone:
            finished += await self._work([entry])
        return finished

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            with contextlib.suppress(RedisError, OSError, TimeoutError):  # the next beat tries again
                await self._consumer.heartbeat(list(self._in_hand))

    async def _work(self, entries: list[Entry]) -> int:
        if not entries:
            return 0
        self._in_hand = entries
        try:
            jobs: list[Job] = []
            for entry in entries:
                try:
                    jobs.append(Job(entry, decode(entry.submission_id, entry.payload)))
                except Undecodable as error:
                    await self._bury(entry, "", Failure("decode", "Undecodable", str(error)))
            while jobs:
                wave, jobs = one_each(jobs)
                await self._decide(wave)
            return len(entries)
        finally:
            self._in_hand = []

    async def _decide(self, jobs: list[Job]) -> None:
        """Decide one submission of each of these leads, again after a lost race, until all are settled."""
        known: dict[str, Case] = {}
        raced = False
        while jobs:
            try:
                jobs = await self._drop_settled(jobs, doubtful=raced)
                if not jobs:
                    return
                context = self._context()
                cases = [known.get(j.submission.submission_id, Case(j.submission)) for j in jobs]
                started = time.perf_counter()
                decided = await self._run_graph(cases, context)
                known = {case.submission.submission_id: _fresh(case) for case in decided if case.failure is None}
                ready, broken = self._seal(decided, context)
                graph_s = time.perf_counter() - started
                await self._in_thread(commit, self._engine, ready, context.now, context.versions)
                metrics.batch_seconds.labels("graph").observe(graph_s)
                metrics.batch_seconds.labels("commit").observe(time.perf_counter() - started - graph_s)
            except Conflict as conflict:
                raced = True
                metrics.conflicts.inc()
                log.info("decided anew", reason=str(conflict))
                continue
            except SQLAlchemyError as error:
                if not _is_outage(error):
                    await self._blame(jobs, error)
                    return
                raced = True  # a commit whose answer was lost may have been written
                await self._wait("database", error)
                continue
            await self._settle(jobs, ready, broken)
            return

    async def _blame(self, jobs: list[Job], error: SQLAlchemyError) -> None:
        """The database refuses something in this batch: find out which lead by trying them one by one."""
        if len(jobs) > 1:
            for job in jobs:
                await self._decide([job])
            return
        log.error("the store refused a lead", lead_id=jobs[0].submission.lead_id, error=type(error).__name__)
        await self._put_aside(jobs[0], Failure("commit", type(error).__name__, str(error)[:500]))

    async def _drop_settled(self, jobs: list[Job], *, doubtful: bool) -> list[Job]:
        """Acknowledge what has its decision already: a redelivery after a crash, or a pass that came too late. A first
        delivery is not asked about: if it was decided all the same, the commit's unique keys say so."""
        again = [j for j in jobs if doubtful or j.entry.deliveries > 1 or j.submission.cause == "pass"]
        if not again:
            return jobs
        submissions = [job.submission for job in again]
        done = await self._in_thread(already_decided, self._engine, [s.submission_id for s in submissions])
        done |= await self._in_thread(void_passes, self._engine, submissions)
        await self._consumer.finish([job.entry for job in jobs if job.submission.submission_id in done])
        return [job for job in jobs if job.submission.submission_id not in done]

    async def _run_graph(self, cases: list[Case], context: RunContext) -> list[Case]:
        """The batch in one run. If the run itself breaks, each lead gets its own, so that only the guilty one fails."""
        try:
            thread = cases[0].submission.submission_id if self._options.threads else None
            return await run_batch(self._graph, cases, context, thread)
        except SQLAlchemyError as error:
            if _is_outage(error):
                raise
            cause: Exception = error
        except Exception as error:  # noqa: BLE001 - a bug for one lead must not stop the others
            cause = error
        if len(cases) == 1:
            log.error("a run broke", exc_info=cause)
            return [failed(cases[0], "graph", cause)]
        return [(await self._run_graph([case], context))[0] for case in cases]

    def _seal(self, decided: Sequence[Case], context: RunContext) -> tuple[list[Decided], dict[str, Failure]]:
        ready: list[Decided] = []
        broken: dict[str, Failure] = {}
        for case in decided:
            try:
                ready.append(seal(case, context))
            except Undecided as error:
                broken[case.submission.submission_id] = case.failure or Failure("graph", "Undecided", str(error))
            except Exception as error:  # noqa: BLE001 - as above: it is this lead's failure
                broken[case.submission.submission_id] = Failure("record", type(error).__name__, str(error)[:500])
        return ready, broken

    async def _settle(self, jobs: list[Job], ready: list[Decided], broken: dict[str, Failure]) -> None:
        """The batch is committed: acknowledge, count, and put the failed ones aside."""
        await self._consumer.finish([j.entry for j in jobs if j.submission.submission_id not in broken])
        now = time.time()
        for decided in ready:
            metrics.count_decision(decided.case, now)
        for job in jobs:
            failure = broken.get(job.submission.submission_id)
            if failure is not None:
                await self._put_aside(job, failure)

    async def _put_aside(self, job: Job, failure: Failure) -> None:
        entry = job.entry
        metrics.lead_failures.labels(failure.node).inc()
        log.warning("lead failed", lead_id=job.submission.lead_id, node=failure.node, error=failure.error)
        if entry.attempts + 1 >= self._options.attempts or entry.deliveries >= GIVE_UP_AFTER:
            await self._bury(entry, job.submission.lead_id, failure)
        else:
            await self._consumer.postpone(entry, BACKOFF_S[min(entry.attempts, len(BACKOFF_S) - 1)])

    async def _bury(self, entry: Entry, lead_id: str, failure: Failure) -> None:
        reason = f"{failure.node}: {failure.error}: {failure.detail}"
        await self._in_thread(
            bury_lead, self._engine, entry.submission_id, lead_id, entry.payload, reason, entry.attempts + 1
        )
        metrics.dead_letters.labels("lead").inc()
        await self._consumer.finish([entry])

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *args)

    async def _wait(self, what: str, error: Exception) -> None:
        """Something we depend on is away: say so, and breathe before the next try."""
        metrics.outages.labels(what).inc()
        log.warning("waiting", part=what, error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), 0.5)


def one_each(jobs: list[Job]) -> tuple[list[Job], list[Job]]:
    """The first submission of each lead, and the rest: a lead's submissions are decided one after the other."""
    seen: set[str] = set()
    wave: list[Job] = []
    rest: list[Job] = []
    for job in jobs:
        (rest if job.submission.lead_id in seen else wave).append(job)
        seen.add(job.submission.lead_id)
    return wave, rest


def _fresh(case: Case) -> Case:
    """The same case before its run, with the facts that cost something; history and pools are read anew."""
    return Case(case.submission, reads=replace(case.reads, prior=None, family=None, pools=None))


def _is_outage(error: SQLAlchemyError) -> bool:
    """The database is away, locked or full, as opposed to a statement of ours that is wrong."""
    if not isinstance(error, DBAPIError):
        return type(error).__name__ == "TimeoutError"  # the pool has no connection to give
    return error.connection_invalidated or type(error.orig).__name__ in (
        "OperationalError",
        "InterfaceError",
        "AdminShutdown",
    )
