"""Answers that cost money, kept in the database by content: every process finds what another one paid for, and a restart
forgets nothing. Never holds a failure; whoever reads an answer validates it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Engine, bindparam, delete, select

from tools.clock import utc_now
from tools.store.tables import read_cache
from tools.store.upsert import upsert

T = TypeVar("T")
DAY_S = 86_400.0

_KNOWN = select(read_cache.c.key, read_cache.c.value).where(
    read_cache.c.key.in_(bindparam("v_keys", expanding=True)), read_cache.c.expires_at > bindparam("v_now")
)
_OLD = delete(read_cache).where(read_cache.c.expires_at <= bindparam("v_now"))


class StoreCache:
    """Implements Cache. ttl_s: how long an answer is good; a new answer takes those that are not out with it."""

    def __init__(
        self, engine: Engine, executor: Executor, *, ttl_s: float = 30 * DAY_S, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._engine, self._executor, self._clock = engine, executor, clock
        self._ttl = timedelta(seconds=ttl_s)

    async def get(self, key: str) -> str | None:
        return (await self.get_many([key])).get(key)

    async def get_many(self, keys: Sequence[str]) -> Mapping[str, str]:
        """What is known under these keys, in one question. Raises what the database raises."""
        return await self._thread(self._known, keys)

    async def set(self, key: str, value: str) -> None:
        await self._thread(self._keep, key, value)

    def _known(self, keys: Sequence[str]) -> dict[str, str]:
        with self._engine.connect() as connection:
            rows = connection.execute(_KNOWN, {"v_keys": list(keys), "v_now": self._clock()})
            return {row.key: row.value.decode() for row in rows}

    def _keep(self, key: str, value: str) -> None:
        now = self._clock()
        row = {"key": key, "value": value.encode(), "at": now, "expires_at": now + self._ttl}
        with self._engine.execution_options(immediate=True).begin() as connection:
            connection.execute(_OLD, {"v_now": now})
            upsert(connection, read_cache, [row], keys=("key",))

    async def _thread(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)
