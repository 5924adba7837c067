"""Figures about times to close where some leads are still open: those are known to last longer, not dropped."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tools.ml.evaluating.resampling import Floats

_BLOCK: Final = 512


class Concordance:
    """Harrell's C (Harrell, Califf, Pryor, Lee, Rosati 1982): of the pairs of which is known who closed first, the share
    that the predicted days put in that order, ties counting half.

    days, predicted: (n,); closed: (n,), False for a lead that was still open after `days`. Counting takes n x n / 2
    comparisons. A resample is linear in its counts (the first term of Hoeffding's expansion of this ratio of
    U-statistics), so that it costs no second look at the pairs.
    """

    def __init__(self, days: Floats, closed: NDArray[np.bool_], predicted: Floats) -> None:
        n = len(days)
        right, known = np.zeros(n), np.zeros(n)  # pairs that each lead takes part in, as the earlier or the later one
        for start in range(0, n, _BLOCK):
            part = slice(start, start + _BLOCK)
            own = days[part, None]
            first = closed[part, None] & ((own < days) | ((own == days) & ~closed))
            ahead = predicted[part, None]
            good = first * ((ahead < predicted) + 0.5 * (ahead == predicted))
            known[part] += first.sum(axis=1)
            known += first.sum(axis=0)
            right[part] += good.sum(axis=1)
            right += good.sum(axis=0)
        self._right, self._known = right, known

    def at(self, counts: Floats) -> Floats:
        """C for each row of counts (b, n); NaN where no pair tells anything."""
        ends = counts - 0.5
        known = ends @ self._known
        share: Floats = np.divide(ends @ self._right, known, out=np.full(len(counts), np.nan), where=known > 0)
        return share


def kaplan_meier(days: Floats, closed: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """(days, share still open) as steps from (0, 1) (Kaplan, Meier 1958): after each day with a closing, the product of
    1 - closed / still open."""
    times, place = np.unique(days, return_inverse=True)
    closings = np.bincount(place, weights=closed.astype(np.float64))
    leaving = np.bincount(place)
    at_risk = len(days) - np.concatenate(([0], np.cumsum(leaving)[:-1]))
    left = np.cumprod(1 - closings / at_risk)
    changed = closings > 0
    return np.concatenate(([0.0], times[changed])), np.concatenate(([1.0], left[changed]))
