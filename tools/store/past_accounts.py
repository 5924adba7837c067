"""Past accounts in the store: who was a customer, who decided otherwise, who is still deciding. Blocking.

    past_accounts    one row an account. `outcome` open: remembered for the day it closes; gone: no longer kept
    account_leads    which account a lead counts for: its end becomes the account's
    account_vectors  what an embedder made of an account, under the embedder's id

    here: what is kept · past_reading · past_vectors · past_ends: how leads ended · past_rows: rows and numbers

An account's vectors go when what is known of it changes, never because its outcome does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, Engine, update

from graph.ports import AccountQuery
from tools.account_metadata import OUTCOMES, PastAccount
from tools.store.past_ends import ended, ends_of_accounts
from tools.store.past_rows import (
    GONE,
    OPEN,
    PAGE,
    Link,
    columns_of,
    facts_of,
    links_of,
    listed,
    next_number,
    rows_of,
    write,
)
from tools.store.tables import (
    account_leads,
    past_accounts,
)
from tools.store.upsert import upsert

TellsWho: TypeAlias = Literal["bundled", "file", "crm", "lead"]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a lead's decision says of its account."""

    key: str
    account: AccountQuery
    lead_id: str
    revision: int


def remember(connection: Connection, told: Sequence[Remembered], now: datetime) -> list[bool]:
    """Keep what decisions say of their accounts, in order; for each whether it was kept before. What is unknown now is
    not forgotten, and an outcome stays. A lead that has ended already gives its account the outcome at once."""
    before = rows_of(connection, {one.key for one in told})
    links = links_of(connection, [one.lead_id for one in told])
    repeated, moved = [], set[str]()
    kept = dict(before)
    for one in told:
        again = one.lead_id in links and links[one.lead_id].revision >= one.revision
        repeated.append(again)
        if again:
            continue
        links[one.lead_id] = Link(one.key, one.revision)
        row = kept.get(one.key)
        if row is None or row["outcome"] == GONE:
            kept[one.key] = _open_row(one, now, row)
            moved.add(one.key)
        elif known := _news(row, one.account):
            kept[one.key] = row | known | {"updated_at": now}
            moved.add(one.key)
    stale = [key for key in sorted(moved) if key in before and before[key]["outcome"] != OPEN]
    write(connection, [kept[key] for key in sorted(moved)], now, stale)
    fresh = sorted({one.lead_id for one, again in zip(told, repeated, strict=True) if not again})
    upsert(
        connection,
        account_leads,
        [{"lead_id": i, "account_key": links[i].key, "revision": links[i].revision} for i in fresh],
        ["lead_id"],
    )
    note_ends(connection, ended(connection, fresh), now)
    return repeated


def note_ends(connection: Connection, lead_ids: Sequence[str], now: datetime) -> int:
    """Bring the accounts of these leads up to how their leads ended; returns how many accounts changed.

    Of several leads of an account a sale counts, else what was closed last. An outcome that somebody else told (a file,
    the CRM) stays where it is of a later day.
    """
    keys = sorted({link.key for link in links_of(connection, lead_ids).values()})
    ends, changed = ends_of_accounts(connection, keys), []
    for key, row in sorted(rows_of(connection, set(ends)).items()):
        end = ends[key]
        later = row["closed_on"] is not None and row["closed_on"] > end["closed_on"]
        if row["told_by"] != "lead" and row["outcome"] in OUTCOMES and later:
            continue
        news = row | end | {"told_by": "lead"}
        if news != row:
            changed.append(news | {"updated_at": now})
    write(connection, changed, now)
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
            before = rows_of(connection, set(keys))
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
                if old is not None and facts_of(new) != facts_of(old):
                    stale.append(key)
            write(connection, news, now, stale)
    return kept, alone


def forget(connection: Connection, told_by: TellsWho, now: datetime) -> int:
    """Keep no account any more that only this source told of."""
    of = past_accounts.c
    number = next_number(connection, now)
    gone = update(past_accounts).where(of.told_by == told_by, of.outcome != GONE)
    return connection.execute(gone.values(outcome=GONE, number=number, updated_at=now)).rowcount


def _news(row: Mapping[str, Any], account: AccountQuery) -> dict[str, Any]:
    """What an account says of itself that its row does not."""
    told = columns_of(account if account.technologies else replace(account, technologies=listed(row["technologies"])))
    return {name: value for name, value in told.items() if value is not None and value != row[name]}


def _open_row(one: Remembered, now: datetime, before: Mapping[str, Any] | None) -> dict[str, Any]:
    ends = {"outcome": OPEN, "reason": None, "deal_usd": None, "days_to_close": None, "closed_on": None}
    shown = before["account_id"] if before else one.key
    about = {"account_key": one.key, "account_id": shown, "told_by": "lead", "updated_at": now, "number": 0}
    return about | columns_of(one.account) | ends


def _closed_row(
    past: PastAccount, told_by: TellsWho, now: datetime, before: Mapping[str, Any] | None
) -> dict[str, Any]:
    told = columns_of(past.account)
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
