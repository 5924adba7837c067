"""A model with a newer calibration: from a file of newly labelled rows, or month by month, kept as a model of its own.

The trees stay, so the order of rows stays; the old folder is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.ml.card import Calibration
from tools.ml.data import Floats
from tools.ml.evaluating import probabilities, recalibrating, reference
from tools.ml.evaluating.case import Case, NotMeasurable, case_of
from tools.ml.evaluating.evaluation import months_of
from tools.ml.evaluating.recalibrating import Recalibration
from tools.ml.predict import sigmoid
from tools.ml.registry import Model
from tools.ml.table import folder


@dataclass(frozen=True, slots=True)
class Moved:
    """worth: measured on rows that the line did not see. keys, order: of the rows that it did."""

    table: Calibration
    worth: Recalibration
    keys: Sequence[str]
    order: Floats | None


def by_file(model: Model, case: Case, path: Path, target: str | None = None, *, seed: int = 0) -> Moved:
    """The rows of `path` move the calibration; those of the case that are not among them say what it was worth. Rows that
    the model was trained on take no part. Raises NotMeasurable, TooFewError, TableError."""
    table = _calibration(case)
    newer = case_of(model, path, target)
    line = recalibrating.fit(newer.said.point, newer.value)
    apart = ~np.isin(np.asarray(case.keys, dtype=np.str_), np.asarray(newer.keys, dtype=np.str_))
    if not apart.any():
        raise NotMeasurable(
            f"--recalibrate-on {path}: every measured row is in it; give it older rows and --data newer ones"
        )
    before, outcome = case.said.point[apart], case.value[apart]
    after = sigmoid(line.moved(probabilities.log_odds(before)))
    worth = recalibrating.compared(path.name, line, before, after, outcome, seed)
    return Moved(recalibrating.recalibrated(table, line), worth, newer.keys, newer.order)


def by_month(case: Case, *, seed: int = 0) -> Moved:
    """As it would have gone in operation (see recalibrating.walk); the newest months make the model that is kept. Raises
    NotMeasurable, TooFewError."""
    table = _calibration(case)
    at = months_of(case)
    if at is None:
        raise NotMeasurable(
            "--recalibrate-on last-month: needs rows of several months, and a model trained with --time; give a FILE instead"
        )
    dated, months = at
    stated, outcome = case.said.point[dated], case.value[dated]
    walked = recalibrating.walk(stated, outcome, months.tolist())
    here, newest = walked.measured, np.flatnonzero(dated)[walked.last_rows]
    names = [str(np.datetime64(int(one), "M")) for one in (months[walked.last_rows].min(), months.max())]
    on = f"the newest labelled month before each month (the model kept: {' to '.join(dict.fromkeys(names))})"
    worth = recalibrating.compared(on, walked.last, stated[here], walked.after[here], outcome[here], seed)
    order = None if case.order is None else case.order[newest]
    return Moved(recalibrating.recalibrated(table, walked.last), worth, [case.keys[i] for i in newest.tolist()], order)


def keep(model: Model, moved: Moved, out: Path) -> Path:
    """Writes the model with its new calibration under `out`, which remembers the rows that moved it; returns its folder."""
    [(task, head)] = model.card.heads.items()
    card = model.card.model_copy(
        update={
            "heads": {task: head.model_copy(update={"calibration": moved.table})},
            "training": {
                **model.card.training,
                "recalibrated": f"from {model.digest} on {moved.worth.on}: {moved.worth.rows:,} rows",
            },
        }
    )
    files = dict(model.files)
    if reference.KNOWN_ROWS in files:
        files[reference.KNOWN_ROWS] = reference.extended(files[reference.KNOWN_ROWS], moved.keys, moved.order)
    return folder.keep(out, card, files)


def _calibration(case: Case) -> Calibration:
    if case.task != "propensity" or case.head.calibration is None:
        raise NotMeasurable(f"--recalibrate-on: {case.task} states no probabilities; train again on newer rows")
    if case.head.signal == "none":
        raise NotMeasurable("--recalibrate-on: the model has no usable signal; train again on newer rows")
    return case.head.calibration
