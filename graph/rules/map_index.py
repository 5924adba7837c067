"""The capital keys of a routing file, looked up from a lead's place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from graph.domain.table import MapEntry, Place
from graph.rules.place_sets import Prefixes
from graph.rules.places import HOLDS, place_bits, rank, within


class MapIndex:
    """The capital keys of a file, looked up from a lead's place, most specific first."""

    def __init__(self, entries: Sequence[MapEntry]) -> None:
        found = [(spot, entry) for entry in entries for spot in entry.spots]
        found.sort(key=lambda pair: rank(pair[0]))
        postal: defaultdict[str, defaultdict[tuple[int, int, int], list[tuple[Place, MapEntry]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        states: defaultdict[str, list[MapEntry]] = defaultdict(list)
        nations: defaultdict[str, list[MapEntry]] = defaultdict(list)
        for spot, entry in found:
            place = spot.place
            if place.low is not None:
                postal[place.country][rank(spot)].append((place, entry))
            elif place.subdivision is not None:
                for state in within(place.subdivision):
                    states[state].append(entry)
            else:
                nations[place.country].append(entry)
        self._postal = {country: [Prefixes(ranges) for ranges in ranks.values()] for country, ranks in postal.items()}
        self._states, self._nations = dict(states), dict(nations)

    def find(self, country: str | None, state: str | None, postal: str | None) -> Iterator[MapEntry]:
        """The keys that the lead's place matches; the first is meant, the others are for when its owner is away."""
        if country is None:
            return
        if postal is not None:
            for prefixes in self._postal.get(country, ()):
                for place, entry in prefixes.found(postal):
                    if place_bits(place, country, state, postal) == HOLDS:
                        yield entry
        if state is not None and state[:2] == country:
            yield from self._states.get(state, ())
        yield from self._nations.get(country, ())
