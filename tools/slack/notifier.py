"""Alerts in Slack: the owner's direct message is posted once for a lead, then updated; notes go into its thread. Lines of the
team and digests are posted once each.

Slack has no idempotency keys, so each post carries a receipt (a digest of the effect's key) in its metadata, and an
attempt that follows another one looks for the receipt before it posts again. Who cannot be reached by direct message is
written to in the team's channel. Never builds a message.
Scopes of the bot: chat:write, im:write, im:history, users:read, users:read.email; for a team's channel also channels:history.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from graph.domain.effects import PostAlert, UpdateAlert
from graph.domain.telling import PostDigest, PostLine
from graph.ports import Order, Receipt, VendorError
from tools.clock import utc_now
from tools.slack.calls import GONE, NO_THREAD, UNREACHABLE, SlackCalls
from tools.slack.receipts import note_body, receipt_of, with_receipt
from tools.store.posted import PostedMessage

Alert: TypeAlias = PostAlert | UpdateAlert


class Posted(Protocol):
    """Remembers which message shows a lead to an owner. Blocking; `put` replaces."""

    def get(self, lead_id: str, owner: str) -> PostedMessage | None: ...

    def put(self, lead_id: str, owner: str, message: PostedMessage) -> None: ...


class SlackNotifier:
    """Implements Performer for the effects of the vendor "notifier".

    team_channel: where lines of the team go, and an alert whose owner cannot be written to; without it such an alert fails
    for good, and a line is nobody's. timeout_s: seconds of silence from Slack before an attempt ends. concurrency: calls
    under way at once, each in a thread of its own, so that a Slack that hangs holds up nothing else. clock: whoever claims
    goes by the same. A receipt's id is `channel:ts`.
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
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._clock = clock
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
        match order.effect:
            case PostAlert() as effect:
                return self._post(order, effect)
            case UpdateAlert() as effect:
                return self._update(order, effect)
            case PostLine() as effect:
                return self._line(order, effect)
            case PostDigest() as effect:
                channel = effect.channel or self._channel_of(effect.owner)
                return self._once(order, channel, effect.message)
            case other:
                raise VendorError("unsupported_effect", f"Slack performs no {other.kind}", permanent=True)

    def _post(self, order: Order, effect: PostAlert) -> Receipt:
        shown, again = self._posted.get(order.lead_id, effect.owner), False
        if shown is None:
            shown, repeated = self._show(order, effect)
        else:
            repeated, again = True, shown.receipt != receipt_of(order.key)
            if again:  # the lead is back with somebody who had it before: the old message, and a note that is heard
                shown = self._replace(order, effect, shown)
        return self._with_note(order, effect, shown, repeated=repeated, ping=again)

    def _update(self, order: Order, effect: UpdateAlert) -> Receipt:
        shown, repeated = self._posted.get(order.lead_id, effect.owner), False
        if shown is None and (effect.shown_only or not effect.message):
            return Receipt("never shown", repeated=True)
        if shown is None:
            shown, repeated = self._show(order, effect)
        elif effect.message:
            shown = self._replace(order, effect, shown)
        return self._with_note(order, effect, shown, repeated=repeated, ping=effect.ping)

    def _line(self, order: Order, effect: PostLine) -> Receipt:
        channel = effect.channel or self._team_channel
        if channel is None:
            return Receipt("no team channel", repeated=True)
        try:
            return self._once(order, self._channel_of(channel) if "@" in channel else channel, effect.message)
        except VendorError as error:  # a channel or a person that is gone: the line is no reason to lose it
            if error.code not in UNREACHABLE or self._team_channel in (None, channel):
                raise
            return self._once(order, str(self._team_channel), effect.message)

    def _once(self, order: Order, channel: str, message: dict[str, Any]) -> Receipt:
        """A message that nothing follows."""
        channel, ts, repeated = self._found_or_posted(
            order, channel, with_receipt(message, order, receipt_of(order.key))
        )
        return Receipt(f"{channel}:{ts}", repeated, {"channel": channel, "ts": ts})

    def _found_or_posted(self, order: Order, channel: str, message: dict[str, Any]) -> tuple[str, str, bool]:
        """(conversation, ts, whether an earlier attempt had posted it)."""
        if order.attempt > 1:
            channel = self._calls.direct(channel) if channel.startswith(("U", "W")) else channel
            found = self._calls.posted(channel, receipt_of(order.key))
            if found is not None:
                return channel, found, True
        return *self._post_in_time(order, channel, message), False

    def _post_in_time(self, order: Order, channel: str, message: dict[str, Any]) -> tuple[str, str]:
        """Another dispatcher that has the order by now has looked for its receipt, in vain, and posts."""
        if order.late(self._clock()):
            raise VendorError("timeout", "the attempt's time was over before it posted")
        return self._calls.post(channel, message)

    def _show(self, order: Order, effect: Alert, first: str | None = None) -> tuple[PostedMessage, bool]:
        """(the first message to this owner about this lead, whether an earlier attempt had posted it). first: the
        conversation to try before any other. Whom no direct message reaches is written to in the team's channel."""
        receipt = receipt_of(order.key)
        message = with_receipt(effect.message, order, receipt, effect.assignment)
        try:
            channel = first or (effect.channel if isinstance(effect, PostAlert) else None)
            channel, ts, repeated = self._found_or_posted(order, channel or self._channel_of(effect.owner), message)
        except VendorError as error:
            if error.code not in UNREACHABLE or self._team_channel in (None, first):
                raise
            channel, ts, repeated = self._found_or_posted(order, str(self._team_channel), message)
        shown = PostedMessage(channel, ts, receipt, effect.assignment)
        self._posted.put(order.lead_id, effect.owner, shown)
        return shown, repeated

    def _replace(self, order: Order, effect: Alert, shown: PostedMessage) -> PostedMessage:
        """The message with its new body; unchanged where it already shows a newer assignment than this order's."""
        if effect.assignment < shown.assignment:
            return shown
        message = with_receipt(effect.message, order, shown.receipt, effect.assignment)
        try:
            self._calls.update(shown.channel, shown.ts, message)
        except VendorError as error:
            if error.code not in GONE:
                raise
            if isinstance(effect, UpdateAlert) and effect.closed:
                return shown  # somebody deleted it: nobody needs a new message about a lead that is not theirs
            return self._show(order, effect, shown.channel)[0]  # the owner gets it anew
        if effect.assignment > shown.assignment:
            shown = PostedMessage(shown.channel, shown.ts, shown.receipt, effect.assignment)
            self._posted.put(order.lead_id, effect.owner, shown)
        return shown

    def _with_note(self, order: Order, effect: Alert, shown: PostedMessage, *, repeated: bool, ping: bool) -> Receipt:
        """The receipt, once the effect's note is in the thread. ping: shown in the conversation too, where only the owner
        reads it."""
        detail = {"channel": shown.channel, "ts": shown.ts}
        if effect.note:
            receipt = receipt_of(order.key)
            found = self._replied(shown, receipt) if order.attempt > 1 else None
            ts = found or self._reply(order, effect, shown, ping=ping and shown.channel.startswith("D"))
            repeated = (found is not None or repeated) if isinstance(effect, PostAlert) else found is not None
            detail |= {"note_ts": ts} if ts is not None else {}
        return Receipt(f"{shown.channel}:{shown.ts}", repeated, detail)

    def _replied(self, shown: PostedMessage, receipt: str) -> str | None:
        try:
            return self._calls.replied(shown.channel, shown.ts, receipt)
        except VendorError as error:
            if error.code not in NO_THREAD:
                raise
            return None

    def _reply(self, order: Order, effect: Alert, shown: PostedMessage, *, ping: bool) -> str | None:
        """The ts of the note; None where its message is gone, and the thread with it."""
        body = note_body(order, effect, shown.ts) | ({"reply_broadcast": True} if ping else {})
        try:
            return self._post_in_time(order, shown.channel, body)[1]
        except VendorError as error:
            if error.code not in NO_THREAD:
                raise
            return None

    def _channel_of(self, owner: str) -> str:
        try:
            return self._user_of(owner)
        except VendorError as error:
            if error.code != "users_not_found":
                raise
            detail = "no Slack account has the owner's e-mail address; write the user id as `slack` in the routing file"
            raise VendorError(error.code, detail, permanent=True) from None
