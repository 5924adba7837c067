"""Does a condition of the routing file hold for a lead? One definition, and an index that finds the few that may.

A fact that is unknown makes a statement about it neither true nor false (Kleene's logic), so that it matches nothing,
under `not` as well. The index is exact in what it leaves out: it drops a condition only when it cannot hold.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from graph.domain.routing import RoutingFacts
from graph.domain.table import Condition, Place, Range
from graph.domain.values import value
from graph.rules.place_sets import either, place_set
from graph.rules.places import ANY, FAILS, HOLDS, OPEN, UNKNOWN, Anything, Postal, country_of, place_bits, postal_key

Word: TypeAlias = str | Literal[Anything.ANY] | None
Number: TypeAlias = float | Literal[Anything.ANY] | None

_FLIPPED = (UNKNOWN, FAILS, HOLDS, OPEN)
_WORDS = ("industry", "source", "product", "tier")
_FEW = 16  # places that are looked through one by one
_NUMBERS = (("employees", "employees"), ("revenue", "revenue_usd"), ("score", "score"))  # the key, the fact


@lru_cache(maxsize=8192)
def word(typed: str) -> str:
    """A name as conditions compare it: `Financial Services` and `financial-services` are `financial_services`."""
    return "_".join(typed.replace("-", " ").replace("_", " ").lower().split())


@value(frozen=True)
class View:
    """A lead's facts in the form that conditions compare; ANY leaves a fact open. revenue: US dollars; score: 0..1."""

    country: Word = ANY
    state: str | None = None
    postal: Word = ANY
    industry: Word = ANY
    source: Word = ANY
    product: Word = ANY
    tier: Word = ANY
    employees: Number = ANY
    revenue: Number = ANY
    score: Number = ANY


def view_of(facts: RoutingFacts) -> View:
    return View(
        country_of(facts.country, facts.state),
        facts.state,
        postal_key(facts.postal) if facts.postal else None,
        word(facts.industry) if facts.industry else None,
        word(facts.source) if facts.source else None,
        word(facts.product) if facts.product else None,
        word(facts.tier) if facts.tier else None,
        facts.employees,
        facts.revenue_usd,
        facts.score,
    )


def holds(condition: Condition, view: View) -> bool:
    return bool(bits(condition, view) & HOLDS)


def bits(condition: Condition, view: View) -> int:
    """HOLDS, FAILS, UNKNOWN, or OPEN where the facts left open decide."""
    found = []
    if condition.where:
        found.append(_in_any(condition, view))
    for written, fact in (
        (condition.industry, view.industry),
        (condition.source, view.source),
        (condition.product, view.product),
        (condition.tier, view.tier),
    ):
        if written:
            found.append(_is_one_of(fact, written))
    for ranges, number in (
        (condition.employees, view.employees),
        (condition.revenue, view.revenue),
        (condition.score, view.score),
    ):
        if ranges:
            found.append(_lies_in(number, ranges))
    if condition.segments:
        found.append(either(bits(segment.condition, view) for segment in condition.segments))
    if condition.any_of:
        found.append(either(bits(item, view) for item in condition.any_of))
    if condition.negated is not None:
        found.append(_FLIPPED[bits(condition.negated, view)])
    return _both(found)


def _both(found: Iterable[int]) -> int:
    true, false = HOLDS, UNKNOWN
    for item in found:
        true &= item
        false |= item
    return true | (false & FAILS)


def _in_any(condition: Condition, view: View) -> int:
    if view.country is ANY:
        return OPEN
    country, state, postal = view.country, view.state, view.postal
    return either(_in_places(where.places, country, state, postal) for where in condition.where)


def _in_places(places: tuple[Place, ...], country: str | None, state: str | None, postal: Postal) -> int:
    if len(places) > _FEW:
        return place_set(places).bits(country, state, postal)
    return either([place_bits(place, country, state, postal) for place in places])


def _is_one_of(fact: Word, written: tuple[str, ...]) -> int:
    if fact is ANY:
        return OPEN
    if fact is None:
        return UNKNOWN
    return HOLDS if fact in written else FAILS


def _lies_in(fact: Number, ranges: tuple[Range, ...]) -> int:
    if fact is ANY:
        return OPEN
    if fact is None:
        return UNKNOWN
    return HOLDS if any(item.holds(fact) for item in ranges) else FAILS


def parts(condition: Condition) -> Iterator[Condition]:
    """The condition and every condition inside it."""
    yield condition
    for inner in (*(segment.condition for segment in condition.segments), *condition.any_of):
        yield from parts(inner)
    if condition.negated is not None:
        yield from parts(condition.negated)


def is_exact(condition: Condition) -> bool:
    """Whether the index's answer is the whole answer: nothing but keys that all must hold, and no postal code."""
    if condition.any_of or condition.negated is not None or len(condition.segments) > 1:
        return False
    if any(place.low is not None for where in condition.where for place in where.places):
        return False
    return all(is_exact(segment.condition) for segment in condition.segments)


