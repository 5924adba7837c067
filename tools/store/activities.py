"""What people did, kept once: events go in, verdicts about bots with them, and a weighing is asked for every lead touched.

    new events --> lead_events        (by event_key: what is there already is a duplicate, whatever it says)
               --> counts, reason     of every event of these people within seconds of a new one, judged anew
               --> outbox weigh_activity  one row a lead that waits already takes more events in

All of it in one transaction of the caller's. A lead id follows from the address (infra/docs/adr/0005), so that an event of
somebody who has not written yet belongs to their lead from the day they do; nothing has to be adopted. Blocking.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import orjson
from sqlalchemy import Connection, Engine, and_, bindparam, case, false, func, or_, select, text, update

from graph.domain.activity import Did, EventType, Wanted
from graph.domain.effects import VENDOR_OF, key_of
from graph.domain.telling import WeighActivity
from graph.rules.activity_bots import NEAR_S, verdicts
from tools.store.agents import Networks, trace_of
from tools.store.tables import lead_events, leads, outbox
from tools.store.upsert import insert_new

NEWEST: Final = 500
"""Events of one lead that a decision sees: the newest. More say nothing more, and stand in the record of each decision."""
PAGE: Final = 500
DUE_S: Final = 5.0
"""Seconds that a weighing waits for more of the same: whoever opens a mail may follow a link."""
UNSIGNED: Final = "unsigned"
"""The source of events that anybody may have sent: they count, and close nothing."""
WEIGHED: Final = frozenset({"page_view", "email_open", "email_click", "content_download", "form_submit", "meeting", "call",
                            "reply", "outcome"})  # fmt: skip
"""What may change how a lead goes on. Our own mails, bounces and unsubscribes are read by whoever sends the next mail."""


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
    weighed = _ask_weighing(connection, new, now, due_s)
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


def _ask_weighing(connection: Connection, events: Sequence[NewEvent], now: datetime, due_s: float) -> tuple[str, ...]:
    """One weighing a lead that was decided, named by its newest event; a weighing that waits takes the others in. It does not
    ask what counts: a neighbour that is told later may change that."""
    newest: dict[str, NewEvent] = {}
    for event in events:  # by time
        if event.type in WEIGHED:
            newest[event.lead_id] = event
    known = _revisions(connection, sorted(newest))
    for lead_id, revision in known.items():
        event = newest[lead_id]
        weigh(connection, lead_id, revision, WeighActivity(event.event_key, event.at), now, due_s)
    return tuple(known)


def _revisions(connection: Connection, lead_ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(lead_ids), PAGE):
        wanted = select(leads.c.lead_id, leads.c.revision).where(leads.c.lead_id.in_(lead_ids[start : start + PAGE]))
        found |= {row.lead_id: row.revision for row in connection.execute(wanted.order_by(leads.c.lead_id))}
    return found


_WAITING = (
    select(outbox.c.id, outbox.c.payload)
    .where(
        outbox.c.lead_id == bindparam("v_lead"),
        outbox.c.vendor == text("'activity'"),
        outbox.c.state == text("'pending'"),
        outbox.c.attempts == 0,
    )
    .with_for_update()  # a dispatcher that is just taking it comes first: then there is none that waits
)


def weigh(
    connection: Connection, lead_id: str, revision: int, effect: WeighActivity, now: datetime, due_s: float
) -> None:
    """Ask for a weighing of a lead within `due_s`, or let the one that waits do it for these events, too."""
    waiting = connection.execute(_WAITING, {"v_lead": lead_id}).first()
    told = {"key": key_of(effect, lead_id, revision), "payload": orjson.dumps(effect)}
    if waiting is not None:
        held = orjson.loads(waiting.payload)
        if (datetime.fromisoformat(held["at"]), held["event_key"]) < (effect.at, effect.event_key):
            connection.execute(update(outbox).where(outbox.c.id == waiting.id).values(**told, revision=revision))
        return
    row = {
        "lead_id": lead_id,
        "revision": revision,
        "vendor": VENDOR_OF[effect.kind],
        "kind": effect.kind,
        "state": "pending",
        "attempts": 0,
        "due_at": now + timedelta(seconds=due_s),
        "accepted_at": now,
        "created_at": now,
    }
    insert_new(connection, outbox, [{**told, **row}], ["key"])


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


def weigh_unseen(connection: Connection, received: Mapping[str, datetime], now: datetime) -> None:
    """Ask for a weighing of those of these new leads (id -> when they wrote) about whom something was told since: their
    decision has not seen it, and when it was told nobody knew the lead."""
    if not received or not any_events(connection):
        return
    newest: dict[str, Any] = {}
    for row in connection.execute(_SINCE, {"names": list(received), "v_since": min(received.values())}):
        newest[row.lead_id] = row
    for lead_id, row in newest.items():
        weigh(connection, lead_id, 1, WeighActivity(row.event_key, row.at), now, DUE_S)


_SINCE = (
    select(*(lead_events.c[name] for name in ("lead_id", "event_key", "at")))
    .where(
        lead_events.c.lead_id.in_(bindparam("names", expanding=True)),
        lead_events.c.received_at > bindparam("v_since"),
        lead_events.c.type.in_(sorted(WEIGHED)),
    )
    .order_by(lead_events.c.at, lead_events.c.event_key)
)
