"""Who clicked, and what only they should see: users' addresses, forms that open, private notes. Blocking: call from threads.

Never writes a message that others see. Scopes of the bot besides those of the notifier: users:read, users:read.email.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from graph.ports import VendorError
from tools.slack.calls import _call, _log

REMEMBERED_S: Final = 3_600.0
"""Seconds after which an address is asked for again: people leave, and are renamed."""
MOST: Final = 4_096
_HOSTS: Final = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
_ZONE: Final = re.compile(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9_+-]+){0,3}")


@dataclass(frozen=True, slots=True)
class SlackUser:
    """email: in lower case, None where Slack shows none (a bot, a guest of another workspace); zone: an IANA name, None
    where Slack names none."""

    email: str | None
    zone: str | None


class SlackPeople:
    """clock: seconds that only grow (`time.monotonic`). timeout_s: of one call; a form must open within three seconds."""

    def __init__(
        self, token: str, clock: Callable[[], float], *, base_url: str = "https://slack.com/api/", timeout_s: int = 3
    ) -> None:
        self._client = WebClient(token=token, base_url=base_url, timeout=timeout_s, retry_handlers=[], logger=_log)
        self._clock, self._timeout_s = clock, timeout_s
        own = urlsplit(base_url)
        self._own = (own.scheme, own.netloc)
        self._known: OrderedDict[str, tuple[float, SlackUser]] = OrderedDict()
        self._lock = threading.Lock()

    def user(self, user_id: str) -> SlackUser:
        """Remembered for an hour; a failure is not. Raises VendorError."""
        now = self._clock()
        with self._lock:
            held = self._known.get(user_id)
        if held is not None and now < held[0]:
            return held[1]
        told = _call(self._client.users_info, user=user_id).get("user") or {}
        email = (told.get("profile") or {}).get("email")
        mine = not (told.get("is_bot") or told.get("deleted") or told.get("is_stranger"))
        zone = told.get("tz")
        found = SlackUser(
            email.strip().lower() if mine and isinstance(email, str) and "@" in email else None,
            zone if isinstance(zone, str) and _ZONE.fullmatch(zone) else None,
        )
        with self._lock:
            self._known[user_id] = (now + REMEMBERED_S, found)
            self._known.move_to_end(user_id)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return found

    def open_form(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """Raises VendorError; `expired_trigger_id` where the click is older than three seconds."""
        _call(self._client.views_open, trigger_id=trigger_id, view=dict(view))

    def whisper(self, channel: str, user: str, message: Mapping[str, Any]) -> None:
        """A note in a conversation that only this user sees. Raises VendorError."""
        _call(self._client.chat_postEphemeral, **{**message, "channel": channel, "user": user})

    def reply(self, response_url: str, message: Mapping[str, Any]) -> None:
        """The same by the address that came with the click or command. Raises VendorError; also for an address that is
        not Slack's, which is never called."""
        url = urlsplit(response_url)
        if not ((url.scheme == "https" and url.netloc in _HOSTS) or (url.scheme, url.netloc) == self._own):
            raise VendorError("invalid_response_url", "the response_url is not an address of Slack", permanent=True)
        client = WebhookClient(response_url, timeout=self._timeout_s, retry_handlers=[], logger=_log)
        body = {"response_type": "ephemeral", "replace_original": False, **message}
        answer = _call(client.send_dict, body=body)
        if answer.status_code != 200:
            raise VendorError(
                "vendor_error", f"Slack answered {answer.status_code} to a reply", permanent=answer.status_code < 500
            )
