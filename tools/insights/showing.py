"""Scores and insights as JSON. Field names of the Lead insights API are in camel case, as its bodies are; an explanation
has one-word names and is the same everywhere."""

from __future__ import annotations

from typing import Any

from graph.domain.insights import Raise, Raising, Recommendation, Risk
from graph.domain.scoring import Score
from graph.features.vector import FEATURES, FEATURES_DIGEST
from graph.rules.risks import held
from graph.rules.scoring import CATEGORIES, DEFAULT_RULES, OTHER
from tools.insights.insight import Insight

CURRENCY = "USD"


def explanation(score: Score) -> dict[str, Any]:
    """base + the contributions = total, to the last digit; `categories` are their sums, with shares that add up to 1."""
    sums = dict.fromkeys(CATEGORIES, 0)
    for each in score.contributions:
        sums[each.category] += round(100 * each.points)
    return {
        "base": score.base_points,
        "total": score.points,
        "contributions": [
            {"feature": each.feature, "category": each.category, "value": each.value, "points": each.points}
            for each in score.contributions
        ],
        "categories": {
            category: {"points": sums[category] / 100, "share": score.shares[category]} for category in CATEGORIES
        },
    }


def importance(score: Score) -> dict[str, float]:
    """The points of the features that are named in the explanation, the largest first."""
    named = [each for each in score.contributions if each.feature != OTHER]
    return {each.feature: each.points for each in sorted(named, key=lambda each: -abs(each.points))}


def confidence(score: Score) -> float:
    """1 less the width of the likely range of the probability, as a share of the widest there is: 0 for a scorer that knows
    no error of its own."""
    return round(max(0.0, 1.0 - (score.high - score.low) / (DEFAULT_RULES.ceiling - DEFAULT_RULES.floor)), 4)


def contract_value(score: Score) -> dict[str, Any] | None:
    """None where the scorer knows none."""
    if score.acv_usd <= 0:
        return None
    return {"currency": CURRENCY, "point": score.acv_usd, "low": score.acv_low_usd, "high": score.acv_high_usd}


def features(vector: tuple[float, ...]) -> dict[str, Any]:
    """Each feature by name, and what it is. An unknown value is null; a code stands by its label."""
    values = held(vector, FEATURES)
    return {
        "featuresDigest": FEATURES_DIGEST,
        "features": values,
        "details": [
            {
                "name": feature.name,
                "category": feature.category,
                "value": values[feature.name],
                "knownAt": feature.known_at,
                "description": feature.doc,
                "labels": list(feature.labels),
            }
            for feature in FEATURES
        ],
    }


def insight_json(found: Insight) -> dict[str, Any]:
    score = found.score
    return {
        "leadId": found.seen.lead_id,
        "revision": found.seen.revision,
        "decidedAt": found.seen.decided_at,
        "score": score.points,
        "scoreCategory": score.temperature,
        "tier": score.tier,
        "probability": score.probability,
        "low": score.low,
        "high": score.high,
        "confidence": confidence(score),
        "propensity": score.propensity,
        "contractValue": contract_value(score),
        "explanation": explanation(score),
        "riskFactors": [risk(each) for each in found.risks],
        "recommendations": [recommendation(each) for each in found.recommendations],
        "wouldRaise": would_raise(found.raising),
        "warnings": list(found.answering.warnings),
    }


def risk(each: Risk) -> dict[str, Any]:
    return {
        "factor": each.factor,
        "impact": each.impact,
        "trend": each.trend,
        "currentValue": each.current_value,
        "description": each.description,
    }


def recommendation(each: Recommendation) -> dict[str, Any]:
    return {
        "priority": each.priority,
        "action": each.action,
        "rationale": each.rationale,
        "expectedImpact": each.expected_impact,
        "timeframe": each.timeframe,
    }


def would_raise(found: Raising) -> dict[str, Any]:
    """What was tried and raised the score; gains in points of 100."""
    return {
        "changes": [raise_json(each) for each in found.single],
        "nextTier": found.next_tier,
        "toNextTier": None if found.to_next_tier is None else raise_json(found.to_next_tier),
        "tried": found.tried,
    }


def raise_json(each: Raise) -> dict[str, Any]:
    return {
        "actions": [
            {"change": option.key, "kind": option.kind, "action": option.action, "assumes": option.answer or None}
            for option in each.options
        ],
        "expectedImpact": each.gain,
        "score": each.points,
        "tier": each.tier,
        "daysToClose": each.days,
        "answers": [{"answer": answer, "expectedImpact": gain} for answer, gain in each.answers],
    }
