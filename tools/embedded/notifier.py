"""Alerts in our own database: what the inbox page draws where no Slack is configured.

One alert for each lead and owner for life, as in Slack: the first post inserts it, whatever comes later replaces its
message. An order of an older assignment than the alert shows never overwrites it. Never draws or reads a message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

import orjson
from sqlalchemy import Connection

from graph.domain.effects import PostAlert, UpdateAlert
from graph.ports import Order, Receipt
from tools.embedded.performing import BatchPerformer, Outcome
from tools.embedded.rows import Row, Rows
from tools.store.tables import alert_notes, alerts


class EmbeddedNotifier(BatchPerformer):
    """Implements Performer for the effects of the vendor "notifier". A receipt's id is the alert's, as decimal text."""

    name: ClassVar[str] = "the embedded notifier"
    kinds: ClassVar[frozenset[str]] = frozenset({"post_alert", "update_alert"})

    def apply(self, connection: Connection, orders: Sequence[Order], now: datetime) -> list[Outcome]:
        shown = Rows(connection, alerts, ("lead_id", "owner"), {order.lead_id for order in orders})
        keys = {order.key for order in orders if isinstance(order.effect, UpdateAlert) and order.effect.note}
        notes = Rows(connection, alert_notes, ("effect_key",), keys)
        receipts = [_perform(order, shown, notes, now) for order in orders]
        shown.write()
        notes.write()
        return [receipt() for receipt in receipts]


def _perform(order: Order, shown: Rows, notes: Rows, now: datetime) -> Callable[[], Receipt]:
    effect = order.effect
    if not isinstance(effect, PostAlert | UpdateAlert):
        raise TypeError(f"{effect.kind} came past the check of kinds")
    alert = shown.find(order.lead_id, effect.owner)
    if alert is not None and (alert["effect_key"] == order.key or notes.find(order.key) is not None):
        return _receipt(alert, repeated=True)
    message = {
        "assignment": effect.assignment,
        "message": orjson.dumps(effect.message),
        "closed": isinstance(effect, UpdateAlert) and effect.closed,
    }
    note = effect.note if isinstance(effect, UpdateAlert) else ""
    if note:
        about = {"effect_key": order.key, "lead_id": order.lead_id, "owner": effect.owner}
        notes.add({**about, "text": note, "at": now})
    if alert is None:
        about = {"lead_id": order.lead_id, "owner": effect.owner, "effect_key": order.key}
        alert = shown.add({**about, **message, "posted_at": now, "updated_at": now})
        return _receipt(alert, repeated=False)
    stale = effect.assignment < alert["assignment"]
    changed = not stale and shown.change(alert, message, {"updated_at": now})
    return _receipt(alert, repeated=isinstance(effect, PostAlert) or not (changed or note))


def _receipt(alert: Row, *, repeated: bool) -> Callable[[], Receipt]:
    """An alert that is new has its id after the write."""
    return lambda: Receipt(str(alert["alert_id"]), repeated)
