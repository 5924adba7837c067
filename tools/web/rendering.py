"""Draws a Slack message (Block Kit) as HTML, as near to Slack as a page needs. Loads nothing from elsewhere.

    drawn(message) -> blocks for a template · mrkdwn(text) -> HTML

Only what Slack's own mark-up says becomes an element; every other character is escaped. Links go to http and https
addresses only. A block of a kind that is not drawn is named, so that nothing is silently missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from markupsafe import Markup

Kind: TypeAlias = Literal["header", "text", "context", "actions", "divider", "unknown"]

_HELD = re.compile("\ue000(\\d+)\ue001")
_CONTROL = re.compile(r"<([^<>\n]+)>|`([^`\n]+)`")
_MARKS = (
    (re.compile(r"(?<![^\W_])\*(\S(?:[^*\n]*\S)?)\*(?!\w)"), r"<strong>\1</strong>"),
    (re.compile(r"(?<!\w)_(\S(?:[^_\n]*\S)?)_(?!\w)"), r"<em>\1</em>"),
    (re.compile(r"(?<!\w)~(\S(?:[^~\n]*\S)?)~(?!\w)"), r"<s>\1</s>"),
)


@dataclass(frozen=True, slots=True)
class Option:
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Element:
    """A button or an overflow menu. url: http(s) address or empty."""

    kind: str
    action: str
    text: str
    value: str
    url: str
    primary: bool
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """header, unknown: `text` is plain · text, context: `html` · actions: `elements`."""

    kind: Kind
    text: str = ""
    html: tuple[Markup, ...] = ()
    elements: tuple[Element, ...] = ()


def drawn(message: Mapping[str, Any], person: str) -> list[Block]:
    """person: how the mentioned reader is called; a message mentions nobody else."""
    return [_block(block, person) for block in message.get("blocks", [])]


def _block(block: Mapping[str, Any], person: str) -> Block:
    match block:
        case {"type": "header", "text": {"text": str(text)}}:
            return Block("header", text=unescaped(text))
        case {"type": "section"}:
            texts = [block["text"]] if "text" in block else []
            return Block("text", html=tuple(_text(t, person) for t in (*texts, *block.get("fields", []))))
        case {"type": "context", "elements": list(elements)}:
            return Block("context", html=tuple(_text(e, person) for e in elements))
        case {"type": "actions", "elements": list(elements)}:
            return Block("actions", elements=tuple(_element(e) for e in elements))
        case {"type": "divider"}:
            return Block("divider")
        case _:
            return Block("unknown", text=f"(A block of the kind {block.get('type', 'none')!s} is not drawn here.)")


def _text(text: Mapping[str, Any], person: str) -> Markup:
    said = text.get("text") or text.get("alt_text") or ""
    if text.get("type") == "mrkdwn":
        return mrkdwn(said, person)
    return Markup.escape(unescaped(said))


def _element(element: Mapping[str, Any]) -> Element:
    options = element.get("options", [])
    return Element(
        kind=element.get("type", ""),
        action=element.get("action_id", ""),
        text=unescaped((element.get("text") or element.get("placeholder") or {}).get("text", "")),
        value=element.get("value", ""),
        url=safe_url(element.get("url", "")),
        primary=element.get("style") == "primary",
        options=tuple(Option(unescaped(o["text"]["text"]), o["value"]) for o in options),
    )


def safe_url(url: str) -> str:
    """The address if a click may lead there, else nothing."""
    try:
        split = urlsplit(url)
    except ValueError:
        return ""
    return url if split.scheme in {"http", "https"} and split.netloc else ""


def unescaped(text: str) -> str:
    """Slack decodes these three and no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mrkdwn(text: str, person: str = "") -> Markup:
    """Slack's mark-up as HTML: bold, italic, strike, code, links, mentions, dates; a line is a `<p>`."""
    held: list[str] = []

    def hold(html: str) -> str:
        held.append(html)
        return f"\ue000{len(held) - 1}\ue001"

    def control(found: re.Match[str]) -> str:
        if found[2] is not None:
            return hold(f"<code>{escape(unescaped(found[2]))}</code>")
        return hold(_control(found[1], person))

    text = text.replace("\ue000", "").replace("\ue001", "")
    text = escape(unescaped(_CONTROL.sub(control, text)), quote=False)
    for mark, html in _MARKS:
        text = mark.sub(html, text)
    text = _HELD.sub(lambda found: held[int(found[1])], text)
    return Markup("".join(_line(line) for line in text.split("\n")))  # noqa: S704 - every piece was escaped above


def _line(html: str) -> str:
    return f'<p class="bullet">{html}</p>' if html.startswith("•") else f"<p>{html}</p>"


def _control(inner: str, person: str) -> str:
    """What stands between angle brackets."""
    target, _, label = inner.partition("|")
    label = unescaped(label)
    if target.startswith("!date^"):
        return _date(target, label)
    if target.startswith(("@", "#", "!")):
        name = label or (person if target.startswith("@") and person else target[1:])
        mark = "#" if target.startswith("#") else "@"
        return f'<span class="mention">{mark}{escape(name.removeprefix(mark))}</span>'
    url = safe_url(unescaped(target))
    if not url:
        return escape(label or unescaped(inner))
    return f'<a href="{escape(url)}" rel="noopener noreferrer" target="_blank">{escape(label or url)}</a>'


def _date(target: str, fallback: str) -> str:
    """`!date^1775570820^{time}`: the page's script puts it into the reader's zone; until then the fallback stands."""
    _, _, rest = target.partition("^")
    seconds, _, shape = rest.partition("^")
    try:
        at = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return escape(fallback)
    shape = shape.partition("^")[0]
    return f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}" data-format="{escape(shape)}">{escape(fallback)}</time>'
