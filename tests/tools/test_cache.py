"""The cache in memory."""

from __future__ import annotations

import asyncio

from tools.cache import MemoryCache


async def test_what_is_set_is_got() -> None:
    cache = MemoryCache()
    await cache.set("a", "1")
    assert (await cache.get("a"), await cache.get("b")) == ("1", None)


async def test_the_least_recently_used_is_forgotten_first() -> None:
    cache = MemoryCache(entries=2)
    await cache.set("a", "1")
    await cache.set("b", "2")
    await cache.get("a")
    await cache.set("c", "3")
    assert [await cache.get(key) for key in "abc"] == ["1", None, "3"]


async def test_an_old_answer_is_forgotten() -> None:
    cache = MemoryCache(ttl_s=0.02)
    await cache.set("a", "1")
    await asyncio.sleep(0.03)
    assert await cache.get("a") is None


async def test_a_cache_without_room_holds_nothing() -> None:
    cache = MemoryCache(entries=0)
    await cache.set("a", "1")
    assert await cache.get("a") is None
