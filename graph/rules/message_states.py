"""What becomes of an alert's message: it is never drawn anew from nothing, so that it goes on saying what was decided.

reminded   the deadline says that part of the time is gone
accepted   the buttons that claim are gone; who took it, until when it is touched; buttons for the touch
touched    how long the first touch took
overdue    the first touch did not come in time
settled    the outcome; grey, no buttons but those that look something up
closed     somebody else has the lead: grey, no buttons, only what the lead is
copy       for a manager: the lead without buttons

Block Kit has no colours. Grey is what it draws in context blocks: small and pale, without a headline.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

from graph.domain.brief import Part
from graph.rules.blocks import (
    BLOCK_ID,
    GAP,
    NOTIFICATION,
    TEXT,
    Block,
    Message,
    button,
    escaped,
    moment_text,
    sections,
    small,
    width,
)
from graph.rules.wording import duration, first_name

LASTING: Final = ("• *Who:*", "• *Company:*", "• *Asked for:*", "• *Score:*")
"""Bullets that stay once a lead is somebody else's; the others speak of its owner."""
AHEAD: Final = ("• *Next step:*", "• *Note:*")
"""Bullets that say what to do, which nobody does after the outcome."""
TOUCHES: Final = {"call": "Log call", "booked": "Booked"}
"""Codes and words of the buttons that say the lead was touched."""
OUTCOMES: Final = {"won": "Won", "lost": "Lost", "no_show": "No-show", "not_a_fit": "Not a fit"}
"""Codes and words of how a lead ends."""

_CLAIM = ("lead.accept", "lead.pass")
_TOUCH = tuple(f"lead.touch.{code}" for code in TOUCHES)
_ACCEPT_BY, _REMINDED = "*Accept by ", "*Reminder: "
_TOUCH_BY, _OVERDUE = "first touch by ", "*First touch overdue"


def reminded_message(message: Message) -> Message:
    """The message once part of the time to accept is gone: its clock line says so."""

    def context(facts: list[str]) -> list[str]:
        return [f"{_REMINDED}a{f.removeprefix('*A')}" if f.startswith(_ACCEPT_BY) else f for f in facts]

    return _redrawn(message, "Reminder", "lead_reminded", context, lambda elements: elements)


def accepted_message(message: Message, by: str, seconds: float, touch_by: Part | None = None) -> Message:
    """The message once `by` (an e-mail address or a name) took the lead, `seconds` after it was offered."""
    fact = f"Accepted by {escaped(first_name(by))} in {duration(seconds)}"
    until = [] if touch_by is None else [f"{_TOUCH_BY}{moment_text(touch_by)}"]

    def context(facts: list[str]) -> list[str]:
        return [f"*{fact}*", *until, *_without(facts, _ACCEPT_BY, _REMINDED, "*Accepted by ", _TOUCH_BY)]

    def actions(elements: list[Block]) -> list[Block]:
        left = [e for e in elements if e["action_id"] not in (*_CLAIM, *_TOUCH, "lead.close")]
        value = next((e["value"] for e in elements if "value" in e), "")
        touch = [button(action, text, value) for action, text in zip(_TOUCH, TOUCHES.values(), strict=True)]
        touch[0] = {**touch[0], "style": "primary"}
        return [*touch, _close(), *left]

    return _redrawn(message, fact, "lead_accepted", context, actions)


def touched_message(message: Message, seconds: float) -> Message:
    """An accepted message once the lead was touched, `seconds` after it was offered."""
    fact = f"First touch {duration(seconds)}"

    def context(facts: list[str]) -> list[str]:
        return [f"*{fact}*", *_without(facts, _TOUCH_BY, _OVERDUE)]

    def actions(elements: list[Block]) -> list[Block]:
        return [e for e in elements if e["action_id"] not in _TOUCH]

    return _redrawn(message, fact, "lead_touched", context, actions)


def overdue_message(message: Message) -> Message:
    """The message once the first touch did not come in time."""

    def context(facts: list[str]) -> list[str]:
        late = [f"{_OVERDUE}, it was due by {f.removeprefix(_TOUCH_BY)}*" for f in facts if f.startswith(_TOUCH_BY)]
        return [*(late or [f"{_OVERDUE}*"]), *_without(facts, _TOUCH_BY, _OVERDUE)]

    return _redrawn(message, "First touch overdue", "lead_overdue", context, lambda elements: elements)


