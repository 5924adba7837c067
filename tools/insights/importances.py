"""Which features move scores: mean absolute points over the newest leads, by the champion. Blocking."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from sqlalchemy import Engine

from graph.features.vector import FEATURES, vector_of
from graph.rules.scoring import DEFAULT_RULES, blend
from tools.insights.scorers import CurrentScorer
from tools.insights.seen import seen
from tools.store.ranking import newest_lead_ids

LEADS: Final = 300
"""Some 0.2 s of work."""
EVERY: Final = DEFAULT_RULES.__class__(named=len(FEATURES))
"""As the router scores, with every feature named."""


def feature_importance(engine: Engine, scorer: CurrentScorer) -> dict[str, Any]:
    """The largest first. Without leads there is nothing to measure on, and the list is empty."""
    answering = scorer.now().champion
    found = list(seen(engine, newest_lead_ids(engine, LEADS)).values())
    sums = dict.fromkeys([feature.name for feature in FEATURES], 0.0)
    signed = dict(sums)
    if found:
        vectors = [vector_of(one.inp) for one in found]
        outputs, answering = answering.score(np.array(vectors, dtype=np.float32))
        for vector, output in zip(vectors, outputs, strict=True):
            score = blend(output, vector, None, features=FEATURES, scorer=answering.scorer.name, rules=EVERY)
            for each in score.contributions:
                if each.feature in sums:
                    sums[each.feature] += abs(each.points)
                    signed[each.feature] += each.points
    total = sum(sums.values())
    return {
        "model": answering.scorer.name,
        "version": answering.scorer.digest,
        "source": answering.source,
        "warnings": list(answering.warnings),
        "leads": len(found),
        "measure": "mean absolute points of 100 over the newest leads",
        "features": [
            {
                "feature": feature.name,
                "category": feature.category,
                "importance": round(sums[feature.name] / len(found), 4),
                "share": round(sums[feature.name] / total, 4) if total else 0.0,
                "meanPoints": round(signed[feature.name] / len(found), 4),
            }
            for feature in sorted(FEATURES, key=lambda feature: -sums[feature.name])
        ]
        if found
        else [],
    }
