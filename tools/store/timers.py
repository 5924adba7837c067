"""Ends what waits for an assignment within the transaction that ends the assignment: its timers, and an alert that its owner
was to get at their opening. Fires none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select, update

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
    _settle(connection, (*_pending(lead_id, "sla"), outbox.c.kind.in_(kinds)), why, now)


def settle_held_alerts(connection: Connection, lead_id: str, why: str, now: datetime) -> None:
    """An alert that waits for its owner's opening is not sent any more, nor what was to follow it: they never hear of a lead
    that moved on while they slept, and whoever has it now does not wait for their morning."""
    held = (outbox.c.kind == "post_alert", outbox.c.due_at > now, outbox.c.attempts == 0)
    first = connection.scalar(select(func.min(outbox.c.id)).where(*_pending(lead_id, "notifier"), *held))
    if first is not None:
        kinds = outbox.c.kind.in_(("post_alert", "update_alert"))
        _settle(connection, (*_pending(lead_id, "notifier"), kinds, outbox.c.id >= first), why, now)


def _pending(lead_id: str, vendor: str) -> tuple[ColumnElement[bool], ...]:
    return outbox.c.lead_id == lead_id, outbox.c.vendor == vendor, outbox.c.state == "pending"


def _settle(connection: Connection, which: Sequence[ColumnElement[bool]], why: str, now: datetime) -> None:
    free = select(outbox.c.id).where(*which)
    free = free.with_for_update(skip_locked=True)  # SQLite has one writer at a time and knows no such clause
    settled = {"state": "done", "done_at": now, "lease_by": None, "error": f"not needed: {why}"}
    connection.execute(update(outbox).where(outbox.c.id.in_(free)).values(**settled))
