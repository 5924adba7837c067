"""`@copilotkit/aimock` in OpenAI's place: other people's idea of it, with a journal of what it was asked.

It refuses a wrong key, a body that is no JSON and one without messages. It takes whatever else of a request OpenAI would
refuse, so the journal is held against OpenAI's rules (`openai_rules`) after each test.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx

from tests.servers.npm_servers import NpmServer

KEY: Final = "key"
CHAT: Final = "/v1/chat/completions"
FORMS: Final = ("json_schema", "json_object")


class Aimock(NpmServer):
    """Answers nothing before `says`."""

    answers = "/health"

    def __init__(self, modules: Path, folder: Path) -> None:
        super().__init__(modules)
        self._folder = folder
        (folder / "first.json").write_text(
            json.dumps({"fixtures": [{"match": {"model": "-"}, "response": {"content": "-"}}]})
        )

    def command(self) -> list[str]:
        cli = self.modules / "@copilotkit" / "aimock" / "dist" / "cli.js"
        port = ["-h", "127.0.0.1", "-p", str(self.port)]
        return [str(cli), *port, "-f", str(self._folder / "first.json"), "--log-level", "warn"]

    def environment(self) -> Mapping[str, str]:
        return {"AIMOCK_API_KEYS": KEY}

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def says(self, answer: Any) -> None:
        """Every chat is answered with this from now on, in whichever form it asks for."""
        text = json.dumps(answer)
        chat, called = {"endpoint": "chat"}, []
        for name in ("Opinion", "Note"):
            call = {"name": name, "arguments": text}
            called.append({"match": chat | {"toolName": name}, "response": {"toolCalls": [call]}})
        plain = [{"match": chat | {"responseFormat": form}, "response": {"content": text}} for form in FORMS]
        self._control("DELETE", "fixtures")
        self._control("POST", "fixtures", {"fixtures": called + plain})

    def forget(self) -> None:
        """Journal and fixtures."""
        self._control("POST", "reset")

    def journal(self) -> list[dict[str, Any]]:
        """Chats as they arrived, oldest first: method, path, body, response. A body is None where it was no JSON; the field
        that aimock adds is taken out. Of a request for vectors it keeps its own idea alone, so none of those is here."""
        return [
            entry
            | {"body": {n: v for n, v in entry["body"].items() if n != "_endpointType"} if entry["body"] else None}
            for entry in self._control("GET", "journal")
            if entry["path"] == CHAT
        ]

    def _control(self, method: str, what: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {KEY}"}
        answer = httpx.request(method, f"{self.url}/__aimock/{what}", json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()
