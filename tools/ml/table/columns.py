"""Columns of a file become a matrix of float32, learnt once from training rows and kept on the card.

    number, flag   one number; blank is NaN, which trees treat as an answer of its own
    date           days before --time, or parts (weekday, hour, month): never an absolute date, which no later lead repeats
    category       a yes or no for each frequent level, for blank and for all others: no outcome goes into them
    category of more than 40 frequent levels   one number a level: its smoothed rate (log-odds, log amount, log days)

A rate is made of outcomes. So that no row sees its own, a training row gets the rate over the folds it is not in; every
other row, here and in every later file, gets the rate over all training rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tools.ml.card import Column, Task
from tools.ml.table import cells
from tools.ml.table.kinds import Kind
from tools.ml.table.matrix import read
from tools.ml.table.naming import AGE, features_of

Floats = NDArray[np.float64]
SMOOTHING = 20.0
"""A level counts as if so many rows of the average stood beside its own."""
REMEMBERED = 2_000
"""Levels kept on the card, so that one that was rare is not called new."""
APART = 40
"""The most levels that get a column of the matrix each: on real tables they rank better than one rate (ADR 0015)."""
_TWO_YEARS = 730.0


def learn(
    frame: pl.DataFrame,
    kinds: Sequence[Kind],
    task: Task,
    measure: tuple[Floats, Floats],
    train: NDArray[np.bool_],
    folds: NDArray[np.int64],
    time: tuple[str, str] | None = None,
) -> tuple[tuple[Column, ...], NDArray[np.float32]]:
    """The columns and the matrix (n, k) of the frame, training rows coded out of fold. measure: (amount, weight) per row,
    as `Outcome.measure` gives them; train: rows to learn from; folds: (n,) the fold of each row; time: name and form."""
    columns = tuple(
        _category(frame, kind, task, measure, train)
        if kind.kind == "category"
        else Column(name=kind.name, kind=kind.kind, form=kind.form, parts=_parts(frame, kind, time))
        for kind in kinds
    )
    rows, _ = read(frame, columns, time)
    place = 0
    for column, kind in zip(columns, kinds, strict=True):
        if column.kind == "category" and not column.kept:
            rows[:, place] = _out_of_fold(frame, kind, task, measure, train, folds, rows[:, place])
        place += len(features_of(column, time))
    return columns, rows


def _parts(frame: pl.DataFrame, kind: Kind, time: tuple[str, str] | None) -> tuple[str, ...]:
    """The age where there is a time to measure it from; else what repeats: weekday, the hour where there are hours, the
    month where two years are there to compare."""
    if kind.kind != "date":
        return ()
    if time is not None and time[0] != kind.name:
        return (AGE,)
    at = frame.select(cells.moment(kind.name, frame.schema[kind.name], kind.form).alias("at"))["at"].drop_nulls()
    parts = ["weekday"]
    if at.dt.hour().n_unique() > 1:
        parts.append("hour")
    low, high = at.dt.epoch("s").min(), at.dt.epoch("s").max()
    if isinstance(low, int) and isinstance(high, int) and (high - low) / 86_400 >= _TWO_YEARS:
        parts.append("month")
    return tuple(parts)


def _category(
    frame: pl.DataFrame, kind: Kind, task: Task, measure: tuple[Floats, Floats], train: NDArray[np.bool_]
) -> Column:
    levels = tuple(text for text, _ in kind.levels[:REMEMBERED])
    if kind.kept <= APART:
        return Column(name=kind.name, kind="category", levels=levels, kept=kind.kept)
    place = level_places(frame, kind)
    amount, weight = _totals(place[train], measure[0][train], measure[1][train], kind.kept + 1)
    codes = _rate(amount, weight, task, (amount.sum(), weight.sum()))
    return Column(
        name=kind.name,
        kind="category",
        levels=levels,
        codes=tuple(round(float(codes[min(place, kind.kept)]), 6) for place in range(len(levels))),
        other=round(float(codes[kind.kept]), 6),
    )


def _out_of_fold(
    frame: pl.DataFrame,
    kind: Kind,
    task: Task,
    measure: tuple[Floats, Floats],
    train: NDArray[np.bool_],
    folds: NDArray[np.int64],
    coded: NDArray[np.float32],
) -> NDArray[np.float32]:
    """The codes, with those of training rows replaced by rates over the other folds."""
    place = level_places(frame, kind)
    found = coded.copy()
    for fold in np.unique(folds):
        others, own = train & (folds != fold), train & (folds == fold) & (place >= 0)
        amount, weight = _totals(place[others], measure[0][others], measure[1][others], kind.kept + 1)
        found[own] = _rate(amount, weight, task, (amount.sum(), weight.sum()))[place[own]]
    return found


def level_places(frame: pl.DataFrame, kind: Kind) -> NDArray[np.int64]:
    """(n,) the level of each row: its place among the kept, `kind.kept` for all others, -1 where blank."""
    kept = [text for text, _ in kind.levels[: kind.kept]]
    said = cells.text(kind.name, frame.schema[kind.name])
    place = said.replace_strict(kept, list(range(len(kept))), default=kind.kept, return_dtype=pl.Int64)
    return frame.select(pl.when(said.is_null()).then(-1).otherwise(place).alias("place"))["place"].to_numpy()


def _totals(place: NDArray[np.int64], amount: Floats, weight: Floats, levels: int) -> tuple[Floats, Floats]:
    filled = place >= 0
    return (
        np.bincount(place[filled], amount[filled], levels).astype(np.float64),
        np.bincount(place[filled], weight[filled], levels).astype(np.float64),
    )


def _rate(amount: Floats, weight: Floats, task: Task, whole: tuple[float, float]) -> Floats:
    """(levels,) smoothed rates: log-odds of yes, mean of log value, log of days per closing."""
    average = whole[0] / whole[1] if whole[1] else 0.0
    rate = (amount + SMOOTHING * average) / (weight + SMOOTHING)
    if task == "acv":
        return rate
    if task == "time-to-close":
        return np.log(np.maximum(rate, 1e-3))
    bounded = np.clip(rate, 1e-4, 1 - 1e-4)
    return np.log(bounded / (1 - bounded))
