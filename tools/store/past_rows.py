"""Rows of past accounts and the numbers of their changes: what reading, writing and embedding them share. Blocking.

Every change of an account that is closed gets a number, one higher than the last, in the transaction that makes it.
Writers wait for each other there, so numbers become visible in their order: whoever has seen a number asks only for
later ones.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, delete, select

from graph.ports import AccountQuery
from tools.account_metadata import OUTCOMES
from tools.store.tables import (
    account_leads,
    account_memory,
    account_vectors,
    past_accounts,
)
from tools.store.upsert import insert_for, upsert

PAGE = 1_000
CHANGES = "changes"
OPEN, GONE = "open", "gone"
FACTS: Final = ("domain", "name", "industry", "country", "employees", "revenue_usd", "technologies")


@dataclass(frozen=True, slots=True)
class Link:
    key: str
    revision: int


def current_number(connection: Connection) -> int:
    return connection.scalar(select(account_memory.c.number).where(account_memory.c.name == CHANGES)) or 0


def next_number(connection: Connection, now: datetime) -> int:
    """From here to the end of the transaction no other has a number."""
    first = insert_for(connection, account_memory).values(name=CHANGES, number=1, updated_at=now)
    counted = first.on_conflict_do_update(
        index_elements=["name"], set_={"number": account_memory.c.number + 1, "updated_at": now}
    )
    number: int = connection.execute(counted.returning(account_memory.c.number)).scalar_one()
    return number


def rows_of(connection: Connection, keys: set[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    wanted = sorted(keys)
    for start in range(0, len(wanted), PAGE):
        some = select(past_accounts).where(past_accounts.c.account_key.in_(wanted[start : start + PAGE]))
        found |= {row["account_key"]: dict(row) for row in connection.execute(some).mappings()}
    return found


def links_of(connection: Connection, lead_ids: Sequence[str]) -> dict[str, Link]:
    found: dict[str, Link] = {}
    for start in range(0, len(lead_ids), PAGE):
        some = select(account_leads).where(account_leads.c.lead_id.in_(lead_ids[start : start + PAGE]))
        found |= {row.lead_id: Link(row.account_key, row.revision) for row in connection.execute(some)}
    return found


def write(connection: Connection, rows: Sequence[dict[str, Any]], now: datetime, stale: Sequence[str] = ()) -> None:
    """stale: keys of accounts of which something else is known than when their vectors were made."""
    if not rows:
        return
    closed = [row for row in rows if row["outcome"] in OUTCOMES]
    number = next_number(connection, now) if closed else 0
    rows = [row | {"number": number if row["outcome"] in OUTCOMES else 0} for row in rows]
    upsert(connection, past_accounts, rows, ["account_key"])
    if stale:
        connection.execute(delete(account_vectors).where(account_vectors.c.account_key.in_(stale)))


def facts_of(row: Mapping[Any, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in FACTS)


def columns_of(account: AccountQuery) -> dict[str, Any]:
    known = {name: getattr(account, name) for name in FACTS}
    return known | {"technologies": orjson.dumps(account.technologies).decode()}


def query_of(row: Row[Any]) -> AccountQuery:
    return AccountQuery(
        row.domain, row.name, row.industry, row.country, row.employees, row.revenue_usd, listed(row.technologies)
    )


def listed(text: str) -> tuple[str, ...]:
    return tuple(orjson.loads(text))


def packed(vector: NDArray[np.float32]) -> bytes:
    """Deflated: a structured vector is mostly zeros."""
    return zlib.compress(np.ascontiguousarray(vector, "<f4").tobytes(), 1)


def unpacked(held: bytes) -> NDArray[np.float32]:
    return np.frombuffer(zlib.decompress(held), "<f4")
