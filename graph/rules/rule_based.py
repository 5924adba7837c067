"""The rule-based scorer: fixed weights in probability, for when no model may be used (`ruleBasedOnly`) or none loads.

It has no idea of contract values and claims none. The weights are public and part of what users know.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from graph.domain.scoring import Feature, ModelOutput
from graph.rules.scoring import logit

BASE, FLOOR, CEILING = 0.15, 0.01, 0.99
FILLED = {"hasCompany": 0.08, "hasTitle": 0.08, "hasPhone": 0.04}
CODED = {
    "emailDomainType": {"corporate": 0.10, "free": -0.05, "edu": 0.05, "government": 0.08},
    "titleSeniority": {"c_level": 0.15, "vp": 0.12, "director": 0.10, "manager": 0.05},
    "companySizeEstimate": {"enterprise": 0.08, "mid_market": 0.05, "smb": 0.02, "startup": 0.03},
}
EACH = {
    "emailOpenCount": 0.02, "emailClickCount": 0.05, "pageViewCount": 0.01, "formSubmitCount": 0.08,
    "meetingCount": 0.10, "callCount": 0.06,
}  # fmt: skip
EACH_AT_MOST = 0.25
FROM = {
    "activityVelocity": (0.5, 0.10), "channelDiversity": (3, 0.08), "activityBurst": (1, 0.10),
    "emailOpenRate": (0.3, 0.08), "emailClickRate": (0.1, 0.10),
}  # fmt: skip
"""feature -> (value from which it counts, what it adds)."""
RECENCY = 0.15
SILENT = ((30.0, -0.25), (14.0, -0.15))
"""(days of silence above which, what it adds), the longest first."""


@lru_cache(8)
def _positions(features: tuple[Feature, ...]) -> dict[str, int]:
    return {feature.name: index for index, feature in enumerate(features)}


def rule_based(vector: Sequence[float], features: tuple[Feature, ...]) -> ModelOutput:
    """The score of one vector by the weights above, in the form of a model's output: what a rule adds in probability
    is translated into log-odds in proportion, so that the explanation reads like a model's. acv_usd is 0: not known."""
    at = _positions(features)
    added = [0.0] * len(features)
    for name, weight in FILLED.items():
        added[at[name]] = weight * vector[at[name]]
    for name, weights in CODED.items():
        code = vector[at[name]]
        added[at[name]] = 0.0 if math.isnan(code) else weights.get(features[at[name]].labels[int(code)], 0.0)
    did = {name: weight * vector[at[name]] for name, weight in EACH.items()}
    share = min(1.0, EACH_AT_MOST / total) if (total := math.fsum(did.values())) else 0.0
    for name, weight in did.items():
        added[at[name]] = weight * share
    for name, (least, weight) in FROM.items():
        added[at[name]] = weight if vector[at[name]] >= least else 0.0
    added[at["recencyScore"]] = RECENCY * vector[at["recencyScore"]]
    silent = vector[at["daysSinceLastActivity"]]
    added[at["daysSinceLastActivity"]] = next((weight for days, weight in SILENT if silent > days), 0.0)

    total = math.fsum(added)
    propensity = min(CEILING, max(FLOOR, BASE + total))
    slope = (logit(propensity) - logit(BASE)) / total if abs(total) > 1e-9 else 1.0 / (BASE * (1.0 - BASE))
    return ModelOutput(propensity, BASE, tuple(weight * slope for weight in added), 0.0, 0.0, 0.0)
