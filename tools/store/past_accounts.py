"""Past accounts in the store: who was a customer, who decided otherwise, who is still deciding. Blocking.

    past_accounts    one row an account. `outcome` open: remembered for the day it closes; gone: no longer kept
    account_leads    which account a lead counts for: its end becomes the account's
    account_vectors  what an embedder made of an account, under the embedder's id: vectors of two never meet

Every change of an account that is closed gets a number, one higher than the last, in the transaction that makes it.
Writers wait for each other there, so numbers become visible in their order: whoever has seen a number asks only for
later ones. An account's vectors go when what is known of it changes, never because its outcome does.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, delete, func, or_, select, update

from graph.domain.account import Outcome
from graph.ports import AccountQuery
from tools.account_metadata import OUTCOMES, PastAccount
from tools.store.tables import (
    account_leads,
    account_memory,
    account_vectors,
    assignments,
    leads,
    outcomes,
    past_accounts,
)
from tools.store.upsert import insert_for, upsert

TellsWho: TypeAlias = Literal["bundled", "file", "crm", "lead"]
PAGE = 1_000
CHANGES = "changes"
OPEN, GONE = "open", "gone"
_END: Mapping[str, tuple[Outcome, str | None]] = {
    "won": ("won", None),
    "lost": ("lost", None),
    "no_show": ("no_decision", "never showed up"),
    "not_a_fit": ("lost", "not a fit"),
}
"""How a lead's end (a code of graph.rules.message_states.OUTCOMES) counts for its account, and the reason if none is told."""
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Change:
    """One account as it is now. past: None where it is not closed, or no longer kept; vector: float32, None where the
    embedder has not made one."""

    key: str
    number: int
    past: PastAccount | None
    vector: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a lead's decision says of its account."""

    key: str
    account: AccountQuery
    lead_id: str
    revision: int


def last_number(engine: Engine) -> int:
    """Of the last change; 0 before any."""
    with engine.connect() as connection:
        return _number(connection)


def changes(engine: Engine, after: int, embedder: str, limit: int = PAGE) -> list[Change]:
    """What changed after this number, in order. As many as `limit`, and all that share the last one's number."""
    of = past_accounts.c
    with engine.connect() as connection:
        edge = connection.scalar(
            select(of.number).where(of.number > after).order_by(of.number).offset(limit - 1).limit(1)
        )
        wanted = _with_vectors(embedder).where(of.number > after)
        if edge is not None:
            wanted = wanted.where(of.number <= edge)
        return [_change(row) for row in connection.execute(wanted.order_by(of.number, of.account_key))]


def everything(engine: Engine, embedder: str) -> Iterator[Change]:
    """Every closed account, by key, read in pages of their own: a long read keeps no transaction open."""
    of, last = past_accounts.c, ""
    while True:
        wanted = _with_vectors(embedder).where(of.account_key > last, of.outcome.in_(OUTCOMES))
        with engine.connect() as connection:
            rows = connection.execute(wanted.order_by(of.account_key).limit(PAGE)).all()
        if not rows:
            return
        yield from (_change(row) for row in rows)
        last = rows[-1].account_key


def _with_vectors(embedder: str) -> Any:
    made = and_(account_vectors.c.account_key == past_accounts.c.account_key, account_vectors.c.embedder == embedder)
    return select(past_accounts, account_vectors.c.vector).outerjoin(account_vectors, made)


def remember(connection: Connection, told: Sequence[Remembered], now: datetime) -> list[bool]:
    """Keep what decisions say of their accounts, in order; for each whether it was kept before. What is unknown now is
    not forgotten, and an outcome stays. A lead that has ended already gives its account the outcome at once."""
    before = _rows(connection, {one.key for one in told})
    links = _links(connection, [one.lead_id for one in told])
    repeated, moved = [], set[str]()
    kept = dict(before)
    for one in told:
        again = one.lead_id in links and links[one.lead_id].revision >= one.revision
        repeated.append(again)
        if again:
            continue
        links[one.lead_id] = _Link(one.key, one.revision)
        row = kept.get(one.key)
        if row is None or row["outcome"] == GONE:
            kept[one.key] = _open_row(one, now, row)
            moved.add(one.key)
        elif known := _news(row, one.account):
            kept[one.key] = row | known | {"updated_at": now}
            moved.add(one.key)
    stale = [key for key in sorted(moved) if key in before and before[key]["outcome"] != OPEN]
    _write(connection, [kept[key] for key in sorted(moved)], now, stale)
    fresh = sorted({one.lead_id for one, again in zip(told, repeated, strict=True) if not again})
    upsert(
        connection,
        account_leads,
        [{"lead_id": i, "account_key": links[i].key, "revision": links[i].revision} for i in fresh],
        ["lead_id"],
    )
    note_ends(connection, _ended(connection, fresh), now)
    return repeated


