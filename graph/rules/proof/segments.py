"""Segments that share leads: often meant otherwise, as with `200..1000` beside `>=1000`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import combinations

from graph.domain.table import Condition, Segment
from graph.rules.conditions import parts
from graph.rules.proof.boxes import both
from graph.rules.proof.results import Witness
from graph.rules.proof.space import Space


def shared_leads(segments: Mapping[str, Segment]) -> Iterator[tuple[Segment, Segment, Witness]]:
    """Pairs of segments that ask for the same facts and share a lead. Those that ask for different ones are meant to."""
    space = Space([segment.condition for segment in segments.values()])
    for one, other in combinations(segments.values(), 2):
        if _asked(one.condition) == _asked(other.condition):
            shared = both(space.holds(one.condition), space.holds(other.condition))
            if shared:
                yield one, other, Witness(space.lead(shared[0]))


def _asked(condition: Condition) -> set[str]:
    keys = {item.name for item in fields(Condition)} - {"any_of", "negated", "segments"}
    return {key for part in parts(condition) for key in keys if getattr(part, key)}
