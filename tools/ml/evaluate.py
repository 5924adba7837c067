"""Figures about a model on leads that it was not trained on. Plain formulas over arrays; nothing is fitted here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]


def auc(predicted: Floats, converted: Labels) -> float:
    """Area under the ROC curve: the chance that a converted lead scores above another one, ties counting half
    (Mann-Whitney U). NaN when either kind is missing."""
    positives = int(converted.sum())
    negatives = len(converted) - positives
    if not positives or not negatives:
        return float("nan")
    _, place, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2.0
    above = mean_rank[place][converted == 1].sum() - positives * (positives + 1) / 2.0
    return float(above / (positives * negatives))


def brier(predicted: Floats, converted: Labels) -> float:
    """Mean squared distance of probability and outcome; base_rate * (1 - base_rate) is what a constant reaches."""
    return float(np.mean((predicted - converted) ** 2))


def ece(predicted: Floats, converted: Labels, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width: mean |mean probability - rate|, weighted by leads."""
    place = np.minimum((predicted * bins).astype(int), bins - 1)
    leads = np.bincount(place, minlength=bins)
    gap = np.abs(np.bincount(place, predicted, bins) - np.bincount(place, converted, bins))
    return float(gap.sum() / leads.sum())


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
