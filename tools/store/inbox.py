"""What the inbox page asks and does: alerts as they stand, one winner for an Accept, feedback, the reasons why.

An acceptance is one transaction: the assignment changes hands under a condition, and the outbox gets the write that
redraws the message. Nothing here posts, draws or decides who should have a lead. Blocking: call it from a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

import orjson
from sqlalchemy import Connection, Engine, Row, and_, case, exists, func, insert, select, update

from graph.domain.effects import VENDOR_OF, UpdateAlert
from graph.rules.blocks import FEEDBACK, accepted_message
from graph.rules.wording import duration, first_name
from tools.store.tables import alert_notes, assignments, decisions, leads, outbox
from tools.store.tables import alerts as posted
from tools.store.upsert import insert_new

Message: TypeAlias = dict[str, Any]
Outcome: TypeAlias = Literal["accepted", "taken", "moved", "unknown"]

REVISIONS = 50
"""Newest revisions of a lead that are searched for its message or its reasons."""


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert with the state of its assignment. `state` is None where no assignment is recorded under its number.

    current: the lead is still with this assignment. holder: who has the lead now.
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
    acted_by: str | None
    acted_at: datetime | None
    notes: tuple[Note, ...]

    @property
    def open(self) -> bool:
        """Whether the owner can still accept or pass."""
        return not self.closed and self.current and self.state == "offered"

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


@dataclass(frozen=True, slots=True)
class AcceptResult:
    """accepted: it is theirs now · taken: it was accepted before, by `by` · moved: it is with `by` now · unknown.

    path: the way the lead goes; on `manual_review` an acceptance is also an approval."""

    outcome: Outcome
    by: str | None
    sentence: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Reasons:
    """The decision behind an assignment: its steps in order, as (node, rule, sentence)."""

    lead_id: str
    revision: int
    decided_at: datetime
    owner: str
    rule: str
    path: str
    score: float
    tier: str
    steps: tuple[tuple[str, str, str], ...]


def alerts(engine: Engine, owner: str | None = None, limit: int = 25, before_id: int | None = None) -> list[AlertView]:
    """The newest alerts first; of one owner, and older than an alert, where given."""
    wanted = (
        select(
            posted,
            assignments.c.state,
            assignments.c.accept_due_at,
            assignments.c.acted_by,
            assignments.c.acted_at,
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
    for row in connection.execute(wanted):
        thread = (row.lead_id, row.owner)
        found[thread] = (*found.get(thread, ()), Note(row.text, row.at))
    return found


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
        acted_by=row.acted_by,
        acted_at=row.acted_at,
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


def accept(engine: Engine, lead_id: str, number: int, by: str, now: datetime) -> AcceptResult:
    """Claim the lead under this assignment number. Of any number of clicks, people and hosts one wins; the others hear
    who has it. The winner's message is redrawn through the outbox, written in the same transaction."""
    with engine.execution_options(immediate=True).begin() as connection:
        held = (
            update(assignments)
            .where(
                assignments.c.lead_id == lead_id,
                assignments.c.number == number,
                assignments.c.state == "offered",
                exists().where(leads.c.lead_id == lead_id, leads.c.assignment == number),
            )
            .values(state="accepted", acted_at=now, acted_by=by)
        )
        won = connection.execute(held).rowcount == 1
        state = _state(connection, lead_id, number)
        if state is None:
            return AcceptResult("unknown", None, "There is no such lead, or it was never offered under this number.")
        if not won:
            return _lost(state)
        seconds = (now - state.offered_at).total_seconds()
        _redraw(connection, state, by, seconds, now)
    return AcceptResult("accepted", by, f"{first_name(by)} has it, accepted in {duration(seconds)}.", state.path)


def _state(connection: Connection, lead_id: str, number: int) -> Row[Any] | None:
    wanted = (
        select(
            assignments,
            leads.c.owner.label("holder"),
            leads.c.assignment.label("current"),
            leads.c.revision,
            leads.c.path,
        )
        .join(leads, leads.c.lead_id == assignments.c.lead_id)
        .where(assignments.c.lead_id == lead_id, assignments.c.number == number)
    )
    return connection.execute(wanted).first()


