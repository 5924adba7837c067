"""What people did, kept once: events go in, verdicts about bots with them, and a weighing is asked for every lead touched.

    new events --> lead_events        (by event_key: what is there already is a duplicate, whatever it says)
               --> counts, reason     of every event of these people within seconds of a new one, judged anew
               --> outbox weigh_activity  one row a lead that waits already takes more events in (tools.store.weighing)

All of it in one transaction of the caller's. A lead id follows from the address (infra/docs/adr/0005), so that an event of
somebody who has not written yet belongs to their lead from the day they do; nothing has to be adopted. Blocking.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, bindparam, select, text, update

from graph.domain.activity import EventType
from graph.domain.telling import WeighActivity
from graph.rules.activity_bots import NEAR_S, verdicts
from tools.store.agents import Networks, trace_of
from tools.store.tables import lead_events
from tools.store.upsert import insert_new
from tools.store.weighing import DUE_S, WEIGHED, ask_weighing

PAGE: Final = 500
UNSIGNED: Final = "unsigned"
"""The source of events that anybody may have sent: they count, and close nothing."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event as it was told and found good. at: with its zone; properties: as sent."""

    event_key: str
    type: EventType
    at: datetime
    lead_id: str
    email: str | None
    source: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """new: keys of the events that were not known; doubted: how many of them do not count; weighed: leads that will be."""

    new: frozenset[str]
    doubted: int
    weighed: tuple[str, ...]


def keep_events(
    engine: Engine, events: Sequence[NewEvent], now: datetime, *, networks: Networks = (), due_s: float = DUE_S
) -> Stored:
    """In a transaction of its own, all or nothing."""
    with engine.execution_options(immediate=True).begin() as connection:
        return store_events(connection, events, now, networks=networks, due_s=due_s)


def newest_of(events: Sequence[NewEvent]) -> dict[str, WeighActivity]:
    """By lead: what is weighed, named by the newest event that may change anything. events: by time."""
    return {e.lead_id: WeighActivity(e.event_key, e.at) for e in events if e.type in WEIGHED}


def store_events(
    connection: Connection, events: Sequence[NewEvent], now: datetime, *, networks: Networks = (), due_s: float = DUE_S
) -> Stored:
    """due_s: seconds until the leads are weighed. One writer at a time: a verdict needs all its neighbours."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('lead_events'))"))
    unique = {event.event_key: event for event in reversed(events)}  # the first of a repeated key counts
    known = _known(connection, sorted(unique))
    new = [event for key, event in unique.items() if key not in known]
    if not new:
        return Stored(frozenset(), 0, ())
    new.sort(key=lambda event: (event.at, event.event_key))
    insert_new(connection, lead_events, [_row(event, now) for event in new], ["event_key"])
    doubted = _judge(connection, new, networks)
    weighed = ask_weighing(connection, newest_of(new), now, due_s)
    keys = frozenset(event.event_key for event in new)
    return Stored(keys, len(keys & doubted), weighed)


def _row(event: NewEvent, now: datetime) -> dict[str, Any]:
    return {
        "event_key": event.event_key,
        "lead_id": event.lead_id,
        "email": event.email,
        "type": event.type,
        "at": event.at,
        "received_at": now,
        "source": event.source,
        "counts": True,
        "reason": None,
        "properties": orjson.dumps(event.properties).decode(),
    }


def _known(connection: Connection, keys: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(keys), PAGE):
        wanted = select(lead_events.c.event_key).where(lead_events.c.event_key.in_(keys[start : start + PAGE]))
        found |= set(connection.scalars(wanted))
    return found


def _judge(connection: Connection, new: Sequence[NewEvent], networks: Networks) -> set[str]:
    """Judge what is new and what happened within seconds of it; returns the keys that do not count."""
    near = timedelta(seconds=NEAR_S)
    times: dict[str, list[datetime]] = {}
    for event in new:
        times.setdefault(event.lead_id, []).append(event.at)
    changed: list[dict[str, Any]] = []
    doubted: set[str] = set()
    for lead_id, rows in _neighbours(connection, times, 2 * near).items():
        found = verdicts([trace_of(row.event_key, row.type, row.at, row.properties, networks) for row in rows])
        doubted |= set(found)
        for row in rows:
            why = found.get(row.event_key)
            if row.reason != why and any(abs(row.at - at) <= near for at in _around(times[lead_id], row.at)):
                changed.append({"v_key": row.event_key, "counts": why is None, "reason": why})
    if changed:
        connection.execute(_VERDICT, changed)
    return doubted


_VERDICT = (
    update(lead_events)
    .where(lead_events.c.event_key == bindparam("v_key"))
    .values(counts=bindparam("counts"), reason=bindparam("reason"))
)
_NEIGHBOURS = (
    select(*(lead_events.c[name] for name in ("event_key", "lead_id", "type", "at", "reason", "properties")))
    .where(
        lead_events.c.lead_id.in_(bindparam("names", expanding=True)),
        lead_events.c.at.between(bindparam("since"), bindparam("until")),
    )
    .order_by(lead_events.c.lead_id, lead_events.c.at, lead_events.c.event_key)
)


def _neighbours(connection: Connection, times: Mapping[str, list[datetime]], reach: timedelta) -> dict[str, list[Any]]:
    """Events of each lead around its new ones."""
    found: dict[str, list[Any]] = {}
    ids = sorted(times, key=lambda lead_id: times[lead_id][0])
    for start in range(0, len(ids), PAGE):
        some = ids[start : start + PAGE]
        since = min(times[lead_id][0] for lead_id in some) - reach
        until = max(times[lead_id][-1] for lead_id in some) + reach
        for row in connection.execute(_NEIGHBOURS, {"names": some, "since": since, "until": until}):
            found.setdefault(row.lead_id, []).append(row)
    return found


def _around(times: Sequence[datetime], at: datetime) -> Sequence[datetime]:
    """The times before and after a moment; times: ascending."""
    place = bisect_left(times, at)
    return times[max(0, place - 1) : place + 1]
