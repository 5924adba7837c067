"""Which source is asked next, and whose value is taken, as a pure function of what each source has said so far.

    goods  one number a source: -1 not asked, else the set of fields of which it gave a good value (0 for nothing at all)

Leads differ, these tuples hardly do: both answers are looked up in a table that fills itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from tools.enrichment.fields import bits, comparable, names_of
from tools.provider_order import FIELDS, Order

T = TypeVar("T")
Goods: TypeAlias = tuple[int, ...]
UNASKED: Final = -1
_MOST_KNOWN = 20_000


@dataclass(frozen=True, slots=True)
class Choice:
    """Sources by number in the order of the waterfall. main: the source whose company it is, None where nobody knows one.

    won: (source, fields taken from it); blank: fields that nobody knows; doubted: (field, the source that was taken,
    another that also knows it) where the two may contradict; moved: (field, its source, the country's source) of a state
    or city that is not from the source of the country.
    """

    main: int | None
    won: tuple[tuple[int, tuple[str, ...]], ...]
    blank: tuple[str, ...]
    doubted: tuple[tuple[str, int, int], ...]
    moved: tuple[tuple[str, int, int | None], ...]


class Planner:
    """fills: by source, the fields that it may know. needed: the fields for which the next source is asked. apart: the
    source that makes no company known by itself, the form."""

    def __init__(
        self, names: Sequence[str], fills: Sequence[int], order: Order, needed: int, apart: int | None = None
    ) -> None:
        number = {name: n for n, name in enumerate(names)}
        self._lines = tuple(
            (bits(fields), tuple(number[name] for name in line if name in number)) for fields, line in order.lines
        )
        self._fills, self._needed, self._apart = tuple(fills), needed, apart
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
        source_of: dict[str, int] = {}
        doubted: list[tuple[str, int, int]] = []
        for held, line in self._lines:
            open_ = held
            for source in line:
                has = max(goods[source], 0) & held
                first = has & open_
                source_of |= dict.fromkeys(names_of(first), source)
                open_ &= ~first
                doubted += [(name, source_of[name], source) for name in names_of(comparable(has & ~first))]
        doubted.sort(key=lambda one: (FIELDS.index(one[0]), one[2]))
        won = tuple(
            (source, tuple(name for name in FIELDS if source_of.get(name) == source))
            for source in sorted(set(source_of.values()))
        )
        at = source_of.get("country")
        return Choice(
            next((source for source, _ in won if source != self._apart), None),
            won,
            tuple(name for name in FIELDS if name not in source_of),
            tuple(doubted),
            tuple((name, source_of[name], at) for name in ("state", "city") if source_of.get(name, at) != at),
        )


def _kept(table: dict[Goods, T], goods: Goods, made: T) -> T:
    if len(table) >= _MOST_KNOWN:  # far more than there are, unless a source plays with us
        table.clear()
    table[goods] = made
    return made