def _lost(state: Row[Any]) -> AcceptResult:
    if state.current != state.number:
        return AcceptResult("moved", state.holder, f"This lead has moved to {first_name(state.holder)}.")
    if state.state == "accepted" and state.acted_by:
        return AcceptResult("taken", state.acted_by, f"{first_name(state.acted_by)} has accepted this lead already.")
    return AcceptResult("moved", None, "This lead was passed on and is about to move.")


def _redraw(connection: Connection, state: Row[Any], by: str, seconds: float, now: datetime) -> None:
    number = state.number
    shown = _shown(connection, state)
    if shown is None:
        return
    note = f"Accepted by {first_name(by)} in {duration(seconds)}."
    effect = UpdateAlert(state.owner, number, accepted_message(shown, by, seconds), note)
    row = {
        "key": f"{state.lead_id}@{state.revision}/update_alert/accepted-{number}",
        "lead_id": state.lead_id,
        "revision": state.revision,
        "vendor": VENDOR_OF[effect.kind],
        "kind": effect.kind,
        "payload": orjson.dumps(effect),
        "state": "pending",
        "attempts": 0,
        "due_at": now,
        "accepted_at": now,
        "created_at": now,
    }
    connection.execute(insert(outbox), [row])


def _shown(connection: Connection, state: Row[Any]) -> Message | None:
    """The newest message about this assignment that was sent or is about to be; None for a lead without an alert."""
    revisions = range(state.revision, max(0, state.revision - REVISIONS), -1)
    keys = [f"{state.lead_id}@{r}/{kind}/{state.owner}" for r in revisions for kind in ("update_alert", "post_alert")]
    wanted = select(outbox.c.payload).where(outbox.c.key.in_(keys)).order_by(outbox.c.id.desc())
    for payload in connection.scalars(wanted):
        effect = orjson.loads(payload)
        if effect["assignment"] == state.number and not effect.get("closed"):
            return dict(effect["message"])
    drawn = select(posted.c.message).where(posted.c.lead_id == state.lead_id, posted.c.owner == state.owner)
    message = connection.scalar(drawn)
    return None if message is None else dict(orjson.loads(message))


def feedback(engine: Engine, lead_id: str, number: int, *, by: str, code: str, now: datetime) -> str:
    """Keep what somebody thinks of the prediction, in the alert's thread, once for each opinion. Returns a sentence;
    raises KeyError for an opinion that the menu does not have."""
    words = FEEDBACK[code]
    owner = holder_of(engine, lead_id, number)
    if owner is None:
        return "There is no such lead, or it was never offered under this number."
    note = {
        "effect_key": f"{lead_id}/feedback/{number}/{code}",
        "lead_id": lead_id,
        "owner": owner,
        "text": f"Feedback from {first_name(by)}: {words[0].lower()}{words[1:]}.",
        "at": now,
    }
    with engine.execution_options(immediate=True).begin() as connection:
        insert_new(connection, alert_notes, [note], ["effect_key"])
    return f"Noted: {words[0].lower()}{words[1:]}."


def reasons_of(engine: Engine, lead_id: str, number: int | None = None) -> Reasons | None:
    """Why the lead was given under this number: the newest decision that did. Without a number the newest of all."""
    wanted = (
        select(decisions).where(decisions.c.lead_id == lead_id).order_by(decisions.c.revision.desc()).limit(REVISIONS)
    )
    with engine.connect() as connection:
        for row in connection.execute(wanted):
            record = orjson.loads(row.record)
            if number is None or record.get("assignment_number") == number:
                return _reasons(row, record)
    return None


def _reasons(row: Row[Any], record: dict[str, Any]) -> Reasons:
    return Reasons(
        lead_id=row.lead_id,
        revision=row.revision,
        decided_at=row.decided_at,
        owner=row.owner,
        rule=row.rule,
        path=row.path,
        score=row.score,
        tier=row.tier,
        steps=tuple((step["node"], step["rule"], step["sentence"]) for step in record["trace"]),
    )
