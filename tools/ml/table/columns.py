"""Columns of a file become a matrix of float32, learnt once from training rows and kept on the card.

    number, flag   one number; blank is NaN, which trees treat as an answer of its own
    date           days before --time, or parts (weekday, hour, month): never an absolute date, which no later lead repeats
    category       one number a level: its smoothed rate (log-odds, log amount, log days) over training rows

A level's rate is made of outcomes. So that no row sees its own, a training row gets the rate over the folds it is not in;
every other row, here and in every later file, gets the rate over all training rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tools.ml.card import Column, TableSpec, Task
from tools.ml.table import cells
from tools.ml.table.kinds import Kind
from tools.ml.table.reading import Table, TableError

Floats = NDArray[np.float64]
SMOOTHING = 20.0
"""A level counts as if so many rows of the average stood beside its own."""
REMEMBERED = 2_000
"""Levels kept on the card, so that one that was rare is not called new."""
AGE = "days before"
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
    rows = matrix(frame, columns, time)
    place = 0
    for column, kind in zip(columns, kinds, strict=True):
        if column.kind == "category":
            rows[:, place] = _out_of_fold(frame, kind, task, measure, train, folds, rows[:, place])
        place += len(features_of(column, time))
    return columns, rows


def features(columns: Sequence[Column], time: tuple[str, str] | None) -> tuple[str, ...]:
    """Names of the matrix's columns, in order."""
    return tuple(name for column in columns for name in features_of(column, time))


def features_of(column: Column, time: tuple[str, str] | None) -> tuple[str, ...]:
    if column.kind != "date":
        return (column.name,)
    return tuple(
        f"{column.name}: {part} {time[0]}" if part == AGE and time else f"{column.name}: {part}"
        for part in column.parts
    )


def owners(columns: Sequence[Column]) -> NDArray[np.int64]:
    """(k,) for each column of the matrix, the place of the file's column that it came from."""
    counts = [len(column.parts) if column.kind == "date" else 1 for column in columns]
    return np.repeat(np.arange(len(columns)), counts)


def time_of(spec: TableSpec) -> tuple[str, str] | None:
    """Name and form of the time column, where it holds dates."""
    return None if spec.time is None or not spec.time_form else (spec.time, spec.time_form)


def matrix(frame: pl.DataFrame, columns: Sequence[Column], time: tuple[str, str] | None = None) -> NDArray[np.float32]:
    """(n, k) float32, NaN where blank. A level that was not seen in training gets the code of rare levels."""
    names = features(columns, time)
    expressions = [each for column in columns for each in _expressions(frame, column, time)]
    wide = frame.select(
        each.cast(pl.Float32).fill_null(float("nan")).alias(str(place)) for place, each in enumerate(expressions)
    )
    rows = wide.to_numpy(order="c") if names else np.empty((frame.height, 0))
    return np.ascontiguousarray(rows, dtype=np.float32)


def _expressions(frame: pl.DataFrame, column: Column, time: tuple[str, str] | None) -> list[pl.Expr]:
    dtype = frame.schema[column.name]
    if column.kind == "number":
        return [cells.number(column.name, dtype, column.form)]
    if column.kind == "flag":
        return [cells.flag(column.name, dtype)]
    if column.kind == "category":
        said = cells.text(column.name, dtype)
        coded = said.replace_strict(
            list(column.levels), list(column.codes), default=column.other, return_dtype=pl.Float64
        )
        return [pl.when(said.is_null()).then(None).otherwise(coded)]
    at = cells.moment(column.name, dtype, column.form)
    return [_part(frame, at, part, time) for part in column.parts]


def _part(frame: pl.DataFrame, at: pl.Expr, part: str, time: tuple[str, str] | None) -> pl.Expr:
    if part == AGE:
        if time is None:
            raise TableError("an age needs the time column")
        now = cells.moment(time[0], frame.schema[time[0]], time[1])
        return (now - at).dt.total_seconds() / 86_400
    if part == "weekday":
        return at.dt.weekday()
    return at.dt.hour() if part == "hour" else at.dt.month()


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
    place = level_places(frame, kind)
    amount, weight = _totals(place[train], measure[0][train], measure[1][train], kind.kept + 1)
    codes = _rate(amount, weight, task, (amount.sum(), weight.sum()))
    levels = tuple(text for text, _ in kind.levels[:REMEMBERED])
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


def needed(spec: TableSpec) -> tuple[str, ...]:
    """Columns that a file to be scored must have, each once: the id, what ages are measured from, the features."""
    time = time_of(spec)
    dated = [time[0]] if time and any(AGE in column.parts for column in spec.columns) else []
    names = [*([spec.id] if spec.id else []), *dated, *(column.name for column in spec.columns)]
    return tuple(dict.fromkeys(names))


def located(table: Table, spec: TableSpec) -> dict[str, str]:
    """The card's name of each needed column -> the file's. Raises TableError that names every missing column, what it
    holds and, where one is near, which was perhaps meant."""
    kinds = {column.name: column for column in spec.columns}
    found: dict[str, str] = {}
    missing: list[str] = []
    for name in needed(spec):
        try:
            found[name] = table.column(name, "the model")
        except TableError as error:
            what = _expected(kinds[name]) if name in kinds else "the id" if name == spec.id else "dates"
            near = re.search(r'did you mean "(.*)"\?$', str(error))
            meant = f'; the file has "{near[1]}": rename it if that is the one' if near else ""
            missing.append(f'"{name}" ({what}){meant}')
    if missing:
        raise TableError(
            f"{table.path}: {len(missing)} of the columns that the model was trained on "
            f"{'is' if len(missing) == 1 else 'are'} missing: {', '.join(missing)}.\n"
            "  Add what is missing (cells may be blank), or train without it (--exclude)"
        )
    return found


def _expected(column: Column) -> str:
    if column.kind == "category":
        return "category: " + ", ".join(column.levels[:4]) + (", ..." if len(column.levels) > 4 else "")
    return {"number": "number", "flag": "yes or no", "date": "date"}[column.kind]


def misread(frame: pl.DataFrame, columns: Sequence[Column]) -> dict[str, int]:
    """column -> filled cells that are not of its kind, or a level that training did not see. None of them: left out."""
    counts = frame.select(
        (cells.text(column.name, frame.schema[column.name]).is_not_null() & _unread(frame, column))
        .sum()
        .alias(column.name)
        for column in columns
    )
    return {name: count for name, count in counts.row(0, named=True).items() if count} if columns else {}


def _unread(frame: pl.DataFrame, column: Column) -> pl.Expr:
    dtype = frame.schema[column.name]
    if column.kind == "category":
        return ~cells.text(column.name, dtype).is_in(list(column.levels))
    if column.kind == "number":
        return cells.number(column.name, dtype, column.form).is_null()
    if column.kind == "flag":
        return cells.flag(column.name, dtype).is_null()
    return cells.moment(column.name, dtype, column.form).is_null()


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
                f'{path}: column "{column.name}" should hold {_expected(column)}s{written}; it holds {shown}.\n'
                "  Give the column that the model was trained on, or train again on a file like this"
            )
