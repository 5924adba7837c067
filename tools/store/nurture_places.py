"""Where somebody stands in a sequence, and how that moves on: one row an enrolment, guarded by its visit.

    visit n is due --step--> journal row n, visit n + 1, and an outbox row due when it is    (one transaction)

Whoever performs a step changes the row only while it still is at the visit that came due: of any number of dispatchers,
restarts and people who pause, one wins. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import orjson
from sqlalchemy import Connection, Engine, Row, bindparam, select, update

from graph.domain.effects import VENDOR_OF, Effect, NurtureStep, key_of
from graph.domain.sequence import Status
from tools.store.tables import nurture_enrolments, nurture_steps, outbox
from tools.store.upsert import insert_new

Word: TypeAlias = Literal["pause", "resume", "cancel"]
OVER: Final = ("COMPLETED", "CANCELLED")
_E = nurture_enrolments.c
_PLACE = (
    select(nurture_enrolments)
    .where(_E.contact_key == bindparam("contact"), _E.sequence == bindparam("sequence"))
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What people are told after pause, resume or cancel. done: whether anything changed."""

    sequence: str
    status: str
    done: bool
    said: str


def place(connection: Connection, contact_key: str, sequence: str) -> Row[Any] | None:
    """The enrolment, locked until the end of the transaction."""
    return connection.execute(_PLACE, {"contact": contact_key, "sequence": sequence}).first()


def due(row: Row[Any], effect: NurtureStep) -> bool:
    """Whether this visit is the one that the enrolment waits for."""
    return bool(row.status == "ACTIVE" and row.visit == effect.visit)


def journal(connection: Connection, row: Row[Any], did: str, said: str, now: datetime) -> None:
    """What came of the visit that the row is at. `nothing` of a wait is written too: people ask why nothing comes."""
    about = {"contact_key": row.contact_key, "sequence": row.sequence, "visit": row.visit, "step": row.step or "-"}
    insert_new(
        connection,
        nurture_steps,
        [{**about, "did": did, "said": said, "at": now}],
        ["contact_key", "sequence", "visit"],
    )


def go_on(connection: Connection, row: Row[Any], step: str, due_at: datetime, now: datetime, **changes: Any) -> None:
    """On to the next visit. changes: of other columns (version, run)."""
    visit = row.visit + 1
    _change(connection, row, {"step": step, "visit": visit, "due_at": due_at, **changes})
    put(connection, [first_step(row.contact_key, row.sequence, visit, due_at)], row.lead_id, row.revision, now)


def end(connection: Connection, row: Row[Any], status: Status, reason: str, now: datetime) -> None:
    _change(
        connection,
        row,
        {"status": status, "reason": reason, "step": None, "due_at": None, "ended_at": now, "visit": row.visit + 1},
    )


def _change(connection: Connection, row: Row[Any], values: dict[str, Any]) -> None:
    same = (_E.contact_key == row.contact_key) & (_E.sequence == row.sequence)
    connection.execute(update(nurture_enrolments).where(same).values(**values))


def first_step(contact_key: str, sequence: str, visit: int, at: datetime) -> NurtureStep:
    return NurtureStep(contact_key, sequence, visit, at)


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
    rows = [
        {
            "key": f"{lead_id}@{revision}/{effect.kind}/{name}" if name else key_of(effect, lead_id, revision),
            "lead_id": lead_id,
            "revision": revision,
            "vendor": VENDOR_OF[effect.kind],
            "kind": effect.kind,
            "payload": orjson.dumps(effect),
            "state": "pending",
            "attempts": 0,
            "due_at": effect.at if isinstance(effect, NurtureStep) else now,
            "accepted_at": now,
            "created_at": now,
        }
        for effect in effects
    ]
    insert_new(connection, outbox, rows, ["key"])


def move(engine: Engine, lead_id: str, word: Word, by: str, now: datetime, sequence: str | None = None) -> list[Moved]:
    """Pause, resume or cancel the lead's enrolments, or the one in `sequence`; empty for none."""
    with engine.execution_options(immediate=True).begin() as connection:
        wanted = select(nurture_enrolments).where(_E.lead_id == lead_id)
        if sequence is not None:
            wanted = wanted.where(_E.sequence == sequence)
        rows = connection.execute(wanted.order_by(_E.sequence).with_for_update()).all()
        return [_moved(connection, row, word, by, now) for row in rows]


def _moved(connection: Connection, row: Row[Any], word: Word, by: str, now: datetime) -> Moved:
    if row.status in OVER:
        return Moved(row.sequence, row.status, False, f"It is over already: {row.reason or row.status}")
    match word:
        case "pause" if row.status == "ACTIVE":
            _change(connection, row, {"status": "PAUSED", "reason": f"Paused by {by}."})
            return Moved(row.sequence, "PAUSED", True, "Paused: nothing comes until it is resumed.")
        case "resume" if row.status == "PAUSED":
            if row.version is None or row.step is None:
                return Moved(row.sequence, "PAUSED", False, f"It cannot be resumed: {row.reason}")
            at = max(row.due_at or now, now)
            go_on(connection, row, row.step, at, now, status="ACTIVE", reason=None)
            return Moved(row.sequence, "ACTIVE", True, f"Resumed: {row.step} is due at {at:%Y-%m-%d %H:%M} UTC.")
        case "cancel":
            journal(connection, row, "ended", f"Cancelled by {by}.", now)
            end(connection, row, "CANCELLED", f"Cancelled by {by}.", now)
            return Moved(row.sequence, "CANCELLED", True, "Cancelled: nothing more comes.")
        case _:
            return Moved(row.sequence, row.status, False, f"It is {row.status} already.")


def cancel_all(connection: Connection, lead_ids: Sequence[str], reason: str, now: datetime) -> int:
    """Every running enrolment of these leads ends. Returns how many."""
    running = _E.lead_id.in_(lead_ids) & _E.status.not_in(OVER)
    rows = connection.execute(select(nurture_enrolments).where(running).with_for_update()).all()
    for row in rows:
        journal(connection, row, "ended", reason, now)
        end(connection, row, "CANCELLED", reason, now)
    return len(rows)