def note_ends(connection: Connection, lead_ids: Sequence[str], now: datetime) -> int:
    """Bring the accounts of these leads up to how their leads ended; returns how many accounts changed.

    Of several leads of an account a sale counts, else what was closed last. An outcome that somebody else told (a file,
    the CRM) stays where it is of a later day.
    """
    keys = sorted({link.key for link in _links(connection, lead_ids).values()})
    ends, changed = _ends(connection, keys), []
    for key, row in sorted(_rows(connection, set(ends)).items()):
        end = ends[key]
        later = row["closed_on"] is not None and row["closed_on"] > end["closed_on"]
        if row["told_by"] != "lead" and row["outcome"] in OUTCOMES and later:
            continue
        news = row | end | {"told_by": "lead"}
        if news != row:
            changed.append(news | {"updated_at": now})
    _write(connection, changed, now)
    return len(changed)


def keep(engine: Engine, accounts: Iterable[PastAccount], told_by: TellsWho, now: datetime) -> tuple[int, int]:
    """Keep accounts with the outcomes that somebody told: (kept, left alone). An account is left alone where a later day
    is known for it from elsewhere, and by the bundled table wherever anybody else has told of it."""
    kept = alone = 0
    told = {one.key: one for one in accounts}
    pages = sorted(told)
    for start in range(0, len(pages), PAGE):
        keys = pages[start : start + PAGE]
        with engine.execution_options(immediate=True).begin() as connection:
            before = _rows(connection, set(keys))
            news, stale = [], []
            for key in keys:
                row = before.get(key)
                if row is not None and _outranked(row, told[key], told_by):
                    alone += 1
                    continue
                kept += 1
                new = _closed_row(told[key], told_by, now, row)
                old = None if row is None else row | {"number": 0, "updated_at": now}
                if new != old:
                    news.append(new)
                if old is not None and _facts(new) != _facts(old):
                    stale.append(key)
            _write(connection, news, now, stale)
    return kept, alone


def forget(connection: Connection, told_by: TellsWho, now: datetime) -> int:
    """Keep no account any more that only this source told of."""
    of = past_accounts.c
    number = _next_number(connection, now)
    gone = update(past_accounts).where(of.told_by == told_by, of.outcome != GONE)
    return connection.execute(gone.values(outcome=GONE, number=number, updated_at=now)).rowcount


def without_vector(
    engine: Engine, embedder: str, limit: int, *, after: int = -1, elsewhere: bool = False
) -> list[Change]:
    """Closed accounts, changed after this number, of which this embedder has made nothing yet. elsewhere: where vectors are
    kept together with what is told of their accounts, so that every change goes there, the end of an account included."""
    missing: ColumnElement[bool] = account_vectors.c.vector.is_(None)
    fits: ColumnElement[bool] = past_accounts.c.outcome.in_(OUTCOMES)
    if elsewhere:
        missing = or_(missing, account_vectors.c.number != past_accounts.c.number)
        fits = or_(fits, and_(past_accounts.c.outcome == GONE, account_vectors.c.vector.is_not(None)))
    later = past_accounts.c.number > after
    wanted = _with_vectors(embedder).where(missing, fits, later).order_by(past_accounts.c.number).limit(limit)
    with engine.connect() as connection:
        return [_change(row) for row in connection.execute(wanted)]


def keep_vectors(
    engine: Engine, embedder: str, made: Sequence[tuple[Change, NDArray[np.float32] | None]], now: datetime
) -> int:
    """Keep what an embedder made of accounts as they were read; one that changed meanwhile is left for the next time.
    None: it is kept elsewhere, or is nowhere any more. Returns how many were kept."""
    if not made:
        return 0
    with engine.execution_options(immediate=True).begin() as connection:
        number = _next_number(connection, now)  # first: from here on no other writer changes an account
        of = past_accounts.c
        seen = {change.key: change.number for change, _ in made}
        as_read = select(of.account_key, of.number).where(of.account_key.in_(seen))
        standing = {row.account_key for row in connection.execute(as_read) if row.number == seen[row.account_key]}
        rows = [
            {
                "embedder": embedder,
                "account_key": change.key,
                "number": change.number if vector is None else number,
                "vector": b"" if vector is None else packed(vector),
            }
            for change, vector in made
            if change.key in standing
        ]
        upsert(connection, account_vectors, rows, ["embedder", "account_key"])
        if any(vector is not None for _, vector in made):
            connection.execute(update(past_accounts).where(of.account_key.in_(standing)).values(number=number))
    return len(rows)


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


def forget_vectors(engine: Engine, except_of: str) -> int:
    """Drop the vectors of all embedders but one."""
    with engine.execution_options(immediate=True).begin() as connection:
        return connection.execute(delete(account_vectors).where(account_vectors.c.embedder != except_of)).rowcount


