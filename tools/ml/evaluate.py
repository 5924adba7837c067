"""Figures about a model on leads that it was not trained on, one plain number each. tools.ml.evaluating has their intervals
and the rest; nothing is fitted in either."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.ml.evaluating import calibration
from tools.ml.evaluating.ranking import Ranking

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]


def auc(predicted: Floats, converted: Labels) -> float:
    """Area under the ROC curve: the chance that a converted lead scores above another one, ties counting half
    (Mann-Whitney U). NaN when either kind is missing."""
    if not 0 < converted.sum() < len(converted):
        return float("nan")
    return float(Ranking(predicted, converted.astype(np.float64)).roc_auc(_all(predicted))[0])


def brier(predicted: Floats, converted: Labels) -> float:
    """Mean squared distance of probability and outcome; base_rate * (1 - base_rate) is what a constant reaches."""
    return float(np.mean((predicted - converted) ** 2))


def ece(predicted: Floats, converted: Labels, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width: mean |mean probability - rate|, weighted by leads."""
    found = calibration.ece(predicted, converted.astype(np.float64), "equal-width", bins)
    return float(found(_all(predicted))[0])


def error_bands(
    predicted: Floats, actual: Floats, edges: tuple[float, ...], coverage: float
) -> list[tuple[float, float, int]]:
    """(upper edge, half width, leads) for each band of predicted probability: within `half width` of the prediction lay
    the given share of the actual probabilities. A band without leads takes the width over all of them."""
    error = np.abs(predicted - actual)
    overall = float(np.quantile(error, coverage))
    rows = []
    for low, high in zip((0.0, *edges[:-1]), edges, strict=True):
        inside = error[(predicted >= low) & (predicted < high)]
        width = float(np.quantile(inside, coverage)) if len(inside) else overall
        rows.append((high, round(width, 4), len(inside)))
    return rows


def _all(predicted: Floats) -> Floats:
    return np.ones((1, len(predicted)))
