"""Ranges about a point from residuals of rows that were not trained on. Plain formulas over arrays; nothing is fitted.

Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018, "Distribution-free predictive inference for
regression"): of n residuals, the one at rank ceil((n + 1)(1 - a/2)) bounds the next from above with probability at least
1 - a/2, whatever the model, where rows are exchangeable. Both sides are taken apart, because deals are skewed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tools.ml.card import Spread

Floats = NDArray[np.float64]
GROUP_ROWS = 30
"""A group with fewer rows has no range of its own."""


def spread(log_residual: Floats, coverage: float, groups: Sequence[str] | None = None) -> Spread:
    """log_residual: (n,) log(actual) - log(point) of rows not trained on; groups: a name for each row, ranges apart."""
    found = {"all": factors(log_residual, coverage)}
    names = np.asarray(groups if groups is not None else [], dtype=np.str_)
    for name in np.unique(names).tolist():
        inside = log_residual[names == name]
        if len(inside) >= GROUP_ROWS:
            found[str(name)] = factors(inside, coverage)
    return Spread(coverage=coverage, groups=found, rows=len(log_residual))


def factors(log_residual: Floats, coverage: float) -> tuple[float, float]:
    """(low, high) factors about a point. With so few rows that a rank lies beyond the ends, the ends are taken."""
    rank = np.sort(log_residual)
    n, outside = len(rank), (1.0 - coverage) / 2.0
    above = min(n, math.ceil((n + 1) * (1.0 - outside)))
    low, high = float(rank[n - above]), float(rank[above - 1])
    return math.exp(min(low, 0.0)), math.exp(max(high, 0.0))
