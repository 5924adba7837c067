"""Is a model still right: its calibration over the period measured, and month by month, with a budget of false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tools.ml.evaluating import calibration
from tools.ml.evaluating.calibration import FALSE_ALARMS
from tools.ml.evaluating.resampling import Floats

LEAST: Final = 50
"""Leads of a month that is looked at."""


class Month(BaseModel):
    """stated, rate: means over its leads. off: its ECE is beyond chance; None where it has too few leads to say."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    month: str
    leads: int
    stated: float
    rate: float
    ece: float
    expected: float
    off: bool | None


def months_of(order: Floats) -> NDArray[np.int64]:
    """(n,) months since January 1970. order: (n,) days since 1970, none unknown."""
    return order.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def by_month(
    predicted: Floats,
    outcome: Floats,
    months: Sequence[int] | NDArray[np.int64],
    calibrated_on: int | None,
    seed: int = 0,
) -> list[Month]:
    """The months together may raise an alarm by chance as often as one look at all: each gets its share of the budget."""
    month = np.asarray(months)
    names = np.unique(month)
    budget = FALSE_ALARMS / max(1, sum(int((month == one).sum()) >= LEAST for one in names))
    found = []
    for one in names:
        here = month == one
        stated, rate = float(predicted[here].mean()), float(outcome[here].mean())
        draws = min(20_000, max(calibration.DRAWS, round(5 / budget)))  # a p-value no coarser than the budget
        test = calibration.check(
            predicted[here], outcome[here], calibrated_on=calibrated_on, seed=seed, draws=draws, false_alarms=budget
        )
        found.append(
            Month(
                month=str(np.datetime64(int(one), "M")),
                leads=int(here.sum()),
                stated=stated,
                rate=rate,
                ece=test.ece,
                expected=test.expected,
                off=test.off if int(here.sum()) >= LEAST else None,
            )
        )
    return found
