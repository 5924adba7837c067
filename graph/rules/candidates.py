"""Which other values of a lead's facts are worth trying: those at which something in the file begins or ends to hold.

Between two neighbours of what a file mentions nothing changes, so that one value stands for all between them: numbers on
either side of each bound, each word and one that nobody wrote, each place and one that nobody wrote, and unknown.

The order says what is a small change: a number that moves (by its ratio), something unknown that becomes known, another
place in the country, another word, another country, and last a known fact that nobody knows any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from math import ceil, floor, log1p
from typing import Any, Final, get_args

from graph.domain.routing import RoutingFacts
from graph.domain.scoring import Tier
from graph.domain.table import Condition, Place, RoutingTable
from graph.domain.values import value
from graph.rules.conditions import parts, word
from graph.rules.firmographics import INDUSTRIES
from graph.rules.places import countries, country_of, postal_key, subdivisions

MOVED, LEARNT, NEARBY, REWORDED, ABROAD, LOST = range(6)
SCORE_STEP: Final = 0.001  # a tenth of a point as people see the score
_WORDS: Final = ("industry", "source", "product", "tier")
_NUMBERS: Final = {"employees": "employees", "revenue": "revenue_usd", "score": "score"}
_OWNERS: Final = ("opportunity_owner", "account_owner", "parent_owner")
_MOST_PLACES: Final = 400  # state and postal code together, in one country
_MOST_OF_A_TERRITORY: Final = 60  # places of one name; the others hold and fail with them, but for what else names them
_UNWRITTEN: Final = "any that the file does not name"


@value(frozen=True)
class Candidate:
    """Another value of one fact. fields: names of RoutingFacts with their new values; note: what else would do as well."""

    fact: str
    fields: tuple[tuple[str, Any], ...]
    rank: int
    distance: float = 0.0
    note: str = ""


@dataclass(slots=True)
class _Mentioned:
    """What the file's conditions and places mention, in its order. whole: nothing of it was left out."""

    words: dict[str, dict[str, None]] = field(default_factory=lambda: {name: {} for name in _WORDS})
    bounds: dict[str, set[float]] = field(default_factory=lambda: {name: set() for name in _NUMBERS})
    places: dict[Place, None] = field(default_factory=dict)
    whole: bool = True

    def take(self, condition: Condition) -> None:
        for part in parts(condition):
            for name, words in self.words.items():
                words.update(dict.fromkeys(getattr(part, name)))
            for name, bounds in self.bounds.items():
                for item in getattr(part, name):
                    bounds.update(bound for bound in (item.low, item.high) if bound is not None)
            for where in part.where:
                self.take_places(where.places)

    def take_places(self, places: Iterable[Place]) -> None:
        found = list(islice(places, _MOST_OF_A_TERRITORY + 1))
        self.whole &= len(found) <= _MOST_OF_A_TERRITORY
        self.places.update(dict.fromkeys(found[:_MOST_OF_A_TERRITORY]))


def candidates(facts: RoutingFacts, table: RoutingTable) -> tuple[list[Candidate], bool]:
    """Smallest first, of equal ones the one the file mentions first; and whether these are all."""
    mentioned = _Mentioned()
    for rule in table.rules:
        mentioned.take(rule.condition)
    for entry in table.map:
        mentioned.take_places(spot.place for spot in entry.spots)
    found = [*_numbers(facts, mentioned), *_words(facts, mentioned), *_places(facts, mentioned.places), *_gone(facts)]
    return sorted(found, key=lambda one: (one.rank, one.distance)), mentioned.whole


def _numbers(facts: RoutingFacts, mentioned: _Mentioned) -> Iterator[Candidate]:
    for name, attribute in _NUMBERS.items():
        now = getattr(facts, attribute)
        values = _scores(mentioned.bounds[name]) if name == "score" else _integers(mentioned.bounds[name])
        for number in values:
            if now is None:
                yield Candidate(name, ((attribute, number),), LEARNT)
            elif number != now:
                scale = 100 if name == "score" else 1
                distance = abs(log1p(number * scale) - log1p(now * scale))
                yield Candidate(name, ((attribute, number),), MOVED, distance)
        if now is not None and mentioned.bounds[name]:
            yield Candidate(name, ((attribute, None),), LOST)


def _integers(bounds: Iterable[float]) -> list[int]:
    near = {n for bound in bounds for n in (ceil(bound) - 1, floor(bound), ceil(bound), floor(bound) + 1)}
    return sorted(number for number in near if number >= 0)


def _scores(bounds: Iterable[float]) -> list[float]:
    near = {round(bound + step, 6) for bound in bounds for step in (-SCORE_STEP, 0, SCORE_STEP)}
    return sorted(number for number in near if 0 <= number <= 1)


