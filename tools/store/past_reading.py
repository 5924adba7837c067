"""Past accounts as they are now: what changed since, who is meant by a name, how many there are. Blocking; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Row, and_, func, select

from graph.ports import AccountQuery
from tools.account_metadata import OUTCOMES, PastAccount
from tools.store.past_rows import GONE, OPEN, PAGE, current_number, query_of, unpacked
from tools.store.tables import (
    account_vectors,
    past_accounts,
)


@dataclass(frozen=True, slots=True)
class Change:
    """One account as it is now. past: None where it is not closed, or no longer kept; vector: float32, None where the
    embedder has not made one."""

    key: str
    number: int
    past: PastAccount | None
    vector: NDArray[np.float32] | None


def last_number(engine: Engine) -> int:
    """Of the last change; 0 before any."""
    with engine.connect() as connection:
        return current_number(connection)


def changes(engine: Engine, after: int, embedder: str, limit: int = PAGE) -> list[Change]:
    """What changed after this number, in order. As many as `limit`, and all that share the last one's number."""
    of = past_accounts.c
    with engine.connect() as connection:
        edge = connection.scalar(
            select(of.number).where(of.number > after).order_by(of.number).offset(limit - 1).limit(1)
        )
        wanted = with_vectors(embedder).where(of.number > after)
        if edge is not None:
            wanted = wanted.where(of.number <= edge)
        return [change_of(row) for row in connection.execute(wanted.order_by(of.number, of.account_key))]


def everything(engine: Engine, embedder: str) -> Iterator[Change]:
    """Every closed account, by key, read in pages of their own: a long read keeps no transaction open."""
    of, last = past_accounts.c, ""
    while True:
        wanted = with_vectors(embedder).where(of.account_key > last, of.outcome.in_(OUTCOMES))
        with engine.connect() as connection:
            rows = connection.execute(wanted.order_by(of.account_key).limit(PAGE)).all()
        if not rows:
            return
        yield from (change_of(row) for row in rows)
        last = rows[-1].account_key


def with_vectors(embedder: str) -> Any:
    made = and_(account_vectors.c.account_key == past_accounts.c.account_key, account_vectors.c.embedder == embedder)
    return select(past_accounts, account_vectors.c.vector).outerjoin(account_vectors, made)


def counts(engine: Engine, embedder: str) -> dict[str, int]:
    """closed, open, embedded (closed accounts with a vector of this embedder)."""
    of = past_accounts.c
    with engine.connect() as connection:
        by: dict[str, int] = {
            row[0]: row[1] for row in connection.execute(select(of.outcome, func.count()).group_by(of.outcome))
        }
        embedded = connection.scalar(
            select(func.count())
            .select_from(account_vectors.join(past_accounts, of.account_key == account_vectors.c.account_key))
            .where(account_vectors.c.embedder == embedder, of.outcome.in_(OUTCOMES))
        )
    return {"closed": sum(by.get(one, 0) for one in OUTCOMES), "open": by.get(OPEN, 0), "embedded": embedded or 0}


def since(engine: Engine, after: int) -> int:
    """How many accounts changed after this number."""
    with engine.connect() as connection:
        wanted = select(func.count()).select_from(past_accounts).where(past_accounts.c.number > after)
        return connection.scalar(wanted) or 0


def find(engine: Engine, named: str, limit: int = 10) -> list[tuple[str, AccountQuery, str]]:
    """(key, account, outcome) of those that have this domain, id or name, whatever their outcome."""
    of = past_accounts.c
    same = of.account_key == named.casefold()
    alike = (of.account_id == named) | (func.lower(of.name) == named.lower())
    with engine.connect() as connection:
        for condition in (same, alike):
            wanted = select(past_accounts).where(condition, of.outcome != GONE).order_by(of.account_key).limit(limit)
            if found := connection.execute(wanted).all():
                return [(row.account_key, query_of(row), row.outcome) for row in found]
    return []


def change_of(row: Row[Any]) -> Change:
    past = None
    if row.outcome in OUTCOMES:
        past = PastAccount(
            row.account_id, query_of(row), row.outcome, row.reason, row.deal_usd, row.days_to_close, row.closed_on
        )
    return Change(row.account_key, row.number, past, unpacked(row.vector) if row.vector else None)
