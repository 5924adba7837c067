"""Lets a request wait for its decision: woken by the workers' announcements, certain by asking the store."""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import Executor
from typing import Any, Self

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from tools.observe.why import why
from tools.store.tables import decisions, outbox
from tools.stream.ending import ended
from tools.stream.keys import Partition

log = structlog.get_logger(__name__)
POLL_S = 0.25  # an announcement can be missed; the store cannot


class Decisions:
    """One subscription for all waiting requests of this process."""

    def __init__(self, redis: Redis, partitions: int, engine: Engine, executor: Executor) -> None:
        self._redis, self._partitions = redis, partitions
        self._engine, self._executor = engine, executor
        self._waiting: dict[str, asyncio.Event] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen(), name="decisions")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            await ended(self._task)

    async def wait(self, submission_id: str, seconds: float) -> dict[str, Any] | None:
        """The outcome as contracts name it, or None when it is not decided within `seconds`."""
        event = self._waiting.setdefault(submission_id, asyncio.Event())
        deadline = time.monotonic() + seconds
        try:
            while True:
                outcome = await self._ask(submission_id)
                left = deadline - time.monotonic()
                if outcome is not None or left <= 0:
                    return outcome
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), min(POLL_S, left))
                event.clear()
        finally:
            self._waiting.pop(submission_id, None)

    async def _ask(self, submission_id: str) -> dict[str, Any] | None:
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._executor, outcome_of, self._engine, submission_id
            )
        except SQLAlchemyError as error:  # the lead is safe; only this answer has to do without
            log.warning("waiting", part="database", error=why(error))
            return None

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(*(Partition(n).done for n in range(self._partitions)))
                    async for message in channel.listen():
                        if message["type"] == "message" and self._waiting:
                            for submission_id in message["data"].decode().split(" "):
                                if (event := self._waiting.get(submission_id)) is not None:
                                    event.set()
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(0.5)


_DECIDED = select(*(decisions.c[name] for name in ("lead_id", "revision", "score", "owner", "path"))).where(
    decisions.c.submission_id == bindparam("submission")
)
_CONTACT = select(outbox.c.external_id).where(outbox.c.key == bindparam("effect"))


def outcome_of(engine: Engine, submission_id: str) -> dict[str, Any] | None:
    with engine.connect() as connection:
        row = connection.execute(_DECIDED, {"submission": submission_id}).first()
        if row is None:
            return None
        contact = f"{row.lead_id}@{row.revision}/upsert_contact/contact"
        crm_id = connection.scalar(_CONTACT, {"effect": contact})
    return {"lead_id": row.lead_id, "score": row.score, "owner": row.owner, "path": row.path, "crm_id": crm_id}
