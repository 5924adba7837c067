"""Does a model know anything, and is it worth no less than its plain baseline? Answered on rows held out, by resampling
them in pairs, in one sentence with a p-value. Nothing here fits or changes a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tools.ml.data import Floats

DRAWS, LEVEL = 2_000, 0.05
LEAST_AUC = 0.56
"""Below it a ranking is of no use even if it is no accident: two normal distributions a fifth of a deviation apart, which
Cohen (1988) calls a small effect, have .556."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """signal: `found`, or `none` where a constant does as well; p_value: that it does."""

    signal: Literal["found", "none"]
    p_value: float
    text: str


def judge_ranking(model_loss: Floats, constant_loss: Floats, auc: float, seed: int) -> Verdict:
    """For probabilities. losses: (n,) of rows held out, of the model and of the base rate; auc: on the same rows."""
    p_value = paired(model_loss, constant_loss, seed)
    shown = f"AUC {auc:.3f} on {len(model_loss)} rows held out; the base rate does as well with p = {p_value:.4f}"
    if p_value >= LEVEL or not auc >= LEAST_AUC:
        return Verdict(
            "none", p_value, f"no usable signal: {shown}; at least {LEAST_AUC} and p below {LEVEL} are asked"
        )
    return Verdict("found", p_value, shown)


def judge_values(model_loss: Floats, constant_loss: Floats, seed: int) -> Verdict:
    """For money and days. losses: (n,) distances on the logarithm, of the model and of the median."""
    p_value = paired(model_loss, constant_loss, seed)
    gain = 1.0 - float(model_loss.mean() / constant_loss.mean())
    shown = f"{gain:.1%} nearer than the median on {len(model_loss)} rows held out, p = {p_value:.4f}"
    if p_value >= LEVEL or gain <= 0:
        return Verdict("none", p_value, f"no usable signal: {shown}; p below {LEVEL} is asked")
    return Verdict("found", p_value, shown)


def paired(loss: Floats, other: Floats, seed: int) -> float:
    """p-value, one-sided, of `loss` being no lower than `other` on average: the share of resamples of the rows in which
    it was not (paired bootstrap)."""
    gain, random = other - loss, np.random.default_rng(seed)
    n, missed = len(gain), 0
    for _ in range(DRAWS):
        missed += gain[random.integers(0, n, n)].mean() <= 0
    return float((missed + 1) / (DRAWS + 1))
