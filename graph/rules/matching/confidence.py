"""How often evidence of a kind and strength is right: measured, not believed. The table lies in
`graph/rules/data/match_confidence.csv`; `python -m bench.match_confidence` measures and writes it.

A row: kind of evidence, least strength, confidence, right, of. Rows of a kind rise with strength. A kind that was too rare
to be measured apart (`name/inside+address`) has no row and counts as its plain kind (`name/inside`).
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

LEAST_CONFIDENCE: Final = 0.8
"""Matches less sure than this are not made: `none` says what came nearest. The one threshold there is."""

NEVER_ALONE: Final = frozenset(("domain_family/weak", "domain_family/subbrand"))
"""Kinds that have no row: a short or common label under another ending, a label that begins like another. Only pairs of one
owner were ever collected, so that nothing shows how often these are two."""

TABLE: Final = "match_confidence.csv"


@cache
def _bands() -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
    """kind -> (least strengths, confidences), rising."""
    text = files("graph.rules").joinpath("data", TABLE).read_text(encoding="utf-8")
    found: dict[str, list[tuple[float, float]]] = {}
    for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")):
        found.setdefault(row["kind"], []).append((float(row["least"]), float(row["confidence"])))
    return {kind: tuple(zip(*sorted(rows), strict=True)) for kind, rows in found.items()}  # type: ignore[misc]


@lru_cache(4_096)
def confidence(kind: str, strength: float) -> float:
    """0..1; 0 for a kind that has no row at all, or is weaker than any that was measured."""
    bands = _bands().get(kind)
    while bands is None and (cut := max(kind.rfind("+"), kind.rfind("-"))) > 0:
        kind = kind[:cut]
        bands = _bands().get(kind)
    if bands is None:
        return 0.0
    at = bisect_right(bands[0], strength) - 1
    return bands[1][at] if at >= 0 else 0.0


@cache
def least_strength(family: str = "name") -> float:
    """The strength below which no evidence of this family of kinds is ever sure enough; 1 where none is."""
    reached = [
        least
        for kind, (strengths, sure) in _bands().items()
        if kind.partition("/")[0] == family
        for least, confidence_there in zip(strengths, sure, strict=True)
        if confidence_there >= LEAST_CONFIDENCE
    ]
    return min(reached, default=1.0)


def forget() -> None:
    """Reads the table anew when it is next asked: for whoever has just written it."""
    _bands.cache_clear()
    confidence.cache_clear()
    least_strength.cache_clear()
