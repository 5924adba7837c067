"""Answers kept by content: every process finds them, none outlives its time, and none is invented."""

from __future__ import annotations

from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, select

from tools.store.read_cache import StoreCache
from tools.store.tables import read_cache

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)


async def test_what_one_process_kept_another_finds(database: Engine, executor: Executor):
    await StoreCache(database, executor).set("a", '"naïve 日本語"')
    await StoreCache(database, executor).set("b", "2")
    other = StoreCache(database, executor)
    assert await other.get("a") == '"naïve 日本語"'
    assert await other.get_many(["a", "b", "c"]) == {"a": '"naïve 日本語"', "b": "2"}
    assert await other.get("c") is None
    assert await other.get_many([]) == {}


async def test_a_newer_answer_replaces_an_older_one(database: Engine, executor: Executor):
    cache = StoreCache(database, executor)
    await cache.set("a", "1")
    await cache.set("a", "2")
    assert await cache.get("a") == "2"


async def test_an_answer_is_forgotten_and_cleared_away_when_its_time_is_over(database: Engine, executor: Executor):
    now = NOW
    cache = StoreCache(database, executor, ttl_s=60, clock=lambda: now)
    await cache.set("a", "1")
    now += timedelta(seconds=59)
    assert await cache.get("a") == "1"
    now += timedelta(seconds=1)
    assert await cache.get("a") is None
    await cache.set("b", "1")
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(read_cache)) == 1
