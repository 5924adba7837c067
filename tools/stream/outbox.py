"""The dispatcher's questions to the outbox: claim under a lease, record what came of it.

    pending (due_at passed) --claim--> pending (due_at = end of the lease, lease_by = claim) --record--> done | pending | dead

A claim moves `due_at` to the end of the lease: a dispatcher that dies lets go by itself. Effects of one lead and vendor
go in their order: one is free only when no earlier one is pending with a later due time (leased, or backing off). A timer
(vendors `sla` and `steps`) waits for nothing but its time: a reminder that cannot be written must not hold up the deadline.
Nor does a webhook: one that an endpoint does not take must not hold up what happens to its lead later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError
from sqlalchemy import Connection, Engine, Row, Select, bindparam, exists, func, or_, select, text, update

from graph.domain.effects import Effect
from graph.ports import Order
from tools.shape import Shape
from tools.store.dead import bury_effect, storable
from tools.store.tables import outbox

EFFECT: Shape[Effect] = Shape(Annotated[Effect, Field(discriminator="kind")])


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
    for a dead letter. untried: it waited for an earlier effect of its lead that failed, or for room; its attempt is given
    back."""

    claimed: Claimed
    done: bool = False
    external_id: str = ""
    error: str = ""
    retry_at: datetime | None = None
    untried: bool = False


def _due(*names: str) -> Select[Any]:
    """Of the effects of `vendor` that are due and free, oldest first. Made once, as every statement here: SQLAlchemy
    takes longer to make one than SQLite to run it, and a claim holds the write lock."""
    earlier = outbox.alias("earlier")
    blocked = exists().where(
        earlier.c.lead_id == outbox.c.lead_id,
        earlier.c.vendor == outbox.c.vendor,
        earlier.c.state == text("'pending'"),
        earlier.c.id < outbox.c.id,
        # a function hides the column from SQLite, which would else go by due times: through the whole backlog
        func.coalesce(earlier.c.due_at, outbox.c.due_at) > outbox.c.due_at,
    )
    free = (
        outbox.c.vendor == bindparam("v_vendor"),
        outbox.c.state == text("'pending'"),
        outbox.c.due_at <= bindparam("v_now"),
        or_(
            outbox.c.vendor == text("'sla'"),
            outbox.c.vendor == text("'steps'"),
            outbox.c.kind == text("'send_webhook'"),
            ~blocked,
        ),
    )
    return (
        select(*(outbox.c[name] for name in names))
        .where(*free)
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(bindparam("v_limit"))
    )


_TOLD = ("id", "key", "lead_id", "revision", "attempts", "payload", "accepted_at")
_ANY = select(_due("id").exists())
_READ = _due(*_TOLD)
_CLAIM = (
    update(outbox)
    .where(outbox.c.id.in_(_due("id")))
    .values(due_at=bindparam("v_until"), lease_by=bindparam("v_name"), attempts=outbox.c.attempts + 1)
    .returning(*(outbox.c[name] for name in _TOLD))
)
_GIVE_UP = update(outbox).where(outbox.c.id == bindparam("v_id")).values(
    state="dead", done_at=bindparam("v_done_at"), lease_by=None
)  # fmt: skip
_SETTLE = (
    update(outbox)
    .where(outbox.c.id == bindparam("v_id"), outbox.c.lease_by == bindparam("v_claim"))
    .values(
        state=bindparam("v_state"),
        done_at=bindparam("v_done_at"),
        external_id=bindparam("v_external"),
        error=bindparam("v_error"),
        due_at=bindparam("v_due"),
        attempts=bindparam("v_attempts"),
        lease_by=None,
    )
)


def claim(engine: Engine, vendor: str, name: str, now: datetime, *, limit: int, lease_s: float) -> list[Claimed]:
    """Lease up to `limit` due effects of a vendor, oldest first, in their order within each lead."""
    due = {"v_vendor": vendor, "v_now": now, "v_limit": limit}
    with engine.connect() as connection:
        if connection.execute(_ANY, {**due, "v_limit": 1}).scalar() is not True:
            return []
    lease = {**due, "v_until": now + timedelta(seconds=lease_s), "v_name": name}
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        one_at_a_time(connection, vendor)
        rows = connection.execute(_CLAIM, lease).all()
    # half of it is left for a call that is under way
    claimed, unreadable = _claimed(rows, name, until=now + timedelta(seconds=lease_s / 2))
    _bury_unreadable(engine, unreadable, now)
    return claimed


