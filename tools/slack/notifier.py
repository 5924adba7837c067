"""Alerts in Slack: the owner's direct message is posted once for a lead, then updated; notes go into its thread.

Slack has no idempotency keys, so each post carries a receipt (a digest of the effect's key) in its metadata, and an
attempt that follows another one looks for the receipt before it posts again. Never builds a message.
Scopes of the bot: chat:write, im:write, im:history, users:read.email.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Protocol

from graph.domain.effects import PostAlert, UpdateAlert
from graph.ports import Order, Receipt, VendorError
from graph.rules.blocks import escaped
from tools.slack.calls import SlackCalls
from tools.store.posted import PostedMessage

NOTE = 3_000
"""Characters of a note: what a section of Slack takes."""


class Posted(Protocol):
    """Remembers which message shows a lead to an owner. Blocking; `put` replaces."""

    def get(self, lead_id: str, owner: str) -> PostedMessage | None: ...

    def put(self, lead_id: str, owner: str, message: PostedMessage) -> None: ...


def receipt_of(key: str) -> str:
    """What an effect's message carries in Slack: a digest, since keys name leads and owners."""
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


class SlackNotifier:
    """Implements Performer for the effects of the vendor "notifier".

    team_channel: where an alert goes whose owner has no Slack account; without it such an order fails for good.
    timeout_s: seconds of silence from Slack before an attempt ends. concurrency: calls under way at once, each in a
    thread of its own, so that a Slack that hangs holds up nothing else. A receipt's id is `channel:ts`.
    """

    def __init__(
        self,
        token: str,
        posted: Posted,
        *,
        base_url: str = "https://slack.com/api/",
        team_channel: str | None = None,
        timeout_s: int = 10,
        concurrency: int = 4,
    ) -> None:
        self._calls = SlackCalls(token, base_url, timeout_s)
        self._posted, self._team_channel = posted, team_channel
        self._user_of = lru_cache(maxsize=4096)(self._calls.user_of)  # a failure is not remembered
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="slack")

    async def perform(self, order: Order) -> Receipt:
        """Raises VendorError; `retry_after_s` is Slack's Retry-After."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._perform, order)

    async def aclose(self) -> None:
        """Calls under way end by themselves, within the timeout."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _perform(self, order: Order) -> Receipt:
        effect = order.effect
        if isinstance(effect, PostAlert):
            return self._post(order, effect)
        if isinstance(effect, UpdateAlert):
            return self._update(order, effect)
        raise VendorError("unsupported_effect", f"Slack performs no {effect.kind}", permanent=True)

    def _post(self, order: Order, effect: PostAlert) -> Receipt:
        shown = self._posted.get(order.lead_id, effect.owner)
        if shown is None:
            shown, repeated = self._show(order, effect, effect.channel)
            return _receipt(shown, repeated=repeated)
        if shown.receipt != receipt_of(order.key):
            shown = self._replace(order, effect, shown)
        return _receipt(shown, repeated=True)

    def _update(self, order: Order, effect: UpdateAlert) -> Receipt:
        shown = self._posted.get(order.lead_id, effect.owner)
        shown = self._show(order, effect, None)[0] if shown is None else self._replace(order, effect, shown)
        if not effect.note:
            return _receipt(shown, repeated=False)
        receipt = receipt_of(order.key)
        found = self._calls.replied(shown.channel, shown.ts, receipt) if order.attempt > 1 else None
        note = {
            "text": escaped(effect.note, NOTE),
            "thread_ts": shown.ts,
            "unfurl_links": False,
            "metadata": _metadata(order, effect, {"metadata": {"event_type": "lead_note"}}, receipt),
        }
        ts = found or self._calls.post(shown.channel, note)[1]
        return _receipt(shown, repeated=found is not None, note_ts=ts)

    def _show(self, order: Order, effect: PostAlert | UpdateAlert, channel: str | None) -> tuple[PostedMessage, bool]:
        """(the first message to this owner about this lead, whether an earlier attempt had posted it)."""
        channel, receipt = channel or self._channel_of(effect.owner), receipt_of(order.key)
        ts: str | None = None
        if order.attempt > 1:
            channel = self._calls.direct(channel) if channel.startswith(("U", "W")) else channel
            ts = self._calls.posted(channel, receipt)
        repeated = ts is not None
        if ts is None:
            message = {**effect.message, "metadata": _metadata(order, effect, effect.message, receipt)}
            channel, ts = self._calls.post(channel, message)
        shown = PostedMessage(channel, ts, receipt, effect.assignment)
        self._posted.put(order.lead_id, effect.owner, shown)
        return shown, repeated

    def _replace(self, order: Order, effect: PostAlert | UpdateAlert, shown: PostedMessage) -> PostedMessage:
        """The message with its new body; unchanged where it already shows a newer assignment than this order's."""
        if effect.assignment < shown.assignment:
            return shown
        message = {**effect.message, "metadata": _metadata(order, effect, effect.message, shown.receipt)}
        try:
            self._calls.update(shown.channel, shown.ts, message)
        except VendorError as error:
            if error.code != "message_not_found":
                raise
            return self._show(order, effect, shown.channel)[0]  # somebody deleted it: the owner gets it anew
        if effect.assignment > shown.assignment:
            shown = PostedMessage(shown.channel, shown.ts, shown.receipt, effect.assignment)
            self._posted.put(order.lead_id, effect.owner, shown)
        return shown

    def _channel_of(self, owner: str) -> str:
        try:
            return self._user_of(owner)
        except VendorError as error:
            if error.code != "users_not_found":
                raise
            if self._team_channel is not None:
                return self._team_channel
            detail = "no Slack account has the owner's e-mail address; write the user id as `slack` in the routing file"
            raise VendorError(error.code, detail, permanent=True) from None


def _metadata(
    order: Order, effect: PostAlert | UpdateAlert, message: Mapping[str, Any], receipt: str
) -> dict[str, Any]:
    """The message's own metadata with the receipt of the effect that posted it."""
    given = message.get("metadata") or {}
    payload = {"lead_id": order.lead_id, "assignment": effect.assignment, **(given.get("event_payload") or {})}
    return {"event_type": given.get("event_type", "lead_assigned"), "event_payload": {**payload, "receipt": receipt}}


def _receipt(shown: PostedMessage, *, repeated: bool, note_ts: str | None = None) -> Receipt:
    detail: dict[str, Any] = {"channel": shown.channel, "ts": shown.ts}
    if note_ts is not None:
        detail["note_ts"] = note_ts
    return Receipt(f"{shown.channel}:{shown.ts}", repeated, detail)