def _words(facts: RoutingFacts, mentioned: _Mentioned) -> Iterator[Candidate]:
    for name in _WORDS:
        known = mentioned.words[name]
        typed = getattr(facts, name)
        now = word(typed) if typed else None
        if not known:
            continue
        rank = LEARNT if now is None else REWORDED
        for other in known:
            if other != now:
                yield Candidate(name, ((name, other),), rank)
        unwritten = _unwritten_word(name, known)
        if unwritten is not None and (now is None or now in known):
            yield Candidate(name, ((name, unwritten),), rank, note=_UNWRITTEN)
        if now is not None:
            yield Candidate(name, ((name, None),), LOST)


def _unwritten_word(name: str, written: Iterable[str]) -> str | None:
    vocabulary = {"industry": INDUSTRIES, "tier": get_args(Tier)}.get(name, ("other", "another", "neither"))
    return next((one for one in vocabulary if one not in written), None)


def _places(facts: RoutingFacts, mentioned: Iterable[Place]) -> Iterator[Candidate]:
    """Country, state and postal code together: a state of another country would be nowhere."""
    by_country: dict[str, list[Place]] = {}
    for place in mentioned:
        by_country.setdefault(place.country, []).append(place)
    if not by_country:
        return
    country = country_of(facts.country, facts.state)
    unwritten = next(code for code in sorted(countries()) if code not in by_country)
    if country is None or country in by_country:
        yield _place(facts, (unwritten, None, None), _UNWRITTEN)
    for code, places in by_country.items():
        own = code == country
        for state, postal in _within(code, places, facts if own else RoutingFacts()):
            if not own or (state, postal) != (facts.state, facts.postal):
                yield _place(facts, (code, state, postal))
    if country is not None:
        yield _place(facts, (None, None, None))


def _within(code: str, places: list[Place], facts: RoutingFacts) -> Iterator[tuple[str | None, str | None]]:
    """The (state, postal code) pairs of a country that are worth trying; with `facts` there, its own are kept in turn."""
    states: dict[str | None, None] = {facts.state: None, None: None}
    states.update(dict.fromkeys(place.subdivision for place in places if place.subdivision))
    other = next((one for one in subdivisions() if one[:2] == code and one not in states), None)
    if len(states) > 1 and other is not None:
        states[other] = None
    postals: dict[str | None, None] = {facts.postal: None, None: None}
    for place in places:
        postals.update(dict.fromkeys(_postals(place)))
    pairs = [(state, postal) for state in states for postal in postals]
    if len(pairs) > _MOST_PLACES:  # each state by itself, and each postal place as the file writes it
        pairs = [
            *((state, None) for state in states),
            *((place.subdivision, place.low) for place in places if place.low),
        ]
    for state, postal in pairs:
        # A postal code belongs to its state: in another one it would not be known.
        if postal is None or postal != facts.postal or state == facts.state or facts.state is None:
            yield state, postal


def _postals(place: Place) -> Iterator[str]:
    """The ends of the range, and its neighbours outside."""
    if place.low is None or place.high is None:
        return
    yield place.low
    if not place.low.isdecimal():
        return
    width = len(place.low)
    for number in (int(place.high), int(place.low) - 1, int(place.high) + 1):
        if 0 <= number < 10**width:
            yield f"{number:0{width}}"


def _place(facts: RoutingFacts, to: tuple[str | None, str | None, str | None], note: str = "") -> Candidate:
    fields = tuple(zip(("country", "state", "postal"), to, strict=True))
    return Candidate("place", fields, _rank_of_place(facts, to), note=note)


def _rank_of_place(facts: RoutingFacts, to: tuple[str | None, str | None, str | None]) -> int:
    country = country_of(facts.country, facts.state)
    if to[0] is None:
        return LOST
    if country is None:
        return LEARNT
    if to[0] != country:
        return ABROAD
    same_state, same_postal = facts.state == to[1], _same(facts.postal, to[2])
    if (not same_state and to[1] is None) or (same_state and not same_postal and to[2] is None):
        return LOST
    learnt = (same_state or facts.state is None) and (same_postal or facts.postal is None)
    return LEARNT if learnt else NEARBY


def _same(old: str | None, new: str | None) -> bool:
    return old == new or (old is not None and new is not None and postal_key(old) == postal_key(new))


def _gone(facts: RoutingFacts) -> Iterator[Candidate]:
    """Without the company, or without an owner in the CRM."""
    if facts.host or facts.domain or facts.family:
        yield Candidate("company", (("host", None), ("domain", None), ("family", ())), LOST)
    for name in _OWNERS:
        if getattr(facts, name):
            yield Candidate(name, ((name, None),), LOST)
