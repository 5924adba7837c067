"""Brings a calibration up to date from a few newly labelled leads, and shows on other leads what that is worth.

The stated log-odds are moved to intercept + slope x stated, the most probable line under a prior that holds to what was
learnt in training (intercept 0, slope 1): a hundred leads move a level, and hardly a slope. Trees and order stay as they
are. Ranges move along and grow by what the few leads leave open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tools.ml.card import Calibration
from tools.ml.evaluating import calibration, probabilities
from tools.ml.evaluating.resampling import Figure, Floats, draw
from tools.ml.predict import calibrated, sigmoid

PRIOR_SD: Final = (1.5, 0.5)
"""How far intercept and slope may well have moved: a base rate by a factor of four, a sharpness by half."""
LEAST_ROWS, LEAST_OF_A_KIND = 100, 10
_STEPS: Final = 50


class TooFewError(Exception):
    """Too few leads to recalibrate on. The text says how many there are and how many are needed."""


@dataclass(frozen=True, slots=True)
class Line:
    """log-odds = at[0] + at[1] x stated log-odds; covariance (2, 2) of both; rows: leads it was fitted to."""

    at: Floats
    covariance: Floats
    rows: int

    def moved(self, stated: Floats) -> Floats:
        odds: Floats = self.at[0] + self.at[1] * stated
        return odds

    def spread(self, stated: Floats) -> Floats:
        """Standard deviation (n,) of the moved log-odds."""
        a, b, c = self.covariance[0, 0], self.covariance[0, 1], self.covariance[1, 1]
        found: Floats = np.sqrt(a + 2 * b * stated + c * stated**2)
        return found


def enough(outcome: Floats) -> bool:
    rarer = min(outcome.sum(), len(outcome) - outcome.sum())
    return len(outcome) >= LEAST_ROWS and rarer >= LEAST_OF_A_KIND


def fit(stated: Floats, outcome: Floats) -> Line:
    """stated: probabilities (n,) of the model as it is; outcome 0/1. Raises TooFewError."""
    if not enough(outcome):
        raise TooFewError(
            f"{len(outcome):,} leads, {int(outcome.sum()):,} of them converted: recalibration asks for at least "
            f"{LEAST_ROWS} leads and {LEAST_OF_A_KIND} of each outcome"
        )
    odds = probabilities.log_odds(stated)
    design = np.column_stack((np.ones(len(odds)), odds))
    prior, precision = np.array([0.0, 1.0]), np.diag([1 / sd**2 for sd in PRIOR_SD])
    at = prior.copy()
    for _ in range(_STEPS):
        fitted = sigmoid(design @ at)
        gradient = design.T @ (outcome - fitted) - precision @ (at - prior)
        curvature = (design * (fitted * (1 - fitted))[:, None]).T @ design + precision
        step = np.linalg.solve(curvature, gradient)
        at += step * min(1.0, 2 / float(np.abs(step).max() or 1))
        if np.abs(step).max() < 1e-10:
            break
    at[1] = max(float(at[1]), 0.05)  # an order is never turned round by a calibration
    return Line(at, np.asarray(np.linalg.inv(curvature), dtype=np.float64), len(outcome))


def recalibrated(table: Calibration, line: Line) -> Calibration:
    """The card's table with every probability moved, and its ranges widened by the line's own uncertainty."""
    point, low, high = calibrated(table, np.asarray(table.margins))
    z = NormalDist().inv_cdf((1 + table.coverage) / 2)
    middle, bottom, top = (probabilities.log_odds(each) for each in (point, low, high))
    moved, unsure = line.moved(middle), z * line.spread(middle)
    down, up = line.at[1] * (middle - bottom), line.at[1] * (top - middle)
    return table.model_copy(
        update={
            "method": "platt",
            "probability": tuple(sigmoid(moved).tolist()),
            "low": tuple(sigmoid(moved - np.hypot(down, unsure)).tolist()),
            "high": tuple(sigmoid(moved + np.hypot(up, unsure)).tolist()),
            "rows": line.rows,
        }
    )


class Recalibration(BaseModel):
    """before, after, gain (after - before): figures on `measured` leads, none of which the line was fitted to.
    off_before, off_after: whether their calibration is off beyond chance. rows, slope, intercept: of the line that is kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")
    on: str
    rows: int
    slope: float
    intercept: float
    measured: int
    before: dict[str, Figure]
    after: dict[str, Figure]
    gain: dict[str, Figure]
    off_before: bool
    off_after: bool


def compared(on: str, line: Line, before: Floats, after: Floats, outcome: Floats, seed: int = 0) -> Recalibration:
    """What a recalibration did to the probabilities of leads that it did not see."""
    sides = [
        draw(
            {
                "brier": probabilities.brier(stated, outcome),
                "log_loss": probabilities.log_loss(stated, outcome),
                "ece_equal_mass": calibration.ece(stated, outcome, "equal-mass"),
            },
            len(outcome),
            seed=seed,
        )
        for stated in (before, after)
    ]
    shown = [{name: each.figure(noise_raises=name.startswith("ece")) for name, each in side.items()} for side in sides]
    gain = {name: sides[1][name].minus(sides[0][name]).figure() for name in ("brier", "log_loss")}
    return Recalibration(
        on=on,
        rows=line.rows,
        slope=float(line.at[1]),
        intercept=float(line.at[0]),
        measured=len(outcome),
        before=shown[0],
        after=shown[1],
        gain=gain,
        off_before=calibration.check(before, outcome, seed=seed).off,
        off_after=calibration.check(after, outcome, seed=seed).off,
    )


@dataclass(frozen=True, slots=True)
class Walked:
    """after: probabilities (n,) where `measured` (n,) holds, by lines that saw earlier months alone; last: the line of the
    newest months; last_rows: the leads (n,) it was fitted to."""

    after: Floats
    measured: NDArray[np.bool_]
    last: Line
    last_rows: NDArray[np.bool_]


def walk(stated: Floats, outcome: Floats, months: Sequence[int]) -> Walked:
    """As it would have gone in operation: before each month the newest labelled leads, a month of them or as many months
    as it takes to have enough, move the calibration of that month. months: (n,) rising number of each lead's month.
    Raises TooFewError where not even all months before the last have enough."""
    month = np.asarray(months)
    after, measured = stated.copy(), np.zeros(len(stated), dtype=np.bool_)
    odds = probabilities.log_odds(stated)
    for one in np.unique(month)[1:]:
        rows = _newest(outcome, month, int(one))
        if rows is None:
            continue
        here = month == one
        after[here] = sigmoid(fit(stated[rows], outcome[rows]).moved(odds[here]))
        measured |= here
    last = _newest(outcome, month, int(month.max()) + 1)
    if last is None or not measured.any():
        raise TooFewError(
            f"{len(np.unique(month))} months with {len(stated):,} labelled leads: recalibration month by month asks for at "
            f"least {LEAST_ROWS} leads and {LEAST_OF_A_KIND} of each outcome before the last one"
        )
    return Walked(after, measured, fit(stated[last], outcome[last]), last)


def _newest(outcome: Floats, month: NDArray[np.int64], before: int) -> NDArray[np.bool_] | None:
    """The leads of the last month before this one, or of as few more as make enough; None where all are too few."""
    for first in np.unique(month[month < before])[::-1]:
        rows: NDArray[np.bool_] = (month >= first) & (month < before)
        if enough(outcome[rows]):
            return rows
    return None
