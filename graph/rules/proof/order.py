"""The claims of a file in the order in which they are asked, over all leads and all time: who is left a lead, who is not.

Boxes here have time as their last dimension.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from graph.domain.table import Target
from graph.rules.proof.boxes import Box, bits_of, meet
from graph.rules.proof.claims import Claim
from graph.rules.proof.results import Witness
from graph.rules.proof.search import Search
from graph.rules.proof.space import Space
from graph.rules.proof.spans import Moments, Spans

_FEW: Final = 8  # a reader is told no more lines than that


class Order:
    """others: stretches of time that questions will be about, besides those of the claims."""

    def __init__(self, claims: Sequence[Claim], space: Space, now: datetime, others: Sequence[Spans] = ()) -> None:
        self._claims, self._space, self._now = claims, space, now
        self._moments = Moments([*(spans for claim in claims for spans in (claim.may, claim.sure)), *others], now)
        self._wanted = [[(at, self._timed(box, claim.may)) for at, box in claim.asked] for claim in claims]
        # Whatever the target of a claim would take of its own, a claim to the same target before it has taken already,
        # though it may pass other leads on: so it counts in full for those with the same target, and for them only.
        taken = [
            (at, number, self._timed(box, spans), claim.to if spans is not claim.sure else None)
            for number, claim in enumerate(claims)
            for spans in dict.fromkeys((claim.sure, claim.may))
            if spans
            for at, box in claim.asked
        ]
        taken.sort(key=lambda item: item[0])
        self._places = [at for at, _, _, _ in taken]
        self._takers = [number for _, number, _, _ in taken]
        self._boxes = [box for _, _, box, _ in taken]
        self._sure = sum(1 << bit for bit, (_, _, _, to) in enumerate(taken) if to is None)
        self._same: dict[Target, int] = {}
        for bit, (_, _, _, to) in enumerate(taken):
            if to is not None:
                self._same[to] = self._same.get(to, 0) | 1 << bit
        regions = [box for wanted in self._wanted for _, box in wanted]
        self._full: Box = (*space.full, self._moments.full)
        countries = [(mask, *self._full[1:]) for mask in (*space.places.of_country.values(), space.places.elsewhere)]
        times = [(*space.full, self._moments.mask(spans)) for spans in others]
        self._search = Search(self._boxes, self._full, [*regions, *countries, *times])

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
        chosen = list(dict.fromkeys(self._takers[bit] for bit in bits_of(used)))
        for one in reversed(chosen if len(chosen) <= _FEW else ()):
            fewer = [other for other in chosen if other != one]
            if self._covered(number, fewer):
                chosen = fewer
        return chosen

    def _covered(self, number: int, claims: Sequence[int]) -> bool:
        """Whether these alone take all that it asks for."""
        allowed = sum(1 << bit for bit, taker in enumerate(self._takers) if taker in claims)
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
            takers.update(self._takers[bit] for bit in bits_of(meeting))
            found += [(bit, self._boxes[bit], box) for bit in islice(bits_of(meeting), 1)]
        if not found:
            return None
        bit, taken, own = min(found)
        shared = meet(taken, own)
        assert shared is not None, "boxes that meet share a lead"
        return self._takers[bit], len(takers) - 1, self._witness(shared)

    def _before(self, at: int, number: int) -> int:
        """The boxes that are asked before this place of the order, for the claim that has it."""
        return ((1 << bisect_left(self._places, at)) - 1) & (self._sure | self._same.get(self._claims[number].to, 0))

    def _witness(self, box: Box) -> Witness:
        moment = self._moments.first[next(bits_of(box[-1]))]
        return Witness(self._space.lead(box[:-1]), moment if moment > self._now else None)
