"""What happens to the routing file by itself in a running router: scheduled changes go live, edits by hand are noted.

Every process may watch: the folder's lock and the rows make each of it happen once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, Self

import structlog
from sqlalchemy import Engine

from tools.editing.editor import Editor
from tools.observe.why import why
from tools.store.routing_changes import changes_in

log = structlog.get_logger(__name__)
EVERY_S: Final = 1.0


class Watch:
    """current: the digest that is routed with now. unused: why the file on disk is not used, None where it is. Start and
    stop with `async with`. fault: a change that could not go live at its time, until somebody cancels it."""

    def __init__(
        self, editor: Editor, engine: Engine, current: Callable[[], str], unused: Callable[[], str | None]
    ) -> None:
        self._editor, self._engine, self._current, self._unused = editor, engine, current, unused
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="routing-changes")
        self._task: asyncio.Task[None] | None = None
        self._noted: str | None = None
        self._told: str | None = None
        self._failing = False
        self.fault: str | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.run_in_executor(self._threads, self.look)
                self._failing = False
            except Exception as error:  # noqa: BLE001 - the database may be away: routing goes on, and we look again
                if not self._failing:
                    log.warning("routing changes cannot be looked at", error=why(error))
                self._failing = True
            await asyncio.sleep(EVERY_S)

    def look(self) -> None:
        """Once. Blocking."""
        for result in self._editor.run_due():
            gone_live = result.outcome in ("applied", "unchanged")
            (log.info if gone_live else log.warning)(
                "scheduled routing change", change=result.change, outcome=result.outcome, see="app.py rules history"
            )
        digest, unused = self._current(), self._unused()
        if digest != self._noted:
            self._editor.note_disk()
            if self._noted is not None:
                log.info("routing file in use", digest=digest[:12])
            self._noted = digest
        if unused != self._told:
            if unused is not None:
                log.warning("routing file on disk not used", still=digest[:12], see="app.py rules check")
            else:
                log.info("routing file on disk in use again", digest=digest[:12])
            self._told = unused
        self.fault = self._refused()

    def _refused(self) -> str | None:
        for change in changes_in(self._engine, ["refused"]):
            if change.effective_at is not None:
                told = f"change {change.id} of {change.author} could not go live at its time: {change.note}"
                return f"{told} (`rules cancel {change.id}` clears this)"
        return None
