"""Blends what the model says with what the language model thinks, and explains the result in points that add up.

The judgement moves the probability within a fixed band and can never decide alone. A score is never 0 or 100. Nothing
here knows a feature by name: the explanation follows whatever the model was given.

    calibrated probability
      model |            .-*     Each feature's exact TreeSHAP margin is worth the same number of points: the slope of the
            |        .-'         line from base to model. Their sum is the calibrated change, whatever the calibration's
       base |   *-'              shape. Where the table is flat, the change is zero and so is every contribution.
            +---+--------+---- log-odds
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from graph.domain.scoring import Category, Contribution, Feature, Judgement, ModelOutput, Score, Temperature, Tier

CATEGORIES: tuple[Category, ...] = ("demographic", "behavioral", "temporal", "engagement", "judgement")
OTHER = "other"
"""Name of the contribution that sums up what a category's unnamed features add."""
STEEPEST = 1.0
"""Probability that a log-odd is worth at most, four times the sigmoid's own 1/4. Margins that nearly cancel out would
otherwise be stretched over a step of an isotonic table into hundreds of points, up and down."""


@dataclass(frozen=True, slots=True)
class ScoringRules:
    """judgement_band: the most that a judgement moves the probability, either way. floor, ceiling: bounds of every
    probability. tiers, temperatures: (name, points from which it holds), highest first; below all: low, dead.
    named: contributions shown one by one, the rest is summed up for each category.

    beyond: share of the likely range that may lie past the border of nurture before a person looks instead. A quarter of an
    80% range is one chance in four that the lead belongs on the other side (normal error: P(z > .64) = .26); a range that
    only touches the border wakes nobody.
    widest: a range wider than this says nothing, wherever it lies."""

    judgement_band: float = 0.10
    floor: float = 0.01
    ceiling: float = 0.99
    tiers: tuple[tuple[Tier, float], ...] = (("top", 75.0), ("high", 50.0), ("medium", 25.0))
    temperatures: tuple[tuple[Temperature, float], ...] = (("hot", 80.0), ("warm", 50.0), ("cold", 20.0))
    named: int = 8
    beyond: float = 0.25
    widest: float = 0.5

    def clamp(self, probability: float) -> float:
        return min(self.ceiling, max(self.floor, probability))

    def tier(self, points: float) -> Tier:
        for name, least in self.tiers:
            if points >= least:
                return name
        return "low"

    def temperature(self, points: float) -> Temperature:
        for name, least in self.temperatures:
            if points >= least:
                return name
        return "dead"


DEFAULT_RULES = ScoringRules()


def sigmoid(margin: float) -> float:
    """Log-odds to probability, without overflow at either end."""
    if margin >= 0:
        return 1.0 / (1.0 + math.exp(-margin))
    grown = math.exp(margin)
    return grown / (1.0 + grown)


def logit(probability: float) -> float:
    """Probability, strictly between 0 and 1, to log-odds."""
    return math.log(probability / (1.0 - probability))


def blend(
    output: ModelOutput,
    vector: Sequence[float],
    judgement: Judgement | None,
    *,
    features: Sequence[Feature],
    scorer: str,
    rules: ScoringRules = DEFAULT_RULES,
) -> Score:
    """The score of one lead. `output.margins`, `vector` and `features` have one length and order.

    All points are whole hundredths, so `base_points` plus the contributions is `points` to the last digit shown. The
    judgement's 0..1 is read around its middle: .5 moves nothing, 0 and 1 move by the whole band.
    """
    base = rules.clamp(output.base)
    model = rules.clamp(output.propensity)
    shift = 0.0 if judgement is None else rules.judgement_band * (2.0 * min(1.0, max(0.0, judgement.score)) - 1.0)
    points, by_model, by_base = _hundredths(rules.clamp(model + shift)), _hundredths(model), _hundredths(base)

    exact = _in_hundredths(output, base, model)
    size = list(map(abs, exact))
    added, weight = _by_category(exact, size, features)
    contributions = _contributions(exact, size, added, by_model - by_base, vector, features, named=rules.named)
    moved = points - by_model
    if judgement is not None:
        contributions += (Contribution("judgement", "judgement", judgement.score, moved / 100),)
    probability = points / 10_000
    return Score(
        points=points / 100,
        probability=probability,
        low=min(probability, round(rules.clamp(output.low + moved / 10_000), 4)),
        high=max(probability, round(rules.clamp(output.high + moved / 10_000), 4)),
        propensity=model,
        tier=rules.tier(points / 100),
        temperature=rules.temperature(points / 100),
        base_points=by_base / 100,
        contributions=contributions,
        shares=_shares(weight, moved),
        acv_usd=output.acv_usd,
        acv_low_usd=output.acv_low_usd,
        acv_high_usd=output.acv_high_usd,
        scorer=scorer,
        days=output.days,
        days_low=output.days_low,
        days_high=output.days_high,
    )


