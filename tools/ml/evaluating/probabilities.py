"""How true stated probabilities are, whatever order they give."""

from __future__ import annotations

from typing import Final

import numpy as np

from tools.ml.evaluating.resampling import Floats, Statistic, mean_of

TINY: Final = 1e-6
"""A probability counts as no nearer to 0 or 1 than this: one sure answer that is wrong has an endless log loss."""
_STEPS: Final = 25


def log_odds(probability: Floats) -> Floats:
    inside = np.clip(probability, TINY, 1 - TINY)
    odds: Floats = np.log(inside / (1 - inside))
    return odds


def brier(predicted: Floats, outcome: Floats) -> Statistic:
    """Mean squared distance; a constant at the base rate reaches base rate x (1 - base rate)."""
    return mean_of((predicted - outcome) ** 2)


def log_loss(predicted: Floats, outcome: Floats) -> Statistic:
    """Mean of -ln(the probability that was given to what happened)."""
    inside = np.clip(predicted, TINY, 1 - TINY)
    return mean_of(-np.log(np.where(outcome == 1, inside, 1 - inside)))


class CalibrationLine:
    """The logistic regression of the outcome on the stated log-odds: log-odds = intercept + slope x stated (Cox 1958). Of
    a calibrated model slope 1, intercept 0; a slope below 1 tells of probabilities that are too extreme.

    A resample takes one Newton step from the estimate over all leads, which is as good as the full fit at first order
    and costs one matrix product.
    """

    def __init__(self, predicted: Floats, outcome: Floats) -> None:
        stated = log_odds(predicted)
        self._design = np.column_stack((np.ones(len(stated)), stated))
        self._outcome = outcome.astype(np.float64)
        self.at = np.array([0.0, 1.0])
        if 0 < outcome.sum() < len(outcome) and np.ptp(stated) > 0:
            for _ in range(_STEPS):
                step = self._step(np.ones((1, len(stated))))[0]
                self.at += step * min(1.0, 5 / max(float(np.abs(step).max()), 1e-12))  # no leap out of the region
                if np.abs(step).max() < 1e-9:
                    break
        else:
            self.at[:] = np.nan

    def _step(self, counts: Floats) -> Floats:
        """One Newton step (b, 2) from `at`."""
        fitted = 1 / (1 + np.exp(-(self._design @ self.at)))
        slope_terms = self._design * (self._outcome - fitted)[:, None]
        weight = fitted * (1 - fitted)
        gradient = counts @ slope_terms
        a, b, c = (counts @ (weight * self._design[:, 1] ** power) for power in (0, 1, 2))
        determinant = a * c - b * b
        first = (c * gradient[:, 0] - b * gradient[:, 1]) / determinant
        second = (a * gradient[:, 1] - b * gradient[:, 0]) / determinant
        return np.column_stack((first, second))

    def intercept(self, counts: Floats) -> Floats:
        found: Floats = self.at[0] + self._step(counts)[:, 0]
        return found

    def slope(self, counts: Floats) -> Floats:
        found: Floats = self.at[1] + self._step(counts)[:, 1]
        return found
