"""The quickest exact reader of a booster's bytes: tables for trees of depth 3 (see tree_tables), xgboost for deeper ones.
Either is row by row, so the bits of an answer do not depend on the batch.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from tools.ml.tree_tables import TooDeepError, TreeTables

Rows = NDArray[np.float32]
Floats = NDArray[np.float64]


class Trees(Protocol):
    """base: expected output; contributions: (n, k); outputs: (n,), all before the link function."""

    @property
    def base(self) -> float: ...

    def contributions(self, rows: Rows) -> Floats: ...

    def outputs(self, rows: Rows) -> Floats: ...


class BoosterTrees:
    """By xgboost itself: any depth, one matrix for each batch, one thread (a worker is one process a core)."""

    def __init__(self, model: bytes) -> None:
        import xgboost  # noqa: PLC0415 - costs 0.3 s and 80 MB, which models that fit the tables never need

        self._xgb = xgboost
        self._booster = xgboost.Booster({"nthread": 1})
        self._booster.load_model(bytearray(model))
        width = int(orjson.loads(model)["learner"]["learner_model_param"]["num_feature"])
        self.base = float(self._explain(np.zeros((1, width), dtype=np.float32))[0, -1])

    def contributions(self, rows: Rows) -> Floats:
        return self._explain(rows)[:, :-1]

    def outputs(self, rows: Rows) -> Floats:
        margins = self._booster.predict(self._matrix(rows), output_margin=True, validate_features=False)
        return np.asarray(margins, dtype=np.float64)

    def _explain(self, rows: Rows) -> Floats:
        parts = self._booster.predict(self._matrix(rows), pred_contribs=True, validate_features=False)
        return np.asarray(parts, dtype=np.float64)

    def _matrix(self, rows: Rows) -> object:
        return self._xgb.DMatrix(rows, nthread=1)


def trees_of(model: bytes) -> Trees:
    """model: the bytes of `Booster.save_raw("json")`."""
    try:
        return TreeTables(model)
    except TooDeepError:
        return BoosterTrees(model)
