"""Keeps the ranked accounts current inside the transaction of a decision: a row for each ultimate parent with a lead.

A row is worked out anew from the leads of the family, never added to: a later revision of a lead replaces what the earlier
one said, and a lead whose company turns out to belong to another family leaves the old one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, select

from graph.domain.facts import value_of
from graph.domain.scoring import AccountScore
from graph.rules.rollup import family_chance, priority
from graph.state import Case
from tools.store.rows import insert_rows
from tools.store.tables import accounts, leads

ACCOUNTS = (
    "parent_domain", "name", "p_max", "p_calibrated", "companies", "leads", "acv_usd", "priority_usd", "updated_at",
)  # fmt: skip
_NAMES: BindParameter[Any] = bindparam("names", expanding=True)
_HELD = select(accounts.c.parent_domain, accounts.c.name, accounts.c.acv_usd).where(
    accounts.c.parent_domain.in_(_NAMES)
)
_COMPANIES = (
    select(leads.c.parent_domain, func.max(leads.c.propensity), func.count())
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
    newest = {case.account.parent_domain: case.account for case in cases if case.account is not None}
    names = sorted({*newest, *before})
    if not names:
        return
    held = {row.parent_domain: row for row in connection.execute(_HELD, {"names": names})}
    if connection.dialect.name != "sqlite":  # SQLite has one writer at a time
        _put(connection, [_decided(newest[name], held.get(name), now) for name in names if name in newest])
    companies: dict[str, list[tuple[float, int]]] = {}
    for name, best, count in connection.execute(_COMPANIES, {"names": names}):
        companies.setdefault(name, []).append((best, count))
    _put(
        connection,
        [_row(connection, name, companies[name], newest.get(name), held, now) for name in names if name in companies],
    )
    if gone := [name for name in names if name not in companies]:
        connection.execute(delete(accounts).where(accounts.c.parent_domain.in_(gone)))


def _put(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    insert_rows(connection, accounts, ACCOUNTS, rows, keys=("parent_domain",))


def _decided(account: AccountScore, held: Any, now: datetime) -> tuple[Any, ...]:
    """The row as the decision saw it: it locks the account until the family was read again."""
    name, acv = _name_and_value(account, held)
    shown = (account.p_max, account.p_calibrated, account.companies, 0, acv, priority(account.p_calibrated, acv))
    return (account.parent_domain, name, *shown, now)


def _row(
    connection: Connection,
    name: str,
    companies: Sequence[tuple[float, int]],
    account: AccountScore | None,
    held: Mapping[str, Any],
    now: datetime,
) -> tuple[Any, ...]:
    """account: None for a family that a lead has left."""
    if account is None:
        shown, acv = (
            held[name].name if name in held else None,
            connection.scalars(_NEWEST, {"parent": name}).first() or 0.0,
        )
    else:
        shown, acv = _name_and_value(account, held.get(name))
    best = [p for p, _ in companies]
    chance = family_chance(best)
    return name, shown, max(best), chance, len(best), sum(n for _, n in companies), acv, priority(chance, acv), now


def _name_and_value(account: AccountScore, held: Any) -> tuple[str | None, float]:
    """The newest lead's, or what is known already where that says nothing."""
    if held is None:
        return account.parent_name, account.acv_usd
    return account.parent_name or held.name, account.acv_usd or held.acv_usd
