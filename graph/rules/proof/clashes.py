"""Which keys of a condition exclude each other."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import combinations
from typing import Final

from graph.domain.table import Condition
from graph.rules.proof.boxes import both
from graph.rules.proof.space import Space

_IN_FILE: Final = {"segments": "segment", "any_of": "any", "negated": "not"}


def clashing_keys(space: Space, condition: Condition) -> tuple[str, ...]:
    """One key that no lead can meet, or two that no lead meets together, as the file writes them; none where it takes
    more than two."""
    alone = {}
    for item in fields(Condition):
        if written := getattr(condition, item.name):
            alone[_IN_FILE.get(item.name, item.name)] = space.holds(replace(Condition(), **{item.name: written}))
    for key, held in alone.items():
        if not held:
            return (key,)
    for one, other in combinations(alone, 2):
        if not both(alone[one], alone[other]):
            return one, other
    return ()
