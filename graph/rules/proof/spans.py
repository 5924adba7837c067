"""Stretches of time, as sorted tuples of (begin, end) with the end left out. Everything is in UTC."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, TypeAlias

Spans: TypeAlias = tuple[tuple[datetime, datetime], ...]

FOREVER: Final = datetime.max.replace(tzinfo=UTC)
NEVER: Final[Spans] = ()


def joined(spans: Iterable[tuple[datetime, datetime]]) -> Spans:
    """Any stretches, sorted and made disjoint."""
    found: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(span for span in spans if span[0] < span[1]):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return tuple(found)


def common(some: Spans, others: Spans) -> Spans:
    """What lies in both."""
    found, one, two = [], 0, 0
    while one < len(some) and two < len(others):
        begin, end = max(some[one][0], others[two][0]), min(some[one][1], others[two][1])
        if begin < end:
            found.append((begin, end))
        if some[one][1] < others[two][1]:
            one += 1
        else:
            two += 1
    return tuple(found)


def without(spans: Spans, away: Spans) -> Spans:
    """What lies in the first and not in the second."""
    rest, at = [], datetime.min.replace(tzinfo=UTC)
    for begin, end in away:
        rest.append((at, begin))
        at = end
    return common(spans, joined([*rest, (at, FOREVER)]))


def covers(spans: Spans, moment: datetime) -> bool:
    at = bisect_right(spans, moment, key=lambda span: span[0])
    return at > 0 and moment < spans[at - 1][1]


class Moments:
    """Time from now on as few atoms: two moments are one atom when none of the given stretches tells them apart.

    first: the earliest moment of each atom, in order, so that bit 0 is now.
    """

    def __init__(self, kinds: Iterable[Spans], now: datetime) -> None:
        distinct = list(dict.fromkeys(kinds))
        edges = sorted({now, *(edge for spans in distinct for span in spans for edge in span if now < edge < FOREVER)})
        self.first: list[datetime] = []
        atoms: dict[tuple[bool, ...], int] = {}
        masks = [0] * len(distinct)
        for moment in edges:
            signature = tuple(covers(spans, moment) for spans in distinct)
            if signature in atoms:
                continue
            atom = 1 << len(self.first)
            atoms[signature] = atom
            self.first.append(moment)
            for at, inside in enumerate(signature):
                masks[at] |= atom if inside else 0
        self.full = (1 << len(self.first)) - 1
        self._masks = dict(zip(distinct, masks, strict=True))

    def mask(self, spans: Spans) -> int:
        """The atoms of one of the stretches given at the start."""
        return self._masks[spans]
