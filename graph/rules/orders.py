"""Finds text that tries to do something instead of saying something: orders to a model, markup, mentions of a channel.

    instructions   speaks to a language model, or to our systems: "ignore all previous instructions", "tier: top"
    hidden         writing that people cannot see or read as it stands: letters between letters, tags, an encoding
    markup         page code, templates, SQL
    mention        Slack's own spelling of "everybody here"

Such text can do nothing, since it is data everywhere; it is noted on the lead, no language model is shown it, and it
never raises a judgement. The list of words is finite: another language, a paraphrase, a cipher pass by, and then the
judgement's band is what holds. Nothing here asks who somebody is.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote

from graph.rules.orders_said import ASCII_ORDERS, ORDERS

Sign: TypeAlias = Literal["instructions", "hidden", "markup", "mention"]
SIGNS: Final[tuple[Sign, ...]] = ("markup", "instructions", "hidden", "mention")

_MARKUP = re.compile(
    r"<\s*/?\s*(?:script|iframe|img|svg|object|embed|style|form|body|html|meta|link|a\s|div|span|p\s)|javascript:"
    r"|data:text/html|<!--|display\s*:\s*none|\bfont-size\s*:\s*0|visibility\s*:\s*hidden"
    r"|\bon(?:error|load|click|mouseover)\s*=|\{\{.*\}\}|\$\{.*\}|<\?php"
    r"|\bunion\s+(?:all\s+)?select\b|;\s*drop\s+table|;\s*(?:update|delete\s+from|insert\s+into)\s+\w+|'\s*or\s+1\s*=\s*1"
)
_MARKUP_SIGNS = ("<", "{", "=", ";", "javascript:", "data:text", "display", "font-size", "visibility", "select")
"""One of them is in whatever _MARKUP finds; not the colon alone, which is in every address of a web site."""
_MENTION = re.compile(
    r"<!(?:channel|here|everyone|subteam\^|date\^)|<[@#][uwc][a-z0-9]{6,}|(?:^|\s)@(?:channel|here|everyone)\b"
    r"|<https?:[^>\s]*\|[^>]*>"
)
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef"
)
_UNSEEN = re.compile(f"[{_INVISIBLE}]")
_BETWEEN_LETTERS = re.compile(f"[A-Za-z][{_INVISIBLE}]+[A-Za-z]")  # Persian and emoji need some, Latin words none
_TAGS = re.compile("[\U000e0020-\U000e007e]+")
_FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a]{4,6}\U000e007f")  # England, Scotland, Wales
_SPACED = re.compile(r"(?:\b[^\W\d][ .\-_*]){3,}[^\W\d]\b")  # i g n o r e
_APART, _GAP, _LETTERS_APART = re.compile(r"[ .\-_*]"), re.compile(r" {2,}"), 12
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_SHORTEST_CODE = 24
_ENCODED = re.compile(r"&(?:#\w+|\w+);|%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})|\\x([0-9a-f]{2})", re.IGNORECASE)
_IN_WORD = re.compile(r"[013457@$](?<=[a-z].)[a-z]")  # 1gn0re pr3vious; the set first: the search skips the rest
_LEET: Final = str.maketrans("013457@$", "oieastas")
_LOOKALIKE: Final = str.maketrans(
    "абвгдеёзикмнорстухцьѕіјԁѡһӏ"  # Cyrillic
    "αβγεηικνορστυχω",  # Greek
    "abbrдeeзukmhopctyxцbsijdwhlaβyenikvopotuxw",
)


def signs_in(text: str) -> tuple[Sign, ...]:
    """What this text tries, in the order of SIGNS; empty for nearly every message there is."""
    lowered, lengths = text.lower(), list(map(len, text.split()))
    spaced = _is_spaced_out(text, lengths)
    found: set[Sign] = set()
    if any(sign in lowered for sign in _MARKUP_SIGNS) and _MARKUP.search(lowered):
        found.add("markup")
    if ("@" in lowered or "<" in lowered) and _MENTION.search(lowered):
        found.add("mention")
    if _orders(lowered):
        found.add("instructions")
    elif any(map(_orders, _unveiled(text, lowered, max(lengths, default=0), spaced=spaced))):
        found |= {"instructions", "hidden"}
    if spaced or (not text.isascii() and (_BETWEEN_LETTERS.search(text) or _TAGS.search(_FLAG.sub("", text)))):
        found.add("hidden")
    return tuple([sign for sign in SIGNS if sign in found]) if found else ()


def gives_orders(text: str) -> bool:
    """Whether a text speaks to a language model instead of to us ("ignore all previous instructions")."""
    return "instructions" in signs_in(text)


def _orders(lowered: str) -> bool:
    for hint, expressions in ASCII_ORDERS if lowered.isascii() else ORDERS:
        if hint in lowered and any(expression.search(lowered) for expression in expressions):
            return True
    return False


def _unveiled(text: str, lowered: str, longest: int, *, spaced: bool) -> Iterator[str]:
    """Other readings of a text, in lower case: without what cannot be seen, lookalikes as the letters they look like,
    encodings undone, letters that were set apart put together. longest: letters of its longest part without a blank."""
    if not text.isascii():
        yield from _seen(text)
    if ("&" in text or "%" in text or "\\" in text) and _ENCODED.search(text):
        plain = _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), html.unescape(unquote(text)))
        yield unicodedata.normalize("NFKC", plain).lower()
    if longest >= _SHORTEST_CODE:
        yield from _decoded(text)
    if spaced:
        yield _SPACED.sub(lambda found: _APART.sub("", found[0]), _GAP.sub("\n", lowered))
    if _IN_WORD.search(lowered):
        yield lowered.translate(_LEET)


def _is_spaced_out(text: str, lengths: list[int]) -> bool:
    """Whether a good part is written with its letters set apart, which people do for a word at the most. lengths: of the
    parts between blanks."""
    if lengths.count(1) < _LETTERS_APART and all(text.count(mark) < _LETTERS_APART for mark in ".-_*"):
        return False
    return sum(map(len, _SPACED.findall(text))) >= 2 * _LETTERS_APART


def _seen(text: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).lower()
    yield folded
    unmarked = "".join([c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c)])
    yield unmarked.translate(_LOOKALIKE)
    tagged = "".join([chr(ord(c) - 0xE0000) for run in _TAGS.findall(text) for c in run])
    if tagged:
        yield tagged.lower()


def _decoded(text: str) -> Iterator[str]:
    for run in _BASE64.findall(text):
        try:
            plain = base64.b64decode(run[: len(run) // 4 * 4]).decode()
        except (binascii.Error, ValueError):
            continue
        yield plain.lower()
