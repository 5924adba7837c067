"""A figure and its interval: the percentile bootstrap over rows, seeded, many resamples in one array operation.

A resample is a row of counts: how often each lead was drawn. A statistic takes counts (b, n) and returns (b,), so that
sorting is done once and not once a resample, and model and baseline are compared on the same draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Floats: TypeAlias = NDArray[np.float64]
Statistic: TypeAlias = Callable[[Floats], Floats]
"""counts (b, n) -> the figure of each of the b resamples, NaN where it is not defined."""

ROUNDS: Final = 1_000
LEVEL: Final = 0.95
FEW: Final = 20
"""A class with fewer leads is drawn within itself: else a resample may hold none of it."""
_CELLS: Final = 4_000_000
"""Counts held at once: 32 MB."""


class Figure(BaseModel):
    """A value with its 95% interval. bound: what the value cannot exceed on these leads, where that is not 1 or endless."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")
    value: float
    low: float | None = None
    high: float | None = None
    bound: float | None = None


def strata_of(outcome: Floats) -> NDArray[np.int64] | None:
    """The classes of a 0/1 outcome if one of them is rare, to draw within each; None where that is not needed. Drawing
    within classes holds the base rate still, which makes intervals of precision and Brier too narrow."""
    rare = min(outcome.sum(), len(outcome) - outcome.sum())
    return outcome.astype(np.int64) if rare < FEW else None


def resamples(
    rows: int, rounds: int = ROUNDS, seed: int = 0, strata: NDArray[np.int64] | None = None
) -> Iterator[Floats]:
    """Blocks (b, rows) of counts, `rounds` in all. strata: class of each row, each drawn to its own size."""
    random = np.random.default_rng(seed)
    groups = [np.arange(rows)] if strata is None else [np.flatnonzero(strata == one) for one in np.unique(strata)]
    block = max(1, min(rounds, _CELLS // max(1, rows)))
    for start in range(0, rounds, block):
        size = min(block, rounds - start)
        counts = np.zeros((size, rows))
        for group in groups:
            drawn = random.integers(0, len(group), (size, len(group))) + np.arange(size)[:, None] * len(group)
            counts[:, group] = np.bincount(drawn.ravel(), minlength=size * len(group)).reshape(size, len(group))
        yield counts


@dataclass(frozen=True, slots=True)
class Drawn:
    """A statistic on all leads, and on each resample (rounds,)."""

    value: float
    resampled: Floats

    def figure(self, *, noise_raises: bool = False, bound: float | None = None) -> Figure:
        """The value with the quantiles of its resamples; no interval where it is defined on less than half of them.
        noise_raises: for ECE, which a resample only makes larger: the basic interval, 2 x value - quantile, at least 0.
        """
        defined = self.resampled[np.isfinite(self.resampled)]
        if not len(defined) or len(defined) < len(self.resampled) / 2:
            return Figure(value=self.value, bound=bound)
        low, high = (float(end) for end in np.quantile(defined, ((1 - LEVEL) / 2, (1 + LEVEL) / 2)))
        if noise_raises:
            low, high = max(0.0, 2 * self.value - high), max(0.0, 2 * self.value - low)
        return Figure(value=self.value, low=low, high=high, bound=bound)

    def minus(self, other: Drawn) -> Drawn:
        """On the same draws: the interval of a difference is narrower than two intervals side by side suggest."""
        return Drawn(self.value - other.value, self.resampled - other.resampled)


def draw(
    statistics: Mapping[str, Statistic],
    rows: int,
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
    strata: NDArray[np.int64] | None = None,
) -> dict[str, Drawn]:
    """Each statistic on all rows and on the same resamples."""
    if not rows:
        raise ValueError("no rows to measure on")
    whole = np.ones((1, rows))
    resampled: dict[str, list[Floats]] = {name: [] for name in statistics}
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {name: float(statistic(whole)[0]) for name, statistic in statistics.items()}
        for counts in resamples(rows, rounds, seed, strata):
            for name, statistic in statistics.items():
                resampled[name].append(statistic(counts))
    return {name: Drawn(values[name], np.concatenate(resampled[name])) for name in statistics}


def mean_of(terms: Floats) -> Statistic:
    """The mean of a term per row (n,)."""
    return lambda counts: (counts @ terms) / counts.sum(axis=1)
