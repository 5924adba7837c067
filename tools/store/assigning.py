"""Assignments as decisions change them: given back, moved on, offered, each within the decision's own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from graph.domain.facts import value_of
from graph.domain.lead import GIVES_BACK, LATE, MAY_COME_LATE, Submission
from graph.record import assignment_number, begins
from graph.state import Case
from tools.store.rows import insert_rows
from tools.store.tables import HELD, assignments, leads
from tools.store.timers import ALL, settle_held_alerts, settle_timers


class NoLongerOffered(Exception):
    """A pass, a miss, a late judgement or late facts came after the answer to the assignment that it would end."""


def too_late(engine: Engine, submissions: Sequence[Submission]) -> set[str]:
    """Ids of the passes and misses that came too late: their assignment was accepted, or has moved on; and of judgements
    and facts about a decision that is not the newest, or whose lead is closed. They change nothing."""
    late = [s for s in submissions if s.cause in MAY_COME_LATE]
    if not late:
        return set()
    wanted = (
        select(assignments.c.lead_id, assignments.c.number, assignments.c.state, leads.c.revision, leads.c.assignment)
        .join(leads, leads.c.lead_id == assignments.c.lead_id)
        .where(assignments.c.lead_id.in_([s.lead_id for s in late]))
    )
    with engine.connect() as connection:
        rows = connection.execute(wanted).all()
    offered = {(row.lead_id, row.number) for row in rows if row.state == "offered"}
    standing = {(row.lead_id, row.revision) for row in rows if row.number == row.assignment and row.state != "closed"}
    return {
        s.submission_id
        for s in late
        if (
            (s.lead_id, s.assignment) not in offered
            if s.cause in GIVES_BACK
            else (s.lead_id, s.revision) not in standing
        )
    }


ASSIGNMENTS = (
    "lead_id", "number", "owner", "rule", "state", "sla", "clock", "rung", "offered_at", "accept_due_at", "touch_due_at",
)  # fmt: skip


def write_assignments(connection: Connection, cases: Sequence[Case], now: datetime) -> None:
    """End the assignments that these decisions end, with their timers, and begin those that they begin. Raises
    NoLongerOffered for one that was answered meanwhile."""
    offered: list[tuple[Any, ...]] = []
    for case in cases:
        prior, assignment, number = value_of(case.reads.prior), case.assignment, assignment_number(case)
        assert assignment is not None
        moves = prior is None or number != prior.assignment
        if case.submission.cause in GIVES_BACK:
            _give_back(connection, case, now, moves=moves)
        elif prior is not None and moves:
            _move(connection, case, prior.assignment, now)
        elif prior is not None and prior.path != case.path:
            _offer_anew(connection, case, number, now)
        if moves:
            offered.append(
                (
                    case.submission.lead_id, number, assignment.owner, assignment.rule, "offered", assignment.sla,
                    assignment.clock, assignment.rung, now, assignment.accept_due_at, assignment.touch_due_at,
                )
            )  # fmt: skip
    insert_rows(connection, assignments, ASSIGNMENTS, offered)


def _give_back(connection: Connection, case: Case, now: datetime, *, moves: bool) -> None:
    """A pass or a miss holds only while the lead is still on offer: if it was accepted meanwhile, the acceptance has
    won. Without another owner (moves) a lead that was missed stays on offer, one rung further up."""
    submission, number = case.submission, case.submission.assignment
    assert case.assignment is not None
    if moves:
        by = next(iter(submission.excluded), None)
        state = "passed" if submission.cause == "pass" else "missed"
        change = {"state": state, "acted_at": now, "acted_by": by, "reason": submission.reason}
    else:
        change = {"reason": submission.reason, "rung": case.assignment.rung}
    held = update(assignments).where(
        assignments.c.lead_id == submission.lead_id,
        assignments.c.number == number,
        assignments.c.state == "offered",
    )
    if connection.execute(held.values(**change)).rowcount != 1:
        raise NoLongerOffered(f"assignment {number} of {submission.lead_id} is no longer on offer")
    if moves:  # the timer that fired is its dispatcher's to record
        kinds = ALL if submission.cause == "pass" else [kind for kind in ALL if kind != "accept_missed"]
        settle_timers(connection, submission.lead_id, kinds, submission.cause, now)
        settle_held_alerts(connection, submission.lead_id, submission.cause, now)


def _move(connection: Connection, case: Case, number: int, now: datetime) -> None:
    """Somebody else has the lead, whatever the one before did with it; what is closed stays so. What became known later
    takes it from nobody who has accepted it meanwhile."""
    lead_id, late = case.submission.lead_id, case.submission.cause in LATE
    held = update(assignments).where(
        assignments.c.lead_id == lead_id,
        assignments.c.number == number,
        assignments.c.state.in_(("offered",) if late else HELD),
    )
    moved = connection.execute(held.values(state="moved", acted_at=now)).rowcount
    if late and moved != 1:
        raise NoLongerOffered(f"assignment {number} of {lead_id} is no longer on offer")
    settle_timers(connection, lead_id, ALL, "moved", now)
    settle_held_alerts(connection, lead_id, "moved", now)


def _offer_anew(connection: Connection, case: Case, number: int, now: datetime) -> None:
    """A lead that comes out of nurture is on offer from now on; one that goes there has no times any more."""
    lead_id, assignment = case.submission.lead_id, case.assignment
    assert assignment is not None
    if case.path == "nurture":
        settle_timers(connection, lead_id, ALL, "nurture", now)
        settle_held_alerts(connection, lead_id, "nurture", now)
    elif not begins(case):
        return
    times = {name: getattr(assignment, name) for name in ("sla", "clock", "rung", "accept_due_at", "touch_due_at")}
    one = update(assignments).where(assignments.c.lead_id == lead_id, assignments.c.number == number)
    connection.execute(one.values(offered_at=now, **times))
