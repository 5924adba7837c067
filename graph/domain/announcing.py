"""What outgoing webhooks say: one type an event, from which the JSON schemas for receivers are made.

Version 1. A field may be added within a version; one that changes its meaning or goes makes the next. `person` and
`reason` are personal: they are None unless the endpoint asked for them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, TypeAlias, get_args

from graph.domain.values import value

EventName: TypeAlias = Literal[
    "lead.decided",
    "lead.accepted",
    "lead.passed",
    "lead.missed",
    "lead.moved",
    "lead.touched",
    "lead.closed",
    "lead.nurtured",
    "lead.dead",
    "ping",
]
PING: Final = "ping"
EVENTS: Final[tuple[str, ...]] = tuple(name for name in get_args(EventName) if name != PING)
"""Those that an endpoint may ask for; a ping is sent on request."""
PERSONAL: Final = ("person", "reason")
VERSION: Final = 1


@value(frozen=True)
class Company:
    """name: as enrichment or the person says; domain, parent_domain: registrable; country: ISO 3166-1 alpha-2."""

    name: str | None
    domain: str | None
    parent_domain: str | None
    country: str | None


@value(frozen=True)
class Person:
    """Who wrote: e-mail address, name, phone number in E.164."""

    email: str | None
    full_name: str | None
    phone: str | None


@value(frozen=True)
class Given:
    """The present assignment. number: counts from 1 within the lead, a new one for each hand-over; sla: its name in the
    routing file; the due times are null where nothing is due, as in a sequence of mails."""

    number: int
    sla: str | None
    accept_due_at: datetime | None
    touch_due_at: datetime | None


@value(frozen=True)
class LeadState:
    """The lead after what is told. revision: of its newest decision, grows by one with each; score: 0 to 100; owner: an
    e-mail address; rule: the line of the routing file, as `map.US`."""

    version: int
    lead_id: str
    revision: int
    path: str
    tier: str
    score: float
    owner: str
    rule: str
    assignment: Given
    company: Company
    person: Person | None


@value(frozen=True)
class Decided(LeadState):
    """cause: submission, retry, pass, approved, missed, judged, enriched, or what later releases add."""

    cause: str


@value(frozen=True)
class Accepted(LeadState):
    """by: who accepted; after_s: seconds since it was offered."""

    by: str
    after_s: float


@value(frozen=True)
class Passed(LeadState):
    """by: who passed it on; `owner` is who has it now. reason: as they typed it."""

    by: str | None
    reason: str | None


@value(frozen=True)
class Missed(LeadState):
    """by: who did not accept in time; moved: whether somebody else has it now."""

    by: str | None
    moved: bool


@value(frozen=True)
class Moved(LeadState):
    """from_owner: who had it before; cause: as in lead.decided."""

    from_owner: str
    cause: str


@value(frozen=True)
class Touched(LeadState):
    """how: call, booked, or what later releases add; after_s: seconds since it was offered."""

    by: str
    how: str
    after_s: float


@value(frozen=True)
class Closed(LeadState):
    """outcome: a code of the message's menu, as `won`."""

    by: str
    outcome: str


@value(frozen=True)
class Nurtured(LeadState):
    """The lead goes into a sequence of mails. cause: as in lead.decided."""

    sequence: str | None
    cause: str


@value(frozen=True)
class Dead:
    """A lead was given up and waits for an operator (GET /admin/dead-letters). lead_id: null where what came was no lead;
    error: the step and the type of what went wrong; attempts: how often it was tried."""

    version: int
    lead_id: str | None
    error: str
    attempts: int


@value(frozen=True)
class Ping:
    """Sent on request, to see whether the endpoint answers."""

    version: int
    endpoint: str
    text: str


DATA: Final[dict[str, type]] = {
    "lead.decided": Decided,
    "lead.accepted": Accepted,
    "lead.passed": Passed,
    "lead.missed": Missed,
    "lead.moved": Moved,
    "lead.touched": Touched,
    "lead.closed": Closed,
    "lead.nurtured": Nurtured,
    "lead.dead": Dead,
    "ping": Ping,
}
