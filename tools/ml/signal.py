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

LEAST_GAIN = 0.02
"""A median is simpler, and as good as anything that comes less than a fiftieth nearer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """signal: `found`, or `none` where a constant does as well; p_value: that it does."""

    signal: Literal["found", "none"]
    p_value: float
    text: str


def judge_ranking(model: Floats, plain: Floats, constant: Floats, auc: float, seed: int) -> Verdict:
    """For probabilities. model, plain, constant: (n,) losses on rows held out, of the model, its plain baseline and the
    base rate; auc: of the model on the same rows."""
    p_value = paired(model, constant, seed)
    shown = f"AUC {auc:.3f} on {len(model)} rows held out; a base rate does as well with p = {p_value:.4f}"
    if p_value >= LEVEL or not auc >= LEAST_AUC:
        return Verdict(
            "none", p_value, f"no usable signal: {shown}; asked are at least {LEAST_AUC} and p below {LEVEL}"
        )
    return Verdict("found", p_value, f"{shown}; {_beside(model, plain, seed)}")


def judge_values(model: Floats, plain: Floats, constant: Floats, seed: int) -> Verdict:
    """For money and days. Losses as in judge_ranking: distances on the logarithm, constant: of the median."""
    p_value = paired(model, constant, seed)
    gain = 1.0 - float(model.mean() / constant.mean())
    shown = f"{gain:.1%} nearer than the median on {len(model)} rows held out, p = {p_value:.4f}"
    if p_value >= LEVEL or gain < LEAST_GAIN:
        return Verdict("none", p_value, f"no usable signal: {shown}; asked are {LEAST_GAIN:.0%} and p below {LEVEL}")
    return Verdict("found", p_value, shown if plain is constant else f"{shown}; {_beside(model, plain, seed)}")


def _beside(model: Floats, plain: Floats, seed: int) -> str:
    """How the plain baseline compares, beyond chance or not."""
    ahead, behind = paired(model, plain, seed), paired(plain, model, seed)
    if ahead < LEVEL:
        return f"better than its plain baseline, p = {ahead:.4f}"
    if behind < LEVEL:
        return f"worse than its plain baseline, p = {behind:.4f}"
    return "as good as its plain baseline"


def paired(loss: Floats, other: Floats, seed: int) -> float:
    """p-value, one-sided, of `loss` being no lower than `other` on average: the share of resamples of the rows in which
    it was not (paired bootstrap)."""
    gain, random = other - loss, np.random.default_rng(seed)
    n, missed = len(gain), 0
    for _ in range(DRAWS):
        missed += gain[random.integers(0, n, n)].mean() <= 0
    return float((missed + 1) / (DRAWS + 1))
