"""Puts what happened into the queue of every webhook endpoint that asked for it, within the transaction of what happened:
both are there, or neither. Sends nothing.

    event --announce--> outbox row per subscribed endpoint, vendor = webhooks:{endpoint}, unique by event and endpoint

Each endpoint has a queue of its own, so that one which is slow or down delays nobody else. A process reads the list of
endpoints every LATE_S seconds: one that was added, changed or removed counts that much later in processes that run already.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import Connection, Engine, Pool, select

from graph.domain.announcing import PERSONAL, EventName
from graph.domain.effects import VENDOR_OF, key_of
from graph.domain.telling import SendWebhook
from graph.domain.values import evolve
from tools.store.queueing import queue
from tools.store.tables import webhook_endpoints

QUEUE: Final = f"{VENDOR_OF['send_webhook']}:"
LATE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Subscriber:
    endpoint: str
    personal: bool


@dataclass(frozen=True, slots=True)
class _Known:
    until_s: float
    by_event: Mapping[str, tuple[Subscriber, ...]]


_ENDPOINTS = select(*(webhook_endpoints.c[name] for name in ("endpoint", "personal", "events"))).order_by(
    webhook_endpoints.c.endpoint
)
_known: WeakKeyDictionary[Pool, _Known] = WeakKeyDictionary()


def subscribers(connection: Connection) -> Mapping[str, tuple[Subscriber, ...]]:
    """By event, as this process knows them; an event that nobody asked for is missing. Paused endpoints are among them:
    what happens meanwhile waits for them."""
    known = _known.get(connection.engine.pool)
    if known is None or time.monotonic() >= known.until_s:
        found: dict[str, list[Subscriber]] = {}
        for endpoint, personal, events in connection.execute(_ENDPOINTS):
            for event in orjson.loads(events):
                found.setdefault(event, []).append(Subscriber(endpoint, personal))
        known = _Known(time.monotonic() + LATE_S, {event: tuple(who) for event, who in found.items()})
        _known[connection.engine.pool] = known
    return known.by_event


def forget(engine: Engine) -> None:
    """The list of endpoints has changed in this process."""
    _known.pop(engine.pool, None)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing that happened. part: tells it from others of its event and lead (a revision, an assignment's number): the
    same one is announced once, whoever tells it again. data: a value of `graph.domain.announcing`."""

    event: EventName
    lead_id: str
    part: str
    revision: int
    data: Any

    @property
    def event_id(self) -> str:
        """The Standard Webhooks message id: the same in each replay and for each endpoint."""
        return message_id(self.event, self.lead_id, self.part)


def message_id(*parts: str) -> str:
    return "msg_" + hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def announce(connection: Connection, happened: Sequence[Announcement], now: datetime) -> None:
    """Queue them for those who asked. Costs a look into a dictionary where nobody did."""
    asked = subscribers(connection)
    if not asked:
        return
    rows = [
        _row(one, who, now, body)
        for one in happened
        for personal, group in _by_detail(asked.get(one.event, ()))
        for body in (body_of(one.event, one.data, now, personal=personal),)
        for who in group
    ]
    queue(connection, rows)


def _by_detail(who: Sequence[Subscriber]) -> Iterator[tuple[bool, list[Subscriber]]]:
    """Endpoints that get the same body."""
    for personal in (False, True):
        if group := [one for one in who if one.personal is personal]:
            yield personal, group


def body_of(event: str, data: Any, now: datetime, *, personal: bool) -> dict[str, Any]:
    """As Standard Webhooks has it: type, timestamp (when it happened, not when it is sent), data."""
    if not personal:
        data = evolve(data, **{name: None for name in PERSONAL if name in data.__dict__})
    return {"type": event, "timestamp": now, "data": data}


def _row(one: Announcement, who: Subscriber, now: datetime, body: dict[str, Any]) -> tuple[Any, ...]:
    effect = SendWebhook(who.endpoint, one.event, one.event_id, body)
    key, payload = key_of(effect, one.lead_id, one.revision), orjson.dumps(effect, option=orjson.OPT_UTC_Z)
    return (key, one.lead_id, one.revision, QUEUE + who.endpoint, effect.kind, payload, "pending", 0, now, now, now)