def _hundredths(probability: float) -> int:
    """Probability as hundredths of a point of 100."""
    return round(probability * 10_000)


def _in_hundredths(output: ModelOutput, base: float, model: float) -> list[float]:
    """Log-odds as hundredths of points, in proportion: the secant of the calibration from base to model, or the sigmoid's
    slope where the two are too near each other to divide. What a secant steeper than STEEPEST leaves over is shared by the
    margins' sizes."""
    total = math.fsum(output.margins)
    secant = (model - base) / total if abs(total) > 1e-6 else model * (1.0 - model)
    slope = min(STEEPEST, max(0.0, secant))
    if slope == secant:
        worth = slope * 10_000
        return [margin * worth for margin in output.margins]
    rest = (model - base - slope * total) / math.fsum(map(abs, output.margins))
    return [(margin * slope + abs(margin) * rest) * 10_000 for margin in output.margins]


def _by_category(
    exact: Sequence[float], size: Sequence[float], features: Sequence[Feature]
) -> tuple[dict[Category, float], dict[str, float]]:
    """What each category adds, and what its features add regardless of the sign: their `size`. Most add nothing."""
    added = dict.fromkeys(CATEGORIES, 0.0)
    weight: dict[str, float] = dict.fromkeys(CATEGORIES, 0.0)
    for feature, value, absolute in zip(features, exact, size, strict=True):
        if value:
            category = feature.category
            added[category] += value
            weight[category] += absolute
    return added, weight


def _contributions(
    exact: Sequence[float],
    size: Sequence[float],
    added: dict[Category, float],
    whole: int,
    vector: Sequence[float],
    features: Sequence[Feature],
    *,
    named: int,
) -> tuple[Contribution, ...]:
    """The largest few by name, the rest summed for each category; together exactly `whole` hundredths. What rounding
    left over goes to the largest, which stands first."""
    largest = sorted(range(len(exact)), key=size.__getitem__, reverse=True)[:named]
    rest = dict(added)
    for i in largest:
        rest[features[i].category] -= exact[i]
    rounded = [round(value) for value in (*[exact[i] for i in largest], *rest.values())]
    rounded[0] += whole - sum(rounded)
    summed = zip(rest, rounded[len(largest) :], strict=True)
    return (
        *[_named(features[i], vector[i], points) for i, points in zip(largest, rounded, strict=False) if points],
        *[Contribution(OTHER, category, None, points / 100) for category, points in summed if points],
    )


def _named(feature: Feature, value: float, points: int) -> Contribution:
    return Contribution(feature.name, feature.category, _shown(feature, value), points / 100)


def _shown(feature: Feature, value: float) -> float | str | None:
    """The value for people: the code's name, the number, or None for unknown."""
    if math.isnan(value):
        return None
    return feature.labels[int(value)] if feature.labels else value


def _shares(weight: dict[str, float], moved: int) -> dict[str, float]:
    """How much of the explanation each category is, by absolute points: four decimals that sum to 1, or all 0."""
    sums = {**weight, "judgement": float(abs(moved))}
    total = sum(sums.values())
    if total == 0:
        return dict.fromkeys(CATEGORIES, 0.0)
    parts: dict[str, int] = {category: round(10_000 * value / total) for category, value in sums.items()}
    parts[max(sums, key=sums.__getitem__)] += 10_000 - sum(parts.values())
    return {category: part / 10_000 for category, part in parts.items()}
