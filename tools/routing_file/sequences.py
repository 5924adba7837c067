"""The order of names after two people changed it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Orders:
    """The names of one list in its three versions, each once."""

    base: list[str]
    ours: list[str]
    theirs: list[str]


def joined_order(orders: Orders, gone: set[str], *, ordered: bool) -> list[str] | None:
    """The names of the merged list in order; None where both sides reordered what they share, each in another way.

    gone: names of ours that theirs deleted. New names stand behind the one they were put behind; of two inserts at one
    place ours is first. ordered: does the order say something? Else ours's is kept.
    """
    shared = set(orders.ours) & set(orders.theirs)
    was, mine, their = (_only(names, shared) for names in (orders.base, orders.ours, orders.theirs))
    spine, other, ours_first = orders.ours, orders.theirs, False
    if ordered and mine != their:
        if shared - set(orders.base):  # added by both, at different places
            return None
        if mine == was:
            spine, other, ours_first = orders.theirs, orders.ours, True
        elif their != was:
            return None
    alive = (set(orders.ours) - gone) | (set(orders.theirs) - set(orders.base))
    return _with_new(
        [name for name in spine if name in alive], [name for name in other if name in alive], first=ours_first
    )


def _with_new(spine: list[str], other: list[str], *, first: bool) -> list[str]:
    """The spine with the other side's new names. first: before the spine's own new names at the same place."""
    joined, both = list(spine), set(spine) & set(other)
    for at, name in enumerate(other):
        if name in both:
            continue
        before = other[at - 1] if at else None
        place = 0 if before is None else joined.index(before) + 1
        if not first and (before is None or before in both):
            while place < len(joined) and joined[place] not in both and joined[place] in spine:
                place += 1
        joined.insert(place, name)
    return joined


def _only(names: list[str], kept: set[str]) -> list[str]:
    return [name for name in names if name in kept]
