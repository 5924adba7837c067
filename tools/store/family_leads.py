"""How many leads came from a family of companies lately: a fact of our own record, whatever CRM is in use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, case, func, select

from graph.ports import CrmAsk
from tools.store.tables import leads

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


def family_of(ask: CrmAsk) -> str | None:
    """The domain that names the family, as `leads.parent_domain` has it: the parent's, else the company's own."""
    return ask.parent_domain or ask.domain


def count_family_leads(connection: Connection, asks: Sequence[CrmAsk], now: datetime) -> list[int]:
    """For each ask the other people's leads of its family in the last 30 days; 0 where no family is known."""
    families = sorted({family for ask in asks if (family := family_of(ask)) is not None})
    if not families:
        return [0] * len(asks)
    people = sorted({ask.email for ask in asks if ask.email is not None})
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
        counts.append(total.get(root, 0) - own.get((root, ask.email or ""), 0) if root else 0)
    return counts


class SqlFamilyLeads:
    """The same count for adapters that hold no connection. Blocking: call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, asks: Sequence[CrmAsk], now: datetime) -> list[int]:
        with self._engine.connect() as connection:
            return count_family_leads(connection, asks, now)
