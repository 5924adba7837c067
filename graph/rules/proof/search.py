"""Is there a lead in this box that none of those boxes takes? Exact, over all dimensions at once.

Goes through the dimensions one by one and keeps which boxes are still open, as the bits of one number. Atoms that leave
the same boxes open are one choice; of two choices the one that leaves more open can only be worse, and a set of boxes
that was once found to cover the rest is not tried again. That, rather than cutting boxes into pieces, is what keeps
hundreds of rules fast: a place leaves a handful of them open.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_, or_
from typing import TypeAlias

from graph.rules.proof.boxes import Box, bits_of

_Column: TypeAlias = tuple[int, int]


class Search:
    """boxes: bit i of every number here is boxes[i]. full: the box of all leads. regions: the boxes it will be asked
    about."""

    def __init__(self, boxes: Sequence[Box], full: Box, regions: Sequence[Box]) -> None:
        self._full = full
        # The dimensions that boxes tell apart most come first.
        columns = [
            _columns([box[at] for box in boxes], [box[at] for box in regions], full[at]) for at in range(len(full))
        ]
        self._order = sorted(range(len(full)), key=lambda at: (at != 0, -len(columns[at])))
        self._columns = columns

    def escape(self, region: Box, among: int) -> Box | None:
        """A box of leads in the region that no box `among` takes; None when they take them all."""
        walk = self._walk(region)
        chosen = walk.escape(0, among & walk.meeting)
        if chosen is None:
            return None
        found = list(region)
        for at, mask in zip(self._order, chosen, strict=False):
            found[at] &= mask
        return tuple(found)

    def covering(self, region: Box, among: int) -> int | None:
        """Boxes `among` that take all leads of the region together; None when a lead escapes them all.

        They are those that the search came upon, which are few, but some of them may not be needed.
        """
        walk = self._walk(region)
        return walk.used if walk.escape(0, among & walk.meeting) is None else None

    def meeting(self, region: Box, among: int) -> int:
        """Which boxes `among` share a lead with the region."""
        return among & self._walk(region).meeting

    def _walk(self, region: Box) -> _Walk:
        return _Walk([[(mask, open_) for mask, open_ in self._columns[at] if mask & region[at]] for at in self._order])


class _Walk:
    """One question. meeting: the boxes that share a lead with the region; used: those that ended a way without escape."""

    def __init__(self, levels: list[list[_Column]]) -> None:
        self._levels = levels
        self.meeting = reduce(and_, (reduce(or_, (open_ for _, open_ in level), 0) for level in levels))
        covering = [reduce(and_, (open_ for _, open_ in level)) for level in levels]
        self._covering = covering  # the boxes that leave out nothing of the region in this dimension
        self._free = [reduce(and_, covering[at:], -1) for at in range(len(levels) + 1)]
        self._covered: set[tuple[int, int]] = set()
        self.used = 0

    def escape(self, level: int, open_: int) -> tuple[int, ...] | None:
        """The choice for this dimension and those after it, as far as they matter."""
        if not open_:
            return ()
        if taking := open_ & self._free[level]:
            if not taking & self.used:
                self.used |= taking & -taking
            return None
        key = level, open_
        if key in self._covered:
            return None
        found = self._any_choice(level, open_)
        if found is None:
            self._covered.add(key)
        return found

    def _any_choice(self, level: int, open_: int) -> tuple[int, ...] | None:
        if not open_ & ~self._covering[level]:
            rest = self.escape(level + 1, open_)
            return None if rest is None else (-1, *rest)
        choices: dict[int, int] = {}
        for mask, column in self._levels[level]:
            choices[open_ & column] = choices.get(open_ & column, 0) | mask
        failed: list[int] = []
        for left in sorted(choices, key=int.bit_count):
            if any(left & less == less for less in failed):
                continue
            rest = self.escape(level + 1, left)
            if rest is not None:
                return (choices[left], *rest)
            failed.append(left)
        return None


def _columns(masks: Sequence[int], regions: Sequence[int], full: int) -> list[_Column]:
    """The atoms of one dimension by what they leave open: (atoms, boxes). Those that a region tells apart stay apart."""
    by_atom = [0] * full.bit_length()
    kinds: dict[int, int] = {}
    for at, mask in enumerate(masks):
        kinds[mask] = kinds.get(mask, 0) | (1 << at)
    everywhere = kinds.pop(full, 0)
    for mask, boxes in kinds.items():
        for atom in bits_of(mask):
            by_atom[atom] |= boxes
    apart = [0] * len(by_atom)
    for at, mask in enumerate(dict.fromkeys(regions)):
        if mask not in kinds and mask != full:
            for atom in bits_of(mask):
                apart[atom] |= 1 << at
    grouped: dict[tuple[int, int], int] = {}
    for atom, (boxes, region) in enumerate(zip(by_atom, apart, strict=True)):
        key = boxes, region
        grouped[key] = grouped.get(key, 0) | 1 << atom
    return [(mask, boxes | everywhere) for (boxes, _), mask in grouped.items()]
