"""How many leads came from a family of companies lately: a fact of our own record, whatever CRM is in use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, case, func, select, union

from graph.ports import CrmAsk
from tools.store.people_edges import links_of
from tools.store.tables import leads, person_edges

DAYS = 30
_PEOPLE: Any = bindparam("people", expanding=True)
_FAMILIES: Any = bindparam("families", expanding=True)
_COUNTED = (
    select(leads.c.parent_domain, func.count(), func.count(case((leads.c.email.in_(_PEOPLE), 1))))
    .where(leads.c.parent_domain.in_(_FAMILIES), leads.c.created_at >= bindparam("since"))
    .group_by(leads.c.parent_domain)
)
_OWN = select(leads.c.email, leads.c.parent_domain).where(
    leads.c.parent_domain.in_(_FAMILIES),
    leads.c.email.in_(_PEOPLE),
    leads.c.created_at >= bindparam("since"),
)


def _ends() -> Any:
    """Leads that were linked with one of the families' latest, from those leads to their edges: to go the other way reads
    every edge there is, of all companies."""
    low, high = person_edges.c.low, person_edges.c.high
    of_latest = (
        leads.c.parent_domain.in_(_FAMILIES),
        leads.c.created_at >= bindparam("since"),
        person_edges.c.undone_at.is_(None),
        person_edges.c.verdict == "same",
    )
    return union(*(select(low).join(leads, leads.c.lead_id == end).where(*of_latest) for end in (low, high)))


_ENDS = _ends()
_FAMILY = select(leads.c.lead_id, leads.c.parent_domain, leads.c.email).where(
    leads.c.lead_id.in_(bindparam("ids", expanding=True)),
    leads.c.created_at >= bindparam("since"),
)


def family_of(ask: CrmAsk) -> str | None:
    """The domain that names the family, as `leads.parent_domain` has it: the parent's, else the company's own."""
    return ask.parent_domain or ask.domain


def count_family_leads(connection: Connection, asks: Sequence[CrmAsk], now: datetime) -> list[int]:
    """For each ask the other people's leads of its family in the last 30 days; 0 where no family is known."""
    families = sorted({family for ask in asks if (family := family_of(ask)) is not None})
    if not families:
        return [0] * len(asks)
    people = sorted({email for ask in asks for email in (ask.email, *ask.also) if email is not None})
    since = now - timedelta(days=DAYS)
    asked = {"families": families, "people": people, "since": since}
    total: dict[str, int] = {}
    known = False
    for family, number, of_askers in connection.execute(_COUNTED, asked):
        total[family], known = number, known or of_askers > 0
    own: dict[tuple[str, str], int] = {}
    for person, family in connection.execute(_OWN, asked) if known else ():  # rare: most askers are new
        own[family, person] = own.get((family, person), 0) + 1
    counts = []
    for ask in asks:
        root = family_of(ask)
        counts.append(
            total.get(root, 0) - sum(own.get((root, one or ""), 0) for one in (ask.email, *ask.also)) if root else 0
        )
    if any(counts):
        several = [family for family in families if total.get(family, 0) > 1]
        groups = _people_of(connection, several, since) if several else {}
        counts = [
            count and count - _twice(groups.get(family_of(ask) or "", ()), {ask.email, *ask.also})
            for count, ask in zip(counts, asks, strict=True)
        ]
    return counts


def _twice(groups: Sequence[Sequence[str | None]], own: set[str | None]) -> int:
    """Leads beyond the first of their person. groups: the e-mails of each person's leads; own: of the one who asks."""
    others = [[email for email in group if email is None or email not in own] for group in groups]
    return sum(len(group) - 1 for group in others if group)


def _people_of(connection: Connection, families: Sequence[str], since: datetime) -> dict[str, list[list[str | None]]]:
    """By family the people with several leads that were linked: the e-mail of each lead, None where it has none."""
    ends = connection.scalars(_ENDS, {"families": families, "since": since}).all()
    if not ends:
        return {}
    groups = links_of(connection, ends).groups
    rows = {row[0]: row for row in connection.execute(_FAMILY, {"ids": sorted(groups), "since": since})}
    found: dict[str, list[list[str | None]]] = {}
    for group in set(groups.values()):
        within: dict[str, list[str | None]] = {}
        for row in (rows[one] for one in group if one in rows):
            within.setdefault(row[1], []).append(row[2])
        for family, emails in within.items():
            found.setdefault(family, []).append(emails)
    return found


class SqlFamilyLeads:
    """The same count for adapters that hold no connection. Blocking: call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, asks: Sequence[CrmAsk], now: datetime) -> list[int]:
        with self._engine.connect() as connection:
            return count_family_leads(connection, asks, now)
