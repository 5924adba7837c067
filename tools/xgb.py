"""Scores leads with an XGBoost model, exactly explained, behind the scorer's port.

Trees of depth 3 are read into tables (see tools.ml.tree_tables), which need no xgboost; deeper ones are left to
xgboost, whose import costs about 0.3 s. Either way TreeSHAP is exact and row by row: the bits do not depend on the
batch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from graph.domain.scoring import ModelOutput
from graph.features.vector import NAMES
from tools.ml import registry
from tools.ml.card import Head, Spread
from tools.ml.registry import ModelError
from tools.ml.tree_tables import TooDeepError, TreeTables

SIZE = NAMES.index("logEmployees")
EXACT = Spread(coverage=0.0, groups={"all": (1.0, 1.0)}, rows=0)


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


class Amount:
    """A head that tells the logarithm of a positive amount. Without signal its fallback is the answer to every row."""

    def __init__(self, head: Head, files: Mapping[str, bytes]) -> None:
        self._fallback = head.fallback if head.signal == "none" else None
        self._trees = trees_of(files[head.file])
        self._spread = head.spread or EXACT

    def values(self, rows: NDArray[np.float32]) -> list[tuple[float, float, float]]:
        """(point, low, high) for each row, to the hundredth."""
        if self._fallback is not None:
            points = [self._fallback] * len(rows)
        else:
            points = [math.exp(output) for output in self._trees.outputs(rows).tolist()]
        unknown = np.isnan(rows[:, SIZE]).tolist()
        return [self._about(point, size_unknown) for point, size_unknown in zip(points, unknown, strict=True)]

    def _about(self, point: float, size_unknown: bool) -> tuple[float, float, float]:
        low, high = self._spread.at(point, registry.SIZE_UNKNOWN if size_unknown else registry.SIZE_KNOWN)
        return round(point, 2), round(low, 2), round(high, 2)


class XgbScorer:
    """A model's folder (see tools.ml.registry) as a pure function from rows to outputs.

    Raises ModelError when the folder is missing, damaged, of a table's model, or was trained on other features.
    """

    def __init__(self, path: Path) -> None:
        model = registry.load(path)
        if model.card.kind != "router" or "propensity" not in model.card.heads:
            raise ModelError(
                f"{path} is a model of a table ({', '.join(model.card.heads)}); it scores files, not leads"
            )
        self.card = model.card
        self.digest = model.digest
        self.name = f"{model.card.name}@{model.digest[:8]}"
        heads = model.card.heads
        self._propensity = trees_of(model.files[heads["propensity"].file])
        self._calibration = heads["propensity"].calibration
        self._contract = Amount(heads["acv"], model.files) if "acv" in heads else None

    def score(self, rows: NDArray[np.float32]) -> Sequence[ModelOutput]:
        """One output for each row of `rows` (n, len(NAMES)), NaN for unknown."""
        if rows.ndim != 2 or rows.shape[1] != len(NAMES):
            raise ValueError(f"rows: expected shape (n, {len(NAMES)}), got {rows.shape}")
        if not len(rows):
            return []
        margins = self._propensity.contributions(rows).tolist()
        values = self._contract.values(rows) if self._contract else [(0.0, 0.0, 0.0)] * len(rows)
        return [self._output(*each) for each in zip(margins, values, strict=True)]

    def _output(self, margins: list[float], value: tuple[float, float, float]) -> ModelOutput:
        """The propensity is taken from the margins themselves, so that the explanation is of this very number."""
        base = self._propensity.base
        margin = base + math.fsum(margins)
        propensity = 1.0 / (1.0 + math.exp(-margin))
        _, low, high = self._calibration.at(margin) if self._calibration else (propensity, 0.0, 1.0)
        acv, acv_low, acv_high = value
        return ModelOutput(propensity, base, tuple(margins), acv, acv_low, acv_high, low, high)


def trees_of(model: bytes) -> Trees:
    """The quickest exact reader of the model's bytes (`Booster.save_raw("json")`)."""
    try:
        return TreeTables(model)
    except TooDeepError:
        return BoosterTrees(model)
