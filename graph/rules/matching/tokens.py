"""A company's name as words to compare: folded, legal forms and register marks out, bounded. Also its initials.

"BorgWarner Cooling Systems (India) Private Limited"  ->  borgwarner cooling systems india
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from graph.rules.company_names import company_key
from graph.rules.matching.words import class_of
from graph.rules.text import line

LONGEST_NAME: Final = 200
"""Characters that are looked at. The longest of 8,872 registered names that this was measured on has 68."""
MOST_WORDS: Final = 14
LONGEST_WORD: Final = 40
INITIALS: Final = range(3, 7)
"""Letters of initials that stand for a name: of two letters every pair is taken, and seven nobody remembers."""

# The state of incorporation, the kind of security: marks that a register adds, not part of the name ("/DE/", "/ADR").
_MARK = re.compile(r"\s*[/\\]\s*(?:[A-Z]{2,3})?\s*[/\\]?\s*$|,?\s+and\s+(?:its\s+)?subsidiaries\s*$", re.IGNORECASE)
_PAIR = re.compile(r"\b(\w{1,2})[&+](\w{1,2})\b")  # AT&T is one word, Barnes&Noble two
_APOSTROPHES = str.maketrans("", "", "'’`´‘.")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "æ": "ae", "œ": "oe"})
_BREAKS = re.compile(r"[\W_]+")


@lru_cache(1_024)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name in order; empty where none is left. At most MOST_WORDS of LONGEST_WORD characters."""
    cleaned = line(name, LONGEST_NAME)
    if cleaned is None:
        return ()
    text = _MARK.sub("", cleaned) if _may_be_marked(cleaned) else cleaned
    plain = text.translate(_APOSTROPHES)
    if "&" in plain or "+" in plain:
        plain = _PAIR.sub(r"\1\2", plain).replace(" & ", " and ").replace(" + ", " and ")
    parts = _BREAKS.split(_plain(plain))
    found = _within([part for part in parts if part], company_key(text))
    return tuple(word[:LONGEST_WORD] for word in found[:MOST_WORDS])


@lru_cache(1_024)
def name_key(name: str) -> str:
    """The words in one, as `GTXPro` and `GTX Pro` give the same; empty where no word is left."""
    return "".join(word for word in name_words(name) if word != "and")


def _may_be_marked(text: str) -> bool:
    return "/" in text or "\\" in text or text.rstrip(" .")[-12:].casefold() == "subsidiaries"


def _within(parts: list[str], key: str) -> list[str]:
    """Those of the words that the key kept. It splits names at blanks only, and knows the legal forms."""
    joined = "".join(parts)
    start = joined.find(key) if key else -1
    if start < 0 or len(joined) == len(key):
        return parts
    kept, at = [], 0
    for part in parts:
        if start <= at and at + len(part) <= start + len(key):
            kept.append(part)
        at += len(part)
    return kept or parts


@lru_cache(1_024)
def initials(parts: tuple[str, ...]) -> str | None:
    """`aep` of american electric power; None where they would be too few or too many letters to stand for a name."""
    letters = [word[0] for word in parts if class_of(word) not in ("glue", "numeral")]
    return "".join(letters) if len(letters) in INITIALS and all(map(str.isalpha, letters)) else None


def _plain(text: str) -> str:
    """Without case and accents; letters of all scripts stay."""
    if text.isascii():
        return text.casefold()
    taken_apart = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return unicodedata.normalize("NFC", "".join(c for c in taken_apart if not 0x300 <= ord(c) < 0x370))
