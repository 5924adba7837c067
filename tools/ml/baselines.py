"""The plain models that a head must not fall behind: logistic regression, ridge regression of a logarithm, a median. They
see the same matrix; unknown becomes the median, with a column that says it was unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tools.ml.data import Floats, Rows

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Plain: TypeAlias = Callable[[Rows], Floats]
"""rows (n, k) -> (n,) margins: log-odds, or logarithms of money or days."""
SUFFICIENT = 0.01
"""Chance below which it is no accident that nobody closed for as long as leads were watched after the last closing."""


class Linear(BaseModel):
    """Weights over a matrix, as data: `median` (k,) stands for unknown, `weights` (k + u,) belong to the columns and then to
    a flag for each of the `flagged` (u,) columns that were unknown somewhere in training."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    median: tuple[float, ...]
    flagged: tuple[int, ...]
    weights: tuple[float, ...]
    intercept: float

    def __call__(self, rows: Rows) -> Floats:
        unknown = np.isnan(rows)
        filled = np.where(unknown, np.asarray(self.median), rows.astype(np.float64))
        wide = np.hstack((filled, unknown[:, list(self.flagged)].astype(np.float64)))
        margins: Floats = wide @ np.asarray(self.weights) + self.intercept
        return margins


def constant(margin: float) -> Plain:
    """The same for everybody."""
    return lambda rows: np.full(len(rows), margin)


def logistic(rows: Rows, converted: NDArray[np.int8]) -> Linear:
    """Log-odds of scikit-learn's logistic regression (L2, C = 1)."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - half a second, which only training pays

    return _linear(_pipeline(LogisticRegression(C=1.0, max_iter=1_000)).fit(rows, converted))


def ridge(rows: Rows, log_value: Floats) -> Linear:
    """Logarithms by ridge regression, its penalty chosen by leave-one-out."""
    from sklearn.linear_model import RidgeCV  # noqa: PLC0415 - as in logistic

    return _linear(_pipeline(RidgeCV(alphas=np.logspace(-2, 3, 16))).fit(rows, log_value))


def kaplan_meier_median(days: Floats, closed: NDArray[np.bool_], ever: float = 1.0) -> float:
    """Days by which half of those that ever close have closed (Kaplan and Meier 1958); open ones count until they were last
    seen. ever: the share that does (see `ever_closing`). Infinite where fewer than half of these closed while watched."""
    at, chance = survival(days, closed)
    below = np.flatnonzero(chance <= 1.0 - 0.5 * ever + 1e-12)
    return float(at[below[0]]) if len(below) else float("inf")


def ever_closing(days: Floats, closed: NDArray[np.bool_]) -> float:
    """The share of leads that ever close: what Kaplan and Meier find for those who were watched longest, where leads were
    watched for so much longer than the last one took that this is no accident; 1 where it may be one.

    The question is that of sufficient follow-up (Maller and Zhou 1996, "Survival analysis with long-term survivors").
    Had leads gone on closing after the last closing s at the pace of an equally long time before it, so many would have
    closed in the days that were watched after s that none had a chance of exp(-expected)."""
    if not closed.any() or closed.all():
        return 1.0
    longest, last = float(days.max()), float(days[closed].max())
    begin = max(0.0, 2.0 * last - longest)
    before = float(np.clip(np.minimum(days, last) - begin, 0.0, None).sum())
    after = float(np.clip(days - last, 0.0, None).sum())
    closings = int((closed & (days > begin)).sum())
    if not before or np.exp(-closings / before * after) > SUFFICIENT:
        return 1.0
    return float(1.0 - survival(days, closed)[1][-1])


def survival(days: Floats, closed: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """(times of closings, share still open after each), both rising in time."""
    times, place = np.unique(days, return_inverse=True)
    events = np.bincount(place, closed)
    at_risk = len(days) - np.concatenate(([0.0], np.cumsum(np.bincount(place))[:-1]))
    chance = np.cumprod(1.0 - events / at_risk)
    return times[events > 0], chance[events > 0]


def _linear(fitted: Pipeline) -> Linear:
    """The pipeline's three steps as one."""
    filled, scaled, last = (step for _, step in fitted.steps)
    weights = np.ravel(last.coef_) / scaled.scale_
    return Linear(
        median=tuple(np.nan_to_num(filled.statistics_).tolist()),
        flagged=tuple(filled.indicator_.features_.tolist()),
        weights=tuple(weights.tolist()),
        intercept=float(np.ravel(last.intercept_)[0] - scaled.mean_ @ weights),
    )


def _pipeline(last: object) -> Pipeline:
    from sklearn.impute import SimpleImputer  # noqa: PLC0415 - as in logistic
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    filled = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return make_pipeline(filled, StandardScaler(), last)
