"""Log-odds of trees to probabilities that come true, chosen among four ways on rows that no tree was trained on.

    sigmoid      the trees' own
    platt        logistic regression on the log-odds (Platt 1999)
    isotonic     the rising step function nearest to the outcomes
    venn-abers   both isotonic fits that a new row would give, if it converted (p1) and if not (p0), merged into
                 p1 / (1 - p0 + p1) (Vovk and Petej 2014, "Venn-Abers predictors", inductive)

The simplest one wins unless another lowers the log loss by more than chance would, in five folds. Step functions give many
leads one probability, which would lose their order: a fiftieth of Platt's curve is mixed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tools.ml.card import Calibration, Method
from tools.ml.data import Floats
from tools.ml.evaluate import auc
from tools.ml.predict import sigmoid

Labels: TypeAlias = NDArray[np.int8]
Curve: TypeAlias = Callable[[Floats], Floats]
GRID, BEYOND = 100, 6.0
"""Points of a table, and how far (in log-odds) it goes beyond the margins seen: further out it stays constant."""
MIXED, AUC_LOSS, TINY = 0.02, 0.002, 1e-6
BINS = 500
"""Isotonic fits see at most as many different margins, each with the weight of its rows."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """losses: cross-validated log loss of each method that was tried."""

    method: Method
    curve: Curve
    losses: dict[str, float]


def choose(margins: Floats, converted: Labels) -> Chosen:
    """margins, converted: (n,) of rows not trained on, with both outcomes among them."""
    row_losses: dict[Method, Floats] = {}
    fold = np.arange(len(margins)) % 5
    best: Method = "sigmoid"
    for method, fit in METHODS.items():
        predicted = np.empty(len(margins))
        for k in range(5):
            kept = fold != k
            if len(np.unique(converted[kept])) < 2:
                return Chosen("sigmoid", sigmoid, {})
            predicted[~kept] = fit(margins[kept], converted[kept])(margins[~kept])
        row_losses[method] = log_losses(predicted, converted)
        gain = row_losses[best] - row_losses[method]
        keeps_order = _order_lost(predicted, margins, converted, fold) <= AUC_LOSS
        if method == "sigmoid" or (keeps_order and gain.mean() > gain.std() / np.sqrt(len(gain))):
            best = method
    return Chosen(
        best, METHODS[best](margins, converted), {name: float(each.mean()) for name, each in row_losses.items()}
    )


def _order_lost(predicted: Floats, margins: Floats, converted: Labels, fold: NDArray[np.int64]) -> float:
    """Mean AUC lost within the folds: each has a curve of its own, so leads are not compared across them."""
    lost = [
        auc(margins[fold == k], converted[fold == k]) - auc(predicted[fold == k], converted[fold == k])
        for k in range(5)
    ]
    return float(np.nanmean(lost))


def table(
    chosen: Chosen, margins: Floats, rows: int, coverage: float, ranges: Callable[[Floats], tuple[Floats, Floats]]
) -> Calibration:
    """The card's table over the margins seen. ranges: grid -> (low, high) probabilities at it."""
    grid = grid_of(margins)
    low, high = ranges(grid)
    return Calibration(
        method=chosen.method,
        margins=tuple(grid.tolist()),
        probability=() if chosen.method == "sigmoid" else tuple(chosen.curve(grid).tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        coverage=coverage,
        rows=rows,
    )


def constant(converted: Labels, coverage: float) -> Calibration:
    """The base rate for every margin, with its own uncertainty (Wilson 1927)."""
    n, rate = len(converted), float(converted.mean())
    z = NormalDist().inv_cdf(0.5 + coverage / 2.0)
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    low, high = (max(0.0, middle - half),), (min(1.0, middle + half),)
    return Calibration(
        method="platt", margins=(0.0,), probability=(rate,), low=low, high=high, coverage=coverage, rows=n
    )


def grid_of(margins: Floats) -> Floats:
    """Rising places for a table: quantiles of the margins, and both sides beyond them."""
    inner = np.unique(np.quantile(margins, np.linspace(0, 1, GRID)).round(6))
    return np.concatenate(([inner[0] - BEYOND], inner, [inner[-1] + BEYOND]))


def log_losses(predicted: Floats, converted: Labels) -> Floats:
    """(n,) minus log likelihood of each outcome."""
    p = np.clip(predicted, TINY, 1.0 - TINY)
    return np.where(converted == 1, -np.log(p), -np.log1p(-p))


def log_odds(probability: Floats) -> Floats:
    p = np.clip(probability, TINY, 1.0 - TINY)
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


def platt(margins: Floats, converted: Labels) -> Curve:
    """Slope and intercept of the log-odds, with a slope that never falls."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - half a second, which only training pays

    fitted = LogisticRegression(C=1e4).fit(margins[:, None], converted)
    slope, intercept = max(float(fitted.coef_[0, 0]), 1e-3), float(fitted.intercept_[0])
    return lambda new: sigmoid(slope * new + intercept)


def isotonic(margins: Floats, converted: Labels) -> Curve:
    place, rate, weight = _binned(margins, converted)
    return _mixed(_through_blocks(place, _rising(rate, weight), weight), platt(margins, converted))


def venn_abers(margins: Floats, converted: Labels) -> Curve:
    """p0 and p1 are worked out at the places of a grid and drawn linear in between."""
    place, rate, weight = _binned(margins, converted)
    grid = np.unique(np.quantile(margins, np.linspace(0, 1, GRID)))
    both = []
    for outcome in (0.0, 1.0):
        found = np.empty(len(grid))
        for i, at in enumerate(grid):
            k = int(np.searchsorted(place, at))
            found[i] = _rising(np.insert(rate, k, outcome), np.insert(weight, k, 1.0))[k]
        both.append(found)
    p0, p1 = both
    return _mixed(lambda new: np.interp(new, grid, p1 / (1.0 - p0 + p1)), platt(margins, converted))


METHODS: dict[Method, Callable[[Floats, Labels], Curve]] = {
    "sigmoid": lambda _margins, _converted: sigmoid,
    "platt": platt,
    "venn-abers": venn_abers,
    "isotonic": isotonic,
}
"""The simplest first."""


def _binned(margins: Floats, converted: Labels) -> tuple[Floats, Floats, Floats]:
    """(margin, rate, rows) of at most BINS places, rising."""
    edges = np.unique(np.quantile(margins, np.linspace(0, 1, min(BINS, len(margins)))))
    place = np.clip(np.searchsorted(edges, margins, side="left"), 0, len(edges) - 1)
    weight = np.bincount(place, minlength=len(edges)).astype(np.float64)
    used = weight > 0
    mean = np.bincount(place, margins, len(edges))[used] / weight[used]
    rate = np.bincount(place, converted, len(edges))[used] / weight[used]
    return mean, rate, weight[used]


def _rising(rate: Floats, weight: Floats) -> Floats:
    from sklearn.isotonic import isotonic_regression  # noqa: PLC0415 - as in platt

    return np.asarray(isotonic_regression(rate, sample_weight=weight, y_min=0.0, y_max=1.0), dtype=np.float64)


def _through_blocks(place: Floats, fitted: Floats, weight: Floats) -> Curve:
    """Linear between the middles of the steps."""
    values, block = np.unique(fitted, return_inverse=True)
    middle = np.bincount(block, place * weight) / np.bincount(block, weight)
    return lambda new: np.interp(new, middle, values)


def _mixed(curve: Curve, smooth: Curve) -> Curve:
    return lambda new: (1.0 - MIXED) * curve(new) + MIXED * smooth(new)
