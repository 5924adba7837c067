"""Sets of leads as boxes: one bit mask for each dimension, a lead is inside when each of its facts is among the bits.

A set is a list of boxes that may overlap. Everything here is exact; `tidy` only writes the same set with fewer boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

Box: TypeAlias = tuple[int, ...]


def meet(one: Box, other: Box) -> Box | None:
    """What lies in both; None when nothing does."""
    found = tuple(left & right for left, right in zip(one, other, strict=True))
    return found if all(found) else None


def both(some: Sequence[Box], others: Sequence[Box]) -> list[Box]:
    """What lies in one of each."""
    found = (meet(one, other) for one in some for other in others)
    return tidy(box for box in found if box is not None)


def put(box: Box, at: int, mask: int) -> Box:
    """The box with another mask in one dimension."""
    return (*box[:at], mask, *box[at + 1 :])


def bits_of(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, smallest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def tidy(boxes: Iterable[Box]) -> list[Box]:
    """The same set without boxes inside others; those that differ in one dimension become one."""
    found = list(dict.fromkeys(box for box in boxes if all(box)))
    before = 0
    while len(found) > 1 and len(found) != before:
        before = len(found)
        for at in range(len(found[0])):
            merged: dict[Box, int] = {}
            for box in found:
                rest = (*box[:at], *box[at + 1 :])
                merged[rest] = merged.get(rest, 0) | box[at]
            found = [(*rest[:at], mask, *rest[at:]) for rest, mask in merged.items()]
    return [box for box in found if not any(box is not other and _inside(box, other) for other in found)]


def _inside(box: Box, other: Box) -> bool:
    return all(not mask & ~wider for mask, wider in zip(box, other, strict=True))
