"""Keeps the ranked accounts current inside the transaction of a decision: a row for each ultimate parent with a lead.

A new lead is added to what its family's row says already. Where a later revision of a lead replaces what the earlier one
said, or moves it to another family, the rows of both are worked out anew from their leads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import BindParameter, Connection, bindparam, delete, func, select

from graph.domain.facts import value_of
from graph.domain.scoring import AccountScore
from graph.record import company_of, parent_of
from graph.rules.rollup import family_chance, priority
from graph.state import Case
from tools.store.rows import insert_rows
from tools.store.tables import accounts, leads

ACCOUNTS = (
    "parent_domain", "name", "p_max", "p_calibrated", "companies", "leads", "acv_usd", "priority_usd", "best", "updated_at",
)  # fmt: skip
_NAMES: BindParameter[Any] = bindparam("names", expanding=True)
_HELD = (
    select(accounts.c.parent_domain, accounts.c.name, accounts.c.acv_usd, accounts.c.leads, accounts.c.best)
    .where(accounts.c.parent_domain.in_(_NAMES))
    .order_by(accounts.c.parent_domain)
    .with_for_update()
)
_COMPANIES = (
    select(leads.c.parent_domain, leads.c.domain, func.max(leads.c.propensity), func.count())
    .where(leads.c.parent_domain.in_(_NAMES), leads.c.domain.is_not(None))
    .group_by(leads.c.parent_domain, leads.c.domain)
)
_PARENTS = select(leads.c.parent_domain).where(leads.c.lead_id.in_(_NAMES), leads.c.parent_domain.is_not(None))
_NEWEST = (
    select(leads.c.acv_usd).where(leads.c.parent_domain == bindparam("parent")).order_by(leads.c.decided_at.desc())
)


def families_before(connection: Connection, cases: Sequence[Case]) -> set[str]:
    """The families that leads of the batch belong to so far, by parent; asked before the leads are written."""
    again = [case.submission.lead_id for case in cases if value_of(case.reads.prior) is not None]
    return set(connection.scalars(_PARENTS, {"names": again})) if again else set()


def write_accounts(connection: Connection, cases: Sequence[Case], before: set[str], now: datetime) -> None:
    """After the leads were written. before: see `families_before`. Rows are taken in the order of their names: two
    transactions wait for each other, and the second one sees what the first one wrote."""
    came: dict[str, list[Case]] = {}
    for case in cases:
        if (parent := parent_of(case)) is not None and company_of(case) is not None:
            came.setdefault(parent, []).append(case)
    names = sorted({*came, *before})
    if not names:
        return
    if connection.dialect.name != "sqlite":  # which has one writer at a time
        empty = [(name, None, 0.0, 0.0, 0, 0, 0.0, 0.0, "{}", now) for name in names]
        insert_rows(connection, accounts, ACCOUNTS, empty, keys=("parent_domain",), keep=ACCOUNTS)
    held = {row.parent_domain: row for row in connection.execute(_HELD, {"names": names})}
    again = before | {
        name for name, some in came.items() if any(value_of(case.reads.prior) is not None for case in some)
    }
    known = {name: _joined(held.get(name), some) for name, some in came.items() if name not in again}
    if again:
        known |= leads_of(connection, again)
    newest = {case.account.parent_domain: case.account for case in cases if case.account is not None}
    rows = [
        _row(connection, name, known[name], newest.get(name), held.get(name), now) for name in names if name in known
    ]
    insert_rows(connection, accounts, ACCOUNTS, rows, keys=("parent_domain",))
    if gone := [name for name in names if name not in known]:
        connection.execute(delete(accounts).where(accounts.c.parent_domain.in_(gone)))


@dataclass(slots=True)
class FamilyLeads:
    """What a family's leads say. best: domain of each company -> its best propensity."""

    best: dict[str, float]
    number: int


def _joined(held: Any, cases: Sequence[Case]) -> FamilyLeads:
    """The row's, with new leads."""
    best: dict[str, float] = orjson.loads(held.best) if held is not None else {}
    for case in cases:
        company, score = company_of(case), case.score
        assert company is not None and score is not None  # noqa: PT018 - see `came`; a decided case was scored
        best[company] = max(score.propensity, best.get(company, score.propensity))
    return FamilyLeads(best, (held.leads if held is not None else 0) + len(cases))


def leads_of(connection: Connection, names: set[str]) -> dict[str, FamilyLeads]:
    """By family, out of all its leads; without those that have none."""
    found: dict[str, FamilyLeads] = {}
    for name, company, best, number in connection.execute(_COMPANIES, {"names": sorted(names)}):
        family = found.setdefault(name, FamilyLeads({}, 0))
        family.best[company] = best
        family.number += number
    return found


def _row(
    connection: Connection,
    name: str,
    known: FamilyLeads,
    account: AccountScore | None,
    held: Any,
    now: datetime,
) -> tuple[Any, ...]:
    """account: None for a family that a lead has left."""
    if account is None:
        shown, acv = (
            held.name if held is not None else None,
            connection.scalars(_NEWEST, {"parent": name}).first() or 0.0,
        )
    else:
        shown, acv = _name_and_value(account, held)
    chance, told = family_chance(known.best.values()), orjson.dumps(known.best, option=orjson.OPT_SORT_KEYS).decode()
    counts = (len(known.best), known.number)
    return name, shown, max(known.best.values()), chance, *counts, acv, priority(chance, acv), told, now


def _name_and_value(account: AccountScore, held: Any) -> tuple[str | None, float]:
    """The newest lead's, or what is known already where that says nothing."""
    if held is None:
        return account.parent_name, account.acv_usd
    return account.parent_name or held.name, account.acv_usd or held.acv_usd
