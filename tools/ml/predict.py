"""Answers of a fitted head for many rows at once: trees, then the card's calibration or spread. Nothing row by row, no
xgboost for shallow trees, the same bits in any batch.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.ml.card import Calibration, Head, Spread
from tools.ml.data import Floats, Rows
from tools.ml.trees import trees_of

CHUNK = 4_096
"""Rows at a time: what the trees lay out for them stays in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """(n,) each, low <= point <= high: probabilities, money or days; margins: log-odds or logarithms, which the
    contributions add up to (with the base)."""

    point: Floats
    low: Floats
    high: Floats
    margins: Floats


class Predictor:
    """head: of a card; booster: the bytes of its file. A head without signal answers its fallback to every row, and its
    contributions are nought."""

    def __init__(self, head: Head, booster: bytes) -> None:
        self.head = head
        self._trees = trees_of(booster)
        self._none = head.signal == "none"
        self._width: int | None = None

    @property
    def base(self) -> float:
        """The expected margin; what `contributions` leave over."""
        return self._trees.base

    def predict(self, rows: Rows, groups: Sequence[str] | None = None) -> Predictions:
        """rows: (n, k) float32, NaN unknown; groups: n names of the spread's groups, where it has some."""
        if self._none:
            return self._fallback(len(rows), groups)
        margins = self.margins(rows)
        if self.head.calibration is not None:
            return Predictions(*calibrated(self.head.calibration, margins), margins)
        point = np.exp(margins)
        return Predictions(point, *spread_of(self.head.spread, point, groups), margins)

    def margins(self, rows: Rows) -> Floats:
        """(n,) of the trees, with or without a signal."""
        return _in_chunks(self._trees.outputs, rows) if len(rows) else np.empty(0)

    def contributions(self, rows: Rows) -> Floats:
        """(n, k) exact TreeSHAP of the margins; with `base` they add up to them."""
        if self._none:
            return np.zeros(rows.shape)
        return _in_chunks(self._trees.contributions, rows) if len(rows) else np.empty(rows.shape)

    def _fallback(self, n: int, groups: Sequence[str] | None) -> Predictions:
        if self.head.fallback is None:
            raise ValueError("head: signal is none, and fallback is missing; train it again")
        point = np.full(n, self.head.fallback)
        if (table := self.head.calibration) is not None:
            low, high = np.full(n, table.low[0]), np.full(n, table.high[0])
            return Predictions(point, np.minimum(point, low), np.maximum(point, high), np.zeros(n))
        return Predictions(point, *spread_of(self.head.spread, point, groups), np.zeros(n))


def _in_chunks(answer: Callable[[Rows], Floats], rows: Rows) -> Floats:
    """On every core, in the order of the rows: numpy lets other threads run while it works on a chunk."""
    chunks = [rows[at : at + CHUNK] for at in range(0, len(rows), CHUNK)]
    if len(chunks) == 1:
        return answer(rows)
    with ThreadPoolExecutor(min(len(chunks), os.cpu_count() or 1)) as threads:
        return np.concatenate(list(threads.map(answer, chunks)))


def calibrated(table: Calibration, margins: Floats) -> tuple[Floats, Floats, Floats]:
    """(point, low, high), each (n,): Calibration.at for many margins, bit for bit."""
    at = np.asarray(table.margins)
    last = len(at) - 1
    place = np.searchsorted(at, margins, side="right") - 1
    inside = (place >= 0) & (place < last)
    place = np.clip(place, 0, last)
    after = np.minimum(place + 1, last)
    share = np.zeros(len(margins))
    np.divide(margins - at[place], at[after] - at[place], out=share, where=inside)

    def linear(values: tuple[float, ...]) -> Floats:
        column = np.asarray(values)
        found: Floats = column[place] + share * (column[after] - column[place])
        return found

    point = sigmoid(margins) if table.method == "sigmoid" else linear(table.probability)
    return point, np.minimum(point, linear(table.low)), np.maximum(point, linear(table.high))


def sigmoid(margins: Floats) -> Floats:
    grown = np.exp(-np.abs(margins))
    return np.asarray(np.where(margins >= 0, 1.0 / (1.0 + grown), grown / (1.0 + grown)), dtype=np.float64)


def spread_of(spread: Spread | None, point: Floats, groups: Sequence[str] | None = None) -> tuple[Floats, Floats]:
    """(low, high) about each point."""
    if spread is None:
        return point, point
    if groups is None:
        low, high = spread.groups["all"]
        return point * low, point * high
    names, place = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    factors: NDArray[np.float64] = np.array([spread.groups.get(str(name), spread.groups["all"]) for name in names])
    return point * factors[place, 0], point * factors[place, 1]
