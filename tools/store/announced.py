"""Which events follow from what the store writes: decisions, what people do with a lead, leads that were given up.

Reads what an event tells only when somebody asked for that event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from graph.domain.announcing import (
    VERSION,
    Accepted,
    Closed,
    Company,
    Dead,
    Decided,
    EventName,
    Given,
    Missed,
    Moved,
    Nurtured,
    Passed,
    Person,
    Touched,
)
from graph.domain.facts import value_of
from graph.record import assignment_number, begins, parent_of
from graph.state import Case
from tools.store.announcing import Announcement, announce, subscribers
from tools.store.tables import assignments, leads


def announce_decisions(connection: Connection, decided: Iterable[tuple[Case, int]], now: datetime) -> None:
    """decided: cases with their revisions, in the transaction that writes them."""
    if not subscribers(connection):
        return
    announce(connection, [one for case, revision in decided for one in _of_decision(case, revision)], now)


def _of_decision(case: Case, revision: int) -> Iterator[Announcement]:
    submission, prior = case.submission, value_of(case.reads.prior)
    lead_id, cause, state = submission.lead_id, submission.cause, _state_of_case(case, revision)
    moves = prior is not None and assignment_number(case) != prior.assignment

    def told(event: EventName, data: Any) -> Announcement:
        return Announcement(event, lead_id, str(revision), revision, data)

    yield told("lead.decided", Decided(**state, cause=cause))
    by = next(iter(submission.excluded), None)
    if cause == "pass":
        yield told("lead.passed", Passed(**state, by=by, reason=submission.reason or None))
    if cause == "missed":
        yield told("lead.missed", Missed(**state, by=by, moved=moves))
    if prior is not None and moves and prior.owner != state["owner"]:
        yield told("lead.moved", Moved(**state, from_owner=prior.owner, cause=cause))
    if case.path == "nurture" and (prior is None or prior.path != "nurture"):
        yield told("lead.nurtured", Nurtured(**state, sequence=case.sequence, cause=cause))


def _state_of_case(case: Case, revision: int) -> dict[str, Any]:
    lead, score, given = case.lead, case.score, case.assignment
    assert lead is not None and score is not None and given is not None  # noqa: PT018 - a sealed case has them
    prior, profile = value_of(case.reads.prior), value_of(case.reads.profile)
    held = given if prior is None or begins(case) else prior  # the same owner keeps the times of the assignment
    waits = case.path == "nurture"
    return {
        "version": VERSION,
        "lead_id": lead.lead_id,
        "revision": revision,
        "path": str(case.path),
        "tier": score.tier,
        "score": score.points,
        "owner": given.owner,
        "rule": given.rule,
        "assignment": Given(
            assignment_number(case),
            None if waits else held.sla,
            None if waits else held.accept_due_at,
            None if waits else held.touch_due_at,
        ),
        "company": Company(
            (profile.name if profile else None) or lead.company,
            lead.domain or (profile.domain if profile else None) or None,
            parent_of(case),
            lead.country,
        ),
        "person": Person(lead.email, lead.full_name, lead.phone),
    }


def announce_accepted(
    connection: Connection, lead_id: str, number: int, *, by: str, after_s: float, now: datetime
) -> None:
    if "lead.accepted" in subscribers(connection):
        state = _state_of_row(connection, lead_id, number)
        _one(connection, "lead.accepted", lead_id, number, Accepted(**state, by=by, after_s=after_s), now)


def announce_touched(
    connection: Connection, lead_id: str, number: int, *, by: str, how: str, after_s: float, now: datetime
) -> None:
    if "lead.touched" in subscribers(connection):
        state = _state_of_row(connection, lead_id, number)
        _one(connection, "lead.touched", lead_id, number, Touched(**state, by=by, how=how, after_s=after_s), now)


def announce_closed(connection: Connection, lead_id: str, number: int, *, by: str, outcome: str, now: datetime) -> None:
    if "lead.closed" in subscribers(connection):
        state = _state_of_row(connection, lead_id, number)
        _one(connection, "lead.closed", lead_id, number, Closed(**state, by=by, outcome=outcome), now)


def announce_dead(
    connection: Connection, lead_id: str, submission_id: str, reason: str, attempts: int, replayed: str, now: datetime
) -> None:
    """replayed: when it had been given up before and was tried again since, so that it is told again."""
    if "lead.dead" in subscribers(connection):
        error = ": ".join(reason.split(": ")[:2])  # step and type; the rest may quote what people typed
        data = Dead(VERSION, lead_id or None, error, attempts)
        announce(connection, [Announcement("lead.dead", lead_id, f"{submission_id}/{replayed}", 0, data)], now)


def _one(connection: Connection, event: EventName, lead_id: str, number: int, data: Any, now: datetime) -> None:
    announce(connection, [Announcement(event, lead_id, str(number), data.revision, data)], now)


def _state_of_row(connection: Connection, lead_id: str, number: int) -> dict[str, Any]:
    """The lead and this assignment as the transaction sees them."""
    given = assignments.c
    wanted = (
        select(leads, given.rule, given.sla, given.accept_due_at, given.touch_due_at, given.owner.label("held_by"))
        .join(assignments, given.lead_id == leads.c.lead_id)
        .where(given.lead_id == lead_id, given.number == number)
    )
    row = connection.execute(wanted).one()
    return {
        "version": VERSION,
        "lead_id": lead_id,
        "revision": row.revision,
        "path": row.path,
        "tier": row.tier,
        "score": row.score,
        "owner": row.held_by,
        "rule": row.rule,
        "assignment": Given(number, row.sla, row.accept_due_at, row.touch_due_at),
        "company": Company(row.company, row.domain, row.parent_domain, row.country),
        "person": Person(row.email, row.full_name, row.phone),
    }
