"""How well one column alone sorts the outcomes, and where it decides them.

Each column is cut into levels or bins; a row gets the rate of its bin over the folds it is not in. The AUC of these rates
is what a model could do with this column and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from tools.ml.table.leaks.evidence import Floats, auc, auc_error, out_of_fold

DECIDED_SHARE, DECIDED_RATE, DECIDED_EXPECTED = 0.08, 1 / 250, 250.0
"""A region of so many rows where an outcome comes so seldom, relative to everywhere, and this many were to be expected. A
strong honest column (logistic, AUC .86) reaches about 1/80 in its lowest tenth of the rows."""
ONE_OUTCOME_EXPECTED = 20.0


@dataclass(frozen=True, slots=True)
class Alone:
    """auc: out of fold; low: two standard errors below; scores: (n,) out-of-fold rates; decided: a sentence about a region
    where one outcome hardly occurs, else empty; one_sided: levels with one outcome alone, as text."""

    auc: float
    low: float
    scores: Floats
    decided: str = ""
    one_sided: tuple[str, ...] = ()


def alone(
    places: Sequence[NDArray[np.int64]],
    yes: NDArray[np.bool_],
    folds: NDArray[np.int64],
    levels: Sequence[str] = (),
    words: tuple[str, str] = ("yes", "no"),
) -> Alone:
    """places: (n,) bins of each part of the column (a date has several); the best part is told. levels: names of the bins
    of a category; words: what the two outcomes are called."""
    ones = int(yes.sum())
    found = []
    for place in places:
        scores = out_of_fold(place, yes.astype(float), folds)
        value = auc(scores, yes)
        found.append((value, scores, place))
    value, scores, place = max(found, key=lambda each: each[0])
    return Alone(
        value,
        value - 2 * auc_error(value, ones, len(yes) - ones),
        scores,
        _decided(place, yes, words),
        _one_sided(place, yes, levels, words),
    )


def explained(places: Sequence[NDArray[np.int64]], amount: Floats, folds: NDArray[np.int64]) -> float:
    """Out-of-fold R2 of an amount by the best part of one column alone."""
    whole = float(np.sum((amount - amount.mean()) ** 2))
    if not whole:
        return 0.0
    return max(1 - float(np.sum((amount - out_of_fold(place, amount, folds)) ** 2)) / whole for place in places)


def together(scores: Sequence[Floats], yes: NDArray[np.bool_], folds: NDArray[np.int64]) -> float:
    """Out-of-fold AUC of shallow trees over these columns' scores: what the unsuspicious ones reach with each other. 0.5
    where there is none."""
    if not scores:
        return 0.5
    rows, half = np.column_stack(scores).astype(np.float32), folds % 2 == 0
    settings = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.15, "tree_method": "hist", "nthread": 1}
    told = np.empty(len(yes))
    for own in (half, ~half):
        booster = xgb.train(settings, xgb.DMatrix(rows[~own], yes[~own]), 60)
        told[own] = booster.predict(xgb.DMatrix(rows[own]))
    return float(np.mean([auc(told[own], yes[own]) for own in (half, ~half)]))


def _decided(place: NDArray[np.int64], yes: NDArray[np.bool_], words: tuple[str, str]) -> str:
    """Bins where an outcome comes 250 times more seldom than elsewhere, together."""
    size = int(place.max()) + 1
    rows = np.bincount(place, minlength=size).astype(float)
    for said, rate in zip(words, (yes, ~yes), strict=True):
        base = float(rate.mean())
        seen = np.bincount(place, rate, size)
        rare = (rows > 0) & (seen <= DECIDED_RATE * 2 * base * rows)
        region, count = float(rows[rare].sum()), float(seen[rare].sum())
        expected = base * region
        enough = region >= DECIDED_SHARE * len(yes) and expected >= DECIDED_EXPECTED
        if enough and count <= DECIDED_RATE * expected:
            return (
                f"in {region / len(yes):.0%} of the rows it decides: {count:,.0f} of {region:,.0f} are {said}, "
                f"{expected:,.0f} were to be expected"
            )
    return ""


def _one_sided(
    place: NDArray[np.int64], yes: NDArray[np.bool_], levels: Sequence[str], words: tuple[str, str]
) -> tuple[str, ...]:
    """Levels that only ever occur with one outcome, where 20 of the other were to be expected."""
    size, base = len(levels), float(yes.mean())
    rows = np.bincount(place, minlength=size)
    ones = np.bincount(place, yes, size)
    told = []
    for at, level in enumerate(levels):
        if ones[at] == rows[at] and rows[at] * (1 - base) >= ONE_OUTCOME_EXPECTED:
            told.append(f'"{level}" ({rows[at]:,} rows) only ever {words[0]}')
        elif not ones[at] and rows[at] * base >= ONE_OUTCOME_EXPECTED:
            told.append(f'"{level}" ({rows[at]:,} rows) only ever {words[1]}')
    return tuple(told)