def state_of(engine: Engine, name: str) -> dict[str, Any] | None:
    """What was noted under this name."""
    with engine.connect() as connection:
        state = connection.scalar(select(account_memory.c.state).where(account_memory.c.name == name))
    return None if state is None else orjson.loads(state)


def note_state(connection: Connection, name: str, state: Mapping[str, Any], now: datetime) -> None:
    row = {"name": name, "number": 0, "state": orjson.dumps(state).decode(), "updated_at": now}
    upsert(connection, account_memory, [row], ["name"])


def find(engine: Engine, named: str, limit: int = 10) -> list[tuple[str, AccountQuery, str]]:
    """(key, account, outcome) of those that have this domain, id or name, whatever their outcome."""
    of = past_accounts.c
    same = of.account_key == named.casefold()
    alike = (of.account_id == named) | (func.lower(of.name) == named.lower())
    with engine.connect() as connection:
        for condition in (same, alike):
            wanted = select(past_accounts).where(condition, of.outcome != GONE).order_by(of.account_key).limit(limit)
            if found := connection.execute(wanted).all():
                return [(row.account_key, _query(row), row.outcome) for row in found]
    return []


def packed(vector: NDArray[np.float32]) -> bytes:
    """Deflated: a structured vector is mostly zeros."""
    return zlib.compress(np.ascontiguousarray(vector, "<f4").tobytes(), 1)


def unpacked(held: bytes) -> NDArray[np.float32]:
    return np.frombuffer(zlib.decompress(held), "<f4")


@dataclass(frozen=True, slots=True)
class _Link:
    key: str
    revision: int


def _number(connection: Connection) -> int:
    return connection.scalar(select(account_memory.c.number).where(account_memory.c.name == CHANGES)) or 0


def _next_number(connection: Connection, now: datetime) -> int:
    """From here to the end of the transaction no other has a number."""
    first = insert_for(connection, account_memory).values(name=CHANGES, number=1, updated_at=now)
    counted = first.on_conflict_do_update(
        index_elements=["name"], set_={"number": account_memory.c.number + 1, "updated_at": now}
    )
    number: int = connection.execute(counted.returning(account_memory.c.number)).scalar_one()
    return number


