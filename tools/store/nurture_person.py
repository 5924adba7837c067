"""What a step reads of the person: the newest decision, what they did since the enrolment, and whether they want mails.

A person may stand behind several leads (people who are linked): what they did under any of their addresses counts.
Reads only; a step never trusts what was known when somebody was enrolled.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, and_, bindparam, func, or_, select

from graph.domain.activity import ENDS_A_SEQUENCE
from graph.domain.sequence import Addressee, Since, Status
from graph.rules.message_states import OUTCOMES
from graph.rules.wording import first_name
from tools.store.people_edges import links_of
from tools.store.tables import (
    HELD,
    assignments,
    decisions,
    lead_events,
    leads,
    nurture_enrolments,
    nurture_unsubscribes,
    outcomes,
)

_ALWAYS: Final = frozenset(("unsubscribe", "email_bounce"))
"""Events that end a sequence whatever else is thought of them."""
_ENDED: Final[dict[str, tuple[Status, str]]] = {
    "reply": ("COMPLETED", "The person answered."),
    "meeting": ("COMPLETED", "A meeting was booked."),
    "call": ("COMPLETED", "The person was spoken to."),
    "outcome": ("COMPLETED", "The outcome is known."),
    "unsubscribe": ("CANCELLED", "The person wants no more mails."),
    "email_bounce": ("CANCELLED", "Mail to the address came back."),
}


@dataclass(frozen=True, slots=True)
class Known:
    """owner: who has the lead now; slack: their user there, where the routing file has one; number: of the assignment."""

    person: Addressee
    owner: str
    slack: str | None
    number: int
    names: dict[str, str | None]
    consent_text: str | None


_NEWEST = (
    select(
        *(leads.c[name] for name in ("lead_id", "email", "score", "tier", "owner", "assignment")), decisions.c.record
    )
    .join(decisions, and_(decisions.c.lead_id == leads.c.lead_id, decisions.c.revision == leads.c.revision))
    .where(leads.c.lead_id.in_(bindparam("names", expanding=True)))
)


def known(connection: Connection, lead_id: str) -> Known | None:
    """None for a lead of which no decision is recorded, or no longer."""
    return known_of(connection, (lead_id,)).get(lead_id)


def known_of(connection: Connection, lead_ids: Collection[str]) -> dict[str, Known]:
    """Of many leads, by id; those of which no decision is recorded are missing."""
    if not lead_ids:
        return {}
    return {row.lead_id: _known(row) for row in connection.execute(_NEWEST, {"names": sorted(lead_ids)})}


def _known(row: Any) -> Known:
    record = orjson.loads(row.record)
    lead, facts = record["lead"], record.get("routing_facts") or {}
    names = {name: lead.get(name) for name in ("full_name", "company", "title", "country", "product")}
    fields = {name: facts.get(name) or lead.get(name) for name in ("country", "state", "industry", "source", "product")}
    person = Addressee(
        lead_id=row.lead_id,
        email=row.email,
        country=lead.get("country"),
        state=lead.get("state"),
        consent=lead.get("consent"),
        score=row.score / 100,
        tier=row.tier,
        fields={**fields, "title": lead.get("title"), "company": lead.get("company")},
        employees=facts.get("employees") or lead.get("employees"),
    )
    assigned = record.get("assignment") or {}
    slack = assigned.get("slack") if assigned.get("owner") == row.owner else None
    form = (record.get("submission") or {}).get("form") or {}
    names = {**names, "first_name": lead.get("given_name")}
    return Known(person, row.owner, slack, row.assignment, names, form.get("consent_text"))


def since(connection: Connection, enrolment: Row[Any]) -> Since:
    """What happened to the person since they were enrolled."""
    ids = sorted(links_of(connection, [enrolment.lead_id]).group(enrolment.lead_id))
    rows = _leads(connection, ids)
    addresses = addresses_of(enrolment.contact_key, rows)
    counts, ended = _events(connection, ids, addresses, enrolment.enrolled_at)
    unsubscribed = unsubscribed_of(connection, addresses)
    for told in (_ways(rows, enrolment), ended, _closed(connection, ids, enrolment.enrolled_at)):
        if told is not None:
            return Since(counts, told[1], told[0], unsubscribed)
    if unsubscribed:
        status, reason = _ENDED["unsubscribe"]
        return Since(counts, reason, status, True)
    return Since(counts)


def addresses_of(contact_key: str, rows: Sequence[Row[Any]]) -> list[str]:
    """All addresses of the person that we know, in lower case."""
    return sorted(
        {row.email.lower() for row in rows if row.email} | ({contact_key.lower()} if "@" in contact_key else set())
    )


def _leads(connection: Connection, ids: Sequence[str]) -> Sequence[Any]:
    held = and_(assignments.c.lead_id == leads.c.lead_id, assignments.c.number == leads.c.assignment)
    wanted = (
        select(
            leads.c.lead_id, leads.c.email, leads.c.path, leads.c.owner, leads.c.decided_at,
            assignments.c.state, assignments.c.closed_at, assignments.c.outcome,
        )
        .outerjoin(assignments, held)
        .where(leads.c.lead_id.in_(ids))
    )  # fmt: skip
    return connection.execute(wanted).all()


def _ways(rows: Sequence[Row[Any]], enrolment: Row[Any]) -> tuple[Status, str] | None:
    """Whether the lead, or another of the same person, goes to somebody, or has ended."""
    begun = enrolment.enrolled_at
    if all(row.lead_id != enrolment.lead_id for row in rows):
        return "CANCELLED", "The lead is no longer known."
    for row in rows:
        own = row.lead_id == enrolment.lead_id
        if row.closed_at is not None and row.closed_at >= begun and row.state == "closed":
            return "COMPLETED", f"Closed: {OUTCOMES.get(row.outcome, 'the outcome is known').lower()}."
        if own and row.path == "manual_review":
            return "COMPLETED", "A person decides what becomes of the lead."
        if row.path == "qualify" and (own or row.decided_at >= begun or row.state in HELD):
            return "COMPLETED", f"Handed over to {first_name(row.owner)}."
    return None


def _closed(connection: Connection, ids: Sequence[str], begun: datetime) -> tuple[Status, str] | None:
    wanted = select(outcomes.c.outcome).where(outcomes.c.lead_id.in_(ids), outcomes.c.noted_at >= begun)
    outcome = connection.scalar(wanted.limit(1))
    return None if outcome is None else ("COMPLETED", f"Closed: {OUTCOMES.get(outcome, outcome).lower()}.")


def _events(
    connection: Connection, ids: Sequence[str], addresses: Sequence[str], begun: datetime
) -> tuple[dict[str, int], tuple[Status, str] | None]:
    e = lead_events.c
    theirs = or_(e.lead_id.in_(ids), e.email.in_(addresses)) if addresses else e.lead_id.in_(ids)
    wanted = select(e.type, e.counts, func.count()).where(theirs, e.at >= begun).group_by(e.type, e.counts)
    counts: dict[str, int] = {}
    ended: tuple[Status, str] | None = None
    for kind, counted, number in connection.execute(wanted):
        if counted:
            counts[kind] = counts.get(kind, 0) + number
        if kind in ENDS_A_SEQUENCE and (counted or kind in _ALWAYS):
            ended = ended or _ENDED[kind]
    return counts, ended


def unsubscribed_of(connection: Connection, addresses: Sequence[str]) -> bool:
    """Whether one of them wants no more mails, said here or told by another system, at any time."""
    if not addresses:
        return False
    here = select(nurture_unsubscribes.c.address).where(nurture_unsubscribes.c.address.in_(addresses)).limit(1)
    told = (
        select(lead_events.c.event_key)
        .where(lead_events.c.email.in_(addresses), lead_events.c.type == "unsubscribe")
        .limit(1)
    )
    return any(connection.scalar(wanted) is not None for wanted in (here, told))


def person_of(connection: Connection, lead_id: str | None, address: str) -> tuple[list[str], list[str]]:
    """(lead ids, addresses) of the person behind a lead, and of whoever was enrolled under this address."""
    same = select(nurture_enrolments.c.lead_id).where(nurture_enrolments.c.contact_key == address)
    begin = {*connection.scalars(same), *([lead_id] if lead_id else [])}
    links = links_of(connection, begin)
    ids = sorted({one for lead in begin for one in links.group(lead)})
    return ids, addresses_of(address, _leads(connection, ids))


def enrolled(connection: Connection, lead_id: str) -> Sequence[Row[Any]]:
    wanted = select(nurture_enrolments).where(nurture_enrolments.c.lead_id == lead_id)
    return connection.execute(wanted.order_by(nurture_enrolments.c.sequence)).all()
