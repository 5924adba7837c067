"""Days to close, as they are told: point, optimistic and pessimistic, what they rest on, and what would speed it up."""

from __future__ import annotations

import math
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from graph.features.vector import FEATURES
from graph.rules.risks import held
from tools.insights.insight import Insight
from tools.insights.showing import raise_json
from tools.ml.card import Card, Task

SHOWN: Final = 6
LEAST: Final = 0.01
"""A factor nearer to 1 than this is not worth a line."""
TASK: Final[Task] = "time-to-close"


@runtime_checkable
class Explains(Protocol):
    """A scorer that can say what its days rest on (see tools.xgb)."""

    card: Card

    def factors(self, task: Task, rows: NDArray[np.float32]) -> tuple[float, NDArray[np.float64]]: ...


def time_to_close(found: Insight) -> dict[str, Any] | None:
    """None where the scorer knows no time. Days count from the submission to the signed contract, should they sign."""
    score = found.score
    if score.days is None:
        return None
    return {
        "claim": f"signs within {score.days_low:g} to {score.days_high:g} days, if they sign"
        if score.days_low is not None and score.days_high is not None
        else f"signs after about {score.days:g} days, if they sign",
        "point": score.days,
        "optimistic": score.days_low,
        "pessimistic": score.days_high,
        "factors": _factors(found),
        "speedUp": [
            raise_json(each) | {"daysSaved": round(score.days - each.days, 1)}
            for each in found.raising.faster
            if each.days is not None
        ],
    }


def _factors(found: Insight) -> list[dict[str, Any]]:
    """What each feature multiplies the days by, the strongest first; empty where the model has learned no differences."""
    scorer = found.answering.scorer
    if not isinstance(scorer, Explains) or TASK not in scorer.card.heads or scorer.card.heads[TASK].signal == "none":
        return []
    _, parts = scorer.factors(TASK, np.array([found.vector], dtype=np.float32))
    values = held(found.vector, FEATURES)
    ordered = sorted(zip(FEATURES, parts[0].tolist(), strict=True), key=lambda pair: -abs(pair[1]))
    return [
        {
            "feature": feature.name,
            "category": feature.category,
            "value": values[feature.name],
            "factor": round(math.exp(part), 3),
            "effect": "longer" if part > 0 else "shorter",
        }
        for feature, part in ordered[:SHOWN]
        if abs(math.exp(part) - 1) >= LEAST
    ]
