"""Ends the timers of an assignment within the transaction that ends the assignment. Fires none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, update

from graph.domain.effects import VENDOR_OF
from tools.store.tables import outbox

ALL: Final = tuple(kind for kind, vendor in VENDOR_OF.items() if vendor == "sla")
ACCEPT: Final = ("remind_owner", "accept_missed")
"""The timers that end with an acceptance."""
TOUCH: Final = ("touch_missed",)


def settle_timers(connection: Connection, lead_id: str, kinds: Sequence[str], why: str, now: datetime) -> None:
    """The pending timers of these kinds are done, without having fired. why: a word for the outbox's history.

    One that a dispatcher is just claiming or recording is left to it: it asks whether the assignment still stands before
    it does anything, and nobody has to wait for anybody.
    """
    free = (
        select(outbox.c.id)
        .where(
            outbox.c.lead_id == lead_id,
            outbox.c.vendor == "sla",
            outbox.c.state == "pending",
            outbox.c.kind.in_(kinds),
        )
        .with_for_update(skip_locked=True)  # SQLite has one writer at a time and knows no such clause
    )
    settled = {"state": "done", "done_at": now, "lease_by": None, "error": f"not needed: {why}"}
    connection.execute(update(outbox).where(outbox.c.id.in_(free)).values(**settled))
