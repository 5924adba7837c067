"""Which source is asked next, and whose value is taken, as a pure function of what each source has said so far.

    goods  one number a source: -1 not asked, else the set of fields of which it gave a good value (0 for nothing at all)

Leads differ, these tuples hardly do: both answers are looked up in a table that fills itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from tools.enrichment.fields import ALL, bits, comparable, names_of
from tools.provider_order import FIELDS, Order

T = TypeVar("T")
Goods: TypeAlias = tuple[int, ...]
UNASKED: Final = -1
_MOST_KNOWN = 20_000


@dataclass(frozen=True, slots=True)
class Choice:
    """won: (source, the fields taken from it), sources by number in the order of the waterfall; blank: fields that nobody
    knows; doubted: (field, the source that was taken, another that also knows it) where the two may contradict."""

    won: tuple[tuple[int, tuple[str, ...]], ...]
    blank: tuple[str, ...]
    doubted: tuple[tuple[str, int, int], ...]


class Planner:
    """fills: by source, the fields that it may know. needed: the fields for which the next source is asked."""

    def __init__(self, names: Sequence[str], fills: Sequence[int], order: Order, needed: int) -> None:
        number = {name: n for n, name in enumerate(names)}
        self._lines = tuple(
            (bits(fields), tuple(number[name] for name in line if name in number)) for fields, line in order.lines
        )
        self._fills, self._needed = tuple(fills), needed
        self._next: dict[Goods, tuple[int, ...]] = {}
        self._choices: dict[Goods, Choice] = {}

    def next(self, goods: Goods) -> tuple[int, ...]:
        """The sources to ask now: for each needed field that is still open the first one of its order that was not asked
        and may know it. Nobody is asked whom an earlier answer could still make needless."""
        found = self._next.get(goods)
        if found is None:
            found = _kept(self._next, goods, self._first_unasked(goods))
        return found

    def choice(self, goods: Goods) -> Choice:
        """What is taken of what was said."""
        found = self._choices.get(goods)
        if found is None:
            found = _kept(self._choices, goods, self._taken(goods))
        return found

    def _first_unasked(self, goods: Goods) -> tuple[int, ...]:
        wanted: set[int] = set()
        for held, line in self._lines:
            missing = held & self._needed
            for source in line:
                if goods[source] == UNASKED:
                    can = missing & self._fills[source]
                    if can:
                        wanted.add(source)
                        missing &= ~can
                else:
                    missing &= ~goods[source]
        return tuple(sorted(wanted))

    def _taken(self, goods: Goods) -> Choice:
        won: dict[int, int] = {}
        doubted: list[tuple[str, int, int]] = []
        known = 0
        for held, line in self._lines:
            open_, taken = held, dict[str, int]()
            for source in line:
                has = max(goods[source], 0) & held
                if first := has & open_:
                    won[source] = won.get(source, 0) | first
                    taken |= dict.fromkeys(names_of(first), source)
                    open_ &= ~first
                doubted += [(name, taken[name], source) for name in names_of(comparable(has & ~first))]
            known |= held & ~open_
        ordered = tuple((source, names_of(won[source])) for source in sorted(won))
        doubted.sort(key=lambda one: (FIELDS.index(one[0]), one[2]))
        return Choice(ordered, names_of(ALL & ~known), tuple(doubted))


def _kept(table: dict[Goods, T], goods: Goods, made: T) -> T:
    if len(table) >= _MOST_KNOWN:  # far more than there are, unless a source plays with us
        table.clear()
    table[goods] = made
    return made
