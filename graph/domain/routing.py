"""What routing takes and gives. The table itself (`RoutingTable`) is parsed from infra/routing.json."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from graph.domain.values import value


@value(frozen=True)
class RoutingFacts:
    """The facts of one lead that conditions may ask for. None is unknown and matches nothing.

    country: ISO alpha-2; state: ISO 3166-2; score: 0..1; host: full host of the e-mail or website; domain: registrable;
    family: all domains under the same ultimate parent, itself included; owners: e-mail addresses.
    score_low, score_high: the likely range of the score, None where the scorer states none; no condition asks for it.
    opportunity_of: the parent's name where the opportunity is its, None for the company's own; account_owner_by,
    parent_owner_by: the source that names the owner, None for the CRM. They only say why.
    """

    country: str | None = None
    state: str | None = None
    postal: str | None = None
    industry: str | None = None
    employees: int | None = None
    revenue_usd: int | None = None
    source: str | None = None
    product: str | None = None
    score: float | None = None
    tier: str | None = None
    host: str | None = None
    domain: str | None = None
    family: tuple[str, ...] = ()
    opportunity_owner: str | None = None
    account_owner: str | None = None
    parent_owner: str | None = None
    score_low: float | None = None
    score_high: float | None = None
    opportunity_of: str | None = None
    account_owner_by: str | None = None
    parent_owner_by: str | None = None


@value(frozen=True)
class Spent:
    """Leads given in one period, by the e-mail of who got them. period: the day, or the Monday of the week, in the
    file's zone (`2026-01-14`)."""

    period: str
    leads: dict[str, int] = field(default_factory=dict)


@value(frozen=True)
class PoolState:
    """The ledger of a pool. version: grows by one with each turn, and guards the write. credits: entitlement minus
    turns taken, in millionths of a lead, by member e-mail; turns: leads taken, by member e-mail; spent: the present
    period of each cap, by unit (`day`, `week`)."""

    pool: str
    version: int = 0
    credits: dict[str, int] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    spent: dict[str, Spent] = field(default_factory=dict)


@value(frozen=True)
class Turn:
    """One claim in a pool. member: whose turn it is in the ledger; taker: who gets the lead, another only while the
    member is on leave with a cover. A reused turn is the one this lead already had: before and after are the same."""

    pool: str
    member: str
    taker: str
    before: PoolState
    after: PoolState
    reused: bool = False


@value(frozen=True)
class Assignment:
    """Who gets the lead, by which line of which file, and until when.

    rule: `accounts.acme.com`, `rules.us-smb`, `map.US` or `map.DEFAULT`; line: counted from 1 in the file; why: a
    sentence. Times are None where no SLA applies; accept_s: seconds to accept on its `clock`, of which accept_due_at is
    the end. slack: the owner's Slack user id where the file has one. rung: how many rungs of the ladder of escalation
    the lead has used up; 0 while nobody missed it. opens_at: when the owner next works, None while they do.
    """

    owner: str
    rule: str
    why: str
    line: int | None = None
    pool: str | None = None
    turn: Turn | None = None
    slack: str | None = None
    manager: str | None = None
    sla: str | None = None
    clock: str | None = None
    accept_s: int | None = None
    accept_due_at: datetime | None = None
    touch_due_at: datetime | None = None
    remind_at: datetime | None = None
    rung: int = 0
    skipped: tuple[str, ...] = ()
    opens_at: datetime | None = None
