"""A file's cells become a matrix of float32 by a card's columns, and cells that mean nothing are counted on the way.

Where a column repeats itself, each different cell is read once and the answer is looked up: a date costs 3 us to read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tools.ml.card import Column
from tools.ml.table import cells
from tools.ml.table.naming import AGE, expected, features
from tools.ml.table.reading import TableError

_LOOKED_AT: Final = 1_000
"""First cells of a column that say whether it repeats itself."""
_CELL = "cell"


def read(
    frame: pl.DataFrame, columns: Sequence[Column], time: tuple[str, str] | None = None
) -> tuple[NDArray[np.float32], dict[str, int]]:
    """(n, k) float32, NaN where blank: a level that was not seen in training gets the code of rare levels. And column ->
    filled cells that are not of its kind, or a level that training did not see, none of them left out. time: name and form
    of the column that ages are measured from."""
    rows = np.zeros((frame.height, len(features(columns, time))), dtype=np.float32)
    odd: dict[str, int] = {}
    every, at = np.arange(frame.height), 0
    now = _now(frame, columns, time)
    for column in columns:
        values, strange = _values(frame, column)
        if strange:
            odd[column.name] = strange
        if column.kept:
            rows[every, at + values.cast(pl.Int64).to_numpy()] = 1
            at += column.kept + 2
            continue
        for part in [_part(values, part, now) for part in column.parts] or [values]:
            rows[:, at] = part.cast(pl.Float32).fill_null(float("nan")).to_numpy()
            at += 1
    return rows, odd


def _now(frame: pl.DataFrame, columns: Sequence[Column], time: tuple[str, str] | None) -> pl.Series | None:
    if not any(AGE in column.parts for column in columns):
        return None
    if time is None:
        raise TableError("an age needs the time column")
    return _read(frame.get_column(time[0]), cells.moment(_CELL, frame.schema[time[0]], time[1]), None)[0]


def _values(frame: pl.DataFrame, column: Column) -> tuple[pl.Series, int]:
    """(n,) a number, a moment, or the place of a row's level among those apart; and how many cells are odd."""
    own = frame.get_column(column.name)
    dtype = own.dtype
    if column.kind == "number":
        return _read(own, cells.number(_CELL, dtype, column.form), None)
    if column.kind == "flag":
        return _read(own, cells.flag(_CELL, dtype), None)
    if column.kind == "date":
        return _read(own, cells.moment(_CELL, dtype, column.form), None)
    said = cells.text(_CELL, dtype)
    kept = column.kept or len(column.levels)
    codes = list(range(1, kept + 1)) if column.kept else list(column.codes)
    other = kept + 1 if column.kept else column.other
    coded = said.replace_strict(list(column.levels[:kept]), codes, default=other, return_dtype=pl.Float64)
    value = pl.when(said.is_null()).then(0.0 if column.kept else None).otherwise(coded)
    return _read(own, value, ~said.is_in(list(column.levels)))


def _read(own: pl.Series, value: pl.Expr, strange: pl.Expr | None) -> tuple[pl.Series, int]:
    """The value of each cell, and how many filled ones are strange: where it is not said which, those without a value."""
    table = own.alias(_CELL).to_frame()
    filled = cells.text(_CELL, own.dtype).is_not_null()
    if not _repeats(own):
        found = table.select(value.alias("value"), *([] if strange is None else [(strange & filled).alias("strange")]))
        if strange is not None:
            return found["value"], int(found["strange"].sum())
        without = table.filter(found["value"].is_null())
        return found["value"], int(without.select(filled.sum()).item()) if without.height else 0
    different = table[_CELL].value_counts(name="rows").with_columns(value.alias("value"))
    without_value = pl.col("value").is_null() if strange is None else strange
    count = different.filter(without_value & filled)["rows"].sum()
    looked_up = table.join(different, on=_CELL, how="left", nulls_equal=True, maintain_order="left")
    return looked_up["value"], int(count)


def _repeats(own: pl.Series) -> bool:
    head = own.head(_LOOKED_AT)
    return own.dtype == pl.String and head.n_unique() * 2 < len(head)


def _part(at: pl.Series, part: str, now: pl.Series | None) -> pl.Series:
    if part == AGE:
        if now is None:
            raise TableError("an age needs the time column")
        return (now - at).dt.total_seconds() / 86_400
    if part == "weekday":
        return at.dt.weekday()
    return at.dt.hour() if part == "hour" else at.dt.month()


def refuse_other_kinds(frame: pl.DataFrame, columns: Sequence[Column], counts: Mapping[str, int], path: object) -> None:
    """Raises TableError where more than half of a column's filled cells are not of its kind: it is another column."""
    for column in columns:
        if column.kind == "category" or column.name not in counts:
            continue
        told = frame.select(cells.text(column.name, frame.schema[column.name]).alias("text"))["text"].drop_nulls()
        if counts[column.name] * 2 > len(told):
            shown = ", ".join(f'"{text[:40]}"' for text in told.head(3))
            written = f" written as {column.form}" if column.form else ""
            raise TableError(
                f'{path}: column "{column.name}" should hold {expected(column)}s{written}; it holds {shown}.\n'
                "  Give the column that the model was trained on, or train again on a file like this"
            )
