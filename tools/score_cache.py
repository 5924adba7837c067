"""Remembers scores in the stream's server by what they depend on, in a fixed number of places, so that it never grows.

    lr:{score}:<place>    `<key>\\n<JSON>`; place = key modulo places; a newer score takes an older one's place; expires

`{score}` is a hash tag: all places lie on one node of a cluster, so that one command asks for many.

A key is a digest of content, model and code, the same in every process. The cache is a convenience: a server that is slow
or away is left alone for a while, and whoever asked computes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
DEADLINE_S: Final = 0.05
REST_S: Final = 5.0


class ScoreCache:
    """places: 0 switches it off. Keys are hexadecimal."""

    def __init__(self, redis: Redis, *, places: int, ttl_s: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis, self._places, self._ttl_s, self._clock = redis, places, ttl_s, clock
        self._rests_until = float("-inf")

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """What is remembered under each key."""
        if not self._asked(keys):
            return [None] * len(keys)
        try:
            async with asyncio.timeout(DEADLINE_S):
                held = await self._redis.mget([self._place(key) for key in keys])
        except (RedisError, OSError, TimeoutError) as error:
            self._rest(error)
            return [None] * len(keys)
        return [_of(key, value) for key, value in zip(keys, held, strict=True)]

    async def put(self, values: Mapping[str, bytes]) -> None:
        if not self._asked(values):
            return
        try:
            async with asyncio.timeout(DEADLINE_S):
                pipeline = self._redis.pipeline(transaction=False)
                for key, value in values.items():
                    pipeline.set(self._place(key), key.encode() + b"\n" + value, ex=self._ttl_s)
                await pipeline.execute()
        except (RedisError, OSError, TimeoutError) as error:
            self._rest(error)

    async def aclose(self) -> None:
        await self._redis.aclose()

    def _asked(self, keys: Sequence[str] | Mapping[str, bytes]) -> bool:
        return bool(keys) and self._places > 0 and self._clock() >= self._rests_until

    def _rest(self, error: Exception) -> None:
        self._rests_until = self._clock() + REST_S
        log.warning("score_cache_rests", error=type(error).__name__, seconds=REST_S)

    def _place(self, key: str) -> str:
        return f"lr:{{score}}:{int(key[:12], 16) % self._places}"


def _of(key: str, held: bytes | str | None) -> bytes | None:
    """The value, unless another key has taken the place."""
    if not isinstance(held, bytes) or not held.startswith(key.encode() + b"\n"):
        return None
    return held[len(key) + 1 :]
