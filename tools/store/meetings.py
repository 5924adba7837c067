"""Meetings that people book and give up, as events of their lead. Written once, in whatever order the two are told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Engine, update

from tools.store.tables import lead_events
from tools.store.upsert import insert_new


def note_meeting(
    engine: Engine,
    *,
    event_key: str,
    lead_id: str | None,
    email: str | None,
    at: datetime,
    received_at: datetime,
    source: str,
    properties: Mapping[str, Any],
    cancelled: str | None = None,
) -> None:
    """The event of one booking; `cancelled`: why it does not count any more. A booking that is told after its
    cancellation stays cancelled."""
    row = {
        "event_key": event_key,
        "lead_id": lead_id,
        "email": email.strip().lower() if email else None,
        "type": "meeting",
        "at": at,
        "received_at": received_at,
        "source": source,
        "counts": cancelled is None,
        "reason": cancelled,
        "properties": orjson.dumps(dict(properties)).decode(),
    }
    with engine.execution_options(immediate=True).begin() as connection:
        insert_new(connection, lead_events, [row], ["event_key"])
        if cancelled is not None:
            connection.execute(
                update(lead_events).where(lead_events.c.event_key == event_key).values(counts=False, reason=cancelled)
            )
