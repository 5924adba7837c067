"""Trees that say what a plain model says, for tables on which the plain model knows better.

A line needs fewer rows than trees do. Where it wins, it is fitted and then asked about many rows, drawn column by column
from those that are there; stumps learn its answers. So one kind of model serves, explains and obeys the signs. What is
lost is that stumps stay level beyond the values seen, which is no loss for contract values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tools.ml import baselines
from tools.ml.boosting import Recipe, Target
from tools.ml.data import Rows
from tools.ml.predict import sigmoid

ROWS, ROUNDS = 4_000, 300
STUMPS: dict[str, Any] = {
    "max_depth": 1, "eta": 0.3, "lambda": 0.01, "min_child_weight": 0.01, "subsample": 1.0, "colsample_bytree": 1.0,
    "max_bin": 256,
}  # fmt: skip


def taught(params: Mapping[str, Any]) -> Recipe:
    """The recipe of stumps that a logistic or ridge regression teaches; params: of the trees that it stands in for."""
    objective = params["objective"] if params["objective"] == "binary:logistic" else "reg:squarederror"
    return Recipe({**params, **STUMPS, "objective": objective}, ROUNDS, answers)


def answers(rows: Rows, target: Target) -> tuple[Rows, Target]:
    """Rows with what the plain model says of them: the given ones, and drawn ones that mix their columns."""
    drawn = _mixed(rows, max(0, ROWS - len(rows)))
    asked = np.concatenate((rows, drawn))
    if target.objective == "binary:logistic":
        said = sigmoid(baselines.logistic(rows, target.values.astype(np.int8))(asked))
        return asked, replace(target, values=said, base=float(said.mean()))
    said = baselines.ridge(rows, target.values)(asked)
    return asked, Target("reg:squarederror", said, float(said.mean()))


def _mixed(rows: Rows, count: int) -> Rows:
    """(count, k) each column drawn on its own, so that a stump sees its column with all others averaged out."""
    random = np.random.default_rng(0)
    places = random.integers(0, len(rows), (count, rows.shape[1]))
    return np.take_along_axis(rows, places, axis=0)
