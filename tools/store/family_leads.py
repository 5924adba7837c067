"""How many leads came from a family of companies lately: a fact of our own record, whatever CRM is in use.

Only the latest leads of each family are looked at: what an owner is told is that a company stirs, and to read all leads of
a large one for that made every batch slower with each lead stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, String, bindparam, func, select

from graph.ports import CrmAsk
from tools.store.listed import as_list, listed, value_in
from tools.store.people_edges import Links, links_of
from tools.store.tables import leads
from tools.store.tables.common import UtcTime

DAYS: Final = 30
LATEST: Final = 20
"""Leads of a family that are looked at, the one who asks among them."""


class FamilyCount(NamedTuple):
    """Leads of other people, each person once. more: there may be others, older than the latest that were looked at."""

    number: int = 0
    more: bool = False


def _latest() -> Any:
    """The latest leads of each family out of the index, from the time of the last of them on."""
    asked = listed("asked")
    family, since = value_in(asked, String), bindparam("since", type_=UtcTime)
    times = (
        select(leads.c.created_at)
        .where(leads.c.parent_domain == family, leads.c.created_at >= since)
        .order_by(leads.c.created_at.desc())
        .offset(LATEST - 1)
        .limit(1)
        .correlate(asked)
    )
    begin = func.coalesce(times.scalar_subquery(), since, type_=UtcTime)
    begun = select(family.label("family"), begin.label("begin")).select_from(asked).cte("begun")
    begun = begun.prefix_with("MATERIALIZED")
    recent = (leads.c.parent_domain == begun.c.family) & (leads.c.created_at >= begun.c.begin)
    return select(leads.c.parent_domain, leads.c.lead_id, leads.c.email).join_from(begun, leads, recent)


_LATEST = _latest()


def family_of(ask: CrmAsk) -> str | None:
    """The domain that names the family, as `leads.parent_domain` has it: the parent's, else the company's own."""
    return ask.parent_domain or ask.domain


def count_family_leads(connection: Connection, asks: Sequence[CrmAsk], now: datetime) -> list[FamilyCount]:
    """For each ask the other people's leads of its family in the last 30 days; 0 where no family is known."""
    families = sorted({family for ask in asks if (family := family_of(ask)) is not None})
    if not families:
        return [FamilyCount()] * len(asks)
    latest: dict[str, list[tuple[str, str | None]]] = {}
    asked = {"asked": as_list(families), "since": now - timedelta(days=DAYS)}
    for family, lead_id, email in connection.execute(_LATEST, asked):
        latest.setdefault(family, []).append((lead_id, email))
    several = [lead_id for held in latest.values() if len(held) > 1 for lead_id, _ in held]
    links = links_of(connection, several) if several else None
    return [_counted(latest.get(family_of(ask) or "", ()), {ask.email, *ask.also}, links) for ask in asks]


def _counted(held: Sequence[tuple[str, str | None]], own: set[str | None], links: Links | None) -> FamilyCount:
    """held: id and e-mail of each lead looked at; own: addresses of the one who asks."""
    others = {
        lead_id if links is None else links.name(lead_id)
        for lead_id, email in held
        if email is None or email not in own
    }
    return FamilyCount(len(others), bool(others) and len(held) >= LATEST)


class SqlFamilyLeads:
    """The same count for adapters that hold no connection. Blocking: call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, asks: Sequence[CrmAsk], now: datetime) -> list[FamilyCount]:
        with self._engine.connect() as connection:
            return count_family_leads(connection, asks, now)
