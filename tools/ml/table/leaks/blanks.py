"""Cells that are filled for one outcome only, or mostly: somebody wrote them when it was known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.ml.table.leaks.evidence import percent

ONLY, OFTEN, APART = 0.01, 0.2, 0.9
"""Filled for at most 1% of one outcome and at least 20% of the other; or the two shares differ by .9."""
FEWEST = 20
TIMES, SIGMAS, SHARE = 2.0, 5.0, 0.05


@dataclass(frozen=True, slots=True)
class Blanks:
    """exact: whether blankness (nearly) is the outcome; tells: whether it changes the odds much, in many rows; text."""

    exact: bool
    tells: bool
    widely: bool
    text: str


def blanks(filled: NDArray[np.bool_], yes: NDArray[np.bool_], words: tuple[str, str] = ("yes", "no")) -> Blanks | None:
    """None where nothing is to be said. words: what the two outcomes are called."""
    blank, ones = ~filled, int(yes.sum())
    if filled.sum() < FEWEST or blank.sum() < FEWEST or min(ones, len(yes) - ones) < FEWEST:
        return None
    of_yes, of_no = float(filled[yes].mean()), float(filled[~yes].mean())
    shares = f"filled in {percent(of_yes)} of the rows with {words[0]} and {percent(of_no)} of those with {words[1]}"
    low, high = sorted((of_yes, of_no))
    if high - low >= APART or (low <= ONLY and high >= OFTEN) or (1 - high <= ONLY / 2 and 1 - low >= 0.3):
        return Blanks(exact=True, tells=True, widely=True, text=shares)
    if_blank, if_filled, whole = float(yes[blank].mean()), float(yes[filled].mean()), float(yes.mean())
    error = math.sqrt(whole * (1 - whole) * (1 / int(blank.sum()) + 1 / int(filled.sum())))
    less, more = sorted((if_blank, if_filled))
    if abs(if_blank - if_filled) < SIGMAS * error or more < TIMES * less:
        return None
    share = min(float(blank.mean()), float(filled.mean()))
    text = f"where it is blank {percent(if_blank)} are {words[0]}, where it is filled {percent(if_filled)}"
    return Blanks(exact=False, tells=True, widely=share >= SHARE, text=text)
