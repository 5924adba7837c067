"""Why a row got its answer, in words: "TotalVisits 12: +8 points". Exact TreeSHAP by file column, not by matrix column.

The contributions of the trees add up to the margin (log-odds). On the way from the base to this row's margin the calibrated
probability rises by a mean slope, which is the same for all columns of the row: contribution x slope, in points of a hundred,
adds up to the distance between the row's probability and that of the base. For money and days a contribution is a factor.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tools.ml.card import Task
from tools.ml.data import Floats, Rows
from tools.ml.predict import Predictor, calibrated
from tools.ml.table import cells

SMALLEST_POINTS, SMALLEST_FACTOR = 0.5, 0.01
"""Effects that would be shown as 0 are not shown."""
_TINY = 1e-6


def effects(predictor: Predictor, rows: Rows, columns_of: Sequence[int], margins: Floats) -> Floats:
    """(n, c) of each file column: points of a hundred that add up to the probability's distance from the base's, or, for
    money and days, logarithms of factors. columns_of: (k,) the file column of each matrix column."""
    wide = predictor.contributions(rows)
    count = max(columns_of) + 1
    narrow = np.zeros((len(rows), count))
    for place, column in enumerate(columns_of):
        narrow[:, column] += wide[:, place]
    if predictor.head.calibration is None:
        return narrow
    return narrow * (100 * _slopes(predictor, margins))[:, None]


def _slopes(predictor: Predictor, margins: Floats) -> Floats:
    """(n,) rise of the probability per unit of margin between the base and each margin."""
    table = predictor.head.calibration
    assert table is not None
    base = np.full(len(margins), predictor.base)
    apart = np.where(np.abs(margins - base) < _TINY, _TINY, margins - base)
    slope: Floats = (calibrated(table, base + apart)[0] - calibrated(table, base)[0]) / apart
    return slope


def in_words(frame: pl.DataFrame, task: Task, names: Sequence[str], told: Floats, most: int) -> list[str]:
    """(n,) the `most` largest effects of each row, the largest first. names: of the file columns that `told` is about."""
    order = np.argsort(-np.abs(told), axis=1, kind="stable")[:, :most]
    shown = {name: _texts(frame, name) for name in names}
    smallest = SMALLEST_POINTS if task == "propensity" else SMALLEST_FACTOR
    lines = []
    for row, places in enumerate(order.tolist()):
        parts = [
            f"{names[place]} {shown[names[place]][row]}: {_effect(task, told[row, place])}"
            for place in places
            if abs(told[row, place]) >= smallest
        ]
        lines.append("; ".join(parts))
    return lines


def _texts(frame: pl.DataFrame, name: str) -> list[str]:
    said = cells.text(name, frame.schema[name]).str.slice(0, 40).str.replace_all(r"[\r\n;]+", " ").fill_null("blank")
    return frame.select(said.alias("text"))["text"].to_list()


def _effect(task: Task, value: float) -> str:
    if task == "propensity":
        return f"{value:+.0f} point{'' if abs(round(value)) == 1 else 's'}"
    return f"{np.expm1(value):+.0%}"
