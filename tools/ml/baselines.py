"""The plain models that a head must not fall behind: logistic regression, ridge regression of a logarithm, a median. They
see the same matrix; unknown becomes the median, with a column that says it was unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tools.ml.data import Floats, Rows

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Plain: TypeAlias = Callable[[Rows], Floats]
"""rows (n, k) -> (n,) margins: log-odds, or logarithms of money or days."""


def constant(margin: float) -> Plain:
    """The same for everybody."""
    return lambda rows: np.full(len(rows), margin)


def logistic(rows: Rows, converted: NDArray[np.int8]) -> Plain:
    """Log-odds of scikit-learn's logistic regression (L2, C = 1)."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - half a second, which only training pays

    fitted = _pipeline(LogisticRegression(C=1.0, max_iter=1_000)).fit(rows, converted)
    return lambda new: np.asarray(fitted.decision_function(new), dtype=np.float64)


def ridge(rows: Rows, log_value: Floats) -> Plain:
    """Logarithms by ridge regression, its penalty chosen by leave-one-out."""
    from sklearn.linear_model import RidgeCV  # noqa: PLC0415 - as in logistic

    fitted = _pipeline(RidgeCV(alphas=np.logspace(-2, 3, 16))).fit(rows, log_value)
    return lambda new: np.asarray(fitted.predict(new), dtype=np.float64)


def kaplan_meier_median(days: Floats, closed: NDArray[np.bool_]) -> float:
    """Days by which half have closed (Kaplan and Meier 1958); open ones count until they were last seen. Infinite where
    fewer than half ever close."""
    at, chance = survival(days, closed)
    below = np.flatnonzero(chance <= 0.5)
    return float(at[below[0]]) if len(below) else float("inf")


def survival(days: Floats, closed: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """(times of closings, share still open after each), both rising in time."""
    times, place = np.unique(days, return_inverse=True)
    events = np.bincount(place, closed)
    at_risk = len(days) - np.concatenate(([0.0], np.cumsum(np.bincount(place))[:-1]))
    chance = np.cumprod(1.0 - events / at_risk)
    return times[events > 0], chance[events > 0]


def _pipeline(last: object) -> Pipeline:
    from sklearn.impute import SimpleImputer  # noqa: PLC0415 - as in logistic
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    filled = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return make_pipeline(filled, StandardScaler(), last)
