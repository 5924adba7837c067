"""SQLite's write-ahead log is copied into the file beside the next decisions, not within a commit that others wait for: half
of a batch's commit was the copying."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import Executor

import structlog
from sqlalchemy import Engine

from tools.observe.why import why
from tools.store.engine import copy_home

log = structlog.get_logger(__name__)
AFTER = 64
"""Leads whose commits write some 6 MB, and as much again is written by those who perform what was decided."""


class Copying:
    """Of one worker, whose engine copies nothing by itself (`log_pages=0`). Nothing to do for another database."""

    def __init__(self, engine: Engine, executor: Executor) -> None:
        self._engine, self._executor = engine, executor
        self._leads = 0
        self._running: asyncio.Future[None] | None = None

    def committed(self, leads: int) -> None:
        """So many decisions more are in the log."""
        self._leads += leads
        if self._leads >= AFTER:
            self.now()

    def now(self) -> None:
        """Begin to copy, however few decisions are in the log: a full disk may have room again for those in hand."""
        if self._running is None or self._running.done():
            self._leads = 0
            self._running = asyncio.ensure_future(self._copy())

    async def ended(self) -> None:
        """When nothing is being copied any more."""
        if self._running is not None:
            await self._running

    async def _copy(self) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._executor, copy_home, self._engine)
        except sqlite3.Error as error:  # what is in the log is as safe there; the next one copies it too
            log.warning("log not copied", part="database", error=why(error))
