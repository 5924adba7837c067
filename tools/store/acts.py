"""What people do with a lead that they were given: accept it, log the first touch, close it, say what they think of it.

Each act is one transaction: the assignment changes under a condition, so that of any number of clicks, people and hosts
one wins; the timers that it answers end, and the outbox gets the write that redraws the message. Nothing here posts or
decides who should have a lead. Blocking: call it from a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, Engine, Row, exists, select, update

from graph.domain.effects import UpdateAlert
from graph.rules import thread
from graph.rules.bullets import moment
from graph.rules.message_states import OUTCOMES, TOUCHES, accepted_message, settled_message, touched_message
from graph.rules.wording import duration, first_name
from tools.observe import metrics
from tools.store.announced import announce_accepted, announce_closed, announce_touched
from tools.store.past_accounts import note_ends
from tools.store.reasons import decision_of
from tools.store.redraw import confirm_owner, redraw, shown, standing
from tools.store.tables import assignments, leads, slack_messages
from tools.store.timers import ACCEPT, ALL, TOUCH, settle_timers
from tools.store.verdicts import NO_LEAD, feedback

Outcome: TypeAlias = Literal["done", "taken", "moved", "unknown"]
__all__ = ["ActResult", "Held", "accept", "close", "feedback", "look", "on_display", "touch"]


@dataclass(frozen=True, slots=True)
class ActResult:
    """done: it is as they wanted · taken: `by` did it before, or it is not yet or no longer possible · moved: the lead is
    with `by` now · unknown.

    path: the way the lead goes; on `manual_review` an acceptance is also an approval."""

    outcome: Outcome
    by: str | None
    sentence: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """An assignment as it stands. pool: the one whose turn gave it; accepted_by: who took it on; lost: why it can be
    neither accepted nor passed any more, None while it is offered."""

    lead_id: str
    number: int
    owner: str
    pool: str | None
    accepted_by: str | None
    lost: ActResult | None


def look(engine: Engine, lead_id: str, number: int) -> Held | None:
    """None for a lead that was never given under this number."""
    with engine.connect() as connection:
        state = standing(connection, lead_id, number, lock=False)
        if state is None:
            return None
        decision = decision_of(connection, lead_id, number)
    offered = state.current == state.number and state.state == "offered"
    return Held(
        lead_id,
        number,
        state.owner,
        None if decision is None else decision[0].pool,
        state.acted_by if state.accepted_at is not None else None,
        None if offered else _lost(state),
    )


def on_display(engine: Engine, channel: str, lead_id: str) -> str | None:
    """Whose message about the lead stands in this conversation of Slack."""
    table = slack_messages.c
    wanted = select(table.owner).where(table.lead_id == lead_id, table.channel == channel)
    with engine.connect() as connection:
        return connection.scalar(wanted)


def accept(engine: Engine, lead_id: str, number: int, by: str, now: datetime) -> ActResult:
    """Claim the lead under this assignment number; the others hear who has it."""
    with engine.execution_options(immediate=True).begin() as connection:
        change = {"state": "accepted", "acted_at": now, "acted_by": by, "accepted_at": now}
        won = _change(connection, lead_id, number, ("offered",), change)
        state = standing(connection, lead_id, number)
        if state is None:
            return ActResult("unknown", None, NO_LEAD)
        if not won:
            return _lost(state)
        settle_timers(connection, lead_id, ACCEPT, "accepted", now)
        seconds = (now - state.offered_at).total_seconds()
        announce_accepted(connection, lead_id, number, by=by, after_s=seconds, now=now)
        if (message := shown(connection, state)) is not None:
            until = None if state.touch_due_at is None else moment(state.touch_due_at, now, UTC)
            note = f"Accepted by {first_name(by)} in {duration(seconds)}."
            update = UpdateAlert(state.owner, number, accepted_message(message, by, seconds, until), note)
            redraw(connection, state, "accepted", update, now)
            confirm_owner(connection, state, now)
    _count("accept", state.sla, state.accept_due_at, now)
    return ActResult("done", by, f"{first_name(by)} has it, accepted in {duration(seconds)}.", state.path)


def touch(engine: Engine, lead_id: str, number: int, by: str, how: str, now: datetime) -> ActResult:
    """Log the first touch of an accepted lead. how: a code of TOUCHES; raises KeyError for another."""
    if how not in TOUCHES:
        raise KeyError(how)
    with engine.execution_options(immediate=True).begin() as connection:
        change = {"state": "touched", "touched_at": now, "touch": how}
        won = _change(connection, lead_id, number, ("accepted",), change)
        state = standing(connection, lead_id, number)
        if state is None:
            return ActResult("unknown", None, NO_LEAD)
        if not won:
            return _lost(state)
        settle_timers(connection, lead_id, TOUCH, "touched", now)
        seconds = (now - state.offered_at).total_seconds()
        announce_touched(connection, lead_id, number, by=by, how=how, after_s=seconds, now=now)
        if (message := shown(connection, state)) is not None:
            late = state.touch_due_at is not None and now > state.touch_due_at
            sla = "" if state.touch_due_at is None else ", later than promised" if late else ", in time"
            booked = " A meeting is booked." if how == "booked" else ""
            note = f"First touch by {first_name(by)} after {duration(seconds)}{sla}.{booked}"
            update = UpdateAlert(state.owner, number, touched_message(message, seconds), note)
            redraw(connection, state, "touched", update, now)
    _count("touch", state.sla, state.touch_due_at, now)
    return ActResult("done", by, f"First touch logged after {duration(seconds)}.", state.path)


def close(
    engine: Engine, lead_id: str, number: int, by: str, outcome: str, now: datetime, *, told: bool = False
) -> ActResult:
    """Say how an accepted lead ended. outcome: a code of OUTCOMES; raises KeyError for another. told: by a CRM or another
    program, which may know the end of a lead that nobody accepted here."""
    words = OUTCOMES[outcome]
    with engine.execution_options(immediate=True).begin() as connection:
        change = {"state": "closed", "closed_at": now, "outcome": outcome}
        states = ("offered", "accepted", "touched") if told else ("accepted", "touched")
        won = _change(connection, lead_id, number, states, change)
        state = standing(connection, lead_id, number)
        if state is None:
            return ActResult("unknown", None, NO_LEAD)
        if not won:
            return _lost(state)
        settle_timers(connection, lead_id, ALL, "closed", now)
        note_ends(connection, [lead_id], now)
        announce_closed(connection, lead_id, number, by=by, outcome=outcome, now=now)
        if (message := shown(connection, state)) is not None:
            note = thread.settled(f"{words}, closed by {first_name(by)}.", lead_id, number)
            update = UpdateAlert(
                state.owner, number, settled_message(message, outcome, by), note.text, thread=note.body
            )
            redraw(connection, state, "settled", update, now)
    return ActResult("done", by, f"Closed: {words.lower()}.", state.path)


def _change(
    connection: Connection, lead_id: str, number: int, states: Sequence[str], change: dict[str, object]
) -> bool:
    """Whether this call changed the lead's present assignment, out of one of these states."""
    held = update(assignments).where(
        assignments.c.lead_id == lead_id,
        assignments.c.number == number,
        assignments.c.state.in_(states),
        exists().where(leads.c.lead_id == lead_id, leads.c.assignment == number),
    )
    return connection.execute(held.values(**change)).rowcount == 1


def _lost(state: Row[Any]) -> ActResult:
    by = state.acted_by
    if state.current != state.number:
        return ActResult("moved", state.holder, f"This lead has moved to {first_name(state.holder)}.")
    match state.state:
        case "accepted":
            return ActResult("taken", by, f"{first_name(by)} has accepted this lead already.")
        case "touched":
            return ActResult("taken", by, f"{first_name(by)} has touched this lead already.")
        case "closed":
            return ActResult("taken", by, f"This lead is closed: {OUTCOMES[state.outcome].lower()}.")
        case "offered":
            return ActResult("taken", None, "This lead was not accepted yet.")
        case _:
            return ActResult("moved", None, "This lead was passed on and is about to move.")


def _count(kind: str, sla: str | None, due_at: datetime | None, now: datetime) -> None:
    if due_at is not None and now <= due_at:  # what comes later was counted as missed when the time was over
        metrics.sla.labels(kind, sla or "none", "met").inc()
