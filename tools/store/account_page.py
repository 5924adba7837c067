"""What the store holds of one account (an ultimate parent): its leads, companies, scores over time, newest facts. Blocking.

Every list is bounded or paged; nothing is worked out here that a decision did not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, func, select

from tools.store.tables import assignments, decisions, leads

HISTORY: Final = 200
"""Decisions whose score is shown, the newest."""
RECORDS: Final = 50
"""Newest leads whose decision records are read for facts."""
MOST_COMPANIES: Final = 500


@dataclass(frozen=True, slots=True)
class AccountLead:
    """score: 0..100; outcome: of its present assignment, None while it is open."""

    lead_id: str
    full_name: str | None
    company: str | None
    domain: str | None
    score: float
    tier: str
    owner: str
    path: str
    outcome: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class CompanySeen:
    """A company of the family that sent leads. score: of its best lead, 0..100."""

    domain: str
    name: str | None
    leads: int
    score: float
    newest_at: datetime


@dataclass(frozen=True, slots=True)
class ScoreAt:
    """One decision of a lead of the family. score: 0..100."""

    decided_at: datetime
    score: float
    tier: str
    lead_id: str
    revision: int
    owner: str
    path: str


@dataclass(frozen=True, slots=True)
class Seen:
    """leads: one page of them, newest first; total: of all pages. companies: with leads, the newest first, at most
    MOST_COMPANIES. history: oldest first, at most HISTORY. records: newest first, at most RECORDS, as they were decided."""

    leads: list[AccountLead]
    total: int
    companies: list[CompanySeen]
    history: list[ScoreAt]
    records: list[dict[str, Any]]


def seen_of(engine: Engine, parent_domain: str, *, limit: int, page: int = 1) -> Seen:
    with engine.connect() as connection:
        total = connection.scalar(select(func.count()).where(leads.c.parent_domain == parent_domain)) or 0
        if not total:
            return Seen([], 0, [], [], [])
        return Seen(
            _leads(connection, parent_domain, limit, page),
            total,
            _companies(connection, parent_domain),
            _history(connection, parent_domain),
            _records(connection, parent_domain),
        )


def parent_of_company(engine: Engine, domain: str) -> str | None:
    """The account of the newest lead from this company, where it is another one."""
    wanted = (
        select(leads.c.parent_domain)
        .where(leads.c.domain == domain, leads.c.parent_domain.is_not(None), leads.c.parent_domain != domain)
        .order_by(leads.c.decided_at.desc())
        .limit(1)
    )
    with engine.connect() as connection:
        return connection.scalar(wanted)


def _leads(connection: Connection, parent: str, limit: int, page: int) -> list[AccountLead]:
    names = ("lead_id", "full_name", "company", "domain", "score", "tier", "owner", "path")
    present = (assignments.c.lead_id == leads.c.lead_id) & (assignments.c.number == leads.c.assignment)
    wanted = (
        select(*(leads.c[name] for name in names), assignments.c.outcome, leads.c.decided_at)
        .outerjoin(assignments, present)
        .where(leads.c.parent_domain == parent)
        .order_by(leads.c.decided_at.desc(), leads.c.lead_id)
        .limit(limit)
        .offset((page - 1) * limit)
    )
    return [AccountLead(**row._mapping) for row in connection.execute(wanted)]  # noqa: SLF001 - SQLAlchemy's documented name


def _companies(connection: Connection, parent: str) -> list[CompanySeen]:
    newest = func.max(leads.c.decided_at)
    wanted = (
        select(leads.c.domain, func.max(leads.c.company), func.count(), func.max(leads.c.score), newest)
        .where(leads.c.parent_domain == parent, leads.c.domain.is_not(None))
        .group_by(leads.c.domain)
        .order_by(newest.desc(), leads.c.domain)
        .limit(MOST_COMPANIES)
    )
    return [CompanySeen(*row) for row in connection.execute(wanted)]


def _history(connection: Connection, parent: str) -> list[ScoreAt]:
    names = ("decided_at", "score", "tier", "lead_id", "revision", "owner", "path")
    wanted = (
        select(*(decisions.c[name] for name in names))
        .join(leads, leads.c.lead_id == decisions.c.lead_id)
        .where(leads.c.parent_domain == parent)
        .order_by(decisions.c.decided_at.desc(), decisions.c.lead_id, decisions.c.revision.desc())
        .limit(HISTORY)
    )
    return [ScoreAt(*row) for row in connection.execute(wanted)][::-1]


def _records(connection: Connection, parent: str) -> list[dict[str, Any]]:
    wanted = (
        select(decisions.c.record)
        .join(leads, (leads.c.lead_id == decisions.c.lead_id) & (leads.c.revision == decisions.c.revision))
        .where(leads.c.parent_domain == parent)
        .order_by(leads.c.decided_at.desc(), leads.c.lead_id)
        .limit(RECORDS)
    )
    return [orjson.loads(record) for record in connection.scalars(wanted)]
