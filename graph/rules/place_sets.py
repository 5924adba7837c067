"""Is a lead in any of many places? The same answers as place by place, by search: a territory may hold 40,000 prefixes."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from graph.domain.table import Place
from graph.rules.places import FAILS, HOLDS, OPEN, UNKNOWN, Anything, Postal, area_bits, has_prefix, place_bits

T = TypeVar("T")
_SETS_KEPT: Final = 1024


class Prefixes(Generic[T]):
    """Ranges of postal prefixes of one length, each with something of its own."""

    def __init__(self, ranges: Iterable[tuple[Place, T]]) -> None:
        self._ranges = sorted(ranges, key=lambda item: item[0].low or "")
        self._lows = [place.low or "" for place, _ in self._ranges]
        self._size = len(self._lows[0])
        self._reach: list[str] = []  # how far the ranges up to here go
        for place, _ in self._ranges:
            self._reach.append(max(place.high or "", self._reach[-1] if self._reach else ""))

    def found(self, postal: str) -> list[tuple[Place, T]]:
        """The ranges that the code lies in."""
        prefix = postal[: self._size]
        at, found = bisect_right(self._lows, prefix) - 1, []
        while at >= 0 and self._reach[at] >= prefix:
            place = self._ranges[at][0]
            if has_prefix(postal, place.low or "", place.high or ""):
                found.append(self._ranges[at])
            at -= 1
        return found


@dataclass(slots=True)
class _Country:
    plain: list[Place]
    postal: dict[str | None, list[Prefixes[None]]]  # by subdivision


class PlaceSet:
    def __init__(self, places: Iterable[Place]) -> None:
        plain: defaultdict[str, list[Place]] = defaultdict(list)
        postal: defaultdict[str, defaultdict[tuple[str | None, int], list[Place]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for place in dict.fromkeys(places):
            if place.low is None:
                plain[place.country].append(place)
            else:
                postal[place.country][place.subdivision, len(place.low)].append(place)
        self._countries: dict[str, _Country] = {}
        for country in {*plain, *postal}:
            by_area: defaultdict[str | None, list[Prefixes[None]]] = defaultdict(list)
            for (area, _), ranges in postal[country].items():
                by_area[area].append(Prefixes((place, None) for place in ranges))
            self._countries[country] = _Country(plain[country], dict(by_area))

    def bits(self, country: str | None, state: str | None, postal: Postal) -> int:
        """What `place_bits` gives for all of the places taken together: HOLDS where one does."""
        if country is None:
            return UNKNOWN
        found = self._countries.get(country)
        if found is None:
            return FAILS
        answers = [place_bits(place, country, state, postal) for place in found.plain]
        for area, prefixes in found.postal.items():
            answers.append(_postal_bits(area, prefixes, state, postal))
        return either(answers)


def _postal_bits(area: str | None, prefixes: list[Prefixes[None]], state: str | None, postal: Postal) -> int:
    if area is not None and area_bits(area, state) == FAILS:
        return FAILS
    if isinstance(postal, Anything):
        return OPEN
    if postal is None:
        return UNKNOWN
    return HOLDS if any(item.found(postal) for item in prefixes) else FAILS


def either(found: Iterable[int]) -> int:
    """HOLDS where one holds, FAILS where all fail."""
    true, false = UNKNOWN, FAILS
    for item in found:
        true |= item
        false &= item
    return (true & HOLDS) | false


# By the identity of the tuple, which a table holds as long as it lives: hashing 40,000 places would cost the search's gain.
_sets: dict[int, tuple[tuple[Place, ...], PlaceSet]] = {}


def place_set(places: tuple[Place, ...]) -> PlaceSet:
    """The set of a table's places, built once."""
    kept = _sets.get(id(places))
    if kept is None or kept[0] is not places:
        if len(_sets) >= _SETS_KEPT:
            _sets.clear()
        kept = _sets[id(places)] = (places, PlaceSet(places))
    return kept[1]
