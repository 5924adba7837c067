"""The accounts as sales ranks them: by expected contract value, best first. Reads only. Blocking.

Amounts are US dollars in the store and another currency only when shown, at the rate of the settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, func, or_, select

from tools.store.tables import accounts

LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Currency:
    """code: ISO 4217; per_usd: how much of it a US dollar is worth."""

    code: str = "USD"
    per_usd: float = 1.0

    def of(self, usd: float) -> float:
        return round(usd * self.per_usd, 2)


@dataclass(frozen=True, slots=True)
class RankedAccount:
    """rank: 1 is the best of all that the filter lets through. acv, priority: in `currency`, a year. p_max: best propensity
    of its companies; p_calibrated: the same with the luck of the best taken back, which the priority is made from."""

    rank: int
    parent_domain: str
    name: str | None
    p_max: float
    p_calibrated: float
    companies: int
    leads: int
    acv: float
    priority: float
    currency: str
    updated_at: datetime


def ranked(
    engine: Engine, currency: Currency, *, limit: int = 50, page: int = 1, find: str = "", least: float = 0.0
) -> list[RankedAccount]:
    """The page of the ranking. find: part of a name or domain, in any case; least: of the priority, in `currency`."""
    first = (page - 1) * limit
    order = (accounts.c.priority_usd.desc(), accounts.c.parent_domain)
    wanted = _filtered(select(accounts), find, least / currency.per_usd).order_by(*order).limit(limit).offset(first)
    with engine.connect() as connection:
        rows = connection.execute(wanted).all()
    return [_ranked(row, first + number, currency) for number, row in enumerate(rows, start=1)]


def rank_of(engine: Engine, currency: Currency, parent_domain: str) -> RankedAccount | None:
    """The account with its place in the whole ranking; None while it has no lead."""
    with engine.connect() as connection:
        row = connection.execute(select(accounts).where(accounts.c.parent_domain == parent_domain)).first()
        if row is None:
            return None
        same = (accounts.c.priority_usd == row.priority_usd) & (accounts.c.parent_domain < row.parent_domain)
        better = or_(accounts.c.priority_usd > row.priority_usd, same)
        rank = 1 + int(connection.execute(select(func.count()).select_from(accounts).where(better)).scalar_one())
    return _ranked(row, rank, currency)


def _ranked(row: Any, rank: int, currency: Currency) -> RankedAccount:
    return RankedAccount(
        rank=rank,
        parent_domain=row.parent_domain,
        name=row.name,
        p_max=row.p_max,
        p_calibrated=row.p_calibrated,
        companies=row.companies,
        leads=row.leads,
        acv=currency.of(row.acv_usd),
        priority=currency.of(row.priority_usd),
        currency=currency.code,
        updated_at=row.updated_at,
    )


def how_many(engine: Engine, currency: Currency, find: str = "", least: float = 0.0) -> int:
    with engine.connect() as connection:
        counted = _filtered(select(func.count()).select_from(accounts), find, least / currency.per_usd)
        return int(connection.execute(counted).scalar_one())


def _filtered(query: Select[Any], find: str, least_usd: float) -> Select[Any]:
    if find:
        parts = (column.icontains(find, autoescape=True) for column in (accounts.c.parent_domain, accounts.c.name))
        query = query.where(or_(*parts))
    return query.where(accounts.c.priority_usd >= least_usd) if least_usd > 0 else query
