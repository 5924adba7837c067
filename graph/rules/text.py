"""Cleans what a stranger typed, and folds it for comparison.

Cleaning bounds the length and takes out what can only do harm (NUL, control characters, lone surrogates, marks that
reverse the direction of writing); it never rewords. Folding gives a key to compare by; it is never shown or stored.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_HARMFUL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")

# Latin letters that Unicode does not take apart into a letter and an accent.
_UNACCENTED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "æ": "ae", "œ": "oe"})
_COMBINING = range(0x300, 0x370)  # accents of Latin, Greek and Cyrillic; marks of other scripts are letters to them


def words(text: str) -> frozenset[str]:
    """The words of a table written as text, separated by white space."""
    return frozenset(text.split())


_PLACEHOLDERS = words("- -- --- . .. ... ? ?? n/a n.a. n.a #n/a none null nil undefined unknown tbd other/unknown")
_PLACEHOLDER_KEYS = words(
    """
    notapplicable notavailable pleaseselect pleasechoose select selectone selectacountry selectcountry selectastate
    selectstate selectindustry choose chooseone chooseacountry bitteauswahlen bittewahlen seleccione
    """
)


def line(typed: str | None, limit: int = 200) -> str | None:
    """One line, at most `limit` characters: white space collapsed, harmful characters out; None when none is left."""
    if typed is None:
        return None
    if len(typed) > limit:
        typed = typed[: 4 * limit]  # a bound for the work below, generous to white space
    if not typed.isprintable():
        typed = _HARMFUL.sub("", typed)
    return " ".join(typed.split())[:limit].rstrip() or None


def block(typed: str | None, limit: int) -> str | None:
    """Text of several lines, at most `limit` characters; line breaks become `\\n`, everything else stays as typed."""
    if typed is None:
        return None
    if not typed.isprintable():
        typed = _HARMFUL.sub("", typed[: 4 * limit].replace("\r\n", "\n").replace("\r", "\n"))
    return typed.strip()[:limit].rstrip() or None


def choice(typed: str | None, limit: int = 200) -> str | None:
    """A line of a field that people must fill: "n/a", "-", "Please select" are blank."""
    text = line(typed, limit)
    return None if text is None or is_placeholder(text) else text


@lru_cache(8192)
def is_placeholder(text: str) -> bool:
    return text.casefold() in _PLACEHOLDERS or fold(text) in _PLACEHOLDER_KEYS


def fold(text: str) -> str:
    """A key to compare names by: case, accents, punctuation and spaces do not count. `"Ünited  K." -> "unitedk"`.

    Letters of all scripts stay, and so do vowel signs and voicing marks of scripts that need them.
    """
    if text.isascii():
        return "".join(filter(str.isalnum, text.casefold()))
    folded = unicodedata.normalize("NFKD", text.casefold()).translate(_UNACCENTED)
    kept = (c for c in folded if c.isalnum() or (ord(c) not in _COMBINING and unicodedata.category(c)[0] == "M"))
    return unicodedata.normalize("NFC", "".join(kept))
