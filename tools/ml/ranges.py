"""How far a lead's true probability may lie from the answer, when nobody ever sees a probability, only outcomes.

The fit is repeated in worlds made like this table, whose truth is known: the fitted log-odds are taken for the truth,
outcomes are drawn from them, the same trees are fitted to those and asked about rows they did not see. Where the truth lay
about such answers, for the stated share of rows, is the range (a parametric bootstrap of the whole fit: Efron and
Tibshirani 1993, chapter 6). What no tree of this shape could learn stays unseen, so it is no promise for a single lead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tools.ml import boosting
from tools.ml.boosting import Index, Target
from tools.ml.data import Data, Floats
from tools.ml.predict import sigmoid

NEAR = 12
"""Bands of equal rows in which the distance is looked at."""


def distances(
    data: Data, index: Index, truth: Floats, params: Mapping[str, Any], rounds: int, *, worlds: int, seed: int
) -> tuple[Floats, Floats]:
    """(answer, truth - answer), both log-odds, of rows not seen by the trees that answered. truth: (len(index),)."""
    random = np.random.default_rng(seed)
    answers, gaps = [], []
    pairs = boosting.folds_of(data, index, 5)
    for world in range(worlds):
        kept, aside = pairs[world % 5]
        drawn = (random.random(len(kept)) < sigmoid(truth[kept])).astype(np.float64)
        if drawn.min() == drawn.max():
            continue
        target = Target("binary:logistic", drawn, float(drawn.mean()))
        booster = boosting.train(data.rows[index[kept]], target, {**params, "base_score": target.base}, rounds)
        answer = boosting.margins(booster, data.rows[index[aside]])
        answers.append(answer)
        gaps.append(truth[aside] - answer)
    return np.concatenate(answers), np.concatenate(gaps)


def offsets(answer: Floats, gap: Floats, at: Floats, coverage: float) -> tuple[Floats, Floats]:
    """(low, high) to add to log-odds `at`, for the stated share of rows; linear between bands."""
    edges = np.quantile(answer, np.linspace(0, 1, NEAR + 1))
    band = np.clip(np.searchsorted(edges, answer, side="right") - 1, 0, NEAR - 1)
    outside = (1.0 - coverage) / 2.0
    middles, low, high = [], [], []
    for k in range(NEAR):
        inside = gap[band == k]
        if len(inside):
            middles.append(float(answer[band == k].mean()))
            low.append(float(np.quantile(inside, outside)))
            high.append(float(np.quantile(inside, 1.0 - outside)))
    return np.interp(at, middles, low), np.interp(at, middles, high)
