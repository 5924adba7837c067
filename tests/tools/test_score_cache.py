"""The cache of scores: bounded, the same for every process, and never in anybody's way."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from tools import score_cache
from tools.embedded.valkey import EmbeddedValkey
from tools.score_cache import REST_S, ScoreCache
from tools.stream.connect import connect


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no server that is away."""
    monkeypatch.setattr(score_cache, "DEADLINE_S", 10.0)


KEYS = [f"{n:032x}" for n in (5 << 80, 6 << 80, 7 << 80)]


async def test_what_one_process_put_another_gets(redis: Redis, shared_valkey: EmbeddedValkey):
    await ScoreCache(redis, places=100, ttl_s=60).put({KEYS[0]: b"one", KEYS[1]: b"two\nlines"})
    other = connect(shared_valkey.url)
    assert await ScoreCache(other, places=100, ttl_s=60).get(KEYS) == [b"one", b"two\nlines", None]
    await other.aclose()


async def test_it_never_holds_more_than_its_places_and_what_it_holds_expires(redis: Redis):
    cache = ScoreCache(redis, places=8, ttl_s=60)
    await cache.put({f"{n << 80:032x}": b"x" for n in range(200)})
    held = [key async for key in redis.scan_iter("lr:{score}:*")]
    assert len(held) == 8
    assert {0 < await redis.ttl(key) <= 60 for key in held} == {True}


async def test_a_place_that_another_key_took_is_not_an_answer(redis: Redis):
    cache = ScoreCache(redis, places=1, ttl_s=60)
    await cache.put({KEYS[0]: b"one"})
    await cache.put({KEYS[1]: b"two"})
    assert await cache.get(KEYS[:2]) == [None, b"two"]


async def test_without_places_nothing_is_asked_or_kept(redis: Redis):
    cache = ScoreCache(redis, places=0, ttl_s=60)
    await cache.put({KEYS[0]: b"one"})
    assert await cache.get(KEYS[:1]) == [None]
    assert await redis.dbsize() == 0


async def test_a_server_that_is_away_is_left_alone_for_a_while(own_valkey: EmbeddedValkey):
    now = [0.0]
    client = connect(own_valkey.url)
    cache = ScoreCache(client, places=100, ttl_s=60, clock=lambda: now[0])
    await cache.put({KEYS[0]: b"one"})
    own_valkey.stop()
    assert await cache.get(KEYS[:1]) == [None]
    own_valkey.start()
    assert await cache.get(KEYS[:1]) == [None]
    now[0] = REST_S + 1
    async with asyncio.timeout(10):
        while await cache.get(KEYS[:1]) != [b"one"]:
            now[0] += REST_S + 1
            await asyncio.sleep(0.05)
    await client.aclose()
