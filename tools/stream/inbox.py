"""Acceptance: a submission is taken exactly once, durably, before its sender hears 202.

Requests that arrive while a round trip is under way share the next one, and with it one fsync (group commit). Never
decides anything about a lead, and never answers before the server has.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal, Self

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from tools.stream.ending import ended
from tools.stream.keys import Partition, partition_of
from tools.stream.scripts import ACCEPT

BATCH = 256  # larger rounds gain nothing: the server's time per entry dominates from about 64 on


class StreamUnavailable(Exception):
    """The stream's server is away, too slow, or has no room. `reason` is a short class for the log and /health."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Envelope:
    """One submission on its way in. accept_key says what counts as the same submission, for ttl_ms; fingerprint tells
    two bodies under one key apart; payload is the JSON that the worker will decode."""

    accept_key: str
    lead_id: str
    fingerprint: str
    submission_id: str
    payload: bytes
    ttl_ms: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """new: this envelope was added. Otherwise the ids are those of the submission that was there before, `state` says
    whether it is still queued or done, and same_body whether the fingerprints agree."""

    new: bool
    lead_id: str
    submission_id: str
    state: Literal["queued", "done"]
    same_body: bool


class Inbox:
    """Accepts envelopes over one Redis connection a partition. Start and stop it with `async with`."""

    def __init__(self, redis: Redis, *, partitions: int = 1, deadline_s: float = 0.8, longest: int = 1_000_000) -> None:
        self._redis, self._partitions, self._deadline_s, self._longest = redis, partitions, deadline_s, longest
        self._lanes = {n: _Lane(self, Partition(n)) for n in range(partitions)}
        self._script = redis.register_script(ACCEPT)

    async def __aenter__(self) -> Self:
        for lane in self._lanes.values():
            lane.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for lane in self._lanes.values():
            await lane.stop()

    async def accept(self, envelope: Envelope) -> Accepted:
        """Take the envelope, or say what was taken under its key before. Raises StreamUnavailable within the deadline;
        what was sent to a server that answers too late may have been taken: its sender is told to try again, and the
        accept key makes that harmless."""
        lane = self._lanes[partition_of(envelope.accept_key, self._partitions).number]
        return await lane.submit(envelope)

    async def send(self, partition: Partition, batch: list[Envelope]) -> list[Accepted | StreamUnavailable]:
        """One round trip for the batch; an answer each, which for one without room is StreamUnavailable."""
        keys = [partition.stream, *(partition.once(e.accept_key) for e in batch)]
        args: list[Any] = [self._longest]
        for e in batch:
            args += (e.ttl_ms, e.lead_id, e.fingerprint, e.submission_id, e.accept_key, e.payload)
        try:
            async with asyncio.timeout(self._deadline_s):
                answers = await self._script(keys=keys, args=args)
        except TimeoutError:
            raise StreamUnavailable("timeout") from None
        except ResponseError as error:
            code = str(error).split(" ", 1)[0] if type(error) is ResponseError else type(error).__name__
            raise StreamUnavailable(f"refused:{code}") from error
        except (RedisError, OSError) as error:
            raise StreamUnavailable(type(error).__name__) from error
        return [_read(envelope, answer) for envelope, answer in zip(batch, answers, strict=True)]


def _read(envelope: Envelope, answer: bytes) -> Accepted | StreamUnavailable:
    if answer == b"new":
        return Accepted(True, envelope.lead_id, envelope.submission_id, "queued", True)
    if answer == b"full":
        return StreamUnavailable("full")
    state, lead_id, fingerprint, submission_id = answer.decode().split("|", 3)
    return Accepted(
        False, lead_id, submission_id, "done" if state == "d" else "queued", fingerprint == envelope.fingerprint
    )


class _Lane:
    """The waiting line of one partition: while a round trip runs, the next one gathers."""

    def __init__(self, inbox: Inbox, partition: Partition) -> None:
        self._inbox, self._partition = inbox, partition
        self._waiting: list[tuple[Envelope, asyncio.Future[Accepted]]] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"inbox-{self._partition.number}")

    async def stop(self) -> None:
        if self._task is not None:
            await ended(self._task)
        late, self._waiting = self._waiting, []
        for _, future in late:
            _settle(future, StreamUnavailable("closing"))

    async def submit(self, envelope: Envelope) -> Accepted:
        future: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._waiting.append((envelope, future))
        self._wake.set()
        return await future

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            if not self._waiting:
                self._wake.clear()
            await self._round(batch)

    async def _round(self, batch: list[tuple[Envelope, asyncio.Future[Accepted]]]) -> None:
        try:
            answers = await self._inbox.send(self._partition, [envelope for envelope, _ in batch])
        except asyncio.CancelledError:  # the inbox closes: who waits for this round must not wait for ever
            for _, future in batch:
                _settle(future, StreamUnavailable("closing"))
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, every waiting request must hear of it
            reason = error if isinstance(error, StreamUnavailable) else StreamUnavailable(type(error).__name__)
            late, self._waiting = self._waiting, []  # they waited for this round: another would pass their second
            for _, future in batch + late:
                _settle(future, reason)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            _settle(future, answer)


def _settle(future: asyncio.Future[Accepted], answer: Accepted | StreamUnavailable) -> None:
    if future.done():  # its sender hung up
        return
    if isinstance(answer, StreamUnavailable):
        future.set_exception(answer)
    else:
        future.set_result(answer)
