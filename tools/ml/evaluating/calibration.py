"""Do stated probabilities come true as often as they say: by bins, against what chance alone would show.

Even a perfect model shows an ECE above 0 on a finite number of leads. Its size is drawn here: outcomes are invented at
exactly the stated probabilities, and the ECE of those is the noise that a measured ECE is held against.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tools.ml.evaluating.resampling import Floats, Statistic

BINS: Final = 10
DRAWS: Final = 1_000
FALSE_ALARMS: Final = 0.01
"""Of a hundred looks at a model that is right, one may raise an alarm."""
Z: Final = 1.959964
"""The normal quantile of a 95% interval."""
_CELLS: Final = 4_000_000
Kind: TypeAlias = Literal["equal-width", "equal-mass"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bin(_Frozen):
    """Leads of about one stated probability. low, high: 95% interval of the rate (Wilson 1927)."""

    stated: float
    rate: float
    low: float
    high: float
    leads: int


class CalibrationTest(_Frozen):
    """ece: measured; expected, most: mean of the ECE that chance shows for a calibrated model, and what it exceeds in
    `false_alarms` of the cases; p_value: how often chance shows at least the measured one."""

    ece: float
    expected: float
    most: float
    p_value: float
    false_alarms: float

    @property
    def off(self) -> bool:
        return self.p_value < self.false_alarms


def bins_of(predicted: Floats, kind: Kind, bins: int = BINS) -> NDArray[np.int64]:
    """The bin of each prediction. equal-mass: by mean rank, so that equal predictions share a bin whatever their order."""
    if kind == "equal-width":
        return np.minimum((predicted * bins).astype(np.int64), bins - 1)
    _, place, leads = np.unique(predicted, return_inverse=True, return_counts=True)
    middle = (np.cumsum(leads) - leads / 2) / len(predicted)
    found: NDArray[np.int64] = np.minimum((middle * bins).astype(np.int64), bins - 1)[place]
    return found


def ece(predicted: Floats, outcome: Floats, kind: Kind = "equal-width", bins: int = BINS) -> Statistic:
    """Expected calibration error: mean over leads of |mean stated - rate| of their bin. The bins are those of all leads
    in every draw."""
    member = _membership(bins_of(predicted, kind, bins))
    gaps = member * (predicted - outcome)[:, None]
    return lambda counts: np.abs(counts @ gaps).sum(axis=1) / counts.sum(axis=1)


def curve(predicted: Floats, outcome: Floats, kind: Kind = "equal-mass", bins: int = BINS) -> list[Bin]:
    """The calibration curve, from low to high; bins without leads are left out."""
    place = bins_of(predicted, kind, bins)
    found = []
    for one in np.unique(place):
        here = place == one
        rate, leads = float(outcome[here].mean()), int(here.sum())
        low, high = wilson(rate, leads)
        found.append(Bin(stated=float(predicted[here].mean()), rate=rate, low=low, high=high, leads=leads))
    return found


def wilson(rate: float, leads: int) -> tuple[float, float]:
    """95% interval of a share seen among `leads`."""
    shrunk = 1 + Z**2 / leads
    centre = (rate + Z**2 / (2 * leads)) / shrunk
    half = Z * np.sqrt(rate * (1 - rate) / leads + Z**2 / (4 * leads**2)) / shrunk
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def check(
    predicted: Floats,
    outcome: Floats,
    *,
    calibrated_on: int | None = None,
    kind: Kind = "equal-mass",
    seed: int = 0,
    draws: int = DRAWS,
    false_alarms: float = FALSE_ALARMS,
) -> CalibrationTest:
    """Is the measured ECE more than chance? calibrated_on: leads that the calibration was fitted to. They too were a
    sample, so that each bin of a model that is right may be off by the noise of its share of them: without this, every
    calibration is called wrong once enough leads are measured."""
    place = bins_of(predicted, kind)
    measured = float(np.abs(np.bincount(place, predicted - outcome)).sum() / len(predicted))
    noise = _noise(predicted, place, calibrated_on, seed, draws)
    at_least = (1 + int((noise >= measured - 1e-12).sum())) / (1 + draws)
    return CalibrationTest(
        ece=measured,
        expected=float(noise.mean()),
        most=float(np.quantile(noise, 1 - false_alarms)),
        p_value=at_least,
        false_alarms=false_alarms,
    )


def _noise(predicted: Floats, place: NDArray[np.int64], calibrated_on: int | None, seed: int, draws: int) -> Floats:
    """The ECE (draws,) of outcomes drawn at the stated probabilities."""
    random = np.random.default_rng(seed)
    member = _membership(place)
    leads = member.sum(axis=0)
    spread = predicted * (1 - predicted)
    off = np.zeros(len(leads))
    if calibrated_on is not None:
        off = np.sqrt((spread @ member) / leads / (calibrated_on * leads / len(predicted)))
    found = []
    block = max(1, min(draws, _CELLS // len(predicted)))
    for start in range(0, draws, block):
        size = min(block, draws - start)
        moved = random.standard_normal((size, len(leads))) * off
        true = np.clip(predicted + moved @ member.T, 0, 1) if calibrated_on is not None else predicted
        outcomes = random.random((size, len(predicted))) < true
        gaps = (outcomes - predicted) @ member
        found.append(np.abs(gaps).sum(axis=1) / len(predicted))
    return np.concatenate(found)


def _membership(place: NDArray[np.int64]) -> Floats:
    """(n, bins in use): 1 where a lead is in the bin."""
    _, dense = np.unique(place, return_inverse=True)
    found: Floats = np.eye(int(dense.max()) + 1)[dense]
    return found
