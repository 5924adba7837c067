"""What was last heard of each form vendor, for the page of its admin: kept in the stream's server, shared by all web
processes, and written at most once a second. Losing it loses no lead."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Self

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tools.stream.ending import ended

KEY: Final = "lr:forms:seen"
WAIT_S: Final = 1.0


class Seen:
    """Start and stop it with `async with`; what was noted last is written at the end."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._new: dict[str, bytes] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            await ended(self._task)
        await self._flush()
        await self._redis.aclose()

    def note(self, vendor: str, status: int, at: datetime, error: str | None) -> None:
        """A delivery was answered."""
        row = orjson.dumps({"at": at, "status": status, "error": error})
        self._new[f"{vendor}:last"] = row
        if status < 300:
            self._new[f"{vendor}:good"] = row
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._later(), name="forms-seen")

    async def all(self) -> Mapping[str, Any]:
        """`VENDOR:last` and `VENDOR:good` -> {at, status, error}; without what cannot be read now."""
        held: dict[Any, Any] = {}
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            held = await self._redis.hgetall(KEY)
        stored = {name.decode(): orjson.loads(row) for name, row in held.items()}
        return stored | {name: orjson.loads(row) for name, row in self._new.items()}

    async def _later(self) -> None:
        await asyncio.sleep(WAIT_S)
        await self._flush()

    async def _flush(self) -> None:
        rows, self._new = self._new, {}
        if rows:
            with contextlib.suppress(RedisError, OSError, TimeoutError):
                await self._redis.hset(KEY, items=[part for pair in rows.items() for part in pair])
