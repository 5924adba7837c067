"""All places a lead can be in, as few classes ("atoms"): two places are one atom when no place that the file writes
tells them apart.

A lead's place is its country, state and postal code together, each of which may be unknown. One place stands for each
atom; what holds for it holds for all the others, since the classes are made of what `place_bits` looks at.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from graph.domain.table import Place
from graph.rules.places import FAILS, HOLDS, countries, place_bits, subdivisions
from graph.rules.proof.boxes import bits_of

Lead: TypeAlias = tuple[str | None, str | None, str | None]

# The country of leads from none that the file writes: one that a reader knows, if it is free.
_ELSEWHERE: Final = ("US", "BR", "JP", "IN", "ZA", "FR", "TR", "NG")
_FOUR_DIGITS: Final = frozenset({"AT", "AU", "BE", "CH", "DK", "HU", "LU", "NO", "NZ", "ZA"})
_FREE_CODES: Final = (*"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "Ø")


class PlaceAtoms:
    """leads: the country, state and postal code that stand for each atom; the first knows none of them, the last is
    another country, if there is one (of `likely`, where it can be). holds, fails: by place, the atoms that are in it and
    those that are not; the others are unknown."""

    def __init__(self, places: Iterable[Place], likely: Iterable[str] = ()) -> None:
        by_country: defaultdict[str, list[Place]] = defaultdict(list)
        for place in dict.fromkeys(places):
            by_country[place.country].append(place)
        self.leads: list[Lead] = [(None, None, None)]
        self.of_country: dict[str, int] = {}
        self.holds: dict[Place, int] = {}
        unknown: dict[Place, int] = {}
        for country, own in by_country.items():
            inside, unsure = [0] * len(own), [0] * len(own)
            for lead, held, doubtful in _classes(country, own):
                atom = 1 << len(self.leads)
                self.leads.append(lead)
                self.of_country[country] = self.of_country.get(country, 0) | atom
                for at in bits_of(held):
                    inside[at] |= atom
                for at in bits_of(doubtful):
                    unsure[at] |= atom
            self.holds.update(zip(own, inside, strict=True))
            unknown.update(zip(own, unsure, strict=True))
        self.elsewhere = 0
        other = next((code for code in (*likely, *_ELSEWHERE, *sorted(countries())) if code not in by_country), None)
        if other is not None:
            self.elsewhere = 1 << len(self.leads)
            self.leads.append((other, None, None))
        self.full = (1 << len(self.leads)) - 1
        self.fails = {place: self.full & ~1 & ~held & ~unknown[place] for place, held in self.holds.items()}


def _classes(country: str, places: Sequence[Place]) -> Iterator[tuple[Lead, int, int]]:
    """One lead for each class of the country, with the places that hold and that are unknown, as bits of `places`."""
    plain: defaultdict[str | None, int] = defaultdict(int)
    postal: defaultdict[str | None, int] = defaultdict(int)
    for at, place in enumerate(places):
        (plain if place.low is None else postal)[place.subdivision] |= 1 << at
    areas = list(dict.fromkeys(place.subdivision for place in places))
    written = [area for area in areas if area is not None]
    states = [None, *dict.fromkeys((*written, *_states_of(country)))] if written else [None]
    cells = _cells(country, places)
    seen: set[tuple[int, int, int]] = set()
    found: set[tuple[int, int]] = set()
    for state in states:
        held = unsure = open_ = 0
        for area in areas:
            bits = place_bits(Place(country, area), country, state, None)
            if bits == HOLDS:
                held |= plain[area]
            elif bits != FAILS:
                unsure |= plain[area]
            if bits != FAILS:
                open_ |= postal[area]
        if (held, unsure, open_) in seen:
            continue
        seen.add((held, unsure, open_))
        for code, match in [(None, 0), *(cells if open_ else ())]:
            inside = held | (match & open_)
            doubtful = unsure | (open_ if code is None else 0)
            if (inside, doubtful) not in found:
                found.add((inside, doubtful))
                yield (country, state, code), inside, doubtful


def _states_of(country: str) -> list[str]:
    return sorted(code for code in subdivisions() if code[:2] == country)


def _cells(country: str, places: Sequence[Place]) -> list[tuple[str, int]]:
    """A postal code for each combination of prefixes that a code can have, with those prefixes as bits of `places`.

    A code that has a prefix of n characters and no longer one is told by its first n characters: either a prefix that is
    written, or, between numbers, the first of a run of n digits in which no written range of n or fewer digits begins
    or ends.
    """
    lengths: dict[int, _Prefixes] = {}
    for at, place in enumerate(places):
        if place.low is not None:
            lengths.setdefault(len(place.low), _Prefixes(len(place.low))).add(
                place.low, place.high or place.low, 1 << at
            )
    if not lengths:
        return []
    ordered = [lengths[length].ready() for length in sorted(lengths)]

    def prefixes_of(code: str) -> int:
        found = 0
        for prefixes in ordered:
            if prefixes.length > len(code):
                break
            found |= prefixes.of(code[: prefixes.length])
        return found

    codes: dict[int, str] = {}
    for rank, prefixes in enumerate(ordered):
        shorter = (start.ljust(prefixes.length, "0") for other in ordered[:rank] for start in other.starts)
        for code in (*prefixes.single, *prefixes.starts, *shorter):
            codes.setdefault(prefixes_of(code), code)
    codes.setdefault(0, next(code for code in _FREE_CODES if not prefixes_of(code)))
    return [(_whole(code, country, match, prefixes_of), match) for match, code in codes.items()]


def _whole(code: str, country: str, match: int, prefixes_of: Callable[[str], int]) -> str:
    """The code as long as a person would write it, if that is still the same class."""
    longer = code.ljust(4 if country in _FOUR_DIGITS else 5, "0")
    return longer if code.isdecimal() and prefixes_of(longer) == match else code


class _Prefixes:
    """The written prefixes of one length. starts: where runs of equal numbers begin; single: those with letters."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.single: dict[str, int] = {}
        self.starts: list[str] = []
        self._ranges: list[tuple[int, int, int]] = []
        self._runs: list[int] = []

    def add(self, low: str, high: str, bit: int) -> None:
        if low.isdecimal():
            self._ranges.append((int(low), int(high) + 1, bit))
        else:
            self.single[low] = self.single.get(low, 0) | bit

    def ready(self) -> _Prefixes:
        """Sorts what was added into runs."""
        changes: defaultdict[int, int] = defaultdict(int)
        for low, after, bit in self._ranges:
            changes[low] ^= bit
            changes[after] ^= bit
        now = 0
        for start in sorted(changes):
            now ^= changes[start]
            text = str(start).zfill(self.length)
            if len(text) == self.length:
                self.starts.append(text)
                self._runs.append(now)
        return self

    def of(self, prefix: str) -> int:
        """The written prefixes that this one, of the same length, is."""
        if not prefix.isdecimal():
            return self.single.get(prefix, 0)
        at = bisect_right(self.starts, prefix)
        return self._runs[at - 1] if at else 0
