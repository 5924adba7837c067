"""Every possible lead, in eight dimensions, each cut into atoms that the file's conditions cannot cut further.

Atom 0 of each dimension is "unknown". A word nobody wrote is one atom; employees and revenue are whole numbers, so that
nothing lies between 199 and 200; a score is any number from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import ceil, floor
from typing import Any, Final, get_args

from graph.domain.routing import RoutingFacts
from graph.domain.scoring import Tier
from graph.domain.table import Condition, Place, Range
from graph.rules.conditions import parts
from graph.rules.proof.boxes import Box, bits_of, both, put, tidy
from graph.rules.proof.place_atoms import PlaceAtoms

WORDS: Final = ("industry", "source", "product", "tier")
NUMBERS: Final = ("employees", "revenue", "score")
DIMENSIONS: Final = ("place", *WORDS, *NUMBERS)
_USUAL_HEADCOUNT: Final = 50


class Space:
    """conditions: all that the file asks of a lead; places: what it asks besides, in its map; countries: those that it
    names without asking for them.

    values: for each dimension but the place, the fact that stands for each atom. full: every lead.
    """

    def __init__(
        self, conditions: Iterable[Condition], places: Iterable[Place] = (), countries: Iterable[str] = ()
    ) -> None:
        asked = [part for condition in conditions for part in parts(condition)]
        written = [place for part in asked for where in part.where for place in where.places]
        self.places = PlaceAtoms((*written, *places), countries)
        self.values: dict[str, list[Any]] = {
            name: _words(name, [word for part in asked for word in getattr(part, name)]) for name in WORDS
        }
        for name in NUMBERS:
            ranges = [item for part in asked for item in getattr(part, name)]
            self.values[name] = [None, *(_scores(ranges) if name == "score" else _wholes(ranges))]
        self.full: Box = (self.places.full, *((1 << len(self.values[name])) - 1 for name in DIMENSIONS[1:]))
        self._held: dict[int, tuple[Condition, list[Box]]] = {}

    def holds(self, condition: Condition) -> list[Box]:
        """The leads for which the condition holds."""
        kept = self._held.get(id(condition))
        if kept is None:
            kept = self._held[id(condition)] = condition, self._holds(condition)
        return kept[1]

    def _holds(self, condition: Condition) -> list[Box]:
        box = self.full
        for at, (held, _) in self._plain(condition).items():
            box = put(box, at, held)
        found = tidy([box])
        for inner in self._inner(condition):
            found = both(found, tidy(box for item in inner for box in self.holds(item)))
        if condition.negated is not None:
            found = both(found, self.fails(condition.negated))
        return found

    def fails(self, condition: Condition) -> list[Box]:
        """The leads for which it does not hold for sure; a fact that nobody knows gives neither."""
        found = [put(self.full, at, failed) for at, (_, failed) in self._plain(condition).items()]
        for inner in self._inner(condition):
            all_fail = [self.full]
            for item in inner:
                all_fail = both(all_fail, self.fails(item))
            found += all_fail
        if condition.negated is not None:
            found += self.holds(condition.negated)
        return tidy(found)

    def _inner(self, condition: Condition) -> list[Sequence[Condition]]:
        """The lists of conditions inside of which one must hold."""
        return [found for found in ([item.condition for item in condition.segments], condition.any_of) if found]

    def _plain(self, condition: Condition) -> Mapping[int, tuple[int, int]]:
        """For each dimension that the condition asks by itself: the atoms that hold, and those that fail."""
        found: dict[int, tuple[int, int]] = {}
        if condition.where:
            held, failed = 0, self.places.full
            for place in (place for where in condition.where for place in where.places):
                held |= self.places.holds[place]
                failed &= self.places.fails[place]
            found[0] = held, failed
        for at, name in enumerate(DIMENSIONS[1:], 1):
            written = getattr(condition, name)
            if written:
                held = self._mask(name, written)
                found[at] = held, self.full[at] & ~1 & ~held
        return found

    def _mask(self, name: str, written: Sequence[Any]) -> int:
        values = self.values[name]
        held = 0
        for at, value in enumerate(values):
            if value is not None and (
                any(item.holds(value) for item in written) if name in NUMBERS else value in written
            ):
                held |= 1 << at
        return held

    def lead(self, box: Box) -> RoutingFacts:
        """One lead of the box, with as few facts as can be."""
        first = [next(bits_of(mask)) for mask in box]
        country, state, postal = self.places.leads[first[0]]
        facts = {name: self.values[name][first[at]] for at, name in enumerate(DIMENSIONS) if at}
        facts["revenue_usd"] = facts.pop("revenue")
        return RoutingFacts(country=country, state=state, postal=postal, **facts)


def _words(name: str, written: Iterable[str]) -> list[str | None]:
    if name == "tier":  # the tiers are known, there is no other
        return [None, *get_args(Tier)]
    known = list(dict.fromkeys(written))
    other = f"other_{name}"
    while other in known:
        other += "_"
    return [None, *known, other]


def _wholes(ranges: Iterable[Range]) -> list[int]:
    """The first whole number of each run that no range cuts; of the very first run one that a company may have."""
    starts = {0}
    for item in ranges:
        if item.low is not None:
            starts.add(floor(item.low) + 1 if item.low_open else ceil(item.low))
        if item.high is not None:
            starts.add(ceil(item.high) if item.high_open else floor(item.high) + 1)
    ordered = sorted(start for start in starts if start >= 0)
    last = ordered[1] - 1 if len(ordered) > 1 else _USUAL_HEADCOUNT
    return [min(_USUAL_HEADCOUNT, last), *ordered[1:]]


def _scores(ranges: Iterable[Range]) -> list[float]:
    """Every bound, and a number between each two."""
    bounds = sorted({0.0, 1.0, *(bound for item in ranges for bound in (item.low, item.high) if bound is not None)})
    bounds = [bound for bound in bounds if 0 <= bound <= 1]
    between = [_short((low + high) / 2, low, high) for low, high in pairwise(bounds)]
    return sorted([*bounds, *between])


def _short(middle: float, low: float, high: float) -> float:
    """A number between the two with as few digits as can be; `middle` where it takes too many."""
    short = (round(middle, digits) for digits in range(1, 10))
    return next((number for number in short if low < number < high), middle)
