"""Clicks on the links of our own mails, as events of the lead: judged, and weighed, like those that others tell of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from tools.store.activities import NewEvent, store_events
from tools.store.tables import lead_events
from tools.store.weighing import DUE_S

MOST: Final = 20
"""Clicks of one link that are kept while none of them counts: scanners come back."""


def note_click(
    connection: Connection, mail: Row[Any], number: int, url: str, told: Mapping[str, Any], now: datetime
) -> None:
    """number: of the link in the mail; told: what the request says of who makes it. The first that counts is the last that
    is kept: a scanner that came before a person hides nobody's click."""
    key = f"nurture/email_click/{mail.mail_id}/{number}"
    mine = select(lead_events.c.counts).where(
        lead_events.c.lead_id == mail.lead_id,
        lead_events.c.type == "email_click",
        (lead_events.c.event_key == key) | lead_events.c.event_key.startswith(f"{key}/", autoescape=True),
    )
    kept = connection.scalars(mine).all()
    if any(kept) or len(kept) >= MOST:
        return
    about = {"sequence": mail.sequence, "step": mail.step, "mail_id": mail.mail_id, "url": url}
    name = f"{key}/{len(kept)}" if kept else key
    event = NewEvent(name, "email_click", now, mail.lead_id, mail.address.lower(), "nurture", about | dict(told))
    store_events(connection, [event], now, due_s=DUE_S)
