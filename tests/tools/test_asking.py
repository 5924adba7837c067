"""How a live adapter asks its vendor: order, deadline, turns, cache, and what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from graph.domain.facts import Absent, Found, Unavailable
from tools.asking import ReadError, VendorRead, reason_of_status
from tools.breaker import Breaker
from tools.cache import Cache, MemoryCache

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def reader(
    read: Callable[[str], Awaitable[Any]], *, deadline_s: float = 1.0, concurrency: int = 4, cache: Cache | None = None
) -> VendorRead[str, int]:
    return VendorRead("vendor", read, str, deadline_s=deadline_s, concurrency=concurrency, cache=cache, shape=int)


async def length(question: str) -> int | None:
    await asyncio.sleep(0.01 if len(question) == 1 else 0)  # the first answers last
    return len(question) or None


async def test_facts_keep_the_order_of_the_questions() -> None:
    facts = await reader(length).facts(["a", None, "", "abc"], NOW)
    assert facts == [
        Found(1, "vendor", NOW),
        Absent("vendor", NOW),
        Absent("vendor", NOW),
        Found(3, "vendor", NOW),
    ]


async def test_a_question_that_never_got_its_turn_is_told_from_one_without_an_answer() -> None:
    async def stall(_: str) -> int:
        await asyncio.sleep(30)
        return 1

    facts = await reader(stall, deadline_s=0.05, concurrency=1).facts(["a", "b"], NOW)
    assert facts == [Unavailable("vendor", NOW, "timeout"), Unavailable("vendor", NOW, "busy")]


async def test_a_turn_is_given_back_when_the_deadline_ends_a_call() -> None:
    seconds = iter([30.0, 0.0])

    async def stall_once(question: str) -> int:
        await asyncio.sleep(next(seconds))
        return len(question)

    vendor = reader(stall_once, deadline_s=0.05, concurrency=1)
    assert [(await vendor.facts([question], NOW))[0].kind for question in ("a", "b")] == ["unavailable", "found"]


async def test_an_error_nobody_expected_is_one_bad_answer_of_its_batch() -> None:
    async def read(question: str) -> int:
        return {"good": 4}[question]

    facts = await reader(read).facts(["bad", "good"], NOW)
    assert facts == [Unavailable("vendor", NOW, "invalid answer"), Found(4, "vendor", NOW)]


async def test_a_batch_that_is_cancelled_is_cancelled() -> None:
    async def stall(_: str) -> int:
        await asyncio.sleep(30)
        return 1

    task = asyncio.create_task(reader(stall, deadline_s=60).facts(["a"], NOW))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class Broken:
    """A cache that is down, slow, or full of something else."""

    def __init__(self, held: str | Exception | None, delay_s: float = 0) -> None:
        self.held, self.delay_s = held, delay_s

    async def get(self, _: str) -> str | None:
        await asyncio.sleep(self.delay_s)
        if isinstance(self.held, Exception):
            raise self.held
        return self.held

    async def set(self, _: str, __: str) -> None:
        await self.get(_)


@pytest.mark.parametrize(
    "cache",
    [Broken(OSError("down")), Broken("not json"), Broken('"another type"'), Broken(None, delay_s=30)],
    ids=["down", "garbage", "another type", "slow"],
)
async def test_a_cache_that_fails_only_costs_another_call(cache: Cache) -> None:
    assert await asyncio.wait_for(reader(length, cache=cache).facts(["abc"], NOW), 2) == [Found(3, "vendor", NOW)]


async def test_a_remembered_answer_waits_for_nobody() -> None:
    cache = MemoryCache()
    await reader(length, cache=cache).facts(["abc"], NOW)

    async def stall(_: str) -> int:
        await asyncio.sleep(30)
        return 1

    facts = await reader(stall, cache=cache, deadline_s=0.05, concurrency=1).facts(["new", "abc"], NOW)
    assert facts == [Unavailable("vendor", NOW, "timeout"), Found(3, "vendor", NOW)]


async def test_that_there_is_nothing_is_remembered_too() -> None:
    asked: list[str] = []

    async def nothing(question: str) -> None:
        asked.append(question)

    vendor = reader(nothing, cache=MemoryCache())
    assert await vendor.facts(["a"], NOW) == await vendor.facts(["a"], NOW) == [Absent("vendor", NOW)]
    assert asked == ["a"]


async def test_a_vendor_that_keeps_failing_is_left_alone_and_asked_again_when_it_has_rested() -> None:
    asked: list[str] = []
    answers = [ReadError("timeout")] * 2

    async def fail_twice(question: str) -> int:
        asked.append(question)
        if answers:
            raise answers.pop()
        return len(question)

    breaker = Breaker(threshold=2, rest_s=1000.0)
    vendor = VendorRead("vendor", fail_twice, str, deadline_s=1.0, concurrency=1, breaker=breaker)
    reasons = [getattr((await vendor.facts([question], NOW))[0], "reason", None) for question in "abcd"]
    assert (reasons, asked) == (["timeout", "timeout", "resting", "resting"], ["a", "b"])
    breaker.opened_at = asyncio.get_running_loop().time() - 1000.0
    assert await vendor.facts(["e", "f"], NOW) == [Found(1, "vendor", NOW)] * 2


async def test_a_vendor_that_rests_still_gives_what_is_remembered() -> None:
    cache, breaker = MemoryCache(), Breaker(threshold=1, rest_s=1000.0)
    await reader(length, cache=cache).facts(["abc"], NOW)
    breaker.failed(asyncio.get_running_loop().time())
    vendor = VendorRead("vendor", length, str, deadline_s=1, concurrency=1, cache=cache, shape=int, breaker=breaker)
    assert await vendor.facts(["new", "abc"], NOW) == [Unavailable("vendor", NOW, "resting"), Found(3, "vendor", NOW)]


@pytest.mark.parametrize("reason", ["refused", "unauthorised", "pending", "quota exhausted"])
async def test_an_answer_that_says_no_is_no_reason_to_rest(reason: Any) -> None:
    async def refuse(_: str) -> int:
        raise ReadError(reason)

    vendor = VendorRead("vendor", refuse, str, deadline_s=1, concurrency=1, breaker=Breaker(threshold=1, rest_s=1000.0))
    assert [(await vendor.facts(["a"], NOW))[0] for _ in range(3)] == [Unavailable("vendor", NOW, reason)] * 3


async def test_the_vendors_reason_is_the_facts_reason() -> None:
    async def fail(_: str) -> int:
        raise ReadError("pending")

    assert await reader(fail).facts(["a"], NOW) == [Unavailable("vendor", NOW, "pending")]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (301, "refused"),
        (400, "refused"),
        (401, "unauthorised"),
        (402, "quota exhausted"),
        (403, "unauthorised"),
        (408, "timeout"),
        (422, "refused"),
        (429, "rate limited"),
        (500, "vendor error"),
        (504, "timeout"),
    ],
)
def test_a_status_is_a_class_of_failure(status: int, reason: str) -> None:
    assert reason_of_status(status) == reason
