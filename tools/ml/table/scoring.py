"""A file of any size against a model: batch by batch, on this machine or on a Dask cluster, with the same bits.

What a batch needs is in `Scorer`: it can be sent to another process. A batch is answered by its rows alone, so neither its
size nor where it is answered changes a number. Memory holds a few batches, whatever the file's size.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
import polars as pl

from tools.ml.card import TableSpec, Task
from tools.ml.predict import Predictor
from tools.ml.table import cells, folder, inputs, matrix, naming, reasons
from tools.ml.table.reading import BATCH, TableError, opened

POINT: dict[Task, str] = {"propensity": "probability", "acv": "value", "time-to-close": "days"}
DIGITS: dict[Task, int] = {"propensity": 6, "acv": 2, "time-to-close": 2}
_FORMULA = r"^[=+\-@\t\r]"
_NUMBER = r"^[+-]?\d+([.,]\d+)*$"


@dataclass(frozen=True, slots=True)
class Answered:
    """A batch's answers: id (or row), the point under its name, low, high, and reasons where they were asked for. odd:
    column -> cells that meant nothing to the model."""

    frame: pl.DataFrame
    odd: dict[str, int]


@dataclass(frozen=True, slots=True)
class Scorer:
    """A model ready to answer batches. path: what errors call the file; most: reasons a row."""

    task: Task
    spec: TableSpec
    predictor: Predictor
    path: str
    most: int

    def answer(self, batch: pl.DataFrame, first: int) -> Answered:
        """batch: cells under the card's names; first: the place of its first row in the file, from 0. Raises TableError
        where a column holds something else than in training."""
        rows, odd = matrix.read(batch, self.spec.columns, naming.time_of(self.spec))
        matrix.refuse_other_kinds(batch, self.spec.columns, odd, self.path)
        told = self.predictor.predict(rows)
        digits = DIGITS[self.task]
        out = {
            **self._names(batch, first),
            POINT[self.task]: np.round(told.point, digits),
            "low": np.round(told.low, digits),
            "high": np.round(told.high, digits),
        }
        if self.most:
            owner = naming.owners(self.spec.columns).tolist()
            effect = reasons.effects(self.predictor, rows, owner, told.margins)
            names = [column.name for column in self.spec.columns]
            out["reasons"] = reasons.in_words(batch, self.task, names, effect, self.most)
        return Answered(pl.DataFrame(out), odd)

    def _names(self, batch: pl.DataFrame, first: int) -> dict[str, pl.Series]:
        if self.spec.id is None:
            return {"row": pl.Series(np.arange(first + 1, first + 1 + batch.height))}
        name = self.spec.id
        if batch.schema[name] != pl.String:
            return {"id": batch[name].alias("id")}
        return {"id": batch.select(cells.text(name, batch.schema[name]).fill_null("").alias("id"))["id"]}


@dataclass(slots=True)
class Scored:
    """What a person is told afterwards. notes: how the file was read; odd: cells that meant nothing, by column; said: the
    same as sentences."""

    rows: int = 0
    notes: tuple[str, ...] = ()
    odd: Counter[str] = field(default_factory=Counter)
    said: tuple[str, ...] = ()


Spread = Callable[[Scorer, Iterable[tuple[int, pl.DataFrame]]], Iterator[Answered]]
"""How batches are answered, in their order: here, or on a cluster."""


def here(scorer: Scorer, batches: Iterable[tuple[int, pl.DataFrame]]) -> Iterator[Answered]:
    """One after the other, in this process."""
    for first, batch in batches:
        yield scorer.answer(batch, first)


def score(
    model: Path,
    data: Path,
    out: Path,
    *,
    most: int = 3,
    spread: Spread = here,
    rows: int = BATCH,
    progress: Callable[[int], None] = lambda _: None,
) -> Scored:
    """Scores `data` into `out`, which appears whole or not at all; most: reasons a row, 0 for none. Raises ModelError or
    TableError."""
    found, task, spec = folder.find(model)
    if out.suffix.lower() not in {".csv", ".parquet", ".pq"}:
        raise TableError(f"--out: {out} should end in .csv or .parquet")
    if not out.parent.is_dir():
        raise TableError(f"--out: there is no folder {out.parent}")
    head = found.card.heads[task]
    scorer = Scorer(
        task, spec, Predictor(head, found.files[head.file]), str(data), 0 if head.signal == "none" else most
    )
    told = Scored()
    with opened(data) as table:
        told.notes = table.notes
        wanted = naming.located(table, spec)
        names = list(dict.fromkeys(wanted.values()))

        def batches() -> Iterator[tuple[int, pl.DataFrame]]:
            first = 0
            for batch in table.batches(names, rows):
                yield first, inputs.renamed(batch, wanted)
                first += batch.height

        def answers() -> Iterator[pl.DataFrame]:
            for answered in spread(scorer, batches()):
                told.rows += answered.frame.height
                told.odd.update(answered.odd)
                progress(told.rows)
                yield answered.frame

        _write(out, answers(), scorer)
    told.said = inputs.said(dict(told.odd), spec)
    return told


def _write(out: Path, answers: Iterator[pl.DataFrame], scorer: Scorer) -> None:
    """Aside first, then renamed."""
    handle, name = tempfile.mkstemp(prefix=".scoring-", suffix=out.suffix, dir=out.parent)
    aside = Path(name)
    try:
        if out.suffix.lower() == ".csv":
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                _csv(file, answers, _empty(scorer))
        else:
            os.close(handle)
            _parquet(aside, answers, _empty(scorer))
        aside.chmod(0o644)
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)


def _empty(scorer: Scorer) -> pl.DataFrame:
    """No rows, all columns: what a file without rows is answered with."""
    name, kind = ("row", pl.Int64) if scorer.spec.id is None else ("id", pl.String)
    columns_of: dict[str, type[pl.DataType]] = {
        name: kind,
        POINT[scorer.task]: pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
    }
    return pl.DataFrame(schema=columns_of | ({"reasons": pl.String} if scorer.most else {}))


def _csv(file: TextIO, answers: Iterator[pl.DataFrame], empty: pl.DataFrame) -> None:
    file.write(",".join(empty.columns) + "\n")
    file.writelines(harmless(answered).write_csv(include_header=False) for answered in answers)


def harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, "CSV Injection"); a number
    stays one."""
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    return frame.with_columns(
        pl.when(pl.col(name).str.contains(_FORMULA) & ~pl.col(name).str.contains(_NUMBER))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    )


def _parquet(path: Path, answers: Iterator[pl.DataFrame], empty: pl.DataFrame) -> None:
    """A lazy frame over the answers, so that no more than a few batches are in memory."""
    from polars.io.plugins import register_io_source  # noqa: PLC0415 - unstable in polars, and for this alone

    first = next(answers, empty)

    def source(
        _columns: list[str] | None, _predicate: pl.Expr | None, _rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        yield first
        yield from answers

    register_io_source(source, schema=first.schema).sink_parquet(path)
