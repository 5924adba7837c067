"""From anybody's file to a model's folder: read, look for leaks, divide, learn the columns, fit, measure, keep.

Rows held out are looked at once, for the figures. Category codes are learnt from training rows alone. Whether a model is
worth anything is the verdict of `tools.ml.fit`: where it is not, the card says `none` and answers the base rate.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import xgboost as xgb

from tools.ml import evaluate, fit, fit_days, splits
from tools.ml.card import SHORT, Card, Head, TableSpec, Task
from tools.ml.data import Data, FitError, Fitted, Floats, Progress, Settings, silent
from tools.ml.evaluating import reference
from tools.ml.predict import Predictor
from tools.ml.table import columns, folder, inputs, naming
from tools.ml.table.leaks.evidence import Finding
from tools.ml.table.leaks.guard import look_for_leaks
from tools.ml.table.preparing import SEED, Prepared, Request, prepare
from tools.ml.table.reading import TableError

FOLDS = 5
AN_ID = "an id"
__all__ = ["SEED", "LeaksFound", "Request", "Trained", "train"]


@dataclass(frozen=True, slots=True)
class Trained:
    """path: the model's folder; figures: of the model and of its plain baseline on rows held out; notes: for people."""

    path: Path
    card: Card
    head: Head
    verdict: str
    baseline: str
    figures: Mapping[str, tuple[float, float | None]]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


