"""Work that goes on after Slack was answered: watched to its end, bounded in number, waited for at the close."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

import structlog
from fastapi import HTTPException

from tools.observe import metrics

log = structlog.get_logger(__name__)
T = TypeVar("T")
ENDS_WITHIN_S: Final = 5.0


class Tasks:
    """most: of those that only tell somebody something; an act that is late is never dropped."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._running: set[asyncio.Task[Any]] = set()

    async def within(
        self, work: Coroutine[Any, Any, T], seconds: float, late: Callable[[T], Awaitable[None]]
    ) -> T | None:
        """Its result, or None after so many seconds: the work then goes on, and its result goes to `late`."""
        task = self._kept(work)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if done:
            return task.result()

        async def follow() -> None:
            await late(await task)

        self._kept(follow())
        return None

    def tell(self, work: Coroutine[Any, Any, None]) -> None:
        """In the background; dropped, and counted, while too many are under way."""
        if len(self._running) >= self._most:
            work.close()
            metrics.slack_requests.labels("note", "dropped").inc()
            log.warning("slack_note_dropped", under_way=len(self._running))
            return
        self._kept(work)

    def _kept(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, HTTPException):  # which is an answer, and somebody else's fault
            log.error("slack_task_failed", error=type(error).__name__)

    async def aclose(self) -> None:
        """What is under way ends by itself within a few seconds, or is given up."""
        running = set(self._running)
        if running:
            _, left = await asyncio.wait(running, timeout=ENDS_WITHIN_S)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
