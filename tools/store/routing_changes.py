"""The edits of the routing file: what was proposed, by whom and why, who approved it, and when it went live.

    proposed -> scheduled -> writing -> live          `writing` is the moment between the row and the file on disk
        \\-> cancelled            \\-> refused

The rows with a `position` are the history: the n-th version that was live. Positions are unique, so that of two processes
that find the same edit on disk only one records it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

import orjson
from sqlalchemy import Engine, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tools.store.tables import routing_changes

State: TypeAlias = Literal["proposed", "scheduled", "writing", "live", "cancelled", "refused"]
FILE = "file"
"""The author of an edit made on disk: nobody said who it was."""


@dataclass(frozen=True, slots=True)
class Approval:
    """by: e-mail address."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RoutingChange:
    """One row; see the table. digest: of what is live once it is, before that of the draft."""

    id: int
    position: int | None
    version: int | None
    digest: str
    base: str | None
    draft: str | None
    author: str
    reason: str
    state: State
    created_at: datetime
    effective_at: datetime | None
    live_at: datetime | None
    needed: int
    approvals: tuple[Approval, ...]
    overridden: str | None
    figures: dict[str, Any] | None
    note: str | None


def add_change(engine: Engine, **values: Any) -> int:
    """A new row; returns its id."""
    row = {"needed": 0, "approvals": "[]", **values}
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        return int(connection.execute(insert(routing_changes).returning(routing_changes.c.id), row).scalar_one())


def find_change(engine: Engine, change_id: int) -> RoutingChange | None:
    found = _read(engine, select(routing_changes).where(routing_changes.c.id == change_id))
    return found[0] if found else None


def live_changes(engine: Engine, limit: int | None = None, before: int | None = None) -> list[RoutingChange]:
    """The history, newest first; before: only positions below."""
    wanted = select(routing_changes).where(routing_changes.c.position.is_not(None))
    if before is not None:
        wanted = wanted.where(routing_changes.c.position < before)
    return _read(engine, wanted.order_by(routing_changes.c.position.desc()).limit(limit))


def changes_in(engine: Engine, states: Collection[State]) -> list[RoutingChange]:
    """Newest first."""
    wanted = select(routing_changes).where(routing_changes.c.state.in_(states))
    return _read(engine, wanted.order_by(routing_changes.c.id.desc()))


def due_changes(engine: Engine, now: datetime) -> list[int]:
    """Ids of the scheduled changes whose time has come, in the order of their times."""
    wanted = select(routing_changes.c.id).where(
        routing_changes.c.state == "scheduled", routing_changes.c.effective_at <= now
    )
    with engine.connect() as connection:
        return list(connection.scalars(wanted.order_by(routing_changes.c.effective_at, routing_changes.c.id)))


def move_change(engine: Engine, change_id: int, states: Collection[State], **values: Any) -> bool:
    """New values for a change that is still in one of these states."""
    held = update(routing_changes).where(routing_changes.c.id == change_id, routing_changes.c.state.in_(states))
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        return connection.execute(held.values(**values)).rowcount == 1


def go_live(engine: Engine, change_id: int, states: Collection[State], **values: Any) -> bool:
    """The change gets the next position of the history, if it is still in one of these states."""
    while True:
        try:
            return move_change(engine, change_id, states, position=_next_position(), state="live", **values)
        except IntegrityError:  # another process took the position at the same moment
            continue


def add_live(engine: Engine, previous: int | None, **values: Any) -> bool:
    """A row that is live already, right behind the position `previous`; False when another is there by now."""
    try:
        add_change(engine, state="live", position=(previous or 0) + 1, **values)
    except IntegrityError:
        return False
    return True


def approvals_text(approvals: Sequence[Approval]) -> str:
    return orjson.dumps([{"by": each.by, "at": each.at} for each in approvals]).decode()


def as_json(change: RoutingChange) -> dict[str, Any]:
    """For programs, with times as they are."""
    held = {name: getattr(change, name) for name in change.__slots__}
    return held | {"approvals": [{"by": each.by, "at": each.at} for each in change.approvals]}


def _next_position() -> Any:
    held = routing_changes.alias()
    return select(func.coalesce(func.max(held.c.position), 0) + 1).scalar_subquery()


def _read(engine: Engine, wanted: Any) -> list[RoutingChange]:
    with engine.connect() as connection:
        return [_change(row) for row in connection.execute(wanted)]


def _change(row: Row[Any]) -> RoutingChange:
    held = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    held["approvals"] = tuple(
        Approval(each["by"], datetime.fromisoformat(each["at"])) for each in orjson.loads(held["approvals"])
    )
    held["figures"] = None if held["figures"] is None else orjson.loads(held["figures"])
    return RoutingChange(**held)
