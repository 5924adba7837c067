"""Alerts in our own database: what the inbox page draws where no Slack is configured.

One alert for each lead and owner for life, as in Slack: the first post inserts it, whatever comes later replaces its
message. An order of an older assignment than the alert shows never overwrites it. Lines of the team and digests are rows
of their own, once each. Never draws or reads a message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

import orjson
from sqlalchemy import Connection

from graph.domain.effects import PostAlert, UpdateAlert
from graph.domain.telling import PostDigest, PostLine
from graph.ports import Order, Receipt
from tools.embedded.performing import BatchPerformer, Outcome
from tools.embedded.rows import Row, Rows
from tools.store.tables import alert_notes, alerts, team_posts


class EmbeddedNotifier(BatchPerformer):
    """Implements Performer for the effects of the vendor "notifier". A receipt's id is the alert's, as decimal text."""

    name: ClassVar[str] = "the embedded notifier"
    kinds: ClassVar[frozenset[str]] = frozenset({"post_alert", "update_alert", "post_line", "post_digest"})

    def apply(self, connection: Connection, orders: Sequence[Order], now: datetime) -> list[Outcome]:
        shown = Rows(connection, alerts, ("lead_id", "owner"), {order.lead_id for order in orders})
        keys = {order.key for order in orders if getattr(order.effect, "note", "")}
        notes = Rows(connection, alert_notes, ("effect_key",), keys)
        posts = Rows(connection, team_posts, ("effect_key",), {o.key for o in orders if not _is_alert(o)})
        receipts = [
            _perform(order, shown, notes, now) if _is_alert(order) else _posted(order, posts, now) for order in orders
        ]
        for rows in (shown, notes, posts):
            rows.write()
        return [receipt() for receipt in receipts]


def _is_alert(order: Order) -> bool:
    return isinstance(order.effect, PostAlert | UpdateAlert)


def _posted(order: Order, posts: Rows, now: datetime) -> Callable[[], Receipt]:
    """A line of the team or a digest."""
    post = posts.find(order.key)
    if post is not None:
        return _receipt(post, "post_id", repeated=True)
    match order.effect:
        case PostLine() as effect:
            about: dict[str, Any] = {"kind": "line", "audience": effect.channel or "", "lead_id": order.lead_id}
        case PostDigest() as effect:
            about = {"kind": "digest", "audience": effect.owner, "lead_id": None}
        case effect:
            raise TypeError(f"{effect.kind} came past the check of kinds")
    message = orjson.dumps(effect.message)
    return _receipt(posts.add({"effect_key": order.key, **about, "message": message, "posted_at": now}), "post_id")


def _perform(order: Order, shown: Rows, notes: Rows, now: datetime) -> Callable[[], Receipt]:
    effect = order.effect
    assert isinstance(effect, PostAlert | UpdateAlert)
    alert = shown.find(order.lead_id, effect.owner)
    if alert is not None and (alert["effect_key"] == order.key or notes.find(order.key) is not None):
        return _receipt(alert, repeated=True)
    update = effect if isinstance(effect, UpdateAlert) else None
    if alert is None and update is not None and (update.shown_only or not update.message):
        return lambda: Receipt("never shown", repeated=True)
    if effect.note:
        about = {
            "effect_key": order.key,
            "lead_id": order.lead_id,
            "owner": effect.owner,
            "text": effect.note,
            "at": now,
        }
        notes.add({**about, "message": None if effect.thread is None else orjson.dumps(effect.thread)})
    message = {"assignment": effect.assignment, "message": orjson.dumps(effect.message)}
    message |= {"closed": update is not None and update.closed}
    if alert is None:
        about = {"lead_id": order.lead_id, "owner": effect.owner, "effect_key": order.key}
        alert = shown.add({**about, **message, "posted_at": now, "updated_at": now})
        return _receipt(alert, repeated=False)
    kept = effect.assignment < alert["assignment"] or not effect.message
    changed = not kept and shown.change(alert, message, {"updated_at": now})
    return _receipt(alert, repeated=update is None or not (changed or effect.note))


def _receipt(row: Row, name: str = "alert_id", *, repeated: bool = False) -> Callable[[], Receipt]:
    """A row that is new has its id after the write."""
    return lambda: Receipt(str(row[name]), repeated)