def _rows(connection: Connection, keys: set[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    wanted = sorted(keys)
    for start in range(0, len(wanted), PAGE):
        some = select(past_accounts).where(past_accounts.c.account_key.in_(wanted[start : start + PAGE]))
        found |= {row["account_key"]: dict(row) for row in connection.execute(some).mappings()}
    return found


def _links(connection: Connection, lead_ids: Sequence[str]) -> dict[str, _Link]:
    found: dict[str, _Link] = {}
    for start in range(0, len(lead_ids), PAGE):
        some = select(account_leads).where(account_leads.c.lead_id.in_(lead_ids[start : start + PAGE]))
        found |= {row.lead_id: _Link(row.account_key, row.revision) for row in connection.execute(some)}
    return found


def _ended(connection: Connection, lead_ids: Sequence[str]) -> list[str]:
    """Those of them that have ended. Most have not: this is all they cost."""
    if not lead_ids:
        return []
    closed = select(assignments.c.lead_id).where(
        assignments.c.lead_id.in_(lead_ids), assignments.c.outcome.is_not(None)
    )
    told = select(outcomes.c.lead_id).where(outcomes.c.lead_id.in_(lead_ids))
    return sorted(set(connection.scalars(closed.union(told))))


def _ends(connection: Connection, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """How the leads of each account ended, as columns of its row; an account of which none has is not in it."""
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(keys), PAGE):
        of = account_leads.c.account_key.in_(keys[start : start + PAGE])
        wanted = select(account_leads.c.lead_id, account_leads.c.account_key, leads.c.created_at).outerjoin(
            leads, leads.c.lead_id == account_leads.c.lead_id
        )
        held = {row.lead_id: row for row in connection.execute(wanted.where(of))}
        best: dict[str, _End] = {}
        for lead_id, end in _ends_of_leads(connection, of).items():
            key = held[lead_id].account_key
            if key not in best or end.rank > best[key].rank:
                best[key] = end
        found |= {key: end.columns(held[end.lead_id].created_at) for key, end in best.items()}
    return found


def _ends_of_leads(connection: Connection, of: Any) -> dict[str, _End]:
    """As `learning.ends_of`, for the leads of some accounts."""
    found: dict[str, _End] = {}
    held = select(assignments.c.lead_id, assignments.c.outcome, assignments.c.closed_at).join(
        account_leads, account_leads.c.lead_id == assignments.c.lead_id
    )
    closed = held.where(of, assignments.c.outcome.is_not(None), assignments.c.closed_at.is_not(None))
    for row in connection.execute(closed.order_by(assignments.c.closed_at, assignments.c.number)):
        if row.lead_id not in found or found[row.lead_id].code != "won":
            found[row.lead_id] = _End(row.lead_id, row.outcome, row.closed_at)
    told = select(outcomes).join(account_leads, account_leads.c.lead_id == outcomes.c.lead_id).where(of)
    for row in connection.execute(told):  # told from outside: it goes before what the assignment says
        found[row.lead_id] = _End(row.lead_id, row.outcome, row.closed_at, row.contract_usd, row.reason)
    return found


@dataclass(frozen=True, slots=True)
class _End:
    lead_id: str
    code: str
    closed_at: datetime
    contract_usd: float | None = None
    reason: str | None = None

    @property
    def rank(self) -> tuple[bool, datetime, str]:
        """The highest counts for the account."""
        return self.code == "won", self.closed_at, self.lead_id

    def columns(self, first_at: datetime | None) -> dict[str, Any]:
        """first_at: when the lead was first heard of; None, or later than the end: days are not known."""
        outcome, without = _END[self.code]
        after_s = -1.0 if first_at is None else (self.closed_at - first_at).total_seconds()
        return {
            "outcome": outcome,
            "reason": self.reason or without,
            "deal_usd": None if self.contract_usd is None else round(self.contract_usd),
            "days_to_close": int(after_s // _DAY_S) if after_s >= 0 else None,
            "closed_on": self.closed_at.date(),
        }


def _write(connection: Connection, rows: Sequence[dict[str, Any]], now: datetime, stale: Sequence[str] = ()) -> None:
    """stale: keys of accounts of which something else is known than when their vectors were made."""
    if not rows:
        return
    closed = [row for row in rows if row["outcome"] in OUTCOMES]
    number = _next_number(connection, now) if closed else 0
    rows = [row | {"number": number if row["outcome"] in OUTCOMES else 0} for row in rows]
    upsert(connection, past_accounts, rows, ["account_key"])
    if stale:
        connection.execute(delete(account_vectors).where(account_vectors.c.account_key.in_(stale)))


_FACTS = ("domain", "name", "industry", "country", "employees", "revenue_usd", "technologies")


def _facts(row: Mapping[Any, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _FACTS)


def _columns(account: AccountQuery) -> dict[str, Any]:
    known = {name: getattr(account, name) for name in _FACTS}
    return known | {"technologies": orjson.dumps(account.technologies).decode()}


def _news(row: Mapping[str, Any], account: AccountQuery) -> dict[str, Any]:
    """What an account says of itself that its row does not."""
    told = _columns(account if account.technologies else replace(account, technologies=_listed(row["technologies"])))
    return {name: value for name, value in told.items() if value is not None and value != row[name]}


def _open_row(one: Remembered, now: datetime, before: Mapping[str, Any] | None) -> dict[str, Any]:
    ends = {"outcome": OPEN, "reason": None, "deal_usd": None, "days_to_close": None, "closed_on": None}
    shown = before["account_id"] if before else one.key
    about = {"account_key": one.key, "account_id": shown, "told_by": "lead", "updated_at": now, "number": 0}
    return about | _columns(one.account) | ends


def _closed_row(
    past: PastAccount, told_by: TellsWho, now: datetime, before: Mapping[str, Any] | None
) -> dict[str, Any]:
    told = _columns(past.account)
    if before is not None and told_by != before["told_by"]:  # what is unknown here is not forgotten
        told = {name: before[name] if value in {None, "[]"} else value for name, value in told.items()}
    return {
        "account_key": past.key,
        "account_id": past.account_id,
        **told,
        "outcome": past.outcome,
        "reason": past.reason,
        "deal_usd": past.deal_usd,
        "days_to_close": past.days_to_close,
        "closed_on": past.closed_on,
        "told_by": told_by,
        "number": 0,
        "updated_at": now,
    }


def _outranked(row: Mapping[str, Any], told: PastAccount, told_by: TellsWho) -> bool:
    if row["outcome"] not in OUTCOMES or row["told_by"] == told_by:
        return False
    if told_by == "bundled":
        return True
    known = row["closed_on"]
    return row["told_by"] != "bundled" and known is not None and known > (told.closed_on or date.min)


def _change(row: Row[Any]) -> Change:
    past = None
    if row.outcome in OUTCOMES:
        past = PastAccount(
            row.account_id, _query(row), row.outcome, row.reason, row.deal_usd, row.days_to_close, row.closed_on
        )
    return Change(row.account_key, row.number, past, unpacked(row.vector) if row.vector else None)


def _query(row: Row[Any]) -> AccountQuery:
    return AccountQuery(
        row.domain, row.name, row.industry, row.country, row.employees, row.revenue_usd, _listed(row.technologies)
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(orjson.loads(text))
