"""Acceptance: once, durably, many at a time, and an honest no within a second when the server is away."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import orjson
import pytest
from redis.asyncio import Redis

from tools.embedded.valkey import EmbeddedValkey
from tools.stream.connect import connect
from tools.stream.consumer import Consumer
from tools.stream.inbox import BATCH, Accepted, Envelope, Inbox, StreamUnavailable
from tools.stream.keys import Partition, partition_of

P = Partition(0)


def envelope(n: int | str, *, body: str = "b", ttl_ms: int = 60_000) -> Envelope:
    return Envelope(f"k{n}", f"ld_{n}", body, f"s{n}", orjson.dumps({"n": n}), ttl_ms)


async def round_trips(redis: Redis) -> int:
    stats = await redis.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("evalsha", "eval"))


@asynccontextmanager
async def opened(server: EmbeddedValkey, **options: object) -> AsyncIterator[Inbox]:
    client = connect(server.url, timeout_s=None)
    async with Inbox(client, **options) as inbox:  # type: ignore[arg-type]
        yield inbox
    await client.aclose()


async def outcome(inbox: Inbox, given: Envelope) -> tuple[Accepted | str, float]:
    started = time.monotonic()
    try:
        answer: Accepted | str = await inbox.accept(given)
    except StreamUnavailable as error:
        answer = error.reason
    return answer, time.monotonic() - started


async def test_a_new_submission_is_in_the_stream_when_its_sender_hears_so(inbox: Inbox, redis: Redis):
    answer = await inbox.accept(envelope(1))
    assert answer == Accepted(True, "ld_1", "s1", "queued", True)
    ((_, fields),) = await redis.xrange(P.stream)
    assert fields == {b"s": b"s1", b"k": b"k1", b"d": b'{"n":1}'}
    assert await redis.get(P.once("k1")) == b"q|ld_1|b|s1"


async def test_fifty_at_once_are_one_submission(inbox: Inbox, redis: Redis):
    answers = await asyncio.gather(*(inbox.accept(envelope(1)) for _ in range(50)))
    assert sum(answer.new for answer in answers) == 1
    assert {(answer.lead_id, answer.submission_id) for answer in answers} == {("ld_1", "s1")}
    assert await redis.xlen(P.stream) == 1


async def test_fifty_at_once_through_many_processes_connections_are_one_submission(
    shared_valkey: EmbeddedValkey, redis: Redis
):
    async with opened(shared_valkey) as a, opened(shared_valkey) as b, opened(shared_valkey) as c:
        answers = await asyncio.gather(*(inbox.accept(envelope(1)) for _ in range(17) for inbox in (a, b, c)))
    assert sum(answer.new for answer in answers) == 1
    assert await redis.xlen(P.stream) == 1


async def test_a_known_key_answers_with_what_was_taken_first_and_tells_bodies_apart(inbox: Inbox):
    await inbox.accept(envelope(1, body="first"))
    other = Envelope("k1", "ld_other", "second", "s_other", b"{}", 60_000)
    assert await inbox.accept(other) == Accepted(False, "ld_1", "s1", "queued", False)
    assert await inbox.accept(envelope(1, body="first")) == Accepted(False, "ld_1", "s1", "queued", True)


async def test_a_finished_submission_is_done_and_still_known(inbox: Inbox, redis: Redis):
    consumer = Consumer(redis, P, "w")
    await consumer.prepare()
    await inbox.accept(envelope(1))
    await consumer.finish(await consumer.read(10, 10))
    assert (await inbox.accept(envelope(1))).state == "done"
    assert await redis.xlen(P.stream) == 0
    assert 0 < await redis.pttl(P.once("k1")) <= 60_000  # finishing must not make the key live for ever


async def test_a_key_is_forgotten_after_its_window(inbox: Inbox, redis: Redis):
    await inbox.accept(envelope(1, ttl_ms=1))
    async with asyncio.timeout(5):
        while await redis.exists(P.once("k1")):
            await asyncio.sleep(0.002)
    assert (await inbox.accept(envelope(1))).new


async def test_requests_that_wait_share_a_round_trip(inbox: Inbox, redis: Redis):
    await inbox.accept(envelope("first"))  # the script is known to the server from here on
    await redis.config_resetstat()
    answers = await asyncio.gather(*(inbox.accept(envelope(n)) for n in range(1000)))
    assert all(answer.new for answer in answers)
    assert 1000 / BATCH <= await round_trips(redis) <= 1000 / BATCH + 2


async def test_a_thousand_single_requests_take_a_thousand_round_trips(inbox: Inbox, redis: Redis):
    """The counting itself can fail: without company each request pays its own way."""
    await inbox.accept(envelope("first"))
    await redis.config_resetstat()
    for n in range(20):
        await inbox.accept(envelope(n))
    assert await round_trips(redis) == 20


async def test_each_of_a_shared_round_gets_its_own_answer(inbox: Inbox):
    await inbox.accept(envelope(3))
    answers = await asyncio.gather(*(inbox.accept(envelope(n)) for n in range(6)))
    assert [answer.new for answer in answers] == [True, True, True, False, True, True]
    assert [answer.lead_id for answer in answers] == [f"ld_{n}" for n in range(6)]


async def test_a_full_stream_takes_what_fits_and_refuses_the_rest(shared_valkey: EmbeddedValkey, redis: Redis):
    async with opened(shared_valkey, longest=3) as inbox:
        answers = [answer for answer, _ in await asyncio.gather(*(outcome(inbox, envelope(n)) for n in range(5)))]
        assert [a if isinstance(a, str) else a.new for a in answers] == [True, True, True, "full", "full"]
        assert not await redis.exists(P.once("k3")), "what was refused may come again"
        assert (await inbox.accept(envelope(0))).new is False, "a repetition needs no room"
        consumer = Consumer(redis, P, "w")
        await consumer.prepare()
        await consumer.finish(await consumer.read(1, 10))
        assert (await inbox.accept(envelope(3))).new


async def test_the_server_gone_is_said_within_a_second_and_it_heals_by_itself(own_valkey: EmbeddedValkey):
    async with opened(own_valkey) as inbox:
        await inbox.accept(envelope(0))
        own_valkey.stop()
        answers = await asyncio.gather(*(outcome(inbox, envelope(n)) for n in range(1, 101)))
        assert all(isinstance(answer, str) for answer, _ in answers)
        assert max(seconds for _, seconds in answers) < 1.0
        own_valkey.start()
        assert (await inbox.accept(envelope(1))).new
        assert (await inbox.accept(envelope(0))).new is False, "what was acknowledged has survived"


async def test_a_hung_server_is_said_to_every_waiting_request_within_a_second(own_valkey: EmbeddedValkey):
    async with opened(own_valkey) as inbox:
        await inbox.accept(envelope(0))
        with frozen(own_valkey):
            answers = await asyncio.gather(*(outcome(inbox, envelope(n)) for n in range(1, 2 * BATCH + 100)))
        assert {answer for answer, _ in answers} == {"timeout"}
        assert max(seconds for _, seconds in answers) < 1.0
        assert not inbox_waits(inbox)


async def test_an_answer_that_comes_too_late_does_not_become_the_next_ones(own_valkey: EmbeddedValkey):
    async with opened(own_valkey, deadline_s=0.15) as inbox:
        await inbox.accept(envelope(0))
        with frozen(own_valkey):
            assert (await outcome(inbox, envelope("late")))[0] == "timeout"
        answer = await until_accepted(inbox, envelope("next"))
        assert (answer.lead_id, answer.submission_id, answer.new) == ("ld_next", "snext", True)
        again = await inbox.accept(envelope("late"))  # taken or not, its sender's second try is harmless
        assert (again.lead_id, again.submission_id) == ("ld_late", "slate")
        assert (await inbox.accept(envelope("late"))).new is False


async def test_requests_during_a_short_freeze_are_taken_when_it_ends_in_time(own_valkey: EmbeddedValkey):
    async with opened(own_valkey) as inbox:
        await inbox.accept(envelope(0))
        with frozen(own_valkey):
            pending = asyncio.gather(*(outcome(inbox, envelope(n)) for n in range(1, 20)))
            await asyncio.sleep(0.05)
        assert all(isinstance(answer, Accepted) and answer.new for answer, _ in await pending)


async def test_a_request_whose_sender_hung_up_does_not_disturb_its_neighbours(inbox: Inbox):
    tasks = [asyncio.create_task(inbox.accept(envelope(n))) for n in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers[1], asyncio.CancelledError)
    assert [answers[0].new, answers[2].new] == [True, True]  # type: ignore[union-attr]


async def test_requests_that_wait_when_the_inbox_closes_hear_of_it(own_valkey: EmbeddedValkey):
    async with opened(own_valkey) as inbox:
        await inbox.accept(envelope(0))
        with frozen(own_valkey):
            pending = [asyncio.create_task(outcome(inbox, envelope(n))) for n in range(1, 4)]
            await asyncio.sleep(0.01)
            await inbox.__aexit__()
            async with asyncio.timeout(1.0):
                answers = await asyncio.gather(*pending)
    assert all(isinstance(answer, str) for answer, _ in answers)


async def test_a_server_without_memory_to_give_refuses_and_nothing_is_half_accepted(own_valkey: EmbeddedValkey):
    client = connect(own_valkey.url)
    async with opened(own_valkey) as inbox:
        await inbox.accept(envelope(0))
        await client.config_set("maxmemory", "1")
        assert (await outcome(inbox, envelope(1)))[0] == "refused:OutOfMemoryError"
        await client.config_set("maxmemory", "0")
        assert await client.xlen(P.stream) == 1
        assert (await inbox.accept(envelope(1))).new
    await client.aclose()


async def test_partitions_share_the_load_and_a_key_always_falls_on_the_same_one(shared_valkey: EmbeddedValkey, redis):
    async with opened(shared_valkey, partitions=4) as inbox:
        await asyncio.gather(*(inbox.accept(envelope(n)) for n in range(200)))
        assert not any(answer.new for answer in await asyncio.gather(*(inbox.accept(envelope(n)) for n in range(200))))
    lengths = [await redis.xlen(Partition(n).stream) for n in range(4)]
    assert sum(lengths) == 200
    assert min(lengths) > 20
    assert partition_of("k7", 4) == partition_of("k7", 4)
    assert partition_of("k7", 1) == Partition(0)


class frozen:  # noqa: N801 - used as a verb
    """The server hangs inside of the block: alive, and answers nothing."""

    def __init__(self, server: EmbeddedValkey) -> None:
        assert server.process is not None
        self._signal: Callable[[int], None] = server.process.send_signal

    def __enter__(self) -> None:
        self._signal(signal.SIGSTOP)

    def __exit__(self, *_: object) -> None:
        self._signal(signal.SIGCONT)


def inbox_waits(inbox: Inbox) -> bool:
    return any(lane._waiting for lane in inbox._lanes.values())


async def until_accepted(inbox: Inbox, given: Envelope) -> Accepted:
    """A server that was just thawed may be too slow for the first try or two."""
    for _ in range(20):
        answer, _seconds = await outcome(inbox, given)
        if isinstance(answer, Accepted):
            return answer
    pytest.fail(f"the server did not heal: {answer}")
