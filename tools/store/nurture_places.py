"""Where somebody stands in a sequence, and how that moves on: one row an enrolment, guarded by its visit.

    visit n is due --step--> journal row n, visit n + 1, and an outbox row due when it is    (one transaction)

Whoever performs a step changes the row only while it still is at the visit that came due: of any number of dispatchers,
restarts and people who pause, one wins. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import Connection, Engine, Row, bindparam, select

from graph.domain.effects import Effect, NurtureStep
from tools.store.nurture_moves import Moves
from tools.store.queueing import queue, queued
from tools.store.tables import nurture_enrolments

Word: TypeAlias = Literal["pause", "resume", "cancel"]
OVER: Final = ("COMPLETED", "CANCELLED")
_E = nurture_enrolments.c
_PLACES = (
    select(nurture_enrolments)
    .where(_E.contact_key.in_(bindparam("contacts", expanding=True)))
    .order_by(_E.contact_key, _E.sequence)
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What people are told after pause, resume or cancel. done: whether anything changed."""

    sequence: str
    status: str
    done: bool
    said: str


def places(connection: Connection, contact_keys: Collection[str]) -> dict[tuple[str, str], Row[Any]]:
    """The enrolments of these contacts by contact and sequence, locked until the end of the transaction."""
    rows = connection.execute(_PLACES, {"contacts": sorted(contact_keys)})
    return {(row.contact_key, row.sequence): row for row in rows}


def place(connection: Connection, contact_key: str, sequence: str) -> Row[Any] | None:
    """One enrolment, locked likewise."""
    return places(connection, (contact_key,)).get((contact_key, sequence))


def due(row: Row[Any], effect: NurtureStep) -> bool:
    """Whether this visit is the one that the enrolment waits for."""
    return bool(row.status == "ACTIVE" and row.visit == effect.visit)


def put(
    connection: Connection,
    effects: Sequence[Effect],
    lead_id: str,
    revision: int,
    now: datetime,
    *,
    name: str | None = None,
) -> None:
    """Into the outbox, once for each key. name: in place of the effect's own target."""
    keys = [f"{lead_id}@{revision}/{effect.kind}/{name}" if name else None for effect in effects]
    queue(
        connection,
        [queued(effect, lead_id, revision, now, key=key) for effect, key in zip(effects, keys, strict=True)],
    )


def move(engine: Engine, lead_id: str, word: Word, by: str, now: datetime, sequence: str | None = None) -> list[Moved]:
    """Pause, resume or cancel the lead's enrolments, or the one in `sequence`; empty for none."""
    with engine.execution_options(immediate=True).begin() as connection:
        wanted = select(nurture_enrolments).where(_E.lead_id == lead_id)
        if sequence is not None:
            wanted = wanted.where(_E.sequence == sequence)
        rows = connection.execute(wanted.order_by(_E.sequence).with_for_update()).all()
        moves = Moves(now)
        told = [_moved(moves, row, word, by, now) for row in rows]
        moves.write(connection)
        return told


def _moved(moves: Moves, row: Row[Any], word: Word, by: str, now: datetime) -> Moved:
    if row.status in OVER:
        return Moved(row.sequence, row.status, False, f"It is over already: {row.reason or row.status}")
    match word:
        case "pause" if row.status == "ACTIVE":
            moves.change(row, status="PAUSED", reason=f"Paused by {by}.")
            return Moved(row.sequence, "PAUSED", True, "Paused: nothing comes until it is resumed.")
        case "resume" if row.status == "PAUSED":
            if row.version is None or row.step is None:
                return Moved(row.sequence, "PAUSED", False, f"It cannot be resumed: {row.reason}")
            at = max(row.due_at or now, now)
            moves.go_on(row, row.step, at, status="ACTIVE", reason=None)
            return Moved(row.sequence, "ACTIVE", True, f"Resumed: {row.step} is due at {at:%Y-%m-%d %H:%M} UTC.")
        case "cancel":
            moves.journal(row, "ended", f"Cancelled by {by}.")
            moves.end(row, "CANCELLED", f"Cancelled by {by}.")
            return Moved(row.sequence, "CANCELLED", True, "Cancelled: nothing more comes.")
        case _:
            return Moved(row.sequence, row.status, False, f"It is {row.status} already.")


def cancel_all(connection: Connection, lead_ids: Sequence[str], reason: str, now: datetime) -> int:
    """Every running enrolment of these leads ends. Returns how many."""
    running = _E.lead_id.in_(lead_ids) & _E.status.not_in(OVER)
    rows = connection.execute(select(nurture_enrolments).where(running).with_for_update()).all()
    moves = Moves(now)
    for row in rows:
        moves.journal(row, "ended", reason)
        moves.end(row, "CANCELLED", reason)
    moves.write(connection)
    return len(rows)
