"""How near predicted amounts (contract values, days) come to actual ones, and how often their ranges hold."""

from __future__ import annotations

import numpy as np

from tools.ml.evaluating.resampling import Floats, Statistic, mean_of


def r2(predicted: Floats, actual: Floats) -> Statistic:
    """1 - squared errors / squared distances from the mean of the same draw; below 0 where the mean would do better."""
    centre = float(actual.mean())  # of no influence on the result, but squares of large amounts lose digits without it
    moved, errors = actual - centre, (predicted - actual) ** 2

    def found(counts: Floats) -> Floats:
        leads = counts.sum(axis=1)
        spread = counts @ moved**2 - (counts @ moved) ** 2 / leads
        share: Floats = 1 - (counts @ errors) / spread
        return share

    return found


def r2_of_log(predicted: Floats, actual: Floats) -> Statistic:
    """R2 of the logarithms: a deal of 200 taken for 400 weighs as much as one of 20,000 taken for 40,000."""
    return r2(np.log(predicted), np.log(actual))


def mae(predicted: Floats, actual: Floats) -> Statistic:
    return mean_of(np.abs(predicted - actual))


def spearman(predicted: Floats, actual: Floats) -> Statistic:
    """The correlation of ranks, ties sharing theirs. Ranks are taken anew in each draw."""
    ranked = _Ranks(predicted), _Ranks(actual)

    def found(counts: Floats) -> Floats:
        leads = counts.sum(axis=1, keepdims=True)
        ours, theirs = (one.of(counts) - (leads + 1) / 2 for one in ranked)
        product = (counts * ours * theirs).sum(axis=1)
        correlation: Floats = product / np.sqrt((counts * ours**2).sum(axis=1) * (counts * theirs**2).sum(axis=1))
        return correlation

    return found


class _Ranks:
    """Ranks of n values among copies of themselves: sorted once."""

    def __init__(self, values: Floats) -> None:
        _, self._group = np.unique(values, return_inverse=True)
        self._order = np.argsort(self._group, kind="stable")
        self._starts = np.flatnonzero(np.diff(self._group[self._order], prepend=-1))

    def of(self, counts: Floats) -> Floats:
        """Mean rank (b, n) of each value, from 1, where it stands as often as `counts` says."""
        leads = np.add.reduceat(counts[:, self._order], self._starts, axis=1)
        ranks: Floats = (np.cumsum(leads, axis=1) - (leads - 1) / 2)[:, self._group]
        return ranks


def coverage(low: Floats, high: Floats, actual: Floats) -> Statistic:
    """The share of actual amounts within their own range, ends included."""
    return mean_of(((low <= actual) & (actual <= high)).astype(np.float64))


def mean_width(low: Floats, high: Floats) -> Statistic:
    """A range that covers everything covers well: the width belongs beside the coverage."""
    return mean_of(high - low)