class LeaksFound(Exception):
    """Training stopped: these columns look decided after the outcome. findings: with the doubtful ones."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        self.leaks = tuple(finding for finding in findings if finding.verdict == "leak")
        super().__init__(f"{', '.join(finding.column for finding in self.leaks)}: decided after the outcome?")


def train(request: Request, progress: Progress = silent) -> Trained:
    """Raises TableError for a file or column that cannot be used, LeaksFound where the guard stops, and FitError where there
    are too few rows."""
    folder.refuse_foreign(request.out)
    progress("reading", 0.0)
    ready = prepare(request)
    progress("looking for leaks", 0.1)
    findings, notes = _guarded(request, ready)
    if not ready.looked.kinds:
        raise TableError(f"{request.data}: no column is left to learn from:\n" + _listed(ready.excluded))
    data, parts, spec = _matrix(ready)
    fitted = _fit(request, ready, data, parts, lambda doing, share: progress(doing, 0.2 + 0.75 * share))
    progress("writing", 0.97)
    figures = _figures(ready, data, fitted)
    card = _card(request, ready, spec, fitted, figures, data, parts)
    kept = reference.files_of(request.asked.task, data, ready.outcome.value[ready.outcome.usable], parts)
    path = folder.keep(request.out, card, {fitted.head.file: fitted.booster, **kept})
    task = request.asked.task
    return Trained(
        path,
        card,
        card.heads[task],
        fitted.evidence.verdict,
        fitted.evidence.name,
        figures,
        tuple(findings),
        (*ready.notes, *notes, *fitted.evidence.notes),
    )


def _guarded(request: Request, ready: Prepared) -> tuple[list[Finding], list[str]]:
    """What was found and may stay. Raises LeaksFound for what may not."""
    allowed = {name.casefold() for name in request.allow}
    ids = [*([ready.id] if ready.id else []), *(name for name, why in ready.looked.excluded.items() if AN_ID in why)]
    findings, notes = look_for_leaks(
        ready.frame, ready.looked, ready.asked.task, ready.outcome, ids=list(dict.fromkeys(ids)), time=ready.time
    )
    open_ones = [finding for finding in findings if finding.column.casefold() not in allowed]
    if any(finding.verdict == "leak" for finding in open_ones):
        raise LeaksFound(open_ones)
    return open_ones, notes


def _matrix(ready: Prepared) -> tuple[Data, splits.Parts, TableSpec]:
    keys = inputs.keys_of(
        ready.frame, ready.id, ready.time and ready.time[0], [kind.name for kind in ready.looked.kinds]
    )
    try:
        parts = splits.split(keys, ready.order)
    except ValueError as error:
        raise TableError(f"--time {ready.asked.time}: {error}") from None
    usable, task = ready.outcome.usable, ready.asked.task
    amount, weight = ready.outcome.measure(task)
    folds = splits.folds(keys, FOLDS, salt="levels")
    learnt, rows = columns.learn(
        ready.frame, ready.looked.kinds, task, (amount[usable], weight[usable]), parts.train, folds, ready.time
    )
    spec = TableSpec(
        target=ready.asked.target,
        id=ready.id,
        time=ready.asked.time,
        positive=ready.outcome.positive,
        negative=ready.outcome.negative,
        target_form=ready.outcome.form,
        time_form=ready.time[1] if ready.time else "",
        closed=ready.asked.closed,
        columns=learnt,
        excluded=ready.excluded,
    )
    return Data(rows, naming.features(learnt, ready.time), keys, ready.order), parts, spec


def _fit(request: Request, ready: Prepared, data: Data, parts: splits.Parts, progress: Progress) -> Fitted:
    usable, settings = ready.outcome.usable, Settings(trials=request.trials)
    value, closed = ready.outcome.value[usable], ready.outcome.closed[usable]
    how: dict[str, Any] = {
        "signs": ready.signs, "settings": settings, "seed": request.seed, "progress": progress,
    }  # fmt: skip
    try:
        if request.asked.task == "propensity":
            return fit.fit_propensity(data, value.astype(np.int8), parts, **how)
        if request.asked.task == "acv":
            return fit.fit_acv(data, value, parts, **how)
        return fit_days.fit_time_to_close(data, value, closed, parts, **how)
    except FitError as error:
        raise TableError(f"{request.data}: {error}") from None


def _figures(ready: Prepared, data: Data, fitted: Fitted) -> dict[str, tuple[float, float | None]]:
    """name -> (the model's, its plain baseline's) on rows held out."""
    held, model, plain = fitted.evidence.held_out, fitted.evidence.model, fitted.evidence.baseline
    truth = ready.outcome.value[ready.outcome.usable][held]
    if ready.asked.task == "propensity":
        labels = truth.astype(np.int8)
        return {
            name: (measure(model, labels), measure(plain, labels))
            for name, measure in (("auc", evaluate.auc), ("brier", evaluate.brier), ("ece", evaluate.ece))
        } | {"base_rate": (float(labels.mean()), None)}
    ranges = Predictor(fitted.head, fitted.booster).predict(data.rows[held])
    return {
        "r2_of_log": (_r2(truth, model), _r2(truth, plain)),
        "median_factor_off": (_factor(truth, model), _factor(truth, plain)),
        "coverage": (float(np.mean((truth >= ranges.low) & (truth <= ranges.high))), None),
    }


def _r2(truth: Floats, told: Floats) -> float:
    logs = np.log(truth)
    return float(1 - np.sum((logs - np.log(told)) ** 2) / max(np.sum((logs - logs.mean()) ** 2), 1e-12))


def _factor(truth: Floats, told: Floats) -> float:
    return float(np.exp(np.median(np.abs(np.log(truth / told)))))


def _card(
    request: Request,
    ready: Prepared,
    spec: TableSpec,
    fitted: Fitted,
    figures: Mapping[str, tuple[float, float | None]],
    data: Data,
    parts: splits.Parts,
) -> Card:
    task: Task = request.asked.task
    said = {name: round(own, 4) for name, (own, _) in figures.items()}
    said |= {f"baseline_{name}": round(plain, 4) for name, (_, plain) in figures.items() if plain is not None}
    said |= {"held_out": float(len(fitted.evidence.held_out)), "p_value": round(float(fitted.evidence.p_value), 5)}
    return Card(
        name=f"{task}-of-{request.data.stem}",
        kind="table",
        synthetic=False,
        note=f"{task} of {request.data.name}, column {ready.asked.target}. {fitted.evidence.verdict}",
        features=data.features,
        features_digest=hashlib.sha256(spec.model_dump_json().encode()).hexdigest()[:SHORT],
        seed=request.seed,
        rows=len(data.rows),
        heads={task: fitted.head.model_copy(update={"figures": said})},
        table=spec,
        training=_told(request, ready, parts, fitted),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        environment={
            "python": platform.python_version(),
            "machine": platform.machine(),
            "xgboost": xgb.__version__,
            "numpy": np.__version__,
            "polars": pl.__version__,
        },
    )


def _told(request: Request, ready: Prepared, parts: splits.Parts, fitted: Fitted) -> dict[str, str]:
    sizes = ", ".join(f"{name} {int(getattr(parts, name).sum()):,}" for name in ("train", "calibration", "held_out"))
    how = f"the last by {ready.asked.time} are held out" if ready.order is not None else "by hash of "
    if ready.order is None:
        how += ready.id or "the row's cells"
    told = {"data": request.data.name, "rows": sizes, "split": how, "baseline": fitted.evidence.name}
    if request.allow:
        told["allowed by a person"] = ", ".join(request.allow)
    if ready.time is not None and ready.order is not None:
        low, high = (
            np.datetime64("1970-01-01") + np.timedelta64(int(f(ready.order)), "D") for f in (np.nanmin, np.nanmax)
        )
        told["period"] = f"{low} to {high}"
    return told


def _listed(excluded: Mapping[str, str]) -> str:
    return "\n".join(f"  {name}: {why}" for name, why in excluded.items())
