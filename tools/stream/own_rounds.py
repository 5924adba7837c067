"""The rounds of all vendors whose effects are rows of our own database (`tools.stream.stored`), and the rest between them.

In one file one round holds the write lock while it runs. Several in a row, one vendor's after another's, would keep a
decision from it for as long as all of them take: a commit that needs 6 ms waited for up to 50. So after each round the
vendors that nobody waits for rest while leads are decided; URGENT ones go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from datetime import UTC, datetime

from sqlalchemy import Engine

from tools.stream.pace import URGENT, DispatcherOptions, Waiting
from tools.stream.stored import Stored, StoredPerformer, perform_due


class OwnRounds:
    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        options: DispatcherOptions,
        waiting: Callable[[], Awaitable[Waiting]],
    ) -> None:
        """waiting: how many leads wait for their decision."""
        self._engine, self._executor, self._options, self._waiting = engine, executor, options, waiting
        # a server's rounds do not wait for each other; of two at once in one file, one would hold the write lock while the
        # other has the interpreter
        one_file = engine.dialect.name == "sqlite"
        self._turn = asyncio.Lock() if one_file else contextlib.nullcontext()
        self._unhurried = asyncio.Lock() if one_file else contextlib.nullcontext()

    async def perform(self, vendor: str, performer: StoredPerformer, limit: int) -> Stored:
        """One round, and the rest after it. Raises SQLAlchemy's errors of a database that is away."""
        if vendor in URGENT:
            async with self._turn:
                return await self._round(vendor, performer, limit)
        async with self._unhurried:
            async with self._turn:
                began = time.monotonic()
                found = await self._round(vendor, performer, limit)
                took_s = time.monotonic() - began
            if found.done:
                youngest = max(one.claimed.accepted_at for one in found.done)
                age_s = (datetime.now(UTC) - youngest).total_seconds()
                await asyncio.sleep(self._options.rest(took_s, age_s, await self._waiting()))
        return found

    async def _round(self, vendor: str, performer: StoredPerformer, limit: int) -> Stored:
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, lambda: perform_due(self._engine, vendor, performer, datetime.now(UTC), limit=limit)
        )
