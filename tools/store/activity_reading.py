"""What people did, as decisions and pages read it. Blocking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

import orjson
from sqlalchemy import Connection, Engine, and_, bindparam, case, false, func, or_, select

from graph.domain.activity import Did, Wanted
from tools.store.tables import lead_events

NEWEST: Final = 500
"""Events of one lead that a decision sees: the newest. More say nothing more, and stand in the record of each decision."""

_Seen: TypeAlias = tuple[datetime, str, str]
"""When, event key, type."""
_SEEN_AT = case((lead_events.c.received_at < lead_events.c.at, lead_events.c.received_at), else_=lead_events.c.at)
"""A time ahead of our clock is taken for the moment at which it was told."""


def _counting(name: str) -> Any:
    """(lead or address, when, key, type) of what counts of those named, the newest of each."""
    column, order = lead_events.c[name], (lead_events.c.at.desc(), lead_events.c.event_key)
    rank = func.row_number().over(partition_by=column, order_by=order).label("rank")
    ranked = select(column.label("whose"), _SEEN_AT.label("seen_at"), lead_events.c.event_key, lead_events.c.type, rank)
    among = column.in_(bindparam("names", expanding=True))
    held = ranked.where(among, lead_events.c.counts).subquery()
    return select(held.c.whose, held.c.seen_at, held.c.event_key, held.c.type).where(held.c.rank <= NEWEST)


_OF_LEADS, _OF_ADDRESSES = _counting("lead_id"), _counting("email")
_FIRST = select(lead_events.c.event_key).limit(1)


def any_events(connection: Connection) -> bool:
    """Whether anything was ever told: asked first, it spares a router without events the other questions."""
    return connection.execute(_FIRST).first() is not None


def read_activities(connection: Connection, asked: Sequence[Wanted]) -> list[tuple[Did, ...]]:
    """One question for all of them, another where somebody has other addresses. Oldest first."""
    of_lead = _by_name(connection, _OF_LEADS, [one.lead_id for one in asked])
    others = sorted({email for one in asked for email in one.also})
    of_email = _by_name(connection, _OF_ADDRESSES, others) if others else {}
    if not of_lead and not of_email:
        return [()] * len(asked)
    return [
        _did([*of_lead.get(one.lead_id, ()), *(seen for email in one.also for seen in of_email.get(email, ()))])
        for one in asked
    ]


def _by_name(connection: Connection, statement: Any, names: Sequence[str]) -> dict[str, list[_Seen]]:
    found: dict[str, list[_Seen]] = {}
    for whose, *seen in connection.execute(statement, {"names": names}):
        found.setdefault(whose, []).append((seen[0], seen[1], seen[2]))
    return found


def _did(seen: Iterable[_Seen]) -> tuple[Did, ...]:
    ordered = sorted(set(seen))[-NEWEST:]
    return tuple([(kind, at) for at, _, kind in ordered])


def events_of(
    engine: Engine, lead_id: str, *, limit: int, before: datetime | None = None, after_key: str = ""
) -> list[dict[str, Any]]:
    """A lead's events as JSON values, newest first, those that do not count with the reason. Events of one moment follow
    each other by key: the page goes on behind `after_key` at `before`."""
    wanted = select(lead_events).where(lead_events.c.lead_id == lead_id)
    if before is not None:
        rest = and_(lead_events.c.at == before, lead_events.c.event_key > after_key) if after_key else false()
        wanted = wanted.where(or_(lead_events.c.at < before, rest))
    with engine.connect() as connection:
        rows = connection.execute(wanted.order_by(lead_events.c.at.desc(), lead_events.c.event_key).limit(limit)).all()
    return [{**row._mapping, "properties": orjson.loads(row.properties)} for row in rows]  # noqa: SLF001 - its own name
