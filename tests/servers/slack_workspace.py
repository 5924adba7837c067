"""The local Slack with what people do in it: who they are, forms that open, private notes, and addresses to answer to.

As strict as the real one where it matters: a trigger opens one form, a form and a note are checked against Slack's limits
(https://docs.slack.dev/reference/views, /reference/block-kit/blocks), a response_url takes five answers and no token.
"""

from __future__ import annotations

from typing import Any

import orjson

from tests.servers.base import Answer, Request
from tests.servers.slack_server import SlackServer, _no, _ok

MOST_ANSWERS = 5


class SlackWorkspace(SlackServer):
    """`profiles`: user id -> what users.info says beside the address; `triggers`: those that open a form still; `views`: the
    forms that were opened; `whispers`: (channel, user, message); `told`: answers by response_url, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.profiles: dict[str, dict[str, Any]] = {}
        self.triggers: set[str] = set()
        self.views: list[dict[str, Any]] = []
        self.whispers: list[tuple[str, str, dict[str, Any]]] = []
        self.told: list[dict[str, Any]] = []
        self._urls: dict[str, int] = {}

    def trigger(self) -> str:
        """A fresh one, as comes with a click."""
        self._clock += 1
        self.triggers.add(f"{self._clock}.t")
        return f"{self._clock}.t"

    def response_url(self) -> str:
        path = f"/response/{len(self._urls) + 1}"
        self._urls[path] = 0
        return self.url + path

    def handle(self, request: Request) -> Answer:
        if request.path.startswith("/response/"):
            return self._response(request)
        return super().handle(request)

    def _response(self, request: Request) -> Answer:
        if request.path not in self._urls or "authorization" in request.headers:
            return Answer(404, {"ok": False, "error": "used_url"})
        if self._urls[request.path] >= MOST_ANSWERS:
            return Answer(404, {"ok": False, "error": "used_url"})
        body = orjson.loads(request.body)
        if (wrong := wrong_message(body)) is not None:
            return Answer(400, {"ok": False, "error": "invalid_blocks", "why": wrong})
        self._urls[request.path] += 1
        self.told.append(body)
        return Answer(200, "ok")

    def _users_info(self, arguments: dict[str, Any]) -> Answer:
        user = arguments["user"]
        if user not in self.users:
            return _no("user_not_found")
        told = {"id": user, "profile": {"email": self.users[user]}, "is_bot": False} | self.profiles.get(user, {})
        return _ok(user=told)

    def _views_open(self, arguments: dict[str, Any]) -> Answer:
        view = arguments["view"]
        view = orjson.loads(view) if isinstance(view, str) else view
        if (wrong := wrong_view(view)) is not None:
            return Answer(200, {"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": [wrong]}})
        if arguments.get("trigger_id") not in self.triggers:
            return _no("expired_trigger_id")
        self.triggers.discard(arguments["trigger_id"])
        self.views.append(view)
        return _ok(view={"id": f"V{len(self.views)}"})

    def _chat_postEphemeral(self, arguments: dict[str, Any]) -> Answer:  # noqa: N802
        if arguments["channel"] not in self.channels:
            return _no("channel_not_found")
        if arguments["user"] not in self.users:
            return _no("user_not_in_channel")
        if (wrong := wrong_message(arguments)) is not None:
            return Answer(200, {"ok": False, "error": "invalid_blocks", "why": wrong})
        self.whispers.append((arguments["channel"], arguments["user"], arguments))
        return _ok(message_ts="1.1")


def wrong_message(message: dict[str, Any]) -> str | None:
    """What Slack would refuse; None for a good one."""
    if not isinstance(message.get("text"), str) or not message["text"]:
        return "no_text"
    blocks = message.get("blocks", [])
    if isinstance(blocks, str):
        blocks = orjson.loads(blocks)
    return "too many blocks" if len(blocks) > 50 else _wrong_blocks(blocks)


def wrong_view(view: dict[str, Any]) -> str | None:
    """What Slack would refuse; None for a good one."""
    if view.get("type") != "modal":
        return "type: must be modal"
    for name in ("title", "submit", "close"):
        text = view.get(name, {"type": "plain_text", "text": "x"})
        if text.get("type") != "plain_text" or not 0 < len(text["text"]) <= 24:
            return f"{name}: must be plain text of 1 to 24 characters"
    if len(view.get("private_metadata", "")) > 3000 or not 0 < len(view.get("callback_id", "x")) <= 255:
        return "private_metadata or callback_id: too long"
    blocks = view.get("blocks", [])
    if not 0 < len(blocks) <= 100:
        return "blocks: 1 to 100"
    if any(block["type"] == "input" for block in blocks) and "submit" not in view:
        return "submit: is needed with an input"
    return _wrong_blocks(blocks)


def _wrong_blocks(blocks: list[dict[str, Any]]) -> str | None:
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) < len(ids) or any(len(name) > 255 for name in ids):
        return "block_id: twice, or too long"
    return next((wrong for wrong in map(_wrong_block, blocks) if wrong is not None), None)


def _wrong_block(block: dict[str, Any]) -> str | None:
    match block["type"]:
        case "section":
            return _wrong_text(block["text"], 3000)
        case "header":
            return _wrong_text(block["text"], 150, "plain_text")
        case "context":
            texts = [_wrong_text(element, 3000) for element in block["elements"]]
            return "context: 1 to 10 elements" if not 0 < len(texts) <= 10 else next(filter(None, texts), None)
        case "actions":
            elements = block["elements"]
            found = [_wrong_element(element) for element in elements]
            return "actions: 1 to 25 elements" if not 0 < len(elements) <= 25 else next(filter(None, found), None)
        case "input":
            hint = block.get("hint", {"type": "plain_text", "text": "x"})
            wrong = _wrong_text(block["label"], 2000, "plain_text") or _wrong_text(hint, 2000, "plain_text")
            return wrong or _wrong_element(block["element"])
    return f"type: {block['type']} is unknown"


def _wrong_text(text: dict[str, Any], most: int, kind: str | None = None) -> str | None:
    if text.get("type") not in ({kind} if kind else {"plain_text", "mrkdwn"}):
        return "text: of a wrong type"
    return None if 0 < len(text["text"]) <= most else f"text: 1 to {most} characters"


def _wrong_element(element: dict[str, Any]) -> str | None:
    if not 0 < len(element.get("action_id", "")) <= 255:
        return "action_id: 1 to 255 characters"
    options = element.get("options")
    if element["type"] in ("radio_buttons", "static_select", "overflow") and not options:
        return "options: are missing"
    if options is not None and len(options) > 10 and element["type"] == "radio_buttons":
        return "options: at most 10"
    texts = [option["text"] for option in options or ()] + [element["text"] for _ in "x" if "text" in element]
    wrong = next(filter(None, (_wrong_text(text, 75, "plain_text") for text in texts)), None)
    return wrong or ("value: too long" if len(element.get("value", "")) > 2000 else None)
