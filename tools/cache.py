"""Remembers answers that cost money, by content, so that a lead which is decided again does not pay again.

A key stands for everything the answer depends on; a value is a text (JSON). A cache may forget at any time and never
invents: what comes out is validated again by whoever asked. It holds answers only, never failures.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Protocol


class Cache(Protocol):
    """What an adapter needs of a cache. One that fails counts as one that does not know."""

    async def get(self, key: str) -> str | None: ...

    async def set(self, key: str, value: str) -> None: ...


class MemoryCache:
    """The most recently used answers in this process. entries: how many at most; ttl_s: how long one is good."""

    def __init__(self, entries: int = 4096, ttl_s: float = 86_400.0) -> None:
        self._entries, self._ttl_s = entries, ttl_s
        self._held: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def get(self, key: str) -> str | None:
        held = self._held.get(key)
        if held is None:
            return None
        if held[0] <= time.monotonic():
            del self._held[key]
            return None
        self._held.move_to_end(key)
        return held[1]

    async def set(self, key: str, value: str) -> None:
        self._held[key] = (time.monotonic() + self._ttl_s, value)
        self._held.move_to_end(key)
        while len(self._held) > self._entries:
            self._held.popitem(last=False)
