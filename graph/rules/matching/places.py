"""Where a company is, as evidence: the same place supports a name, and tells two accounts of one name apart.

Never matches by a place alone; an address (street and number) is more than a place, and may.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Protocol

from graph.rules.text import fold, line, words

POSTAL: Final = 3
CITY: Final = 2
COUNTRY: Final = 1
UNKNOWN: Final = 0
ELSEWHERE: Final = -1

_LONGEST = 200
_HEAD_OFFICE: Final = 3
"""Digits at the end that an extension changes: +1 415 555 0100 and +1 415 555 0132 ring in one building."""
_SHORTEST_NUMBER: Final = 10
_ROOM = re.compile(
    r"\b(?:suite|ste|floor|fl|unit|apt|room|rm|bldg|building|p\.?o\.? ?box)\b\.?\s*#?\s*[\w-]*|#\s*\w+", re.IGNORECASE
)
_NUMBER = re.compile(r"\d")
_SHORT = {
    "street": "st", "avenue": "ave", "av": "ave", "road": "rd", "boulevard": "blvd", "drive": "dr", "lane": "ln",
    "parkway": "pkwy", "highway": "hwy", "place": "pl", "square": "sq", "court": "ct", "strasse": "str", "north": "n",
    "south": "s", "east": "e", "west": "w",
}  # fmt: skip
_TITLES = words("the")


class Placed(Protocol):
    """Where somebody is: ISO codes, city and postal code as written."""

    @property
    def country(self) -> str | None: ...
    @property
    def state(self) -> str | None: ...
    @property
    def city(self) -> str | None: ...
    @property
    def postal(self) -> str | None: ...


def nearness(one: Placed, other: Placed) -> int:
    """POSTAL, CITY or COUNTRY: the smallest place that both name alike. ELSEWHERE: their countries or states differ.
    UNKNOWN: nothing to compare."""
    if one.country and other.country and one.country != other.country:
        return ELSEWHERE
    if one.postal and other.postal and postal_key(one.postal) == postal_key(other.postal):
        return POSTAL
    if one.state and other.state and one.state != other.state:
        return ELSEWHERE
    if one.city and other.city and folded(one.city) == folded(other.city):
        return CITY
    return COUNTRY if one.country and one.country == other.country else UNKNOWN


@lru_cache(8_192)
def folded(text: str) -> str:
    return fold(text[:_LONGEST])


def postal_key(postal: str) -> str:
    """`941031234` and `94103` are one place in the USA; elsewhere the code as folded."""
    key = folded(postal)
    return key[:5] if len(key) == 9 and key.isdecimal() else key


@lru_cache(8_192)
def address_key(street: str | None, postal: str | None, city: str | None) -> str | None:
    """Street and number in one spelling, with the postal code, or else the city; None without a number or without either."""
    cleaned = line(street, _LONGEST)
    place = postal_key(postal) if postal else folded(city) if city else ""
    if cleaned is None or not place:
        return None
    if _NUMBER.search(cleaned) is None:
        return None
    parts = [fold(part) for part in _ROOM.sub(" ", cleaned).replace(",", " ").split()]
    parts = [_short(part) for part in parts if part and part not in _TITLES]
    return f"{''.join(sorted(parts))}|{place}"


def _short(part: str) -> str:
    """`hauptstrasse` and `hauptstr.`, `Street` and `St.`"""
    return part.removesuffix("asse") if part.endswith("strasse") else _SHORT.get(part, part)


def one_head_office(one: str | None, other: str | None) -> bool:
    """Two E.164 numbers that differ in nothing but an extension. Mobile numbers look the same, so that this supports a
    name and proves nothing alone."""
    if one is None or other is None or len(one) < _SHORTEST_NUMBER or len(one) != len(other):
        return False
    return one[:-_HEAD_OFFICE] == other[:-_HEAD_OFFICE]
