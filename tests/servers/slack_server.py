"""A small Slack on this machine: users, direct messages, threads, metadata; as strict as the real one where it matters.

It refuses what Slack refuses (a wrong token, an unknown user or channel, whatever goes beyond a limit, an update by user
id, anything in an archived channel), gives metadata back only when asked, and posts whatever it is told to as often as it
is told: no idempotency.
"""

from __future__ import annotations

from typing import Any

import orjson

from tests.fixtures.slack_limits import faults_of
from tests.servers.base import Answer, LocalServer, Request

TOKEN = "xoxb-test"


class SlackServer(LocalServer):
    """`users`: id -> e-mail. `channels`: id -> messages, oldest first, replies among them."""

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, str] = {}
        self.channels: dict[str, list[dict[str, Any]]] = {}
        self.archived: set[str] = set()
        self.page = 1000
        self._clock = 1_775_570_000

    @property
    def api(self) -> str:
        return f"{self.url}/api/"

    def called(self, method: str) -> list[dict[str, Any]]:
        """The arguments of every call of this Web API method, in order."""
        return [_arguments(r) for r in self.requests if r.path == f"/api/{method}"]

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """Without the replies."""
        return [m for m in self.channels.get(channel, []) if m.get("thread_ts", m["ts"]) == m["ts"]]

    def replies(self, channel: str, ts: str) -> list[dict[str, Any]]:
        return [m for m in self.channels[channel] if m.get("thread_ts") == ts and m["ts"] != ts]

    def handle(self, request: Request) -> Answer:
        method = request.path.removeprefix("/api/").replace(".", "_")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _no("invalid_auth")
        handler = getattr(self, f"_{method}", None)
        return handler(_arguments(request)) if handler else _no("unknown_method")

    def _users_lookupByEmail(self, arguments: dict[str, Any]) -> Answer:  # noqa: N802
        for user, email in self.users.items():
            if email == arguments["email"]:
                return _ok(user={"id": user})
        return _no("users_not_found")

    def _conversations_open(self, arguments: dict[str, Any]) -> Answer:
        user = arguments["users"]
        if user not in self.users:
            return _no("user_not_found")
        self.channels.setdefault(f"D{user[1:]}", [])
        return _ok(channel={"id": f"D{user[1:]}"})

    def _chat_postMessage(self, arguments: dict[str, Any]) -> Answer:  # noqa: N802
        channel = arguments["channel"]
        if channel in self.users:
            channel = f"D{channel[1:]}"
            self.channels.setdefault(channel, [])
        if channel not in self.channels:
            return _no("channel_not_found")
        if channel in self.archived:
            return _no("is_archived")
        if (refusal := _malformed(arguments)) is not None:
            return refusal
        if "thread_ts" in arguments and all(m["ts"] != arguments["thread_ts"] for m in self.channels[channel]):
            return _no("thread_not_found")
        self._clock += 1
        message = {**arguments, "channel": channel, "ts": f"{self._clock}.000100"}
        self.channels[channel].append(message)
        return _ok(channel=channel, ts=message["ts"], message={"text": arguments["text"]})

    def _chat_update(self, arguments: dict[str, Any]) -> Answer:
        if arguments["channel"] not in self.channels:
            return _no("channel_not_found")
        if arguments["channel"] in self.archived:
            return _no("is_archived")
        for message in self.channels[arguments["channel"]]:
            if message["ts"] == arguments["ts"]:
                if (refusal := _malformed(arguments)) is not None:
                    return refusal
                message.update(arguments)
                return _ok(channel=arguments["channel"], ts=arguments["ts"])
        return _no("message_not_found")

    def _conversations_history(self, arguments: dict[str, Any]) -> Answer:
        if arguments["channel"] not in self.channels:
            return _no("channel_not_found")
        shown = [m for m in self.channels[arguments["channel"]] if _in_channel(m)]
        return self._listed(shown[::-1], arguments)

    def _conversations_replies(self, arguments: dict[str, Any]) -> Answer:
        thread = [m for m in self.channels.get(arguments["channel"], []) if m["ts"] == arguments["ts"]]
        if not thread:
            return _no("thread_not_found")
        return self._listed(thread + self.replies(arguments["channel"], arguments["ts"]), arguments)

    def _listed(self, messages: list[dict[str, Any]], arguments: dict[str, Any]) -> Answer:
        start = int(arguments.get("cursor") or 0)
        end = start + min(int(arguments["limit"]), self.page)
        shown = messages[start:end]
        if arguments.get("include_all_metadata") not in {"1", "true", True}:
            shown = [{k: v for k, v in m.items() if k != "metadata"} for m in shown]
        following = str(end) if end < len(messages) else ""
        return _ok(messages=shown, has_more=bool(following), response_metadata={"next_cursor": following})


def _arguments(request: Request) -> dict[str, Any]:
    if "json" in request.headers.get("content-type", "") and request.body.startswith(b"{"):
        return orjson.loads(request.body)
    return request.query | request.form


def _malformed(message: dict[str, Any]) -> Answer | None:
    if not message.get("text"):
        return _no("no_text")
    metadata = message.get("metadata")
    if metadata is not None and not {"event_type", "event_payload"} <= metadata.keys():
        return _no("metadata_must_be_sent_from_app")
    ours = {name: message[name] for name in ("text", "blocks", "metadata") if name in message}
    return _no("invalid_blocks") if faults_of(ours, metadata=False) else None


def _in_channel(message: dict[str, Any]) -> bool:
    """A reply only where it was sent to the channel too."""
    return message.get("thread_ts", message["ts"]) == message["ts"] or bool(message.get("reply_broadcast"))


def _ok(**body: Any) -> Answer:
    return Answer(200, {"ok": True, **body})


def _no(error: str) -> Answer:
    return Answer(200, {"ok": False, "error": error})
