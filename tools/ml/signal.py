"""Does a model know anything, and is it worth no less than its plain baseline? Answered on rows held out, by resampling
them in pairs, in one sentence with a p-value. Nothing here fits or changes a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tools.ml.data import Floats
from tools.ml.evaluating.probabilities import CalibrationLine, log_odds
from tools.ml.predict import sigmoid

DRAWS, LEVEL = 2_000, 0.05
LEAST_AUC = 0.56
"""Below it a ranking is of no use even if it is no accident: two normal distributions a fifth of a deviation apart, which
Cohen (1988) calls a small effect, have .556."""

LEAST_GAIN = 0.02
"""A median is simpler, and as good as anything that comes less than a fiftieth nearer."""


LEAST_LOST = 0.1
"""Of what the plain baseline gains over a constant: a model that keeps more than nine tenths of it is as good, however many rows
make the difference significant."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """signal: `found`, or `none` where a constant does as well, or the plain baseline clearly better; p_value: that a
    constant does; behind: the plain baseline is clearly better."""

    signal: Literal["found", "none"]
    p_value: float
    text: str
    behind: bool = False


def judge_ranking(model: Floats, plain: Floats, constant: Floats, auc: float, seed: int) -> Verdict:
    """For probabilities. model, plain, constant: (n,) losses on rows held out, of the model, its plain baseline and the
    base rate (after a split by time: `levelled`); auc: of the model on the same rows."""
    p_value = paired(model, constant, seed)
    shown = f"AUC {auc:.3f} on {len(model)} rows held out; a base rate does as well with p = {p_value:.4f}"
    enough = p_value < LEVEL and auc >= LEAST_AUC
    return _verdict(
        enough, p_value, shown, f"asked are at least {LEAST_AUC} and p below {LEVEL}",
        _beside(model, plain, constant, seed),
    )  # fmt: skip


def judge_values(model: Floats, plain: Floats, constant: Floats, seed: int) -> Verdict:
    """For money and days. Losses as in judge_ranking: distances on the logarithm, constant: of the median."""
    p_value, off = paired(model, constant, seed), float(constant.mean())
    gain = 1.0 - float(model.mean()) / off if off > 0 else 0.0  # no distance at all: the median is right for all
    shown = f"{gain:.1%} nearer than the median on {len(model)} rows held out, p = {p_value:.4f}"
    enough = p_value < LEVEL and gain >= LEAST_GAIN
    beside = (False, "") if plain is constant else _beside(model, plain, constant, seed)
    return _verdict(enough, p_value, shown, f"asked are {LEAST_GAIN:.0%} and p below {LEVEL}", beside)


def _verdict(enough: bool, p_value: float, shown: str, asked: str, beside: tuple[bool, str]) -> Verdict:
    behind, text = beside
    if not enough:
        return Verdict("none", p_value, f"no usable signal: {shown}; {asked}", behind)
    if behind:
        return Verdict("none", p_value, f"no usable signal beyond a plain baseline: {shown}; {text}", behind)
    return Verdict("found", p_value, f"{shown}; {text}" if text else shown)


def _beside(model: Floats, plain: Floats, constant: Floats, seed: int) -> tuple[bool, str]:
    """Whether the plain baseline is clearly better, and how it compares, beyond chance or not."""
    ahead, behind = paired(model, plain, seed), paired(plain, model, seed)
    if ahead < LEVEL:
        return False, f"better than its plain baseline, p = {ahead:.4f}"
    lost, gained = float((model - plain).mean()), float((constant - plain).mean())
    if behind < LEVEL and lost > LEAST_LOST * gained:
        return True, f"worse than its plain baseline, p = {behind:.4f}"
    return False, "as good as its plain baseline"


def levelled(predicted: Floats, converted: NDArray[np.int8]) -> Floats:
    """The probabilities (n,) moved to the rate and sharpness of these rows, by a line of log-odds that never falls. For rows
    held out by time: where the world has moved since training, a model that still tells leads apart states wrong
    probabilities. The first is a signal; the second is drift, which `app.py evaluate` flags and recalibration mends."""
    line = CalibrationLine(predicted, converted.astype(np.float64)).at
    if not line[1] > 0:  # falling, or not a number: all alike
        return np.full(len(predicted), float(converted.mean()))
    return sigmoid(line[0] + line[1] * log_odds(predicted))


def paired(loss: Floats, other: Floats, seed: int) -> float:
    """p-value, one-sided, of `loss` being no lower than `other` on average: the share of resamples of the rows in which
    it was not (paired bootstrap)."""
    gain, random = other - loss, np.random.default_rng(seed)
    n, missed = len(gain), 0
    for _ in range(DRAWS):
        missed += gain[random.integers(0, n, n)].mean() <= 0
    return float((missed + 1) / (DRAWS + 1))
