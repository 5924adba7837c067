"""The dispatcher's questions to the outbox: claim under a lease, record what came of it.

    pending (due_at passed) --claim--> pending (due_at = end of the lease, lease_by = claim) --record--> done | pending | dead

A claim moves `due_at` to the end of the lease: a dispatcher that dies lets go by itself. Effects of one lead and vendor
go in their order: one is free only when no earlier one is pending with a later due time (leased, or backing off).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy import Connection, Engine, Row, bindparam, exists, func, or_, select, text, update

from graph.domain.effects import Effect
from graph.ports import Order
from tools.store.dead import bury_effect, storable
from tools.store.tables import outbox

EFFECT: TypeAdapter[Effect] = TypeAdapter(Annotated[Effect, Field(discriminator="kind")])


@dataclass(frozen=True, slots=True)
class Claimed:
    """One leased row. `claim` names this lease: a result is recorded only while it still holds."""

    row_id: int
    order: Order
    payload: bytes
    claim: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one order. done: performed (external_id says what was written); else `error`, and retry_at, or None
    for a dead letter. untried: it waited for an earlier effect of its lead that failed; its attempt is given back."""

    claimed: Claimed
    done: bool = False
    external_id: str = ""
    error: str = ""
    retry_at: datetime | None = None
    untried: bool = False


def claim(engine: Engine, vendor: str, name: str, now: datetime, *, limit: int, lease_s: float) -> list[Claimed]:
    """Lease up to `limit` due effects of a vendor, oldest first, in their order within each lead."""
    with engine.connect() as connection:
        if connection.execute(select(_due(vendor, now, 1).exists())).scalar() is not True:
            return []
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":  # one claim at a time a vendor keeps a lead's effects in order
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:vendor))"), {"vendor": f"claim:{vendor}"})
        rows = connection.execute(
            update(outbox)
            .where(outbox.c.id.in_(_due(vendor, now, limit)))
            .values(due_at=now + timedelta(seconds=lease_s), lease_by=name, attempts=outbox.c.attempts + 1)
            .returning(
                outbox.c.id,
                outbox.c.key,
                outbox.c.lead_id,
                outbox.c.revision,
                outbox.c.attempts,
                outbox.c.payload,
                outbox.c.accepted_at,
            )
        ).all()
        claimed = [held for row in rows if (held := _claimed(connection, row, name, now)) is not None]
    return sorted(claimed, key=lambda c: c.row_id)


def _claimed(connection: Connection, row: Row[Any], name: str, now: datetime) -> Claimed | None:
    """None for an effect that this release cannot read: it becomes a dead letter and stops nobody."""
    try:
        effect = EFFECT.validate_json(row.payload)
    except ValidationError as error:
        connection.execute(update(outbox).where(outbox.c.id == row.id).values(state="dead", done_at=now, lease_by=None))
        reason = f"the effect cannot be read: {error.error_count()} faults"
        bury_effect(connection, row.key, row.lead_id, row.payload, reason, row.attempts)
        return None
    return Claimed(
        row.id, Order(row.key, row.lead_id, row.revision, row.attempts, effect), row.payload, name, row.accepted_at
    )


def _due(vendor: str, now: datetime, limit: int):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a Select of one id
    earlier = outbox.alias("earlier")
    blocked = exists().where(
        earlier.c.lead_id == outbox.c.lead_id,
        earlier.c.vendor == outbox.c.vendor,
        earlier.c.state == text("'pending'"),
        earlier.c.id < outbox.c.id,
        earlier.c.due_at > outbox.c.due_at,
    )
    return (
        select(outbox.c.id)
        .where(outbox.c.vendor == vendor, outbox.c.state == text("'pending'"), outbox.c.due_at <= now, ~blocked)
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(limit)
    )


def record(engine: Engine, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write the outcomes of one round in one transaction. A row whose lease has gone to another is left alone."""
    done = [o for o in outcomes if o.done]
    dead = [o for o in outcomes if not o.done and not o.untried and o.retry_at is None]
    again = [o for o in outcomes if not o.done and not o.untried and o.retry_at is not None]
    untried = [o for o in outcomes if o.untried]
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        _set(connection, done, state="done", done_at=now, error=None)
        _set(connection, again)
        _set(connection, untried)
        for outcome in dead:
            if _set(connection, [outcome], state="dead", done_at=now) == 0:
                continue  # another has it now, and may have performed it
            claimed = outcome.claimed
            bury_effect(
                connection,
                claimed.order.key,
                claimed.order.lead_id,
                claimed.payload,
                outcome.error,
                claimed.order.attempt,
            )


def _set(connection: Connection, outcomes: Sequence[Outcome], **fixed: object) -> int:
    """Write these outcomes where the lease still holds. Returns how many rows a single outcome changed."""
    if not outcomes:
        return 0
    values = {
        "external_id": bindparam("v_external"),
        "error": bindparam("v_error"),
        "due_at": bindparam("v_due"),
        "attempts": bindparam("v_attempts"),
        "lease_by": None,
        **fixed,
    }
    statement = (
        update(outbox)
        .where(outbox.c.id == bindparam("v_id"), outbox.c.lease_by == bindparam("v_claim"))
        .values({outbox.c[name]: value for name, value in values.items()})
    )
    rows = [
        {
            "v_id": o.claimed.row_id,
            "v_claim": o.claimed.claim,
            "v_external": storable(o.external_id, 200) or None,
            "v_error": storable(o.error, 500) or None,
            "v_due": o.retry_at or o.claimed.accepted_at,  # untried: at once, as soon as the earlier one is through
            "v_attempts": o.claimed.order.attempt - (1 if o.untried else 0),
        }
        for o in outcomes
    ]
    return connection.execute(statement, rows if len(rows) > 1 else rows[0]).rowcount


def depth(engine: Engine) -> dict[tuple[str, str], int]:
    """Rows by (vendor, state) for those not done."""
    unfinished = or_(outbox.c.state == text("'pending'"), outbox.c.state == text("'dead'"))  # as their indexes have it
    wanted = select(outbox.c.vendor, outbox.c.state, func.count()).where(unfinished)
    with engine.connect() as connection:
        rows = connection.execute(wanted.group_by(outbox.c.vendor, outbox.c.state))
        return {(vendor, state): count for vendor, state, count in rows}
