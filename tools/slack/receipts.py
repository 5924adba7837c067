"""What of ours a message in Slack carries, so that it is found again and not posted twice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from graph.domain.effects import PostAlert, UpdateAlert
from graph.ports import Order
from graph.rules.blocks import TEXT, escaped

LINES = 20
"""Lines of a note that has no body of its own."""


def receipt_of(key: str) -> str:
    """What an effect's message carries in Slack: a digest, since keys name leads and owners."""
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def with_receipt(
    message: Mapping[str, Any], order: Order, receipt: str, assignment: int | None = None
) -> dict[str, Any]:
    """The message with the receipt of the effect that posted it in its own metadata."""
    given = message.get("metadata") or {}
    about: dict[str, Any] = {"lead_id": order.lead_id}
    if assignment is not None:
        about["assignment"] = assignment
    payload = {**about, **(given.get("event_payload") or {}), "receipt": receipt}
    return {**message, "metadata": {"event_type": given.get("event_type", "lead_assigned"), "event_payload": payload}}


def note_body(order: Order, effect: PostAlert | UpdateAlert, thread_ts: str) -> dict[str, Any]:
    """The effect's note as a reply."""
    body = effect.thread or {"text": plain_note(effect.note), "unfurl_links": False}
    given = {**body, "thread_ts": thread_ts, "metadata": {"event_type": "lead_note"}}
    return with_receipt(given, order, receipt_of(order.key), effect.assignment)


def plain_note(note: str) -> str:
    """The words as mrkdwn that shows them as they are; the lines of a note stay lines."""
    return (
        "\n".join([escaped(line, TEXT // LINES) for line in note.splitlines()[:LINES]])
        if "\n" in note
        else escaped(note)
    )
