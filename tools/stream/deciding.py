"""One batch of submissions from the graph to the committed decision, whatever happens on the way.

    draft    graph, then records serialised        (other workers' batches are being drafted or committed meanwhile)
    commit   one transaction; after a lost race the batch is drafted anew with fresh history, until it is settled

The database being away is not a lead's failure: it is waited for. A lead that fails comes back as broken, with its reason.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from graph.build import run_batch
from graph.domain.lead import MAY_COME_LATE, Submission
from graph.domain.trace import Failure
from graph.nodes.shell import failed
from graph.record import Undecided
from graph.state import Case, Reads, RunContext
from tools.observe import metrics
from tools.store.assigning import too_late
from tools.store.commit import Conflict, Decided, already_decided, commit, seal
from tools.store.late_facts import late_reads
from tools.stream.consumer import Entry
from tools.stream.past_views import InTurn, Onwards
from tools.stream.turnstile import Turnstile

log = structlog.get_logger(__name__)
Pause = Callable[[str, Exception], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    entry: Entry
    submission: Submission


@dataclass(slots=True)
class Draft:
    """Decisions not yet committed. settled: jobs that need only be acknowledged; known: facts for another run."""

    jobs: list[Job]
    context: RunContext
    ready: list[Decided]
    broken: dict[str, Failure]
    settled: list[Job]
    known: dict[str, Case]


@dataclass(slots=True)
class Outcome:
    """done: decided now or before, to be acknowledged; cases: decided now; broken: failed leads with their reasons."""

    done: list[Job] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    broken: list[tuple[Job, Failure]] = field(default_factory=list)


class Decider:
    """`context` is asked for each run's clock reading, routing file and ports; `pause` waits a moment for a part that is
    away; threads: name each run for LangGraph's checkpointer; turnstile: shared with the workers of this host."""

    def __init__(
        self,
        graph: Any,
        engine: Engine,
        executor: Executor,
        context: Callable[[], RunContext],
        pause: Pause,
        *,
        threads: bool = False,
        turnstile: Turnstile | None = None,
    ) -> None:
        self._graph, self._engine, self._executor = graph, engine, executor
        self._context, self._pause, self._threads = context, pause, threads
        self._turnstile = turnstile

    async def draft(self, jobs: list[Job]) -> Draft:
        """At most one submission of each lead. What becomes of it is told by `commit` or `let_go`."""
        return await self._draft(jobs, {}, doubtful=False)

    async def _draft(self, jobs: list[Job], known: dict[str, Case], *, doubtful: bool) -> Draft:
        while True:
            try:
                done = await self._settled(jobs, doubtful=doubtful)
                open_jobs = [job for job in jobs if job.submission.submission_id not in done]
                context = self._context()
                if self._turnstile is not None:
                    history = InTurn(context.ports.history, self._turnstile)
                    context = replace(context, ports=replace(context.ports, history=history))
                late = await self._late(open_jobs)
                cases = [
                    known.get(id_) or Case(j.submission, late.get(id_, Reads()))
                    for j in open_jobs
                    for id_ in (j.submission.submission_id,)
                ]
                decided = await self._run_graph(cases, context) if cases else []
                ready, broken = _seal(decided, context)
                while _turn_in_vain(decided, broken):  # those behind it are routed anew, without the gap
                    cases = [_fresh(case) for case in decided if case.submission.submission_id not in broken]
                    decided = await self._run_graph(cases, context) if cases else []
                    ready, more = _seal(decided, context)
                    broken |= more
            except SQLAlchemyError as error:
                self.let_go()
                if not is_outage(error):
                    raise
                await self._pause("database", error)
                continue
            facts = {case.submission.submission_id: _fresh(case) for case in decided if case.failure is None}
            settled = [job for job in jobs if job.submission.submission_id in done]
            return Draft(open_jobs, context, ready, broken, settled, facts)

    async def commit(self, draft: Draft) -> Outcome:
        """Until every job is settled. Raises nothing that the database does."""
        try:
            return await self._commit(draft)
        finally:
            self.let_go()

    def let_go(self) -> None:
        """A draft that is not committed keeps no other worker waiting."""
        if self._turnstile is not None:
            self._turnstile.leave()

    async def _commit(self, draft: Draft) -> Outcome:
        outcome = Outcome(done=list(draft.settled))
        while True:
            started = time.perf_counter()
            try:
                await self._in_thread(commit, self._engine, draft.ready, draft.context.now, draft.context.versions)
                metrics.batch_seconds.labels("commit").observe(time.perf_counter() - started)
                break
            except Conflict as conflict:
                metrics.conflicts.inc()
                log.info("decided anew", reason=str(conflict))
            except SQLAlchemyError as error:
                if not is_outage(error):
                    return await self._blame(draft, outcome, error)
                self.let_go()
                await self._pause("database", error)  # a commit whose answer was lost may have been written
            draft = await self._draft(draft.jobs, draft.known, doubtful=True)
            outcome.done += draft.settled
        outcome.cases += [decided.case for decided in draft.ready]
        for job in draft.jobs:
            failure = draft.broken.get(job.submission.submission_id)
            if failure is None:
                outcome.done.append(job)
            else:
                outcome.broken.append((job, failure))
        return outcome

    async def _blame(self, draft: Draft, outcome: Outcome, error: SQLAlchemyError) -> Outcome:
        """The database refuses something in this batch: find out which lead by trying them one by one."""
        if len(draft.jobs) == 1:
            log.error("the store refused a lead", lead_id=draft.jobs[0].submission.lead_id, error=type(error).__name__)
            outcome.broken.append((draft.jobs[0], Failure("commit", type(error).__name__, str(error)[:500])))
            return outcome
        for job in draft.jobs:
            alone = await self._commit(await self._draft([job], draft.known, doubtful=True))
            outcome.done += alone.done
            outcome.cases += alone.cases
            outcome.broken += alone.broken
        return outcome

    async def is_settled(self, job: Job) -> bool:
        """Whether it has its decision already, or came too late."""
        while True:
            try:
                return bool(await self._settled([job], doubtful=True))
            except SQLAlchemyError as error:
                if not is_outage(error):
                    raise
                await self._pause("database", error)

    async def _settled(self, jobs: list[Job], *, doubtful: bool) -> set[str]:
        """Ids of those that have their decision already (a redelivery after a crash) or came too late (see there). A first
        delivery is not asked about: if it was decided all the same, the commit's unique keys say so."""
        again = [j for j in jobs if doubtful or j.entry.deliveries > 1 or j.submission.cause in MAY_COME_LATE]
        if not again:
            return set()
        submissions = [job.submission for job in again]
        done: set[str] = await self._in_thread(already_decided, self._engine, [s.submission_id for s in submissions])
        late: set[str] = await self._in_thread(too_late, self._engine, submissions)
        return done | late

    async def _late(self, jobs: list[Job]) -> Mapping[str, Reads]:
        """By submission id: the facts that came late for those of these leads that are decided again because of them."""
        enriched = [job.submission for job in jobs if job.submission.cause == "enriched"]
        return await self._in_thread(late_reads, self._engine, enriched) if enriched else {}

    async def _run_graph(self, cases: list[Case], context: RunContext) -> list[Case]:
        """The batch in one run. If the run itself breaks, each lead gets its own, so that only the guilty one fails."""
        thread = cases[0].submission.submission_id if self._threads else None
        started = time.perf_counter()
        try:
            done = await run_batch(self._graph, cases, context, thread)
        except SQLAlchemyError as error:
            if is_outage(error):
                raise
            cause: Exception = error
        except Exception as error:  # noqa: BLE001 - a bug for one lead must not stop the others
            cause = error
        else:
            metrics.batch_seconds.labels("graph").observe(time.perf_counter() - started)
            metrics.batch_leads.observe(len(cases))
            return done
        if len(cases) == 1:
            log.error("a run broke", exc_info=cause)
            return [failed(cases[0], "graph", cause)]
        return await self._one_by_one(cases, context)

    async def _one_by_one(self, cases: list[Case], context: RunContext) -> list[Case]:
        onwards = Onwards(context.ports.history)
        alone = replace(context, ports=replace(context.ports, history=onwards))
        done: list[Case] = []
        for case in cases:
            done += await self._run_graph([case], alone)
            onwards.decided(done[-1])
        return done

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *args)


