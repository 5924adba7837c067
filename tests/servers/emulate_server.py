"""`emulate` in Slack's place, behind a relay of ours that records and may fail like any other local vendor.

The relay changes one thing: emulate takes its reading methods by POST alone, Slack by GET as well, and the SDK reads by
GET. emulate holds no limit of Block Kit, nor the form of metadata, and takes a reply to a message that is not there:
those are proved against `slack_server`. A wrong token is refused for the scopes that it does not have.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from tests.servers.base import Answer, LocalServer, Request
from tests.servers.npm_servers import NpmServer

TOKEN: Final = "xoxb-emulated"
SCOPES: Final = ("chat:write", "channels:history", "channels:read", "im:write", "im:history", "im:read", "users:read",
                 "users:read.email")  # fmt: skip


class Emulate(NpmServer):
    """people: e-mail addresses; channels: names. The bot is a member of each channel."""

    def __init__(self, modules: Path, folder: Path, people: tuple[str, ...], channels: tuple[str, ...]) -> None:
        super().__init__(modules)
        self._config = folder / "emulate.json"
        users = [{"name": person.partition("@")[0], "email": person} for person in people]
        token = {"token": TOKEN, "user": "U000000001", "scopes": SCOPES}
        slack = {
            "strict_scopes": True,
            "users": users,
            "channels": [{"name": name} for name in channels],
            "tokens": [token],
        }
        self._config.write_text(json.dumps({"slack": slack}))

    def command(self) -> list[str]:
        cli = self.modules / "emulate" / "dist" / "index.js"
        return [str(cli), "start", "--service", "slack", "--port", str(self.port), "--config", str(self._config)]


class EmulatedSlack(LocalServer):
    """The relay. emulate goes on for a whole session: `empty` it after a test."""

    def __init__(self, behind: Emulate) -> None:
        super().__init__()
        self._behind = behind

    @property
    def api(self) -> str:
        return f"{self.url}/api/"

    def handle(self, request: Request) -> Answer:
        headers = {n: v for n, v in request.headers.items() if n in ("authorization", "content-type")}
        body = request.body
        if request.method == "GET":
            body, headers["content-type"] = urlencode(request.query).encode(), "application/x-www-form-urlencoded"
        answer = httpx.post(f"{self._behind.url}{request.path}", content=body, headers=headers, timeout=30)
        return Answer(answer.status_code, answer.json())

    def ask(self, method: str, **arguments: Any) -> Any:
        """What a method of the Web API says to us, past the relay. Raises AssertionError where it says no."""
        headers = {"authorization": f"Bearer {TOKEN}"}
        answer = httpx.post(f"{self._behind.url}/api/{method}", json=arguments, headers=headers, timeout=30).json()
        assert answer["ok"], answer
        return answer

    def channel(self, name: str) -> str:
        """The id of the channel of this name."""
        return next(one["id"] for one in self.ask("conversations.list")["channels"] if one["name"] == name)

    def direct(self, email: str) -> str:
        """The id of the conversation with this person."""
        user = self.ask("users.lookupByEmail", email=email)["user"]["id"]
        return str(self.ask("conversations.open", users=user)["channel"]["id"])

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """Without the replies, oldest first."""
        return self.ask("conversations.history", channel=channel, limit=1000)["messages"][::-1]

    def replies(self, channel: str, ts: str) -> list[dict[str, Any]]:
        return self.ask("conversations.replies", channel=channel, ts=ts)["messages"][1:]

    def empty(self) -> None:
        """Deletes every message that we wrote."""
        for channel in self.ask("conversations.list", types="public_channel,im")["channels"]:
            for message in self.messages(channel["id"]):
                for one in [*self.replies(channel["id"], message["ts"]), message]:
                    self.ask("chat.delete", channel=channel["id"], ts=one["ts"])
