"""Changes a message that was sent already, through the outbox, in the transaction of whatever changed the assignment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, select

from graph.domain.effects import VENDOR_OF, ConfirmOwner, Effect, UpdateAlert, due_of, key_of
from graph.rules.blocks import Message
from tools.store.tables import alerts, assignments, leads, outbox
from tools.store.upsert import insert_new

LOOKS: Final = tuple(timedelta(seconds=s) for s in (0, 2, 5, 15, 60, 300, 1_800, 7_200, 28_800))
"""How long it waits before each look at the CRM's owner; a write that is not made by then is somewhere among the dead
letters."""


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
        .where(outbox.c.lead_id == state.lead_id, outbox.c.kind.in_(("post_alert", "update_alert")))
        .order_by(outbox.c.id.desc())
    )
    for payload in connection.scalars(sent):
        effect = orjson.loads(payload)
        if (
            (effect.get("owner"), effect.get("assignment")) == (state.owner, state.number)
            and effect.get("message")
            and not effect.get("closed")
        ):
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
    key = f"{state.lead_id}@{revision}/{effect.kind}/{name}-{state.number}"
    write_effect(connection, key, state.lead_id, revision, effect, now)


def confirm_owner(connection: Connection, state: Row[Any], now: datetime, tries: int = 0) -> None:
    """Have the thread of an accepted lead told once the CRM has its owner; looked for at once, then less and less often."""
    if tries < len(LOOKS):
        effect = ConfirmOwner(state.owner, state.number, now + LOOKS[tries], tries)
        write_effect(
            connection, key_of(effect, state.lead_id, state.revision), state.lead_id, state.revision, effect, now
        )


def write_effect(connection: Connection, key: str, lead_id: str, revision: int, effect: Effect, now: datetime) -> None:
    """An effect that no decision asked for, once for each key."""
    row = {
        "key": key,
        "lead_id": lead_id,
        "revision": revision,
        "vendor": VENDOR_OF[effect.kind],
        "kind": effect.kind,
        "payload": orjson.dumps(effect),
        "state": "pending",
        "attempts": 0,
        "due_at": due_of(effect, now),
        "accepted_at": now,
        "created_at": now,
    }
    insert_new(connection, outbox, [row], ["key"])


def crm_owner(connection: Connection, lead_id: str, owner: str) -> str | None:
    """What became of the newest write that gives the contact in the CRM to this owner: done, pending, dead; None without
    one."""
    wanted = (
        select(outbox.c.state)
        .where(
            outbox.c.lead_id == lead_id,
            outbox.c.kind == "assign_owner",
            outbox.c.key.endswith(f"/{owner}", autoescape=True),
        )
        .order_by(outbox.c.id.desc())
        .limit(1)
    )
    return connection.scalar(wanted)
