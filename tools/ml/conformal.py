"""Ranges about a point from residuals of rows that were not trained on. Plain formulas over arrays; nothing is fitted.

Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018, "Distribution-free predictive inference for
regression"): of n residuals, the one at rank ceil((n + 1)(1 - a/2)) bounds the next from above with probability at least
1 - a/2, whatever the model, where rows are exchangeable. Both sides are taken apart, because deals are skewed. Out-of-fold
residuals may stand in for split ones (cross-conformal prediction, Vovk 2015).

Leads still open have no residual. Those that closed after t days count 1 / G(t) times, G(t) being the chance that a lead
was watched that long: each stands for those like it that were not (inverse probability of censoring weights, Robins and
Rotnitzky 1992; for conformal prediction Candès, Lei and Ren 2023, "Conformalized survival analysis"). That supposes that
how long a lead was watched says nothing of how long it takes: true where the watching ends on one day for all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tools.ml.baselines import survival
from tools.ml.card import Spread

Floats = NDArray[np.float64]
GROUP_ROWS = 30
"""A group with fewer rows has no range of its own."""
LEAST_WATCHED = 0.05
"""Weights end at 20: a few leads must not stand for all."""


def spread(log_residual: Floats, coverage: float, groups: Sequence[str] | None = None) -> Spread:
    """log_residual: (n,) log(actual) - log(point) of rows not trained on; groups: a name for each row, ranges apart."""
    ones = np.ones(len(log_residual))
    found = {"all": factors(log_residual, ones, len(ones), coverage)}
    names = np.asarray(groups if groups is not None else [], dtype=np.str_)
    for name in np.unique(names).tolist():
        inside = names == name
        if (rows := int(inside.sum())) >= GROUP_ROWS:
            found[str(name)] = factors(log_residual[inside], ones[inside], rows, coverage)
    return Spread(coverage=coverage, groups=found, rows=len(log_residual))


def spread_censored(log_residual: Floats, weights: Floats, rows: float, coverage: float, scale: float) -> Spread:
    """log_residual, weights: of closed leads (see `weights_of`); rows: of all leads that ever close,
    open ones too; scale: standard
    deviation of the logarithm, whose normal tail is taken where too few leads were watched for long enough."""
    found = {"all": factors(log_residual, weights, rows, coverage, scale)}
    return Spread(coverage=coverage, groups=found, rows=len(log_residual))


def factors(
    log_residual: Floats, weights: Floats, rows: float, coverage: float, scale: float | None = None
) -> tuple[float, float]:
    """(low, high) factors about a point. A rank beyond the last residual is the last, or the tail of `scale`."""
    outside = (1.0 - coverage) / 2.0
    order = np.argsort(log_residual, kind="stable")
    below = np.cumsum(weights[order]) <= outside * (max(rows, float(weights.sum())) + 1.0) + 1e-9
    low = float(log_residual[order[max(0, int(below.sum()) - 1)]])
    high = quantile(log_residual, weights, rows, 1.0 - outside)
    if math.isinf(high):
        last = float(log_residual.max())
        high = last if scale is None else max(last, scale * NormalDist().inv_cdf(1.0 - outside))
    return math.exp(min(low, 0.0)), math.exp(max(high, 0.0))


def quantile(values: Floats, weights: Floats, rows: float, share: float) -> float:
    """The smallest value with at least `share` of (rows + 1) in weights up to it; infinite where they do not suffice."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    enough = np.flatnonzero(reached >= share * (max(rows, float(weights.sum())) + 1.0) - 1e-9)
    return float(values[order[enough[0]]]) if len(enough) else math.inf


def weights_of(days: Floats, closed: NDArray[np.bool_]) -> Floats:
    """(n,) 1 / G(days) for closed leads, 0 for open ones. G by Kaplan and Meier, with the end of watching as the event."""
    times, chance = survival(days, ~closed)
    before = np.searchsorted(times, days, side="left")
    watched = np.concatenate(([1.0], chance))[before]
    return np.where(closed, 1.0 / np.maximum(watched, LEAST_WATCHED), 0.0)
