"""Works through bulk predictions in the background of the HTTP side: one at a time, a few leads a step, in a thread.

A job belongs to whoever signs for it. When this process ends, another takes the job over where it stands, or this one
does after its restart; a step is one transaction, so nothing is lost and nothing is predicted twice.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Self, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tools.insights.predicting import Predictor
from tools.observe.why import why
from tools.store.prediction_jobs import Job, Step, add_job, advance, end_job, take_job
from tools.store.ranking import lead_ids_by_score
from tools.stream.ending import ended

log = structlog.get_logger(__name__)
T = TypeVar("T")
A_STEP: Final = 8
LOOK_EVERY_S: Final = 2.0
REST_S: Final = 0.01
"""Between two steps, so that the webhook, which shares the interpreter, is not kept waiting."""
MOST_OPEN: Final = 8
MOST_LEADS: Final = 10_000
TRIES: Final = 5
"""A step that the database refused is tried again so often before the job is given up."""


class BulkJobs:
    """Start and stop with `async with`."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor, self._engine = predictor, predictor.engine
        self._holder = secrets.token_hex(8)
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="bulk")
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._work(), name="bulk")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            await ended(self._task)
        self._threads.shutdown(wait=True, cancel_futures=True)

    def start(self, *, limit: int, least: float, force: bool) -> Job:
        """A new job over the leads with the highest scores. Blocking. Raises TooMany."""
        lead_ids = lead_ids_by_score(self._engine, limit=min(limit, MOST_LEADS), least=least)
        return add_job(self._engine, lead_ids, self._predictor.clock(), force=force, most_open=MOST_OPEN)

    def wake(self) -> None:
        """A job was added: look now. From the event loop only."""
        self._wake.set()

    async def _work(self) -> None:
        while True:
            try:
                taken = await self._in_thread(take_job, self._engine, self._holder, self._predictor.clock())
                if taken is not None:
                    await self._through(*taken)
                    continue
            except SQLAlchemyError as error:
                log.warning("bulk_prediction", part="database", error=why(error))
            try:
                await asyncio.wait_for(self._wake.wait(), LOOK_EVERY_S)
            except TimeoutError:
                continue
            self._wake.clear()

    async def _through(self, job: Job, lead_ids: list[str]) -> None:
        tries = 0
        current: Job | None = job
        while current is not None and current.state == "running":
            try:
                current = await self._in_thread(self._step, current, lead_ids)
                tries = 0
            except SQLAlchemyError as error:
                tries += 1
                if tries == TRIES:
                    said = f"the database refused a step ({type(error).__name__})"
                    await self._in_thread(end_job, self._engine, job.job_id, "failed", self._predictor.clock(), said)
                    return
                await asyncio.sleep(tries * 0.5)
            await asyncio.sleep(REST_S)

    def _step(self, job: Job, lead_ids: list[str]) -> Job | None:
        part = lead_ids[job.place : job.place + A_STEP]
        made = self._predictor.many(part, force=job.force)
        step = Step(len(part), made.predicted, made.kept, made.failed)
        return advance(self._engine, job, step, made.new, self._predictor.clock())

    async def _in_thread(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
