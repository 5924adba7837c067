"""What came of what was sent to the endpoints of outgoing webhooks, what waits for them, and sending it again. Blocking: call
it from a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import orjson
from sqlalchemy import ColumnElement, Connection, Engine, Row, case, delete, func, or_, select, update

from tools.store.announcing import QUEUE
from tools.store.tables import dead_letters, outbox, webhook_deliveries, webhook_endpoints
from tools.store.upsert import upsert
from tools.store.webhooks import PENDING, CannotKeep, Endpoint, endpoint_of, found_endpoint, named, not_sent

Outcome: TypeAlias = Literal["delivered", "failed", "expired"]
AT_ONCE: Final = 500  # rows a transaction of what may be many
_AGAIN = ("done", "dead")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an endpoint has yet to get: messages, of them those that were tried before, and when the next is due."""

    messages: int
    tried: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt. status: None where no answer came; excerpt: how the answer begins, as it came."""

    event: str
    event_id: str
    lead_id: str | None
    effect_key: str | None
    attempt: int
    ok: bool
    status: int | None
    duration_ms: int
    error: str | None
    excerpt: str | None
    announced_at: datetime
    at: datetime


def waiting(engine: Engine) -> Mapping[str, Waiting]:
    """By endpoint; one for which nothing waits is missing."""
    wanted = (
        select(
            outbox.c.vendor,
            func.count(),
            func.sum(case((outbox.c.attempts > 0, 1), else_=0)),
            func.min(outbox.c.due_at),
        )
        .where(PENDING, outbox.c.vendor > QUEUE, outbox.c.vendor < QUEUE + "~")
        .group_by(outbox.c.vendor)
    )
    with engine.connect() as connection:
        rows = connection.execute(wanted).all()
    return {row[0].removeprefix(QUEUE): Waiting(row[1], int(row[2]), row[3]) for row in rows}


def note_tried(engine: Engine, endpoint: str, tried: Tried, *, off: str | None = None) -> Endpoint | None:
    """Keep what came of an attempt, and how the endpoint stands. off: why it is switched off because of it. None when it
    was removed meanwhile: then nothing is kept."""
    row = {
        "endpoint": endpoint,
        "event_id": tried.event_id,
        "event": tried.event,
        "lead_id": tried.lead_id,
        "effect_key": tried.effect_key,
        "outcome": "delivered" if tried.ok else "failed",
        "attempts": tried.attempt,
        "status": tried.status,
        "duration_ms": tried.duration_ms,
        "error": tried.error,
        "excerpt": tried.excerpt,
        "announced_at": tried.announced_at,
        "tried_at": tried.at,
    }
    with engine.execution_options(immediate=True).begin() as connection:
        held = connection.execute(select(webhook_endpoints).where(named(endpoint)).with_for_update()).first()
        if held is None:
            return None
        upsert(connection, webhook_deliveries, [row], ["endpoint", "event_id"], keep=["announced_at"])
        changes: dict[str, Any] = {"failing_since": None, "ok_at": tried.at} if tried.ok else {}
        if not tried.ok and held.failing_since is None:
            changes["failing_since"] = tried.at
        if off is not None and held.state == "active":
            changes |= {"state": "off", "why": off}
        if changes:
            connection.execute(update(webhook_endpoints).where(named(endpoint)).values(**changes))
        return endpoint_of(connection.execute(select(webhook_endpoints).where(named(endpoint))).one())


def deliveries(engine: Engine, endpoint: str, *, limit: int = 20, outcome: Outcome | None = None) -> list[Row[Any]]:
    """What was tried, the newest attempt first, as rows of the table with `state` and `due_at` of the outbox."""
    kept = webhook_deliveries
    wanted = (
        select(kept, outbox.c.state, outbox.c.due_at)
        .outerjoin(outbox, outbox.c.key == kept.c.effect_key)
        .where(kept.c.endpoint == endpoint)
        .order_by(kept.c.tried_at.desc(), kept.c.event_id)
        .limit(limit)
    )
    if outcome is not None:
        wanted = wanted.where(kept.c.outcome == outcome)
    with engine.connect() as connection:
        return list(connection.execute(wanted))


def send_again(engine: Engine, endpoint: str, event_id: str, now: datetime) -> bool:
    """Whether the message goes out again, under the same id. One that waits goes now. Raises CannotKeep for one that this
    endpoint was never sent, or that was a ping."""
    kept = webhook_deliveries
    wanted = select(kept.c.effect_key).where(kept.c.endpoint == endpoint, kept.c.event_id == event_id)
    with engine.execution_options(immediate=True).begin() as connection:
        row = connection.execute(wanted).first()
        if row is None:
            raise CannotKeep(f"{endpoint} was sent no message {event_id!r} that is still kept")
        if row.effect_key is None:
            raise CannotKeep("a ping is not sent again: test the endpoint instead")
        return _reopened(connection, [row.effect_key], now, also_waiting=True) == 1


def replay_since(engine: Engine, endpoint: str, since: datetime, now: datetime, *, undelivered: bool = False) -> int:
    """Everything that was announced since then goes out again, each under its own id; undelivered: only what the endpoint
    never took. Returns how many messages; what still waits is not counted. Raises CannotKeep for an unknown endpoint."""
    found_endpoint(engine, endpoint)
    kept = webhook_deliveries
    wanted = select(kept.c.effect_key).where(
        kept.c.endpoint == endpoint, kept.c.announced_at >= since, kept.c.effect_key.is_not(None)
    )
    if undelivered:
        wanted = wanted.where(kept.c.outcome != "delivered")
    with engine.connect() as connection:
        keys = list(connection.scalars(wanted.order_by(kept.c.announced_at)))
    again = 0
    for begin in range(0, len(keys), AT_ONCE):
        with engine.execution_options(immediate=True).begin() as connection:
            again += _reopened(connection, keys[begin : begin + AT_ONCE], now)
    return again


def _reopened(connection: Connection, keys: Sequence[str], now: datetime, *, also_waiting: bool = False) -> int:
    """Effects that are done or given up, due now with their attempts forgotten; their dead letters are settled."""
    free: ColumnElement[bool] = outbox.c.state.in_(_AGAIN)
    if also_waiting:
        free = or_(free, (outbox.c.state == "pending") & outbox.c.lease_by.is_(None))
    again = {"state": "pending", "attempts": 0, "due_at": now, "lease_by": None, "done_at": None, "error": None}
    found = connection.execute(update(outbox).where(outbox.c.key.in_(keys), free).values(**again)).rowcount
    buried = (dead_letters.c.kind == "effect", dead_letters.c.ref.in_(keys), dead_letters.c.replayed_at.is_(None))
    connection.execute(update(dead_letters).where(*buried).values(replayed_at=now))
    return found


def tidy(engine: Engine, now: datetime, *, waits_since: datetime, kept_since: datetime) -> tuple[int, int]:
    """Give up what has waited for a resting endpoint since before waits_since or belongs to an endpoint that is gone, and
    forget deliveries tried before kept_since. Returns how many of each."""
    given_up = 0
    known = select(webhook_endpoints.c.endpoint, webhook_endpoints.c.state)
    with engine.connect() as connection:
        states = {QUEUE + endpoint: state for endpoint, state in connection.execute(known)}
        mine = (PENDING, outbox.c.vendor > QUEUE, outbox.c.vendor < QUEUE + "~")
        queues = list(connection.scalars(select(outbox.c.vendor).distinct().where(*mine)))
    for queue in queues:
        if queue not in states:
            given_up += _expire(engine, queue, now, None)
        elif states[queue] != "active":
            given_up += _expire(engine, queue, now, waits_since)
    stale = webhook_deliveries.c.tried_at < kept_since
    with engine.connect() as connection:
        if connection.scalar(select(select(webhook_deliveries.c.event_id).where(stale).exists())) is not True:
            return given_up, 0
    with engine.execution_options(immediate=True).begin() as connection:
        return given_up, connection.execute(delete(webhook_deliveries).where(stale)).rowcount


def _expire(engine: Engine, queue: str, now: datetime, before: datetime | None) -> int:
    """What waits in this queue, or only what was announced before then, is not sent; a replay may still send it."""
    why = "endpoint removed" if before is None else "waited too long for an endpoint at rest"
    wanted = select(
        outbox.c.id, outbox.c.key, outbox.c.lead_id, outbox.c.payload, outbox.c.attempts, outbox.c.accepted_at
    )
    wanted = wanted.where(outbox.c.vendor == queue, PENDING)
    if before is not None:
        wanted = wanted.where(outbox.c.accepted_at < before)
    given_up = 0
    while True:
        with engine.execution_options(immediate=True).begin() as connection:
            rows = connection.execute(wanted.order_by(outbox.c.id).limit(AT_ONCE)).all()
            if not rows:
                return given_up
            connection.execute(
                update(outbox).where(outbox.c.id.in_([row.id for row in rows])).values(**not_sent(why, now))
            )
            if before is not None:
                expired = [_expired(queue.removeprefix(QUEUE), row, why, now) for row in rows]
                keep = ("announced_at", "attempts")
                upsert(connection, webhook_deliveries, expired, ["endpoint", "event_id"], keep=keep)
            given_up += len(rows)


def _expired(endpoint: str, row: Any, why: str, now: datetime) -> dict[str, Any]:
    effect = orjson.loads(row.payload)
    return {
        "endpoint": endpoint,
        "event_id": effect["event_id"],
        "event": effect["event"],
        "lead_id": row.lead_id or None,
        "effect_key": row.key,
        "outcome": "expired",
        "attempts": row.attempts,
        "status": None,
        "duration_ms": None,
        "error": why,
        "excerpt": None,
        "announced_at": row.accepted_at,
        "tried_at": now,
    }
