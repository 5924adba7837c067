"""The Slack Web API methods we use, and what each failure means for a retry. Blocking: called from threads.

The SDK's own retries are off: it would post a message a second time when the answer to the first got lost. Its logger
is silenced and its errors are not chained: both quote messages, which are personal data.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from graph.ports import VendorError

PAGE, PAGES = 200, 5  # Slack advises 200 messages a page; a receipt older than 1,000 messages is not looked for
_PASSING = {
    "fatal_error",
    "internal_error",
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
}
_NOT_FOR_UPDATE = {"unfurl_links", "unfurl_media"}
UNREACHABLE = frozenset((
    "account_inactive", "cannot_dm_bot", "channel_not_found", "is_archived", "messages_tab_disabled", "not_in_channel",
    "restricted_action", "restricted_action_read_only_channel", "user_disabled", "user_not_found", "user_not_visible",
    "users_not_found",
))  # fmt: skip
"""Codes that say: this conversation, or this person, takes no message from us any more; another one may."""
GONE = UNREACHABLE | {"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"}
"""Codes of an update whose message cannot be changed any more: it was deleted, or its conversation is no longer ours."""
NO_THREAD = UNREACHABLE | {"thread_not_found", "message_not_found", "cannot_reply_to_message"}
"""Codes of a reply whose message is not there any more."""
Answered = TypeVar("Answered")
_CODE = re.compile(r"[a-z0-9_]{1,60}")

_log = logging.getLogger("tools.slack.sdk")
_log.setLevel(logging.CRITICAL)  # what failed is in the VendorError


class SlackCalls:
    """Every method raises VendorError, and nothing else for what Slack or the network does."""

    def __init__(self, token: str, base_url: str, timeout_s: int) -> None:
        self._client = WebClient(token=token, base_url=base_url, timeout=timeout_s, retry_handlers=[], logger=_log)

    def post(self, channel: str, message: Mapping[str, Any]) -> tuple[str, str]:
        """(conversation, ts). `channel` may be a user's id: the conversation is then the direct message with them."""
        answer = _call(self._client.chat_postMessage, **{**message, "channel": channel})
        return str(answer["channel"]), str(answer["ts"])

    def update(self, channel: str, ts: str, message: Mapping[str, Any]) -> None:
        body = {name: value for name, value in message.items() if name not in _NOT_FOR_UPDATE}
        _call(self._client.chat_update, **{**body, "channel": channel, "ts": ts})

    def direct(self, user: str) -> str:
        """The conversation with this user; the same one each time."""
        return str(_call(self._client.conversations_open, users=user)["channel"]["id"])

    def user_of(self, email: str) -> str:
        return str(_call(self._client.users_lookupByEmail, email=email)["user"]["id"])

    def posted(self, channel: str, receipt: str) -> str | None:
        """The ts of the message in this conversation that carries our receipt; replies that are shown there too are none."""
        found = self._pages(self._client.conversations_history, channel=channel)
        return _with_receipt(receipt, (m for m in found if m.get("thread_ts", m["ts"]) == m["ts"]))

    def replied(self, channel: str, ts: str, receipt: str) -> str | None:
        """The ts of the reply in this thread that carries our receipt; the message above it is none."""
        found = self._pages(self._client.conversations_replies, channel=channel, ts=ts)
        return _with_receipt(receipt, (m for m in found if m["ts"] != ts))

    def _pages(self, method: Callable[..., SlackResponse], **arguments: str) -> Iterator[Mapping[str, Any]]:
        cursor: str | None = None
        for _ in range(PAGES):
            answer = _call(method, limit=PAGE, include_all_metadata=True, cursor=cursor, **arguments)
            yield from answer.get("messages") or ()
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return


def _with_receipt(receipt: str, messages: Iterator[Mapping[str, Any]]) -> str | None:
    for message in messages:  # an answer without metadata belongs to somebody else
        payload = (message.get("metadata") or {}).get("event_payload") or {}
        if payload.get("receipt") == receipt:
            return str(message["ts"])
    return None


def _call(method: Callable[..., Answered], **arguments: Any) -> Answered:
    """A method of the SDK with its failures as VendorError."""
    try:
        return method(**arguments)
    except SlackApiError as error:
        raise _refusal(error.response) from None
    except TimeoutError:
        raise VendorError("timeout", "Slack did not answer in time") from None
    except URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise VendorError("timeout", "no connection to Slack in time") from None
        raise VendorError("unreachable", f"no connection to Slack: {type(error.reason).__name__}") from None
    except (OSError, HTTPException) as error:
        raise VendorError("unreachable", f"the connection to Slack broke: {type(error).__name__}") from None


def _refusal(response: SlackResponse) -> VendorError:
    """Slack's answer other than ok. A code of its own that is not known to pass by itself ends the retries."""
    status, headers = response.status_code, {name.lower(): value for name, value in response.headers.items()}
    if status == 429:
        return VendorError("rate_limited", "Slack answered 429", retry_after_s=_seconds(headers.get("retry-after")))
    if status >= 500:
        return VendorError(
            "vendor_error", f"Slack answered {status}", retry_after_s=_seconds(headers.get("retry-after"))
        )
    code = response.get("error") if isinstance(response.data, dict) else None
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        return VendorError("invalid_answer", f"Slack answered {status} with something else than its API's JSON")
    scope = response.get("needed")
    needed = f"; the app needs the scope {scope}" if isinstance(scope, str) and re.fullmatch(r"[\w:.,]+", scope) else ""
    return VendorError(code, f"Slack answered {code}{needed}", permanent=code not in _PASSING)


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text) else None
