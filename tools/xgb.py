"""Scores leads with an XGBoost model, exactly explained, behind the scorer's port.

Trees of depth 3 are read into tables (see tools.ml.tree_tables), which need no xgboost; deeper ones are left to
xgboost, whose import costs about 0.3 s. Either way TreeSHAP is exact and row by row: the bits do not depend on the
batch.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from graph.domain.scoring import ModelOutput
from graph.features.vector import NAMES
from tools.ml import registry
from tools.ml.tree_tables import TooDeepError, TreeTables

SIZE = NAMES.index("logEmployees")


class Trees(Protocol):
    """A boosted model. base: expected output; contributions: (n, k); outputs: (n,), both before the link function."""

    @property
    def base(self) -> float: ...

    def contributions(self, rows: NDArray[np.float32]) -> NDArray[np.float64]: ...

    def outputs(self, rows: NDArray[np.float32]) -> NDArray[np.float64]: ...


class BoosterTrees:
    """The same by xgboost itself: any depth, one matrix for each batch, one thread (a worker is one process a core)."""

    def __init__(self, model: bytes) -> None:
        import xgboost  # noqa: PLC0415 - costs 0.3 s and 80 MB, which models that fit the tables never need

        self._xgb = xgboost
        self._booster = xgboost.Booster({"nthread": 1})
        self._booster.load_model(bytearray(model))
        self.base = float(self._explain(np.zeros((1, len(NAMES)), dtype=np.float32))[0, -1])

    def contributions(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        return self._explain(rows)[:, :-1]

    def outputs(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        margins = self._booster.predict(self._matrix(rows), output_margin=True, validate_features=False)
        return np.asarray(margins, dtype=np.float64)

    def _explain(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        parts = self._booster.predict(self._matrix(rows), pred_contribs=True, validate_features=False)
        return np.asarray(parts, dtype=np.float64)

    def _matrix(self, rows: NDArray[np.float32]) -> object:
        return self._xgb.DMatrix(rows, nthread=1)


class XgbScorer:
    """A model's folder (see tools.ml.registry) as a pure function from rows to outputs.

    Raises ModelError when the folder is missing, damaged, or was trained on other features.
    """

    def __init__(self, path: Path) -> None:
        model = registry.load(path)
        self.card = model.card
        self.digest = model.digest
        self.name = f"{model.card.name}@{model.digest[:8]}"
        self._propensity = trees_of(model.files[registry.PROPENSITY])
        self._contract = trees_of(model.files[registry.ACV])
        self._edges = [band.below for band in model.card.bands]
        self._widths = [band.half_width for band in model.card.bands]
        self._factors = (model.card.acv_factors["size_known"], model.card.acv_factors["size_unknown"])

    def score(self, rows: NDArray[np.float32]) -> Sequence[ModelOutput]:
        """One output for each row of `rows` (n, len(NAMES)), NaN for unknown."""
        if rows.ndim != 2 or rows.shape[1] != len(NAMES):
            raise ValueError(f"rows: expected shape (n, {len(NAMES)}), got {rows.shape}")
        if not len(rows):
            return []
        margins = self._propensity.contributions(rows).tolist()
        log_acv = self._contract.outputs(rows).tolist()
        unknown = np.isnan(rows[:, SIZE]).tolist()
        return [self._output(*each) for each in zip(margins, log_acv, unknown, strict=True)]

    def _output(self, margins: list[float], log_acv: float, size_unknown: bool) -> ModelOutput:
        """The propensity is taken from the margins themselves, so that the explanation is of this very number."""
        base = self._propensity.base
        propensity = 1.0 / (1.0 + math.exp(-(base + math.fsum(margins))))
        width = self._widths[min(bisect_right(self._edges, propensity), len(self._widths) - 1)]
        acv = math.exp(log_acv)
        low, high = self._factors[size_unknown]
        return ModelOutput(
            propensity=propensity,
            base_margin=base,
            margins=tuple(margins),
            acv_usd=round(acv, 2),
            acv_low_usd=round(acv * low, 2),
            acv_high_usd=round(acv * high, 2),
            low=max(0.0, propensity - width),
            high=min(1.0, propensity + width),
        )


def trees_of(model: bytes) -> Trees:
    """The quickest exact reader of the model's bytes (`Booster.save_raw("json")`)."""
    try:
        return TreeTables(model)
    except TooDeepError:
        return BoosterTrees(model)
