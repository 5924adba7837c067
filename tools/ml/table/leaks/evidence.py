"""What the guard says of a column, and the measures that its signs share. Plain numbers: no file, no column."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FOLDS, SEED = 5, 20_260_101
PRIOR = 10.0
"""Rows of the average beside those of a level, where its rate is taken."""


@dataclass(frozen=True, slots=True)
class Finding:
    """verdict: `leak` stops training, `doubtful` is said and training goes on. evidence: sentences with figures."""

    column: str
    verdict: Literal["leak", "doubtful"]
    evidence: tuple[str, ...]


def auc(score: Floats, yes: NDArray[np.bool_]) -> float:
    """Share of (yes, no) pairs in the right order, ties half. NaN where one kind is missing."""
    ones = int(yes.sum())
    if not ones or ones == len(yes):
        return math.nan
    values, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2
    return (
        float((rank[place][yes].sum() - ones * (ones + 1) / 2) / (ones * (len(yes) - ones)))
        if len(values)
        else math.nan
    )


def auc_error(value: float, ones: int, zeros: int) -> float:
    """Standard error of an AUC (Hanley and McNeil, 1982)."""
    first, second = value / (2 - value), 2 * value * value / (1 + value)
    variance = value * (1 - value) + (ones - 1) * (first - value**2) + (zeros - 1) * (second - value**2)
    return math.sqrt(max(variance, 0.0) / (ones * zeros))


def folds_of(rows: int) -> NDArray[np.int64]:
    return np.random.default_rng(SEED).integers(0, FOLDS, rows)


def out_of_fold(place: NDArray[np.int64], amount: Floats, folds: NDArray[np.int64]) -> Floats:
    """(n,) the mean amount of each row's place over the folds it is not in. place: (n,) from 0."""
    size = int(place.max()) + 1
    whole = np.bincount(place, minlength=size).astype(float)
    total = np.bincount(place, amount, size)
    found = np.empty(len(place))
    for fold in range(FOLDS):
        own = folds == fold
        weight = whole - np.bincount(place[own], minlength=size)
        summed = total - np.bincount(place[own], amount[own], size)
        average = summed.sum() / max(weight.sum(), 1.0)
        found[own] = ((summed + PRIOR * average) / (weight + PRIOR))[place[own]]
    return found


def in_bins(values: Floats, bins: int = 30) -> NDArray[np.int64]:
    """(n,) places of bins of about equal size; a blank (NaN) has one of its own, the last."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(len(values), dtype=np.int64)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, values, side="right")
    return np.where(np.isnan(values), len(edges) + 1, place).astype(np.int64)


def percent(share: float) -> str:
    return f"{share:.1%}" if 0.001 <= share <= 0.999 or share in (0.0, 1.0) else f"{share:.2%}"
