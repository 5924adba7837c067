"""What the inbox page asks: alerts as they stand, who has how many of them, somebody's open leads. What it does is in `acts`,
why somebody has a lead in `reasons`.

Blocking: call it from a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, Row, and_, case, func, select

from graph.rules.blocks import Message
from tools.store.tables import HELD, alert_notes, assignments, lead_feedback, leads
from tools.store.tables import alerts as posted


@dataclass(frozen=True, slots=True)
class Note:
    """message: as Slack would get it, where it is more than its text; asks: whether its buttons wait for an answer."""

    text: str
    at: datetime
    message: Message | None = None
    asks: bool = False


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert with the state of its assignment. `state` is None where no assignment is recorded under its number.

    current: the lead is still with this assignment. holder: who has the lead now. touched_s: seconds from the offer to
    the first touch; outcome: a code of OUTCOMES.
    """

    alert_id: int
    lead_id: str
    owner: str
    assignment: int
    message: Message
    closed: bool
    posted_at: datetime
    updated_at: datetime
    state: str | None
    current: bool
    holder: str | None
    accept_due_at: datetime | None
    touch_due_at: datetime | None
    acted_by: str | None
    acted_at: datetime | None
    touched_s: float | None
    outcome: str | None
    notes: tuple[Note, ...]

    @property
    def open(self) -> bool:
        """Whether the owner can still accept or pass."""
        return not self.closed and self.current and self.state == "offered"

    @property
    def workable(self) -> bool:
        """Whether the owner has taken it on, and it has no outcome yet."""
        return not self.closed and self.current and self.state in {"accepted", "touched"}

    @property
    def version(self) -> str:
        """Another one whenever something that is shown has changed."""
        moments = [f"{at:%Y%m%d%H%M%S%f}" for at in (self.updated_at, self.acted_at) if at]
        return "-".join([*moments, self.state or "none", str(self.assignment), str(self.current), str(len(self.notes))])


@dataclass(frozen=True, slots=True)
class OwnerCount:
    owner: str
    alerts: int
    waiting: int


def alerts(engine: Engine, owner: str | None = None, limit: int = 25, before_id: int | None = None) -> list[AlertView]:
    """The newest alerts first; of one owner, and older than an alert, where given."""
    wanted = (
        select(
            posted,
            assignments.c.state,
            assignments.c.accept_due_at,
            assignments.c.touch_due_at,
            assignments.c.offered_at,
            assignments.c.acted_by,
            assignments.c.acted_at,
            assignments.c.touched_at,
            assignments.c.outcome,
            leads.c.owner.label("holder"),
            leads.c.assignment.label("current"),
        )
        .outerjoin(assignments, _assignment_of_alert())
        .outerjoin(leads, leads.c.lead_id == posted.c.lead_id)
        .order_by(posted.c.alert_id.desc())
        .limit(limit)
    )
    if owner is not None:
        wanted = wanted.where(posted.c.owner == owner)
    if before_id is not None:
        wanted = wanted.where(posted.c.alert_id < before_id)
    with engine.connect() as connection:
        rows = connection.execute(wanted).all()
        notes = _notes(connection, [row.lead_id for row in rows])
    return [_view(row, notes.get((row.lead_id, row.owner), ())) for row in rows]


def _assignment_of_alert() -> Any:
    return and_(assignments.c.lead_id == posted.c.lead_id, assignments.c.number == posted.c.assignment)


def _notes(connection: Connection, lead_ids: Sequence[str]) -> dict[tuple[str, str], tuple[Note, ...]]:
    if not lead_ids:
        return {}
    wanted = select(alert_notes).where(alert_notes.c.lead_id.in_(lead_ids)).order_by(alert_notes.c.note_id)
    found: dict[tuple[str, str], tuple[Note, ...]] = {}
    answered = _answered(connection, lead_ids)
    for row in connection.execute(wanted):
        thread = (row.lead_id, row.owner)
        message = None if row.message is None else orjson.loads(row.message)
        found[thread] = (*found.get(thread, ()), Note(row.text, row.at, message, _asks(message, answered)))
    return found


