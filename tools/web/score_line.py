"""Scores over time as a line in SVG: where its points lie. Draws no text that a stranger typed.

0 to 100 upwards, time to the right; one decision alone is a dot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tools.store.account_page import ScoreAt

WIDTH, HEIGHT = 760, 150
LEFT, RIGHT, TOP, BOTTOM = 34, 14, 10, 22
_LEVELS: Final = (0, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    at: datetime
    score: float
    tier: str


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """path: of an SVG polyline. levels: (score, y) of the lines across; first, last: times at its ends."""

    width: int
    height: int
    path: str
    dots: list[Dot]
    levels: list[tuple[int, float]]
    left: int
    right: int
    first: datetime
    last: datetime


def score_line(history: Sequence[ScoreAt]) -> ScoreLine | None:
    """history: oldest first. None where there is none."""
    if not history:
        return None
    first, last = history[0].decided_at, history[-1].decided_at
    span = (last - first).total_seconds()
    wide = WIDTH - LEFT - RIGHT

    def x(at: datetime) -> float:
        return round(LEFT + (wide * (at - first).total_seconds() / span if span else wide / 2), 1)

    dots = [Dot(x(one.decided_at), _y(one.score), one.decided_at, one.score, one.tier) for one in history]
    return ScoreLine(
        width=WIDTH,
        height=HEIGHT,
        path=" ".join(f"{dot.x:g},{dot.y:g}" for dot in dots),
        dots=dots,
        levels=[(level, _y(level)) for level in _LEVELS],
        left=LEFT,
        right=WIDTH - RIGHT,
        first=first,
        last=last,
    )


def _y(score: float) -> float:
    high = HEIGHT - TOP - BOTTOM
    return round(TOP + high * (1 - min(100.0, max(0.0, score)) / 100), 1)
