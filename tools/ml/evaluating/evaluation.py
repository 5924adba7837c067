"""One evaluation of a model on a file: what evaluation.json holds and the card shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tools.ml.card import Task
from tools.ml.evaluating import drift, report
from tools.ml.evaluating.case import Case, NotMeasurable
from tools.ml.evaluating.drift import Month
from tools.ml.evaluating.importance import Importance, importance
from tools.ml.evaluating.recalibrating import Recalibration
from tools.ml.evaluating.report import Measured
from tools.ml.evaluating.resampling import ROUNDS

FEW: Final = 200
Measure = Callable[[Case, int, int], Measured]


class Evaluation(BaseModel):
    """rows_used: which rows of the file; moves: features by importance. drift: by month, where rows have dates."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")
    model: str
    digest: str
    task: Task
    target: str
    data: str
    rows_used: str
    signal: str
    seed: int
    warnings: list[str]
    notes: list[str]
    measured: Measured
    moves: list[Importance]
    months: list[Month] = []
    recalibration: Recalibration | None = None

    @property
    def drifted(self) -> bool:
        """Calibration is off beyond chance, over the whole period or in one of its months."""
        whole = self.measured.calibration
        return bool(whole and whole.off) or any(month.off for month in self.months)


def evaluate(case: Case, data: Path, digest: str, *, seed: int = 0, rounds: int = ROUNDS) -> Evaluation:
    """Measures the case. Raises NotMeasurable where outcomes are all alike."""
    measured = _MEASURES[case.task](case, seed, rounds)
    months = []
    if case.task == "propensity" and (at := months_of(case)) is not None:
        dated, month = at
        months = drift.by_month(case.said.point[dated], case.value[dated], month, case.answers.calibrated_on, seed)
    return Evaluation(
        model=case.card.name,
        digest=digest,
        task=case.task,
        target=case.card.table.target if case.card.table else "",
        data=data.name,
        rows_used=case.used,
        signal=case.head.signal,
        seed=seed,
        warnings=[*case.warnings, *_doubts(case)],
        notes=list(case.notes),
        measured=measured,
        moves=importance(case, seed),
        months=months,
    )


def months_of(case: Case) -> tuple[NDArray[np.bool_], NDArray[np.int64]] | None:
    """(rows with a date (n,), their months); None where rows have no dates or all are of one month."""
    table = case.card.table
    if table is None or not table.time_form or case.order is None:
        return None
    dated = ~np.isnan(case.order)
    months = drift.months_of(case.order[dated])
    return (dated, months) if len(np.unique(months)) > 1 else None


def _propensity(case: Case, seed: int, rounds: int) -> Measured:
    if not 0 < case.value.sum() < len(case.value):
        raise NotMeasurable(f"all {len(case.value):,} rows have the same outcome: nothing can be told apart")
    return report.propensity(case.answers, case.value, case.baselines, seed=seed, rounds=rounds)


def _contract_value(case: Case, seed: int, rounds: int) -> Measured:
    return report.contract_value(case.answers, case.value, case.baselines, seed=seed, rounds=rounds)


def _time_to_close(case: Case, seed: int, rounds: int) -> Measured:
    return report.time_to_close(case.answers, case.value, case.closed, case.baselines, seed=seed, rounds=rounds)


_MEASURES: Final[dict[Task, Measure]] = {
    "propensity": _propensity,
    "acv": _contract_value,
    "time-to-close": _time_to_close,
}


def _doubts(case: Case) -> list[str]:
    found = []
    if len(case.value) < FEW:
        found.append(f"only {len(case.value):,} rows were measured: read the intervals, not the figures")
    if case.card.synthetic:
        found.append("the model was trained on synthetic rows: its figures are nobody's experience")
    return found