def _answered(connection: Connection, lead_ids: Sequence[str]) -> set[str]:
    """The assignments, as `lead:number`, of which somebody said whether the score was right."""
    said = (lead_feedback.c.lead_id.in_(lead_ids), lead_feedback.c.code.in_(("right", "wrong")))
    rows = connection.execute(select(lead_feedback.c.lead_id, lead_feedback.c.number).where(*said))
    return {f"{lead_id}:{number}" for lead_id, number in rows}


def _asks(message: Message | None, answered: set[str]) -> bool:
    """Whether the message has buttons whose value nobody has answered yet."""
    blocks = [] if message is None else message.get("blocks", [])
    values = [e["value"] for block in blocks if block["type"] == "actions" for e in block["elements"]]
    return bool(values) and answered.isdisjoint(values)


def _view(row: Row[Any], notes: tuple[Note, ...]) -> AlertView:
    return AlertView(
        alert_id=row.alert_id,
        lead_id=row.lead_id,
        owner=row.owner,
        assignment=row.assignment,
        message=orjson.loads(row.message),
        closed=row.closed,
        posted_at=row.posted_at,
        updated_at=row.updated_at,
        state=row.state,
        current=row.current == row.assignment,
        holder=row.holder,
        accept_due_at=row.accept_due_at,
        touch_due_at=row.touch_due_at,
        acted_by=row.acted_by,
        acted_at=row.acted_at,
        touched_s=(row.touched_at - row.offered_at).total_seconds() if row.touched_at else None,
        outcome=row.outcome,
        notes=notes,
    )


def owners(engine: Engine) -> list[OwnerCount]:
    """Everybody who has alerts, by address, with how many of them wait for an answer."""
    waits = and_(posted.c.closed.is_(False), assignments.c.state == "offered")
    wanted = (
        select(posted.c.owner, func.count().label("total"), func.sum(case((waits, 1), else_=0)).label("waiting"))
        .outerjoin(assignments, _assignment_of_alert())
        .group_by(posted.c.owner)
        .order_by(posted.c.owner)
    )
    with engine.connect() as connection:
        return [OwnerCount(row.owner, row.total, int(row.waiting)) for row in connection.execute(wanted)]


def holder_of(engine: Engine, lead_id: str, number: int) -> str | None:
    """To whom the lead was given under this number."""
    wanted = select(assignments.c.owner).where(assignments.c.lead_id == lead_id, assignments.c.number == number)
    with engine.connect() as connection:
        return connection.scalar(wanted)


@dataclass(frozen=True, slots=True)
class OpenLead:
    """A lead that somebody works on. state: offered, accepted or touched; score: of 100."""

    lead_id: str
    number: int
    company: str | None
    full_name: str | None
    state: str
    score: float
    accept_due_at: datetime | None
    touch_due_at: datetime | None


def open_leads(engine: Engine, owner: str, limit: int) -> tuple[list[OpenLead], int]:
    """Somebody's open leads, the first deadline first, and how many there are in all."""
    due = case((assignments.c.state == "offered", assignments.c.accept_due_at), else_=assignments.c.touch_due_at)
    lasting = case((assignments.c.state == "touched", 1), else_=0)  # nobody waits for these
    mine = (assignments.c.owner == owner) & assignments.c.state.in_(HELD) & (leads.c.assignment == assignments.c.number)
    names = ("lead_id", "number", "state", "accept_due_at", "touch_due_at")
    wanted = (
        select(*(assignments.c[name] for name in names), leads.c.company, leads.c.full_name, leads.c.score)
        .join(leads, leads.c.lead_id == assignments.c.lead_id)
        .where(mine)
        .order_by(lasting, due.is_(None), due, assignments.c.offered_at)
        .limit(limit)
    )
    total = select(func.count()).select_from(assignments).join(leads, leads.c.lead_id == assignments.c.lead_id)
    with engine.connect() as connection:
        found = [OpenLead(**row._mapping) for row in connection.execute(wanted)]  # noqa: SLF001
        return found, int(connection.scalar(total.where(mine)) or 0)