def _seal(decided: Sequence[Case], context: RunContext) -> tuple[list[Decided], dict[str, Failure]]:
    ready: list[Decided] = []
    broken: dict[str, Failure] = {}
    for case in decided:
        try:
            ready.append(seal(case, context))
        except Undecided as error:
            broken[case.submission.submission_id] = case.failure or Failure("graph", "Undecided", str(error))
        except Exception as error:  # noqa: BLE001 - it is this lead's failure and must not become its neighbours'
            broken[case.submission.submission_id] = Failure("record", type(error).__name__, str(error)[:500])
    return ready, broken


def _turn_in_vain(decided: Sequence[Case], broken: Mapping[str, Failure]) -> bool:
    """Whether a lead of this run failed after it had taken a turn in a pool."""
    return any(
        case.submission.submission_id in broken
        and case.assignment is not None
        and case.assignment.turn is not None
        and not case.assignment.turn.reused
        for case in decided
    )


def _fresh(case: Case) -> Case:
    """The same case before its run, with the facts that cost something; history and ledgers are read anew."""
    anew = {"prior": None, "person": None, "family": None, "pools": None, "open": None, "activities": None}
    return Case(case.submission, reads=replace(case.reads, **anew))


def is_outage(error: SQLAlchemyError) -> bool:
    """The database is away, locked, full or read-only, as opposed to a statement of ours that is wrong."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, PoolTimeoutError)  # the pool has no connection to give
    if error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError)):
        return True
    return type(error.orig).__name__ == "ReadOnlySqlTransaction"  # a standby answers after a failover
