"""Is one model better than another, or does it only look so? Both score the same leads, whose outcomes neither was
trained on.

    Brier, log loss   paired bootstrap over accounts: whole families are drawn, since leads of one family are alike
                      (Davison and Hinkley 1997, Bootstrap Methods and their Application, 2.4 and 3.8)
    AUC               DeLong, DeLong and Clarke-Pearson 1988, "Comparing the Areas under Two or More Correlated Receiver
                      Operating Characteristic Curves", Biometrics 44

Better is: the Brier score is lower by more than chance explains (one-sided), and the AUC is not lower by more than chance
explains. The Brier score leads because it is proper: it rewards order and truth of the probabilities, and cannot be won by
exaggeration. Whoever looks at a running test again and again will see a significant day by chance; so look number k
has alpha / (k * (k + 1)) to spend, which sums to alpha over all looks that will ever be taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tools.ml.evaluate import auc, brier

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
DRAWS: Final = 4_000
SMALLEST: Final = 1e-6
"""Probabilities are kept this far from 0 and 1 for the logarithm."""


@dataclass(frozen=True, slots=True)
class Rules:
    """alpha: chance of promoting a model that is no better, over all looks; least_leads, least_converted: below them
    nothing is promoted."""

    alpha: float = 0.05
    least_leads: int = 200
    least_converted: int = 30


@dataclass(frozen=True, slots=True)
class Comparison:
    """b against a on the same leads. gain: a's loss minus b's, above 0 where b is better; low, high: its 90% range;
    p: one-sided, that b is no better; auc_p: two-sided, that the areas do not differ."""

    leads: int
    accounts: int
    converted: int
    brier: tuple[float, float]
    brier_gain: float
    brier_low: float
    brier_high: float
    brier_p: float
    log_loss: tuple[float, float]
    log_loss_p: float
    auc: tuple[float, float]
    auc_p: float


@dataclass(frozen=True, slots=True)
class Verdict:
    better: bool
    sentence: str


def compare(a: Floats, b: Floats, converted: Labels, accounts: Sequence[str], seed: int = 0) -> Comparison:
    """a, b: (n,) probabilities of the two models for the same leads; converted: (n,) 0 or 1; accounts: n names. Raises
    ValueError where n is 0."""
    if not len(converted):
        raise ValueError("converted: no lead to compare on")
    square = [(one - converted) ** 2 for one in (a, b)]
    logs = [_log_loss(one, converted) for one in (a, b)]
    draws = _draws([square[0] - square[1], logs[0] - logs[1]], accounts, seed)
    low, high = np.quantile(draws[0], (0.05, 0.95))
    return Comparison(
        leads=len(converted),
        accounts=len(set(accounts)),
        converted=int(converted.sum()),
        brier=(brier(a, converted), brier(b, converted)),
        brier_gain=float(np.mean(square[0] - square[1])),
        brier_low=float(low),
        brier_high=float(high),
        brier_p=_share_without_gain(draws[0]),
        log_loss=(float(logs[0].mean()), float(logs[1].mean())),
        log_loss_p=_share_without_gain(draws[1]),
        auc=(auc(a, converted), auc(b, converted)),
        auc_p=delong(a, b, converted),
    )


def verdict(found: Comparison, rules: Rules, look: int = 1) -> Verdict:
    """look: 1 for the first test of this challenge, 2 for the second, and so on."""
    if found.leads < rules.least_leads or found.converted < rules.least_converted:
        return Verdict(
            False,
            f"too few outcomes to tell: {found.leads} leads of which {found.converted} converted, at least"
            f" {rules.least_leads} and {rules.least_converted} are asked",
        )
    alpha = alpha_of(rules.alpha, look)
    said = (
        f"Brier {found.brier[1]:.4f} against {found.brier[0]:.4f} (p {found.brier_p:.4f}, look {look} asks p below"
        f" {alpha:.4f}), AUC {found.auc[1]:.3f} against {found.auc[0]:.3f} (p {found.auc_p:.4f}), {found.leads} leads of"
        f" {found.accounts} accounts, {found.converted} converted"
    )
    if found.auc[1] < found.auc[0] and found.auc_p < rules.alpha:
        return Verdict(False, f"not better: it orders leads worse. {said}")
    if found.brier_gain <= 0 or found.brier_p >= alpha:
        return Verdict(False, f"not shown to be better. {said}")
    return Verdict(True, f"better. {said}")


def alpha_of(alpha: float, look: int) -> float:
    """What look number `look` may spend: 1/2, 1/6, 1/12, ... of alpha, together all of it."""
    return alpha / (look * (look + 1))


def delong(a: Floats, b: Floats, converted: Labels) -> float:
    """Two-sided p-value of equal areas under the curve; 1 where they do not differ at all or one kind is missing."""
    components = [_components(one, converted) for one in (a, b)]
    m, n = len(components[0][0]), len(components[0][1])
    if m < 2 or n < 2:
        return 1.0
    positive, negative = ((components[0][side] - components[1][side]) for side in (0, 1))
    difference = float(positive.mean())
    variance = float(np.var(positive, ddof=1)) / m + float(np.var(negative, ddof=1)) / n
    if variance <= 0:
        return 1.0 if difference == 0 else 0.0
    return math.erfc(abs(difference) / math.sqrt(2.0 * variance))


def auc_error(predicted: Floats, converted: Labels) -> float:
    """Standard error of the area under the curve, by DeLong's components; NaN where a kind has fewer than two."""
    positive, negative = _components(predicted, converted)
    if len(positive) < 2 or len(negative) < 2:
        return math.nan
    return math.sqrt(float(np.var(positive, ddof=1)) / len(positive) + float(np.var(negative, ddof=1)) / len(negative))


def _components(predicted: Floats, converted: Labels) -> tuple[Floats, Floats]:
    """DeLong's structural components: for each converted lead the share of the others that it is above, ties half, and for
    each other the share of the converted that are above it."""
    yes, no = predicted[converted == 1], predicted[converted == 0]
    return _share_below(yes, no), 1.0 - _share_below(no, yes)


def _share_below(values: Floats, others: Floats) -> Floats:
    """For each value the share of `others` below it, equal ones counting half."""
    if not len(others):
        return np.zeros(len(values))
    held = np.sort(others)
    below, upto = (np.searchsorted(held, values, side) for side in ("left", "right"))
    return np.asarray((below + upto) / (2.0 * len(others)), dtype=np.float64)


def _log_loss(predicted: Floats, converted: Labels) -> Floats:
    kept = np.clip(predicted, SMALLEST, 1 - SMALLEST)
    return np.asarray(-np.where(converted == 1, np.log(kept), np.log1p(-kept)), dtype=np.float64)


def _draws(gains: Sequence[Floats], accounts: Sequence[str], seed: int) -> NDArray[np.float64]:
    """(gains, DRAWS) mean gain a lead in resamples of whole accounts."""
    _, place = np.unique(np.asarray(accounts, dtype=np.str_), return_inverse=True)
    size = np.bincount(place).astype(np.float64)
    sums = np.array([np.bincount(place, gain) for gain in gains])
    random, n = np.random.default_rng(seed), len(size)
    found = np.empty((len(gains), DRAWS))
    for draw in range(DRAWS):
        times = np.bincount(random.integers(0, n, n), minlength=n)
        found[:, draw] = (sums @ times) / (size @ times)
    return found


def _share_without_gain(draws: Floats) -> float:
    return (int((draws <= 0).sum()) + 1) / (len(draws) + 1)