def settled_message(message: Message, outcome: str, by: str) -> Message:
    """The message once the lead has an outcome, a code of OUTCOMES."""
    fact = f"{OUTCOMES[outcome]}, closed by {escaped(first_name(by))}"

    def context(facts: list[str]) -> list[str]:
        return [f"*{fact}*", *_without(facts, _TOUCH_BY, _OVERDUE)]

    def actions(elements: list[Block]) -> list[Block]:
        return [e for e in elements if e["action_id"] not in (*_CLAIM, *_TOUCH, "lead.close")]

    ended = _redrawn(message, fact, "lead_settled", context, actions)
    told = [line for block in ended["blocks"] if block["type"] == "section" for line in _lines(block)]
    lines = [line for line in told if not line.startswith(AHEAD)]
    facts = [block for block in ended["blocks"] if block["type"] == "context"]
    buttons = [block for block in ended["blocks"] if block["type"] == "actions"]
    return {**ended, "blocks": [*small(_headline(message)), *facts, *small(lines), *buttons]}


def closed_message(message: Message, text: str, at: Part | None = None) -> Message:
    """The message to somebody who no longer has the lead. text: what became of it, "moved to Eli"; at: when."""
    fact, lines = _fact(text, at), _lasting(message)
    struck = [f"~{line}~" for line in _headline(message)]
    blocks = [*small(struck), *small([f"*{fact}*"]), *small(lines)]
    return {**message, "text": _told(fact, message), "metadata": _event(message, "lead_closed"), "blocks": blocks}


def copy_message(message: Message, text: str) -> Message:
    """The message to a manager who is to know: what the lead is, and text above it."""
    fact = _fact(text)
    headers = [block for block in message["blocks"] if block["type"] == "header"]
    blocks = [*headers, *small([f"*{fact}*"]), *sections(_lasting(message))]
    return {**message, "text": _told(fact, message), "metadata": _event(message, "lead_copied"), "blocks": blocks}


def _fact(text: str, at: Part | None = None) -> str:
    fact = escaped(text[:1].upper() + text[1:].rstrip(". "), 300)
    return fact if at is None else f"{fact}, {moment_text(at)}"


def _lines(block: Block) -> list[str]:
    return list(block["text"]["text"].split("\n"))


def _lasting(message: Message) -> list[str]:
    lines = [line for block in message["blocks"] if block["type"] == "section" for line in _lines(block)]
    return [line for line in lines if line.startswith(LASTING)]


def _headline(message: Message) -> list[str]:
    """A header is plain text, so it is escaped here."""
    return [escaped(block["text"]["text"], NOTIFICATION) for block in message["blocks"] if block["type"] == "header"]


def _redrawn(
    message: Message,
    fact: str,
    event: str,
    context: Callable[[list[str]], list[str]],
    actions: Callable[[list[Block]], list[Block]],
) -> Message:
    """The message with other facts in its context and other buttons; Slack wants a new block_id on each update."""
    name, blocks = event.removeprefix("lead_"), list[Block]()
    for block in message["blocks"]:
        if block["type"] == "context":
            facts = context(block["elements"][0]["text"].split(GAP))
            blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": _within(facts)}]})
        elif block["type"] == "actions":
            shown = actions(block["elements"])
            blocks.append({**block, "block_id": _next_id(block["block_id"], name), "elements": shown})
        else:
            blocks.append(block)
    return {**message, "text": _told(fact, message), "metadata": _event(message, event), "blocks": blocks}


def _within(facts: list[str]) -> str:
    """As many of the facts as one text takes."""
    while width(text := GAP.join(facts)) > TEXT:
        facts = facts[:-1]
    return text


def _next_id(block_id: str, name: str) -> str:
    """Another id than any before; it begins with the lead and the number as all of them do."""
    following = f"{block_id}:{name}"
    if len(following) <= BLOCK_ID:
        return following
    digest = hashlib.sha256(following.encode()).hexdigest()[:12]
    return f"{block_id[: BLOCK_ID - 40]}:{digest}"


def _without(facts: list[str], *beginnings: str) -> list[str]:
    return [fact for fact in facts if not fact.startswith(beginnings)]


def _close() -> Block:
    options = [{"text": {"type": "plain_text", "text": text}, "value": code} for code, text in OUTCOMES.items()]
    placeholder = {"type": "plain_text", "text": "Close…"}
    return {"type": "static_select", "action_id": "lead.close", "placeholder": placeholder, "options": options}


def _told(fact: str, message: Message) -> str:
    """The notification: what happened, and to which lead."""
    headline = _headline(message)
    return f"{fact}: {headline[0]}" if headline else fact


def _event(message: Message, event_type: str) -> dict[str, Any]:
    return {**message["metadata"], "event_type": event_type}
