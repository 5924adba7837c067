"""One worker's end of the stream: entries leave it only finished or postponed, and a dead worker's go to another."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from redis.asyncio import Redis

from tests.tools.stream.test_inbox import envelope
from tools.stream import consumer as consuming
from tools.stream.consumer import IDLE_MS, Consumer
from tools.stream.inbox import Inbox
from tools.stream.keys import GROUP, Partition

P = Partition(0)


async def consumer_of(redis: Redis, name: str = "w1") -> Consumer:
    consumer = Consumer(redis, P, name)
    await consumer.prepare()
    return consumer


async def fill(inbox: Inbox, number: int) -> None:
    for n in range(number):
        await inbox.accept(envelope(n))


async def age(redis: Redis, name: str, ms: int) -> None:
    """As if worker `name` had given no sign of life for so long."""
    pending = await redis.xpending_range(P.stream, GROUP, "-", "+", 1000, name)
    await redis.xclaim(P.stream, GROUP, name, 0, [row["message_id"] for row in pending], idle=ms, justid=True)


async def pending(redis: Redis, name: str) -> list[dict[str, int]]:
    return list(await redis.xpending_range(P.stream, GROUP, "-", "+", 1000, name))


async def test_what_waited_before_the_group_existed_is_read_too_and_in_order(inbox: Inbox, redis: Redis):
    await fill(inbox, 3)
    consumer = await consumer_of(redis)
    entries = await consumer.read(10, 10)
    assert [(e.submission_id, e.accept_key, e.payload) for e in entries] == [
        (f"s{n}", f"k{n}", f'{{"n":{n}}}'.encode()) for n in range(3)
    ]
    assert {(e.attempts, e.deliveries) for e in entries} == {(0, 1)}
    await consumer.prepare()  # a second start finds the group there


async def test_two_workers_never_get_the_same_entry(inbox: Inbox, redis: Redis):
    one, two = await consumer_of(redis, "w1"), await consumer_of(redis, "w2")
    await fill(inbox, 6)
    taken = [*await one.read(4, 10), *await two.read(4, 10)]
    assert sorted(entry.submission_id for entry in taken) == [f"s{n}" for n in range(6)]


async def test_an_empty_stream_answers_nothing_after_the_wait(redis: Redis):
    consumer = await consumer_of(redis)
    assert await consumer.read(10, 1) == []


async def test_finished_entries_are_gone_and_announced(inbox: Inbox, redis: Redis):
    consumer = await consumer_of(redis)
    await fill(inbox, 2)
    async with redis.pubsub() as channel:
        await channel.subscribe(P.done)
        assert (await channel.get_message(timeout=5))["type"] == "subscribe"
        await consumer.finish(await consumer.read(10, 10))
        message = await channel.get_message(timeout=5)
    assert message["data"] == b"s0 s1"
    assert await redis.xlen(P.stream) == 0
    assert await pending(redis, "w1") == []
    assert await redis.get(P.once("k0")) == b"d|ld_0|b|s0"
    assert await consumer.backlog() == 0


async def test_finishing_nothing_does_nothing(redis: Redis):
    consumer = await consumer_of(redis)
    await redis.config_resetstat()
    await consumer.finish([])
    assert "cmdstat_evalsha" not in await redis.info("commandstats")


async def test_finishing_twice_changes_nothing_more(inbox: Inbox, redis: Redis):
    consumer = await consumer_of(redis)
    await fill(inbox, 1)
    entries = await consumer.read(10, 10)
    await consumer.finish(entries)
    await consumer.finish(entries)
    assert await redis.get(P.once("k0")) == b"d|ld_0|b|s0"


async def test_an_entry_whose_key_has_expired_can_still_be_finished(inbox: Inbox, redis: Redis):
    consumer = await consumer_of(redis)
    await fill(inbox, 1)
    await redis.delete(P.once("k0"))
    await consumer.finish(await consumer.read(10, 10))
    assert await redis.exists(P.once("k0")) == 0
    assert await redis.xlen(P.stream) == 0


async def test_a_dead_workers_entries_are_taken_over_and_counted(inbox: Inbox, redis: Redis):
    dead, living = await consumer_of(redis, "dead"), await consumer_of(redis, "living")
    await fill(inbox, 3)
    await dead.read(10, 10)
    assert await living.take_over(10) == [], "it may only be slow"
    await age(redis, "dead", IDLE_MS + 1)
    taken = await living.take_over(10)
    assert [(e.submission_id, e.deliveries) for e in taken] == [("s0", 2), ("s1", 2), ("s2", 2)]
    assert await living.take_over(10) == []
    await age(redis, "living", IDLE_MS + 1)
    third = await consumer_of(redis, "third")
    assert {e.deliveries for e in await third.take_over(10)} == {3}


async def test_many_of_a_dead_workers_entries_are_taken_over_by_and_by(inbox: Inbox, redis: Redis):
    dead, living = await consumer_of(redis, "dead"), await consumer_of(redis, "living")
    await fill(inbox, 7)
    await dead.read(10, 10)
    await age(redis, "dead", IDLE_MS + 1)
    taken = [entry.submission_id for _ in range(4) for entry in await living.take_over(2)]
    assert sorted(taken) == [f"s{n}" for n in range(7)]


async def test_a_sign_of_life_keeps_entries_and_counts_no_delivery(inbox: Inbox, redis: Redis):
    slow, other = await consumer_of(redis, "slow"), await consumer_of(redis, "other")
    await fill(inbox, 2)
    entries = await slow.read(10, 10)
    await age(redis, "slow", IDLE_MS + 1)
    await slow.heartbeat(entries)
    assert await other.take_over(10) == []
    assert {row["times_delivered"] for row in await pending(redis, "slow")} == {1}
    await slow.heartbeat([])


async def test_a_postponed_entry_comes_back_when_its_time_has_come_with_one_attempt_more(inbox: Inbox, redis: Redis):
    consumer = await consumer_of(redis)
    await fill(inbox, 1)
    (entry,) = await consumer.read(10, 10)
    before = time.time()
    await consumer.postpone(entry, 30.0)
    ((member, due),) = await redis.zrange(P.later, 0, -1, withscores=True)
    assert before * 1000 + 29_999 <= due <= time.time() * 1000 + 30_001
    assert json.loads(member) == {"s": "s0", "k": "k0", "d": '{"n":0}', "a": "1"}
    assert await redis.xlen(P.stream) == 0
    assert await consumer.backlog() == 1
    assert await consumer.resume_due() == 0, "its time has not come"
    await redis.zadd(P.later, {member: 0})
    assert await consumer.resume_due() == 1
    (again,) = await consumer.read(10, 10)
    assert (again.submission_id, again.accept_key, again.payload, again.attempts) == ("s0", "k0", b'{"n":0}', 1)
    assert (await inbox.accept(envelope(0))).new is False, "meanwhile it was not accepted again"


async def test_text_of_every_kind_survives_a_postponement(inbox: Inbox, redis: Redis):
    consumer = await consumer_of(redis)
    payload = json.dumps({"m": 'quote " back\\slash \u2028 \u0001 é 😀 null \\u0000 [] {} 1e5'}).encode()
    await redis.xadd(P.stream, {"s": "s", "k": "k", "d": payload})
    (entry,) = await consumer.read(1, 10)
    await consumer.postpone(entry, -1.0)
    assert await consumer.resume_due() == 1
    assert (await consumer.read(1, 10))[0].payload == payload


async def test_an_entry_of_a_foreign_shape_is_handed_out_to_be_buried_and_stops_nobody(inbox: Inbox, redis: Redis):
    consumer = await consumer_of(redis)
    await redis.xadd(P.stream, {"hello": "world"})
    await redis.xadd(P.stream, {"s": b"\xff", "k": b"\xfe", "d": b"\xfd", "a": "many"})
    await fill(inbox, 1)
    foreign, garbled, good = await consumer.read(10, 10)
    assert good.submission_id == "s0"
    assert foreign.submission_id
    assert foreign.payload != good.payload
    assert garbled.attempts == 0
    await consumer.finish([foreign, garbled, good])
    assert await redis.xlen(P.stream) == 0


async def test_workers_that_are_long_gone_are_forgotten_unless_they_hold_something(
    inbox: Inbox, redis: Redis, monkeypatch: pytest.MonkeyPatch
):
    async def known() -> set[bytes]:
        return {info["name"] for info in await redis.xinfo_consumers(P.stream, GROUP)}

    gone, holding = await consumer_of(redis, "gone"), await consumer_of(redis, "holding")
    await fill(inbox, 1)
    await holding.read(1, 10)
    await gone.read(1, 1)
    await consumer_of(redis, "new")
    assert await known() == {b"gone", b"holding"}, "an hour has not passed"
    monkeypatch.setattr(consuming, "FORGET_CONSUMER_MS", -1)
    await consumer_of(redis, "newer")
    assert await known() == {b"holding"}


async def test_it_knows_for_how_long_the_oldest_lead_waits_that_nobody_has_taken(inbox: Inbox, redis: Redis):
    consumer = Consumer(redis, P, "w1")
    assert await consumer.waiting_ms() is None, "there is neither stream nor group"
    await consumer.prepare()
    assert await consumer.waiting_ms() is None
    await fill(inbox, 2)
    await asyncio.sleep(0.02)
    waited = await consumer.waiting_ms()
    assert waited is not None
    assert 20 <= waited < 20_000
    taken = await consumer.read(1, 10)
    assert await consumer.waiting_ms() is not None, "one is in a worker's hand, the other waits"
    taken += await consumer.read(1, 10)
    assert await consumer.waiting_ms() is None, "what is in hand waits for no worker"
    await consumer.finish(taken)
    assert await consumer.waiting_ms() is None
