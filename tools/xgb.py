"""Scores leads with an XGBoost model, exactly explained, behind the scorer's port.

TreeSHAP is exact and row by row, whoever reads the trees (see tools.ml.trees): the bits do not depend on the batch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graph.domain.scoring import ModelOutput
from graph.features.vector import NAMES
from graph.rules.scoring import sigmoid
from tools.ml import registry
from tools.ml.card import Head, Spread, Task
from tools.ml.registry import ModelError
from tools.ml.trees import trees_of

SIZE = NAMES.index("logEmployees")
EXACT = Spread(coverage=0.0, groups={"all": (1.0, 1.0)}, rows=0)


class Amount:
    """A head that tells the logarithm of a positive amount. Without signal its fallback is the answer to every row."""

    def __init__(self, head: Head, files: Mapping[str, bytes], digits: int) -> None:
        self._fallback = head.fallback if head.signal == "none" else None
        self.trees = trees_of(files[head.file])
        self._spread, self._digits = head.spread or EXACT, digits

    def values(self, rows: NDArray[np.float32]) -> list[tuple[float, float, float]]:
        """(point, low, high) for each row, rounded to `digits`."""
        if self._fallback is not None:
            points = [self._fallback] * len(rows)
        else:
            points = [math.exp(output) for output in self.trees.outputs(rows).tolist()]
        unknown = np.isnan(rows[:, SIZE]).tolist()
        return [self._about(point, size_unknown) for point, size_unknown in zip(points, unknown, strict=True)]

    def _about(self, point: float, size_unknown: bool) -> tuple[float, float, float]:
        low, high = self._spread.at(point, registry.SIZE_UNKNOWN if size_unknown else registry.SIZE_KNOWN)
        return round(point, self._digits), round(low, self._digits), round(high, self._digits)


class Chance:
    """The propensity head: trees, then the calibration. Without signal the base rate is the answer, and nothing adds to
    it."""

    def __init__(self, head: Head, files: Mapping[str, bytes]) -> None:
        self.trees = trees_of(files[head.file])
        self._calibration = head.calibration
        self._fallback = head.fallback if head.signal == "none" else None
        self._base = self.at(self.trees.base)[0]

    def at(self, margin: float) -> tuple[float, float, float]:
        """(propensity, low, high), calibrated."""
        if self._fallback is not None:
            return self._fallback, 0.0, 1.0
        return self._calibration.at(margin) if self._calibration else (sigmoid(margin), 0.0, 1.0)

    def values(self, rows: NDArray[np.float32]) -> list[tuple[float, float, tuple[float, ...], float, float]]:
        """(propensity, base, margins, low, high) for each row. The propensity is taken from the margins themselves, so that
        the explanation is of this very number."""
        found = []
        for margins in self.trees.contributions(rows).tolist():
            point, low, high = self.at(self.trees.base + math.fsum(margins))
            shown = margins if self._fallback is None else [0.0] * len(margins)
            found.append((point, self._base, tuple(shown), low, high))
        return found


class XgbScorer:
    """A model's folder (see tools.ml.registry) as a pure function from rows to outputs.

    Raises ModelError when the folder is missing, damaged, of a table's model, or was trained on other features.
    """

    def __init__(self, path: Path) -> None:
        model = registry.load(path)
        heads = model.card.heads
        if model.card.kind != "router" or "propensity" not in heads:
            raise ModelError(f"{path} is a model of a table ({', '.join(heads)}); it scores files, not leads")
        self.card = model.card
        self.digest = model.digest
        self.name = f"{model.card.name}@{model.digest[:8]}"
        self._chance = Chance(heads["propensity"], model.files)
        self._contract = Amount(heads["acv"], model.files, 2) if "acv" in heads else None
        self._time = Amount(heads["time-to-close"], model.files, 1) if "time-to-close" in heads else None

    def score(self, rows: NDArray[np.float32]) -> Sequence[ModelOutput]:
        """One output for each row of `rows` (n, len(NAMES)), NaN for unknown."""
        _check(rows)
        if not len(rows):
            return []
        values = self._contract.values(rows) if self._contract else [(0.0, 0.0, 0.0)] * len(rows)
        days = self._time.values(rows) if self._time else [(None, None, None)] * len(rows)
        return [
            ModelOutput(point, base, margins, *value, low, high, *times)
            for (point, base, margins, low, high), value, times in zip(
                self._chance.values(rows), values, days, strict=True
            )
        ]

    def factors(self, task: Task, rows: NDArray[np.float32]) -> tuple[float, NDArray[np.float64]]:
        """(base, (n, len(NAMES))): what each feature adds to the output of a head before its link: log-odds, log US dollars
        or log days, so that exp(part) multiplies the amount. Raises KeyError for a head that the model does not have."""
        _check(rows)
        head = {"propensity": self._chance, "acv": self._contract, "time-to-close": self._time}[task]
        if head is None:
            raise KeyError(f"{self.name} has no head for {task}")
        return head.trees.base, head.trees.contributions(rows)


def _check(rows: NDArray[np.float32]) -> None:
    if rows.ndim != 2 or rows.shape[1] != len(NAMES):
        raise ValueError(f"rows: expected shape (n, {len(NAMES)}), got {rows.shape}")
