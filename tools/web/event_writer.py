"""Writes events of many requests in one transaction: a request is answered when its events are on disk, and waits for no
more than the transaction before its own. As many as may wait are waiting, a further one is refused at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from tools.observe.why import why
from tools.store.activities import NewEvent, keep_events
from tools.store.agents import Networks
from tools.stream.ending import ended

log = structlog.get_logger(__name__)
TOGETHER: Final = 4_000
"""Events in one transaction; decisions wait for the database meanwhile."""
WAITING: Final = 50_000
"""Events that may wait: some 50 MB."""
DEADLINE_S: Final = 15.0


class NotKept(Exception):
    """The events could not be stored now; nothing of them was, or the same request sent again finds them there."""


@dataclass(slots=True)
class _Waiting:
    events: Sequence[NewEvent]
    done: asyncio.Future[frozenset[str]]


class EventWriter:
    """Start and stop with `async with`."""

    def __init__(
        self, engine: Engine, networks: Networks, clock: Callable[[], datetime], waiting: int = WAITING
    ) -> None:
        self._engine, self._networks, self._clock = engine, networks, clock
        self._most, self._held = waiting, 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="events")
        self._queue: deque[_Waiting] = deque()
        self._some = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._work(), name="events")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            await ended(self._task)
        for one in self._queue:
            one.done.cancel()
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def keep(self, events: Sequence[NewEvent]) -> frozenset[str]:
        """Keys of those that were new, once they are durable. Raises NotKept."""
        if self._held + len(events) > self._most:
            raise NotKept
        one = _Waiting(events, asyncio.get_running_loop().create_future())
        self._held += len(events)
        self._queue.append(one)
        self._some.set()
        try:
            return await asyncio.wait_for(one.done, DEADLINE_S)
        except TimeoutError:
            raise NotKept from None

    async def _work(self) -> None:
        while True:
            await self._some.wait()
            batch: list[_Waiting] = []
            size = 0
            while self._queue and (not batch or size + len(self._queue[0].events) <= TOGETHER):
                batch.append(self._queue.popleft())
                size += len(batch[-1].events)
            if not self._queue:
                self._some.clear()
            await self._keep(batch)
            self._held -= size

    async def _keep(self, batch: list[_Waiting]) -> None:
        """What the database refuses in one request must not fail the others."""
        events = [event for one in batch for event in one.events]
        try:
            new = set(await asyncio.get_running_loop().run_in_executor(self._thread, self._write, events))
        except SQLAlchemyError as error:
            if len(batch) > 1:
                for one in batch:
                    await self._keep([one])
                return
            log.warning("events not kept", events=len(events), error=why(error))
            if not batch[0].done.done():
                batch[0].done.set_exception(NotKept())
            return
        except Exception as error:
            log.exception("events broke", error=why(error))
            for one in batch:
                if not one.done.done():
                    one.done.set_exception(NotKept())
            return
        for one in batch:
            own = frozenset(event.event_key for event in one.events) & new
            new -= own
            if not one.done.done():
                one.done.set_result(own)

    def _write(self, events: Sequence[NewEvent]) -> frozenset[str]:
        return keep_events(self._engine, events, self._clock(), networks=self._networks).new
