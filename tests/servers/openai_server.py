"""A local OpenAI: chat completions whose words the test chooses, and embeddings that depend on the text alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from tests.servers.base import Answer, LocalServer, Request
from tests.servers.openai_rules import fault_of

OPINION: dict[str, Any] = {
    "score": 0.8,
    "reasons": ["asks for a demonstration", "names a team of forty"],
    "intent": "demo_request",
    "sentiment": "positive",
    "urgency": "medium",
}


def asked_about(request: Request) -> Any:
    """The JSON value between the tags of the user message."""
    user = request.json()["messages"][-1]["content"]
    return json.loads(user[user.index("\n") : user.rindex("\n")])


class OpenAiServer(LocalServer):
    """`says(what the user message asks about)` is the assistant's text: an object goes out as JSON, a str as it is."""

    def __init__(self, key: str = "sk-test") -> None:
        super().__init__()
        self.key = key
        self.says: Callable[[Any], Any] = lambda _: OPINION
        self.finish_reason = "stop"
        self.refusal: str | None = None

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return Answer(401, {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}})
        if (request.method, request.path) == ("POST", "/v1/chat/completions"):
            fault = fault_of(request.path, request.json())
            return _refused(fault) if fault else self._chat(request)
        if (request.method, request.path) == ("POST", "/v1/embeddings"):
            fault = fault_of(request.path, request.json())
            return _refused(fault) if fault else self._embeddings(request.json())
        return super().handle(request)

    def _chat(self, request: Request) -> Answer:
        body = request.json()
        said = self.says(asked_about(request))
        text = said if isinstance(said, str) else json.dumps(said)
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": self.refusal}
        if "tools" in body:
            call = {"name": body["tools"][0]["function"]["name"], "arguments": text}
            message |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": call}]}
        return Answer(
            200,
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1_760_000_000,
                "model": body["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": self.finish_reason, "logprobs": None}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            },
        )

    def _embeddings(self, body: dict[str, Any]) -> Answer:
        def vector(text: str) -> list[float]:
            digest = hashlib.sha256(text.encode()).digest()
            return [byte / 255 - 0.5 for byte in digest[: body.get("dimensions", 32)]]

        data = [
            {"object": "embedding", "index": index, "embedding": vector(text)}
            for index, text in enumerate(body["input"])
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return Answer(200, {"object": "list", "data": data, "model": body["model"], "usage": usage})


def _refused(message: str) -> Answer:
    return Answer(400, {"error": {"message": message, "type": "invalid_request_error", "code": None}})
