"""Asks that a lead be weighed anew, once for all that was told of it lately. Within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, bindparam, select, text, update

from graph.domain.effects import VENDOR_OF, key_of
from graph.domain.telling import WeighActivity
from tools.store.activity_reading import any_events
from tools.store.tables import lead_events, leads, outbox
from tools.store.upsert import insert_new

PAGE: Final = 500
DUE_S: Final = 5.0
"""Seconds that a weighing waits for more of the same: whoever opens a mail may follow a link."""
WEIGHED: Final = frozenset({"page_view", "email_open", "email_click", "content_download", "form_submit", "meeting", "call",
                            "reply", "outcome"})  # fmt: skip
"""What may change how a lead goes on. Our own mails, bounces and unsubscribes are read by whoever sends the next mail."""


def ask_weighing(
    connection: Connection, newest: Mapping[str, WeighActivity], now: datetime, due_s: float
) -> tuple[str, ...]:
    """One weighing for each of these leads that was decided; a weighing that waits takes the others in. It does not ask what
    counts: a neighbour that is told later may change that. Returns the leads that will be weighed."""
    known = _revisions(connection, sorted(newest))
    for lead_id, revision in known.items():
        weigh(connection, lead_id, revision, newest[lead_id], now, due_s)
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
