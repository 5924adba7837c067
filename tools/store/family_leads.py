"""How many leads came from a family of companies lately: a fact of our own record, whatever CRM is in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, bindparam, case, func, null, select

from graph.ports import CrmAsk
from tools.store.tables import leads

DAYS = 30
_ASKER = case((leads.c.email.in_(bindparam("people", expanding=True)), leads.c.email), else_=null()).label("asker")
_COUNTED = (
    select(leads.c.parent_domain, _ASKER, func.count())
    .where(leads.c.parent_domain.in_(bindparam("families", expanding=True)), leads.c.created_at >= bindparam("since"))
    .group_by(leads.c.parent_domain, _ASKER)
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
    total: dict[str, int] = {}
    own: dict[tuple[str, str], int] = {}
    for family, person, number in connection.execute(
        _COUNTED, {"families": families, "people": people, "since": since}
    ):
        total[family] = total.get(family, 0) + number
        if person is not None:
            own[family, person] = number
    return [_others(family_of(ask), ask.email, total, own) for ask in asks]


def _others(family: str | None, email: str | None, total: Mapping[str, int], own: Mapping[tuple[str, str], int]) -> int:
    if family is None:
        return 0
    return total.get(family, 0) - (own.get((family, email), 0) if email is not None else 0)


class SqlFamilyLeads:
    """The same count for adapters that hold no connection. Blocking: call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, asks: Sequence[CrmAsk], now: datetime) -> list[int]:
        with self._engine.connect() as connection:
            return count_family_leads(connection, asks, now)
