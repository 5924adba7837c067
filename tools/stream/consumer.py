"""One worker's end of a partition: take new entries, take over what a dead worker left, and give entries back finished or
postponed. At-least-once: an entry leaves the stream only by `finish` or `postpone`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from tools.stream.keys import GROUP, Partition
from tools.stream.scripts import FINISH, POSTPONE, RESUME, WAITING

IDLE_MS = 5_000  # after this long without a sign of life a worker's entries go to another
FORGET_CONSUMER_MS = 3_600_000
SCAN_START = b"0-0"


@dataclass(frozen=True, slots=True)
class Entry:
    """One waiting submission. attempts: decisions of it that failed before; deliveries: times it was handed out, above 1
    when a worker died with it in hand."""

    entry_id: bytes
    submission_id: str
    accept_key: str
    payload: bytes
    attempts: int = 0
    deliveries: int = 1


class Consumer:
    def __init__(self, redis: Redis, partition: Partition, name: str) -> None:
        self._redis, self._partition, self.name = redis, partition, name
        self._finish = redis.register_script(FINISH)
        self._postpone = redis.register_script(POSTPONE)
        self._resume = redis.register_script(RESUME)
        self._waiting = redis.register_script(WAITING)
        self._scan: Any = SCAN_START

    async def prepare(self) -> None:
        """Create the group from the stream's beginning, and forget workers that are long gone and hold nothing."""
        try:
            await self._redis.xgroup_create(self._partition.stream, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        for info in await self._redis.xinfo_consumers(self._partition.stream, GROUP):
            if info["pending"] == 0 and info["idle"] > FORGET_CONSUMER_MS:
                await self._redis.xgroup_delconsumer(self._partition.stream, GROUP, info["name"])

    async def read(self, count: int, block_ms: int) -> list[Entry]:
        answer = await self._redis.xreadgroup(
            GROUP, self.name, {self._partition.stream: ">"}, count=count, block=block_ms
        )
        rows = _rows_of(answer, self._partition.stream)
        return [entry for row in rows if (entry := _entry(row)) is not None]

    async def take_over(self, count: int) -> list[Entry]:
        """Entries whose worker gave no sign of life for IDLE_MS, with the number of times they were handed out."""
        answer = await self._redis.xautoclaim(
            self._partition.stream, GROUP, self.name, IDLE_MS, start_id=self._scan, count=count
        )
        self._scan = answer[0]
        entries = [entry for row in answer[1] if (entry := _entry(row)) is not None]
        if not entries:
            return []
        pending = await self._redis.xpending_range(
            self._partition.stream, GROUP, entries[0].entry_id, entries[-1].entry_id, count, self.name
        )
        times: dict[Any, int] = {row["message_id"]: int(row["times_delivered"]) for row in pending}
        return [
            Entry(e.entry_id, e.submission_id, e.accept_key, e.payload, e.attempts, times.get(e.entry_id, 2))
            for e in entries
        ]

    async def heartbeat(self, entries: Sequence[Entry]) -> None:
        """Say that work on these goes on: resets their idle time without counting a delivery."""
        if entries:
            ids: list[Any] = [entry.entry_id for entry in entries]
            await self._redis.xclaim(self._partition.stream, GROUP, self.name, 0, ids, justid=True)

    async def blame(self, entries: Sequence[Entry], times: int) -> None:
        """Let these count as handed out so many times: a death that they cannot have caused is not theirs."""
        if entries:
            ids: list[Any] = [entry.entry_id for entry in entries]
            await self._redis.xclaim(self._partition.stream, GROUP, self.name, 0, ids, retrycount=times, justid=True)

    async def finish(self, entries: Sequence[Entry]) -> None:
        """The entries are committed: acknowledge, remove, mark their submissions done, wake who waits for them."""
        if not entries:
            return
        keys = [self._partition.stream, *(self._partition.once(e.accept_key) for e in entries)]
        news = " ".join(entry.submission_id for entry in entries)
        await self._finish(keys=keys, args=[GROUP, self._partition.done, news, *(e.entry_id for e in entries)])

    async def postpone(self, entry: Entry, delay_s: float) -> None:
        """Give the entry back to be tried again in delay_s seconds, with one failed attempt more."""
        member = {
            "s": entry.submission_id,
            "k": entry.accept_key,
            "d": entry.payload.decode(),
            "a": str(entry.attempts + 1),
        }
        due = int((time.time() + delay_s) * 1000)
        keys = [self._partition.stream, self._partition.later]
        await self._postpone(keys=keys, args=[GROUP, entry.entry_id, due, orjson.dumps(member)])

    async def resume_due(self, at_most: int = 100) -> int:
        """Put retries whose time has come back into the stream. Returns how many."""
        keys = [self._partition.stream, self._partition.later]
        return int(await self._resume(keys=keys, args=[int(time.time() * 1000), at_most]))

    async def waiting_ms(self) -> int | None:
        """For how long the oldest entry waits that no worker has taken yet; None where there is none."""
        waited = int(await self._waiting(keys=[self._partition.stream], args=[GROUP]))
        return None if waited < 0 else waited

    async def backlog(self) -> int:
        """Entries not yet finished: waiting, in work, and postponed."""
        waiting = await self._redis.xlen(self._partition.stream)
        return int(waiting) + int(await self._redis.zcard(self._partition.later))


def _rows_of(answer: Any, stream: str) -> list[Any]:
    """The entries of one stream in either protocol version's shape of the answer."""
    if not answer:
        return []
    if isinstance(answer, dict):
        rows: Any = answer.get(stream.encode()) or answer.get(stream) or []
        return list(rows[0]) if rows and isinstance(rows[0], list) else list(rows)
    return list(answer[0][1])


def _entry(row: Any) -> Entry | None:
    """None for an entry that was deleted while it was pending. One that is not ours is handed out all the same, whole, so
    that it becomes a dead letter."""
    entry_id, values = row
    if not values:
        return None
    attempts = values.get(b"a", b"")
    return Entry(
        entry_id,
        _words(values.get(b"s", b"")) or f"entry:{entry_id.decode()}",
        _words(values.get(b"k", b"")),
        values[b"d"] if b"d" in values else orjson.dumps({_words(k): _words(v) for k, v in values.items()}),
        int(attempts) if attempts.isdigit() else 0,
    )


def _words(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\x00", "")
