"""How a live adapter asks its vendor: a batch of questions in, one fact for each out, in the same order.

`VendorRead` holds what every read has in common, so that the adapters hold only what is their vendor's: one deadline
for a question (waiting for its turn included), a bound on questions under way at once, one call for equal questions of
a batch, a cache of answers, a class of reason for each failure, and a rest for a vendor that keeps failing. It never
raises for a vendor, and never retries: that is the vendor's SDK's part, within the deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

import structlog
from pydantic import TypeAdapter, ValidationError

from graph.domain.facts import Absent, Fact, Found, Unavailable
from tools.breaker import Breaker
from tools.cache import Cache

Q = TypeVar("Q")
V = TypeVar("V")

Reason: TypeAlias = Literal[
    "timeout",  # no answer within the deadline
    "busy",  # the questions before it took the deadline: it was never sent, or too late
    "unreachable",  # no connection, or it broke
    "rate limited",
    "quota exhausted",
    "unauthorised",
    "vendor error",  # 5xx: the vendor says that it is broken
    "refused",  # another 4xx: the vendor says that we are
    "pending",  # the vendor is still looking
    "invalid answer",  # an answer that is not what was asked for
    "another company",  # an answer about somebody else
    "resting",  # it failed so often that nobody asks it for a while
]
DOWN: Final = frozenset({"timeout", "unreachable", "rate limited", "vendor error"})
"""Failures after which the next question would most likely fail too."""

_TURN = 0.8  # a question whose turn comes later than this share of its deadline had no chance
_LONGEST_WAIT_S = 3_600.0
_CACHE_S = 0.25  # a cache that is slower than this is worth less than asking the vendor

_log = structlog.get_logger(__name__)


class ReadError(Exception):
    """The vendor did not answer the question. `reason` is a class of failure, never vendor text; `retry_after_s` the
    vendor's own wish, in seconds."""

    def __init__(self, reason: Reason, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.retry_after_s = retry_after_s


def reason_of_status(status: int) -> Reason:
    """The class of failure that an HTTP status of 300 and above means."""
    if status in {401, 403}:
        return "unauthorised"
    if status == 402:
        return "quota exhausted"
    if status == 429:
        return "rate limited"
    if status in {408, 504}:
        return "timeout"
    return "vendor error" if status >= 500 else "refused"


def retry_after_s(header: str | None) -> float | None:
    """The seconds that a Retry-After header asks for, at most an hour; None for a date or nonsense."""
    try:
        seconds = float(header or "nan")
    except ValueError:
        return None
    return min(seconds, _LONGEST_WAIT_S) if seconds >= 0 else None


class VendorRead(Generic[Q, V]):
    """Asks `read` for each question. See the module.

    read: answers one question; None says that the vendor has nothing; raises ReadError, and anything else it raises is
    an answer that could not be understood. key: everything the answer depends on. shape: the type of the answer, for
    the cache, which then needs `cache`. deadline_s: seconds a question may take. concurrency: calls under way at once.
    """

    def __init__(
        self,
        source: str,
        read: Callable[[Q], Awaitable[V | None]],
        key: Callable[[Q], str],
        *,
        deadline_s: float,
        concurrency: int,
        cache: Cache | None = None,
        shape: Any = None,
        breaker: Breaker | None = None,
    ) -> None:
        self.source, self._breaker = source, breaker or Breaker()
        self._read, self._key, self._deadline_s, self._cache = read, key, deadline_s, cache
        self._slots = asyncio.Semaphore(concurrency)
        self._written: TypeAdapter[V | None] | None = None if cache is None else TypeAdapter(shape | None)

    async def facts(self, questions: Sequence[Q | None], now: datetime) -> list[Fact[V]]:
        """One fact for each question, in order. None is a question that cannot be put: its fact is Absent.

        A fact's time is `now`, also where the cache knew: the run is what the decision record dates.
        """
        distinct = {self._key(question): question for question in questions if question is not None}
        facts = await asyncio.gather(*(self._fact(question, now) for question in distinct.values()))
        by_key = dict(zip(distinct, facts, strict=True))
        absent = Absent(self.source, now)
        return [absent if question is None else by_key[self._key(question)] for question in questions]

    async def answer(self, question: Q) -> V | None:
        """The answer to one question, from the cache or the vendor. Raises ReadError, with `invalid answer` for whatever
        could not be understood."""
        key = self._key(question)
        known, value = await self._recall(key)
        if known:
            return value
        try:
            value = await self._ask(question)
        except ReadError:
            raise
        except Exception as error:  # SDKs fail in any way on nonsense
            _log.warning("vendor answer not understood", vendor=self.source, error=type(error).__name__)
            raise ReadError("invalid answer") from error
        await self._remember(key, value)
        return value

    async def _fact(self, question: Q, now: datetime) -> Fact[V]:
        try:
            value = await self.answer(question)
        except ReadError as failed:
            return Unavailable(self.source, now, failed.reason)
        return Absent(self.source, now) if value is None else Found(value, self.source, now)

    async def _ask(self, question: Q) -> V | None:
        """The vendor's answer, or the reason why there is none. Raises ReadError."""
        clock = asyncio.get_running_loop().time
        if not self._breaker.room(clock(), 1):
            raise ReadError("resting")
        latest_start, started = clock() + _TURN * self._deadline_s, None
        try:
            async with asyncio.timeout(self._deadline_s), self._slots:
                started = clock()
                value = await self._read(question)
        except TimeoutError:
            failed = ReadError("timeout")
        except ReadError as error:
            failed = error
        else:
            self._breaker.succeeded()
            return value
        if failed.reason == "timeout" and (started is None or started > latest_start):
            raise ReadError("busy") from failed
        if failed.reason in DOWN:
            self._breaker.failed(clock())
        raise failed

    async def _recall(self, key: str) -> tuple[bool, V | None]:
        """(whether the cache knows, what it knows). What it holds is validated: an older form counts as unknown."""
        if self._cache is None or self._written is None:
            return False, None
        try:
            async with asyncio.timeout(_CACHE_S):
                held = await self._cache.get(key)
            return (False, None) if held is None else (True, self._written.validate_json(held))
        except ValidationError:
            return False, None
        except Exception as error:  # noqa: BLE001 - see Cache
            _log.warning("cache not readable", vendor=self.source, error=type(error).__name__)
            return False, None

    async def _remember(self, key: str, value: V | None) -> None:
        if self._cache is None or self._written is None:
            return
        try:
            async with asyncio.timeout(_CACHE_S):
                await self._cache.set(key, self._written.dump_json(value).decode())
        except Exception as error:  # noqa: BLE001 - see Cache
            _log.warning("cache not writable", vendor=self.source, error=type(error).__name__)
