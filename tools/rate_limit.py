"""Keeps a vendor's limit of calls among all processes: a token bucket in the stream's server, one key a vendor and limit.

    most calls in any window_s seconds = burst + window_s x rate         burst: a share of them, the rest trickles in

Where the server is away each process keeps a bucket of its own until it is back: the vendor may then say 429, which pauses
the bucket of all. Blocking: for threads. Never calls the vendor, and never waits beyond the moment that the caller names.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError

_BURST: Final = 0.3
_AWAY_S: Final = 5.0  # a server that did not answer is not asked again for so long
_ANSWER_S: Final = 0.25  # more than a bucket is worth waiting for
_KEPT_MS: Final = 60_000
_SHORTEST_S: Final = 0.001  # the rest of a token may be less than a clock can tell

# KEYS: bucket, pause. ARGV: burst, tokens a second, kept for ms, tokens to leave for others. The server's clock counts, as no
# two hosts agree on another. Answers 0 when a token was taken, else the ms until one is there.
TAKE = """
local paused = redis.call('PTTL', KEYS[2])
if paused > 0 then return paused end
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local burst, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = burst
if held[1] then tokens = math.min(burst, tonumber(held[1]) + math.max(0, now - tonumber(held[2])) * rate) end
local needed = 1 + tonumber(ARGV[4])
if tokens < needed then return math.ceil((needed - tokens) / rate * 1000) end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - 1), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 0
"""


class NoRoom(Exception):
    """No token before the moment that the caller named. wait_s: seconds until there may be one."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"no room for {wait_s:.1f} s")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Limit:
    """name: of the vendor and what it counts (`hubspot:calls`); most: calls in any window of window_s seconds."""

    name: str
    most: int
    window_s: float

    @property
    def burst(self) -> int:
        """Calls that may go at once after a quiet time; never all of them, unless there is but one."""
        return max(1, round(_BURST * self.most))

    @property
    def rate(self) -> float:
        """Tokens a second. A limit of one a window gets it back after the window."""
        return max(self.most - self.burst, 1) / self.window_s


class Bucket:
    """url: of the stream's server; empty keeps the bucket in this process alone."""

    def __init__(
        self,
        limit: Limit,
        url: str = "",
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Any] = time.sleep,
    ) -> None:
        self.limit, self._clock, self._sleep = limit, clock, sleep
        self._lock = Lock()
        self._tokens, self._at, self._paused_until, self._away_until = float(limit.burst), clock(), 0.0, 0.0
        self._server: Redis | None = None
        if url:
            self._server = Redis.from_url(url, socket_timeout=_ANSWER_S, socket_connect_timeout=_ANSWER_S, protocol=2)
            self._script = self._server.register_script(TAKE)
        tag = f"{{limit:{limit.name}}}"  # one slot of a cluster for both keys
        self._keys = [f"{tag}:bucket", f"{tag}:pause"]

    def take(self, until: float | None = None, *, leave: int = 0) -> None:
        """One token, waited for until this reading of the clock; None waits for ever. leave: tokens that stay for those who
        are in more of a hurry. Raises NoRoom, at once where the wait would be in vain."""
        leave = min(leave, self.limit.burst - 1)
        while (wait_s := self._try(leave)) > 0:
            if until is not None and self._clock() + wait_s > until:
                raise NoRoom(wait_s)
            self._sleep(wait_s)

    def pause(self, seconds: float) -> None:
        """Nobody gets a token for so long: the vendor has said that it is too much."""
        if seconds <= 0:
            return
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)
        if self._asked():
            try:
                assert self._server is not None
                self._server.set(self._keys[1], "1", px=max(1, round(seconds * 1000)))
            except (RedisError, OSError):
                self._is_away()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def _try(self, leave: int) -> float:
        """0 for a token, else seconds until there may be one."""
        if self._asked():
            try:
                answer = self._script(keys=self._keys, args=[self.limit.burst, self.limit.rate, self._kept_ms(), leave])
                return float(answer) / 1000
            except (RedisError, OSError):
                self._is_away()
        return self._try_here(leave)

    def _try_here(self, leave: int) -> float:
        with self._lock:
            now = self._clock()
            if now < self._paused_until:
                return self._paused_until - now
            self._tokens = min(float(self.limit.burst), self._tokens + max(0.0, now - self._at) * self.limit.rate)
            self._at = now
            if self._tokens < 1 + leave:
                return max((1 + leave - self._tokens) / self.limit.rate, _SHORTEST_S)
            self._tokens -= 1
            return 0.0

    def _kept_ms(self) -> int:
        """A bucket that is full again need not be remembered."""
        return max(_KEPT_MS, round(2000 * self.limit.burst / self.limit.rate))

    def _asked(self) -> bool:
        return self._server is not None and self._clock() >= self._away_until

    def _is_away(self) -> None:
        self._away_until = self._clock() + _AWAY_S
