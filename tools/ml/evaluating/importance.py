"""What moves a model's answers: mean |SHAP| a feature, in a unit that people know."""

from __future__ import annotations

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from tools.ml.card import Task
from tools.ml.data import Floats
from tools.ml.evaluating.case import Case
from tools.ml.predict import Predictor, calibrated, sigmoid

MOST: Final = 5_000
"""Rows explained; the mean over more is the same to three digits."""


class Importance(BaseModel):
    """moves: of a probability, mean points (hundredths) that the feature moves the answer by, up or down; of an amount or
    of days, mean per cent."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    feature: str
    moves: float


def importance(case: Case, seed: int = 0) -> list[Importance]:
    """The features from the most to the least important; none where the model has no signal."""
    if case.head.signal == "none":
        return []
    rows = case.rows
    if len(rows) > MOST:
        rows = rows[np.sort(np.random.default_rng(seed).permutation(len(rows))[:MOST])]
    parts = case.predictor.contributions(rows)
    if case.task == "propensity":
        moves = 100 * np.abs(parts * _points_per_unit(case, case.predictor, parts)[:, None]).mean(axis=0)
    else:
        moves = 100 * np.expm1(np.abs(parts).mean(axis=0))
    order = np.argsort(-moves, kind="stable")
    return [Importance(feature=case.card.features[i], moves=float(moves[i])) for i in order.tolist()]


def _points_per_unit(case: Case, predictor: Predictor, parts: Floats) -> Floats:
    """(n,) probability per log-odds on the way from the base to each answer (the secant of the calibrated curve), so that a
    row's parts add up to its answer minus the base's."""
    table = case.head.calibration
    total = parts.sum(axis=1)
    ends = (np.full(len(total), predictor.base), predictor.base + total)
    start, end = (sigmoid(each) if table is None else calibrated(table, each)[0] for each in ends)
    flat = start * (1 - start)
    per_unit: Floats = np.divide(end - start, total, out=flat, where=np.abs(total) > 1e-9)
    return per_unit


def unit_of(task: Task) -> str:
    return "points" if task == "propensity" else "%"
