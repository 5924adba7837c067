"""The claims of a file in the order in which they are asked, over all leads and all time: who is left a lead, who is not.

Boxes here have time as their last dimension.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from graph.domain.table import Target
from graph.rules.proof.boxes import Box, bits_of, meet
from graph.rules.proof.claims import Claim
from graph.rules.proof.results import Witness
from graph.rules.proof.search import Search
from graph.rules.proof.space import Space
from graph.rules.proof.spans import Moments, Spans

_FEW: Final = 8  # a reader is told no more lines than that


class _Taker(NamedTuple):
    """A box of a claim as one that takes: place: in the order; number: of the claim; only_for: whom it counts for."""

    place: int
    number: int
    box: Box
    only_for: Target | None


class Order:
    """others: stretches of time that questions will be about, besides those of the claims."""

    def __init__(self, claims: Sequence[Claim], space: Space, now: datetime, others: Sequence[Spans] = ()) -> None:
        self._claims, self._space, self._now = claims, space, now
        self._moments = Moments([*(spans for claim in claims for spans in (claim.may, claim.sure)), *others], now)
        self._full: Box = (*space.full, self._moments.full)
        self._wanted = [[(at, self._timed(box, claim.may)) for at, box in claim.asked] for claim in claims]
        self._takers = sorted(self._taking(), key=lambda taker: taker.place)
        self._boxes = [taker.box for taker in self._takers]
        self._places = [taker.place for taker in self._takers]
        self._sure = sum(1 << bit for bit, taker in enumerate(self._takers) if taker.only_for is None)
        self._same: defaultdict[Target, int] = defaultdict(int)
        for bit, taker in enumerate(self._takers):
            if taker.only_for is not None:
                self._same[taker.only_for] |= 1 << bit
        wanted = [box for boxes in self._wanted for _, box in boxes]
        countries = [(mask, *self._full[1:]) for mask in (*space.places.of_country.values(), space.places.elsewhere)]
        times = [(*space.full, self._moments.mask(spans)) for spans in others]
        self._search = Search(self._boxes, self._full, [*wanted, *countries, *times])

    def _taking(self) -> Iterator[_Taker]:
        """Whatever the target of a claim would take of its own, a claim to the same target before it has taken already,
        though it may pass other leads on: so that one counts in full for those with the same target, and for them only."""
        for number, claim in enumerate(self._claims):
            for spans in dict.fromkeys((claim.sure, claim.may)):
                only_for = None if spans == claim.sure else claim.to
                for place, box in claim.asked if spans else ():
                    yield _Taker(place, number, self._timed(box, spans), only_for)

    def _timed(self, box: Box, spans: Spans) -> Box:
        return (*box, self._moments.mask(spans))

    def left(self, number: int) -> Witness | None:
        """A lead that reaches this claim, and that its target may take; None when there is none."""
        for at, box in self._wanted[number]:
            found = self._search.escape(box, self._before(at, number)) if all(box) else None
            if found is not None:
                return self._witness(found)
        return None

    def comes(self, number: int, spans: Spans) -> Witness | None:
        """A lead that reaches this claim at such a time, whether its target may take it or not."""
        for at, box in self._claims[number].asked:
            region = self._timed(box, spans)
            found = self._search.escape(region, self._before(at, number) & self._sure) if all(region) else None
            if found is not None:
                return self._witness(found)
        return None

    def asked_for(self, number: int) -> Witness:
        """A lead that this claim asks for, whenever."""
        return self._witness((*self._claims[number].asked[0][1], self._full[-1]))

    def unclaimed(self, *, place: int | None = None, spans: Spans | None = None) -> Witness | None:
        """A lead that falls through everything: from these places, at these times."""
        region = (
            self._full[0] if place is None else place,
            *self._full[1:-1],
            self._full[-1] if spans is None else self._moments.mask(spans),
        )
        found = self._search.escape(region, self._sure) if all(region) else None
        return None if found is None else self._witness(found)

    def covering(self, number: int) -> list[int]:
        """The claims that take, together, all that a dead one asks for; none of a few could be left out."""
        used = 0
        for at, box in self._wanted[number]:
            used |= (self._search.covering(box, self._before(at, number)) or 0) if all(box) else 0
        chosen = list(dict.fromkeys(self._takers[bit].number for bit in bits_of(used)))
        for one in reversed(chosen if len(chosen) <= _FEW else ()):
            fewer = [other for other in chosen if other != one]
            if self._covered(number, fewer):
                chosen = fewer
        return chosen

    def _covered(self, number: int, claims: Sequence[int]) -> bool:
        """Whether these alone take all that it asks for."""
        allowed = sum(1 << bit for bit, taker in enumerate(self._takers) if taker.number in claims)
        return all(
            self._search.escape(box, allowed & self._before(at, number)) is None
            for at, box in self._wanted[number]
            if all(box)
        )

    def loses(self, number: int) -> tuple[int, int, Witness] | None:
        """The first claim that takes some of what this one asks for, how many others do, and a lead that goes there."""
        found: list[tuple[int, Box, Box]] = []
        takers: set[int] = set()
        for at, box in self._wanted[number]:
            meeting = self._search.meeting(box, self._before(at, number)) if all(box) else 0
            takers.update(self._takers[bit].number for bit in bits_of(meeting))
            found += [(bit, self._boxes[bit], box) for bit in islice(bits_of(meeting), 1)]
        if not found:
            return None
        bit, taken, own = min(found)
        shared = meet(taken, own)
        assert shared is not None, "boxes that meet share a lead"
        return self._takers[bit].number, len(takers) - 1, self._witness(shared)

    def _before(self, at: int, number: int) -> int:
        """The boxes that are asked before this place of the order, for the claim that has it."""
        return ((1 << bisect_left(self._places, at)) - 1) & (self._sure | self._same[self._claims[number].to])

    def _witness(self, box: Box) -> Witness:
        moment = self._moments.first[next(bits_of(box[-1]))]
        return Witness(self._space.lead(box[:-1]), moment if moment > self._now else None)
