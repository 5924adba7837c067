"""A file against a model's card: its matrix, its outcomes, and what keeps its rows together. What `evaluate` begins with.

Nothing here trains; a column that is missing or holds something else is an error that names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tools.ml.card import TableSpec, Task
from tools.ml.table import cells, matrix, naming
from tools.ml.table.outcomes import Asked, days, numbers_of, outcome_of
from tools.ml.table.reading import TableError, opened

_BETWEEN = "\x1f"
"""Stands between cells where a row's content is its key: no table types it."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """The rows of a file that have an outcome. rows: (n, k) float32; outcome: its arrays have the length of the file, so use
    `value`, `closed`; keys: equal for rows that belong together; order: (n,) days since 1970 or the time's number, NaN
    unknown, None without a time column; frame: their cells under the card's names; notes: what was left out."""

    rows: NDArray[np.float32]
    value: NDArray[np.float64]
    closed: NDArray[np.bool_]
    keys: list[str]
    order: NDArray[np.float64] | None
    frame: pl.DataFrame
    notes: tuple[str, ...]


def labelled(spec: TableSpec, task: Task, path: Path, target: str | None = None) -> Labelled:
    """target: where it is called otherwise in this file. Raises TableError."""
    with opened(path) as table:
        wanted = naming.located(table, spec)
        for name, said_by in ((target or spec.target, "--target"), (spec.time, "--time"), (spec.closed, "--closed")):
            if name:
                own = spec.target if said_by == "--target" else name
                wanted[own] = table.column(name, said_by)
        frame = renamed(table.frame(list(dict.fromkeys(wanted.values()))), wanted)
        notes = table.notes
    outcome = outcome_of(frame, _asked(spec, task))
    frame = frame.filter(outcome.usable)
    if not frame.height:
        raise TableError(f"{path}: no row has an outcome")
    rows, counts = matrix.read(frame, spec.columns, naming.time_of(spec))
    matrix.refuse_other_kinds(frame, spec.columns, counts, path)
    return Labelled(
        rows,
        outcome.value[outcome.usable],
        outcome.closed[outcome.usable],
        keys_of(frame, spec.id, spec.time, [column.name for column in spec.columns]),
        order_of(frame, spec),
        frame,
        (*notes, *outcome.notes, *said(counts, spec)),
    )


def _asked(spec: TableSpec, task: Task) -> Asked:
    """The target as it was spelt in training: a file that spells it otherwise is an error that lists what it says."""
    return Asked(
        task,
        spec.target,
        spec.time,
        spec.closed,
        spec.positive.replace("|", ",") or None,
        spec.negative.replace("|", ",") or None,
    )


def renamed(frame: pl.DataFrame, wanted: dict[str, str]) -> pl.DataFrame:
    """The columns under the card's names."""
    return frame.select(pl.col(theirs).alias(ours) for ours, theirs in wanted.items())


def keys_of(frame: pl.DataFrame, name: str | None, time: str | None, names: Sequence[str]) -> list[str]:
    """(n,) the id's text, or what the row says (its time too, where there is one) where there is no id or it is blank: the
    same row is on the same side of a split whatever file it stands in."""
    said = sorted({*names, *([time] if time else [])})
    content = pl.concat_str(
        [pl.col(each).cast(pl.String).fill_null("") for each in said] or [pl.lit("")], separator=_BETWEEN
    )
    own = content if name is None else pl.coalesce(cells.text(name, frame.schema[name]), content)
    return frame.select(own.alias("key"))["key"].to_list()


def order_of(frame: pl.DataFrame, spec: TableSpec) -> NDArray[np.float64] | None:
    """(n,) the time of each row, NaN unknown; None where the card names no time."""
    if spec.time is None:
        return None
    return days(frame, spec.time, spec.time_form) if spec.time_form else numbers_of(frame, spec.time, "--time")[0]


def said(counts: dict[str, int], spec: TableSpec) -> tuple[str, ...]:
    """A sentence for each column with cells that mean nothing to the model."""
    kinds = {column.name: column.kind for column in spec.columns}
    return tuple(
        f"{name}: {count:,} cells hold a level that training did not see: taken as rare"
        if kinds[name] == "category"
        else f"{name}: {count:,} cells are no {kinds[name]}: read as blank"
        for name, count in counts.items()
    )
