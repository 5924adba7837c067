"""How likely, how large, and why: model output, judgement, contributions, the blended score."""

from __future__ import annotations

from typing import Literal, TypeAlias

from graph.domain.values import value

Tier: TypeAlias = Literal["top", "high", "medium", "low"]
Temperature: TypeAlias = Literal["hot", "warm", "cold", "dead"]
Category: TypeAlias = Literal["demographic", "behavioral", "temporal", "engagement", "judgement"]
KnownAt: TypeAlias = Literal["submission", "enrichment", "history"]
Intent: TypeAlias = Literal["inquiry", "demo_request", "pricing", "support", "complaint", "partnership", "other"]


@value(frozen=True)
class Feature:
    """One number a model sees, in the order of the vector. known_at: the read it comes from, so that training can leave
    out what would not be known yet. labels: names of the values 0, 1, 2, ... where the number is a code."""

    name: str
    category: Category
    known_at: KnownAt
    doc: str
    labels: tuple[str, ...] = ()


@value(frozen=True)
class Judgement:
    """The language model's opinion of the message. score: 0..1; reasons: short phrases."""

    score: float
    reasons: tuple[str, ...]
    intent: Intent
    sentiment: Literal["positive", "neutral", "negative"]
    urgency: Literal["high", "medium", "low"]


@value(frozen=True)
class ModelOutput:
    """One row's result. propensity: P(convert) 0..1, calibrated; base: the same of a lead of whom nothing is known.
    margins: what each feature adds to the model's own output (log-odds) between the two, in the order of the feature
    names. low, high: where the true propensity likely lies, 80% of the time where the model says how it erred.

    acv_usd: annual contract value of the ultimate parent, US dollars, 0 where no model tells it; days: to the signed
    contract, should they sign, with an optimistic and a pessimistic end (80%); None where no model tells it."""

    propensity: float
    base: float
    margins: tuple[float, ...]
    acv_usd: float
    acv_low_usd: float
    acv_high_usd: float
    low: float = 0.0
    high: float = 1.0
    days: float | None = None
    days_low: float | None = None
    days_high: float | None = None


@value(frozen=True)
class Contribution:
    """Points (of 100) that one feature, or the judgement, adds to the score; `value` is what the feature held."""

    feature: str
    category: Category
    value: float | str | None
    points: float


@value(frozen=True)
class Score:
    """The blended score of a lead.

    points: 0..100, equals base_points plus the sum of the contributions. propensity: the model's, 0..1; probability:
    after the judgement moved it within its band, points / 100. low, high: the likely range of probability. days,
    days_low, days_high: to the signed contract, as in ModelOutput. unsure: why the score does not decide between a sequence
    of mails and a person, None where it does or is not asked to.
    """

    points: float
    probability: float
    low: float
    high: float
    propensity: float
    tier: Tier
    temperature: Temperature
    base_points: float
    contributions: tuple[Contribution, ...]
    shares: dict[str, float]
    acv_usd: float
    acv_low_usd: float
    acv_high_usd: float
    scorer: str
    days: float | None = None
    days_low: float | None = None
    days_high: float | None = None
    unsure: str | None = None


@value(frozen=True)
class AccountScore:
    """The parent as sales ranks it. p_max: best propensity in the family; p_calibrated: the same with the luck of being the
    best of several taken back (see graph.rules.rollup). acv_usd: the parent's; priority_usd = p_calibrated x acv_usd."""

    parent_domain: str
    parent_name: str | None
    p_max: float
    companies: int
    acv_usd: float
    priority_usd: float
    p_calibrated: float
