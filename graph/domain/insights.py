"""What may be said about a score besides its number: what endangers it, what to do, and what would raise it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from graph.domain.scoring import Tier
from graph.domain.values import value

Impact: TypeAlias = Literal["high", "medium", "low"]
Trend: TypeAlias = Literal["improving", "stable", "declining"]
Priority: TypeAlias = Literal["urgent", "high", "medium", "low"]


@value(frozen=True)
class Risk:
    """One thing that speaks against the lead. factor: the feature's name, or `silence`, `uncertainty`; current_value: what
    it holds, None for unknown."""

    factor: str
    impact: Impact
    trend: Trend
    current_value: float | str | None
    description: str


@value(frozen=True)
class Recommendation:
    """expected_impact: points of 100 that the re-scoring gave for it; None for what no scorer can try."""

    priority: Priority
    action: str
    rationale: str
    expected_impact: float | None
    timeframe: str


@value(frozen=True)
class Option:
    """Something that one can ask the person for, or do. key: stable name; answer: the one that is assumed where several
    are possible ("1,000 people or more"), else empty."""

    key: str
    kind: Literal["ask", "do"]
    action: str
    answer: str = ""


@value(frozen=True)
class Raise:
    """A change that was made to the lead's features and scored again. gain: points above the present score; days: days to
    close under it, None where the scorer does not know; answers: each answer with its gain, where several were tried."""

    options: tuple[Option, ...]
    gain: float
    points: float
    tier: Tier
    days: float | None = None
    answers: tuple[tuple[str, float], ...] = ()


@value(frozen=True)
class Raising:
    """What would raise the score: single changes, the largest gain first; to_next_tier: the fewest changes that reach
    next_tier, None where none of those tried does; faster: things to do that shorten the days to close, the largest
    difference first. tried: combinations that were scored."""

    single: tuple[Raise, ...]
    next_tier: Tier | None
    to_next_tier: Raise | None
    tried: int
    faster: tuple[Raise, ...] = ()