def due_now(connection: Connection, vendor: str, now: datetime, *, limit: int) -> tuple[list[Claimed], bool]:
    """What a claim would lease, without a lease, each as its next attempt; and whether any of it cannot be read."""
    rows = connection.execute(_READ, {"v_vendor": vendor, "v_now": now, "v_limit": limit}).all()
    claimed, unreadable = _claimed(rows, "", attempt=1)
    return claimed, bool(unreadable)


def one_at_a_time(connection: Connection, vendor: str) -> None:
    """One claim at a time a vendor keeps a lead's effects in order. SQLite has one writer at a time."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:vendor))"), {"vendor": f"claim:{vendor}"})


def _claimed(
    rows: Sequence[Row[Any]], name: str, *, attempt: int = 0, until: datetime | None = None
) -> tuple[list[Claimed], list[tuple[Row[Any], str]]]:
    """In the order of their ids, and those that cannot be read, with the reason. attempt: on top of those that were."""
    claimed: list[Claimed] = []
    unreadable: list[tuple[Row[Any], str]] = []
    for row in rows:
        effect = _effect_of(row.payload)
        if isinstance(effect, str):
            unreadable.append((row, effect))
            continue
        order = Order(row.key, row.lead_id, row.revision, row.attempts + attempt, effect, until)
        claimed.append(Claimed(row.id, order, row.payload, name, row.accepted_at))
    return sorted(claimed, key=lambda one: one.row_id), unreadable


def _effect_of(payload: bytes) -> Effect | str:
    """The effect, or why this release cannot read it."""
    try:
        return EFFECT.validate_json(payload)
    except ValidationError as error:
        return f"the effect cannot be read: {error.error_count()} faults"


def _bury_unreadable(engine: Engine, found: Sequence[tuple[Row[Any], str]], now: datetime) -> None:
    """They become dead letters and stop nobody."""
    if not found:
        return
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        for row, reason in found:
            connection.execute(_GIVE_UP, {"v_id": row.id, "v_done_at": now})
            bury_effect(connection, row.key, row.lead_id, row.payload, reason, row.attempts)


def record(engine: Engine, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write the outcomes of one round in one transaction. A row whose lease has gone to another is left alone."""
    dead = [o for o in outcomes if not o.done and not o.untried and o.retry_at is None]
    others = [o for o in outcomes if o.done or o.untried or o.retry_at is not None]
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        if others:
            connection.execute(_SETTLE, [_settled(o, "done" if o.done else "pending", now) for o in others])
        for outcome in dead:
            if connection.execute(_SETTLE, _settled(outcome, "dead", now)).rowcount == 0:
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


def _settled(outcome: Outcome, state: str, now: datetime) -> dict[str, Any]:
    claimed = outcome.claimed
    return {
        "v_id": claimed.row_id,
        "v_claim": claimed.claim,
        "v_state": state,
        "v_done_at": None if state == "pending" else now,
        "v_external": storable(outcome.external_id, 200) or None,
        "v_error": storable(outcome.error, 500) or None,
        "v_due": outcome.retry_at or claimed.accepted_at,  # untried: at once, as soon as the earlier one is through
        "v_attempts": claimed.order.attempt - (1 if outcome.untried else 0),
    }


TIMER: Final = "timer"
"""The state, in `depth`, of what is not due yet by design."""


def depth(engine: Engine, now: datetime) -> dict[tuple[str, str], int]:
    """Rows by (vendor, state) for those not done. Timers whose time has not come, what is to be asked or weighed a little
    later, and alerts that wait for their owner's opening are no backlog: they have a state of their own."""
    unfinished = or_(outbox.c.state == text("'pending'"), outbox.c.state == text("'dead'"))  # as their indexes have it
    wanted = select(outbox.c.vendor, outbox.c.state, func.count()).where(unfinished)
    with engine.connect() as connection:
        rows = connection.execute(wanted.group_by(outbox.c.vendor, outbox.c.state))
        found = {(vendor, state): count for vendor, state, count in rows}
        timers = connection.execute(_TIMERS, {"v_now": now}).all()
    for vendor, count in timers:
        found[vendor, TIMER] = count
        found[vendor, "pending"] = max(0, found.get((vendor, "pending"), 0) - count)
    return {row: count for row, count in found.items() if count}


_TIMERS = (
    select(outbox.c.vendor, func.count())
    .where(
        or_(
            outbox.c.vendor == text("'sla'"),
            outbox.c.vendor == text("'steps'"),
            or_(*(outbox.c.vendor == text(f"'{name}'") for name in ("facts", "activity", "notifier")))
            & (outbox.c.attempts == 0),
        ),
        outbox.c.state == text("'pending'"),
        outbox.c.due_at > bindparam("v_now"),
    )
    .group_by(outbox.c.vendor)
)
