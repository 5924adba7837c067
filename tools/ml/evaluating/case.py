"""A model's folder against a file: which rows it may fairly be measured on, and what it says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.ml import splits
from tools.ml.card import Card, Head, Task
from tools.ml.data import Floats, Rows
from tools.ml.evaluating import reference
from tools.ml.evaluating.report import Answers
from tools.ml.predict import Predictions, Predictor
from tools.ml.registry import Model
from tools.ml.splits import Mask
from tools.ml.table.inputs import Labelled, labelled

CONSTANT = {"propensity": "base rate", "acv": "median", "time-to-close": "median (Kaplan-Meier)"}
"""What the plainest baseline of each kind is called: the card's `fallback`, the same for everybody."""


class NotMeasurable(Exception):
    """A model or file that cannot be measured. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Case:
    """The rows measured, (n,) each: value (1 or 0, an amount, days), closed, keys, order (None without times), what the
    model said, what the baselines said. used: a sentence on which rows of the file these are; warnings: what casts doubt."""

    card: Card
    head: Head
    task: Task
    rows: Rows
    value: Floats
    closed: NDArray[np.bool_]
    keys: list[str]
    order: Floats | None
    said: Predictions
    baselines: Mapping[str, Floats]
    used: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    predictor: Predictor

    @property
    def answers(self) -> Answers:
        head = self.head
        table = head.calibration or head.spread
        return Answers(
            self.said.point,
            self.said.low,
            self.said.high,
            stated=table.coverage if table else float("nan"),
            calibrated_on=head.calibration.rows if head.calibration else None,
        )


def head_of(model: Model) -> tuple[Task, Head]:
    """The one head of a table's model. Raises NotMeasurable for others."""
    if model.card.table is None:
        raise NotMeasurable(
            f"{model.path} is a model of the router's own features, not of a file: its card has figures of its training"
        )
    [(task, head)] = model.card.heads.items()
    return task, head


def case_of(model: Model, path: Path, target: str | None = None, *, everything: bool = False) -> Case:
    """everything: also rows that the model was trained on. Raises NotMeasurable, and TableError for a file that does not
    fit the model."""
    task, head = head_of(model)
    assert model.card.table is not None
    found = labelled(model.card.table, task, path, target)
    fair, used, warnings = fair_rows(model, found, path, everything=everything)
    kept = np.flatnonzero(fair)
    rows, predictor = found.rows[kept], Predictor(head, model.files[head.file])
    baselines: dict[str, Floats] = {}
    if (linear := reference.baseline_of(model.files)) is not None:
        baselines[linear.name] = linear.answers(rows)
    if head.fallback is not None:
        baselines[CONSTANT[task]] = np.full(len(rows), head.fallback)
    if head.signal == "none":
        warnings = (*warnings, "no usable signal was found in training: the model answers the same to every row")
    return Case(
        model.card,
        head,
        task,
        rows,
        found.value[kept],
        found.closed[kept],
        [found.keys[i] for i in kept.tolist()],
        None if found.order is None else found.order[kept],
        predictor.predict(rows),
        baselines,
        used,
        warnings,
        found.notes,
        predictor,
    )


def fair_rows(model: Model, found: Labelled, path: Path, *, everything: bool) -> tuple[Mask, str, tuple[str, ...]]:
    """(rows to measure on, a sentence about them, warnings)."""
    total = len(found.rows)
    record = model.files.get(reference.KNOWN_ROWS)
    known = reference.seen(record, found.keys, found.order) if record else splits.split(found.keys, found.order).known
    trained = int(known.sum())
    if everything:
        doubt = (f"--all: {trained:,} of the {total:,} rows were looked at in training; the figures flatter the model",)
        return np.ones(total, dtype=np.bool_), f"all {total:,} rows", doubt if trained else ()
    if trained == total:
        raise NotMeasurable(
            f"{path}: the model was trained on all of its {total:,} rows; give rows that it has not seen, or --all"
        )
    if record is None:
        return (
            ~known,
            f"{total - trained:,} of {total:,} rows, those that a split like the training's holds out",
            ("the model's folder keeps no record of its training rows: the split was made anew",),
        )
    if not trained:
        return ~known, f"all {total:,} rows; none of them was looked at in training", ()
    return ~known, f"{total - trained:,} of {total:,} rows; the others were looked at in training", ()