class ConditionIndex:
    """Which of many conditions may hold for a lead: one number with a bit for each, from one look-up per fact.

    Only a postal code, or facts that meet inside `any` and `not`, are left to `holds`.
    """

    # A lead's place comes from ISO tables (about 5,300 pairs); words are typed by anybody.
    _MOST_KEPT = 10_000

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self._conditions = tuple(conditions)
        self._everything = (1 << len(self._conditions)) - 1
        typed: dict[str, dict[str | None, int]] = {name: {} for name in _WORDS}  # a fact as it was typed, to its mask
        self._words = [(name, *self._by_word(name), typed[name]) for name in _WORDS if self._asks(name)]
        self._numbers = [(name, fact, *self._by_number(name)) for name, fact in _NUMBERS if self._asks(name)]
        self._asks_where = bool(self._asks("where"))
        self._places: dict[tuple[Word, str | None], int] = {}

    def candidates(self, facts: RoutingFacts) -> int:
        """Bit i is set unless condition i cannot hold."""
        mask = self._everything
        if self._asks_where:
            country, state = facts.country, facts.state
            mask = self._in_place(state[:2] if country is None and state is not None else country, state)
        for name, by_word, other, typed in self._words:
            fact = getattr(facts, name)
            found = typed.get(fact)
            if found is None:
                found = by_word.get(word(fact) if fact else None, other)
                if len(typed) >= self._MOST_KEPT:
                    typed.clear()
                typed[fact] = found
            mask &= found
        for _, name, bounds, cells, unknown in self._numbers:
            fact = getattr(facts, name)
            mask &= unknown if fact is None else cells[bisect_left(bounds, fact) + bisect_right(bounds, fact)]
        return mask

    def possible(self, view: View) -> int:
        """The same for a view, which may leave facts open: bit i is set unless condition i holds for none of their values."""
        mask = self._in_place(view.country, view.state) if self._asks_where else self._everything
        facts = view.__dict__
        for name, by_word, other, _ in self._words:
            if facts[name] is not ANY:
                mask &= by_word.get(facts[name], other)
        for name, _, bounds, cells, unknown in self._numbers:
            if (fact := facts[name]) is not ANY:
                mask &= unknown if fact is None else cells[bisect_left(bounds, fact) + bisect_right(bounds, fact)]
        return mask

    def asking(self, name: str) -> int:
        """Bit i is set where condition i, or a part of it, is about the key `name`."""
        return sum(1 << at for at in self._asks(name))

    def _asks(self, name: str) -> set[int]:
        return {
            at for at, condition in enumerate(self._conditions) if any(getattr(part, name) for part in parts(condition))
        }

    def _mask(self, view: View, among: Iterable[int]) -> int:
        """The conditions that may hold under the view; those not `among` do not depend on it and stay."""
        mask = self._everything
        for at in among:
            if not bits(self._conditions[at], view) & HOLDS:
                mask &= ~(1 << at)
        return mask

    def _in_place(self, country: Word, state: str | None) -> int:
        mask = self._places.get((country, state))
        if mask is None:
            if len(self._places) >= self._MOST_KEPT:
                self._places.clear()
            mask = self._mask(View(country=country, state=state), range(len(self._conditions)))
            self._places[country, state] = mask
        return mask

    def _by_word(self, name: str) -> tuple[dict[str | None, int], int]:
        """The masks of the words written anywhere and of None; and the mask of any other word."""
        askers = self._asks(name)
        # No word contains a blank, so this one stands for all that nobody wrote.
        other = self._mask(_only(name, " "), askers)
        by_word: dict[str | None, int] = {None: self._mask(_only(name, None), askers)}
        for written in dict.fromkeys(self._written(name)):
            by_word[written] = self._mask(_only(name, written), askers)
        return by_word, other

    def _by_number(self, name: str) -> tuple[list[float], list[int], int]:
        """Sorted bounds; the masks below, at and between them (2n + 1 of them); the mask of an unknown number.

        A number's mask is at how many bounds are below it plus how many are not above it.
        """
        askers = self._asks(name)
        bounds = sorted({bound for item in self._written(name) for bound in (item.low, item.high) if bound is not None})
        inner: list[float] = []
        for at, bound in enumerate(bounds):
            inner += [(bounds[at - 1] + bound) / 2 if at else bound - 1, bound]
        inner.append(bounds[-1] + 1)
        return (
            bounds,
            [self._mask(_only(name, value), askers) for value in inner],
            self._mask(_only(name, None), askers),
        )

    def _written(self, name: str) -> Iterator[Any]:
        for condition in self._conditions:
            for part in parts(condition):
                yield from getattr(part, name)


def _only(name: str, value: str | float | None) -> View:
    """A view that knows one fact and leaves the others open."""
    facts: dict[str, Any] = {name: value}
    return View(**facts)
