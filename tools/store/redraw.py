"""Changes a message that was sent already, through the outbox, in the transaction of whatever changed the assignment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, select

from graph.domain.effects import VENDOR_OF, UpdateAlert
from graph.rules.blocks import Message
from tools.store.tables import alerts, assignments, leads, outbox
from tools.store.upsert import insert_new


def standing(connection: Connection, lead_id: str, number: int, *, lock: bool = True) -> Row[Any] | None:
    """The assignment, with `holder`, `current`, `revision` and `path` of its lead as they are now. Locked until the end of
    the transaction, unless it is only looked at: what is written because of it follows no change that comes between."""
    wanted = (
        select(
            assignments,
            leads.c.owner.label("holder"),
            leads.c.assignment.label("current"),
            leads.c.revision,
            leads.c.path,
        )
        .join(leads, leads.c.lead_id == assignments.c.lead_id)
        .where(assignments.c.lead_id == lead_id, assignments.c.number == number)
    )
    return connection.execute(wanted.with_for_update() if lock else wanted).first()


def shown(connection: Connection, state: Row[Any]) -> Message | None:
    """The newest message about this assignment that was sent or is about to be; None for a lead without an alert."""
    sent = (
        select(outbox.c.payload)
        .where(outbox.c.lead_id == state.lead_id, outbox.c.vendor == VENDOR_OF["update_alert"])
        .order_by(outbox.c.id.desc())
    )
    for payload in connection.scalars(sent):
        effect = orjson.loads(payload)
        if (effect["owner"], effect["assignment"]) == (state.owner, state.number) and not effect.get("closed"):
            return dict(effect["message"])
    drawn = select(alerts.c.message).where(alerts.c.lead_id == state.lead_id, alerts.c.owner == state.owner)
    message = connection.scalar(drawn)
    return None if message is None else dict(orjson.loads(message))


def redraw(
    connection: Connection, state: Row[Any], name: str, effect: UpdateAlert, now: datetime, revision: int | None = None
) -> None:
    """Have the message redrawn, once for each revision, name and assignment however often it is asked. revision: of the
    decision that asked for it, where it is not the newest."""
    revision = state.revision if revision is None else revision
    row = {
        "key": f"{state.lead_id}@{revision}/{effect.kind}/{name}-{state.number}",
        "lead_id": state.lead_id,
        "revision": revision,
        "vendor": VENDOR_OF[effect.kind],
        "kind": effect.kind,
        "payload": orjson.dumps(effect),
        "state": "pending",
        "attempts": 0,
        "due_at": now,
        "accepted_at": now,
        "created_at": now,
    }
    insert_new(connection, outbox, [row], ["key"])
