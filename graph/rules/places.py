"""Where a lead is, and which places of the routing file that means: ISO codes, postal prefixes, the most specific key.

Never guesses: a place that the lead does not name stays unknown, and a known one that contradicts does not match.
Reads nothing but the ISO 3166 tables bundled with pycountry.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from enum import Enum
from functools import cache, lru_cache
from typing import Final, Literal, TypeAlias

import pycountry

from graph.domain.table import MapEntry, Place, Spot
from graph.rules.subdivisions import by_code

# What is known about a statement, as two bits: "it may hold" and "it may be false". A fact that nobody knows gives
# neither, so that it matches nothing, under `not` as well; a fact left open gives both.
UNKNOWN: Final = 0
HOLDS: Final = 1
FAILS: Final = 2
OPEN: Final = 3


class Anything(Enum):
    """A fact that is left open on purpose: what could hold, whatever its value?"""

    ANY = "any"


ANY: Final = Anything.ANY
Postal: TypeAlias = str | Literal[Anything.ANY] | None

ALIASES: Final = {"UK": "GB", "USA": "US"}
# Kosovo has a user-assigned code that the ISO table leaves out and everybody uses.
_BESIDE_ISO: Final = frozenset({"XK"})


@cache
def countries() -> frozenset[str]:
    """Every ISO 3166-1 alpha-2 code."""
    return frozenset(country.alpha_2 for country in pycountry.countries) | _BESIDE_ISO


@cache
def subdivisions() -> dict[str, str | None]:
    """Every ISO 3166-2 code with the subdivision that contains it, if one does (`GB-LND` lies in `GB-ENG`)."""
    return {item.code: item.parent_code for item in by_code().values()}


def written_country(written: str) -> str | None:
    """`US` of `US` or `USA`, `GB` of `GB` or `UK`; None for anything that is not a country's code in capitals."""
    code = ALIASES.get(written, written)
    return code if code in countries() else None


@lru_cache(maxsize=8192)
def above(subdivision: str) -> tuple[str, ...]:
    """The subdivisions that contain this one, nearest first."""
    parent = subdivisions().get(subdivision)
    return () if parent is None else (parent, *above(parent))


@cache
def _inside() -> dict[str, frozenset[str]]:
    inside: defaultdict[str, set[str]] = defaultdict(set)
    for code in subdivisions():
        for parent in above(code):
            inside[parent].add(code)
    return {parent: frozenset(codes | {parent}) for parent, codes in inside.items()}


@lru_cache(maxsize=8192)
def within(subdivision: str) -> frozenset[str]:
    """The subdivision and all that lies in it."""
    return _inside().get(subdivision) or frozenset((subdivision,))


@lru_cache(maxsize=8192)
def postal_key(typed: str) -> str | None:
    """A postal code as prefixes compare it: letters and digits, upper-case (`sw1a 1aa` -> `SW1A1AA`)."""
    return "".join(char for char in typed if char.isalnum()).upper() or None


def country_of(country: str | None, state: str | None) -> str | None:
    """The lead's country; a subdivision names it too."""
    return country if country is not None or state is None else state[:2]


def place_bits(place: Place, country: str | None, state: str | None, postal: Postal) -> int:
    """Whether a lead is in the place: HOLDS, FAILS, UNKNOWN, or OPEN where `postal` is left open.

    country: ISO alpha-2; state: ISO 3166-2; postal: as `postal_key` gives it. Inside a postal range the subdivision
    need not be known, but a known one must agree.
    """
    if country is None:
        return UNKNOWN
    if country != place.country:
        return FAILS
    area = HOLDS if place.subdivision is None else area_bits(place.subdivision, state)
    if place.low is None or area == FAILS:
        return area
    if postal is ANY:
        return OPEN
    if postal is None:
        return UNKNOWN
    return HOLDS if has_prefix(postal, place.low, place.high or place.low) else FAILS


def area_bits(area: str, state: str | None) -> int:
    """Whether a lead is in a subdivision of its own country."""
    if state == area:
        return HOLDS
    if state is None or state in above(area):
        return UNKNOWN
    return HOLDS if state in within(area) else FAILS


def has_prefix(postal: str, low: str, high: str) -> bool:
    """Whether a code begins with a prefix from low to high."""
    prefix = postal[: len(low)]
    # Text compares as numbers do only between digits of equal length.
    return prefix == low or (low < prefix <= high and len(prefix) == len(low) and prefix.isdecimal())


def rank(spot: Spot) -> tuple[int, int, int]:
    """Smaller is more specific: the longer prefix, the deeper subdivision, the name with fewer regions in between."""
    place = spot.place
    level = 0 if place.subdivision is None else 1 + len(above(place.subdivision))
    return (-len(place.low or ""), -level, spot.depth)


def clashes(entries: Sequence[MapEntry]) -> list[tuple[MapEntry, MapEntry, str]]:
    """Pairs of keys that mean one place with equal right, and that place in words. The later key is the second."""
    claims: defaultdict[tuple[object, ...], list[tuple[Place, MapEntry]]] = defaultdict(list)
    for entry in entries:
        for spot in entry.spots:
            place = spot.place
            # Postal ranges of one rank meet even in two subdivisions: where the lead's own is unknown.
            area = place.subdivision if place.low is None else None
            claims[rank(spot), place.country, area].append((place, entry))
    found = []
    for group in claims.values():
        group.sort(key=lambda claim: claim[0].low or "")
        reach, owner = group[0]
        for place, entry in group[1:]:
            if (place.low or "") <= (reach.high or ""):
                if entry is not owner:
                    first, second = sorted((owner, entry), key=entries.index)
                    found.append((first, second, _in_words(place)))
                if (place.high or "") <= (reach.high or ""):
                    continue
            reach, owner = place, entry
    return found


def _in_words(place: Place) -> str:
    area = place.subdivision or place.country
    return area if place.low is None else f"{area}:{place.low}"
