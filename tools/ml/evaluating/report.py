"""All figures of one evaluation, for each kind of model. The result is data: a table, a card and a file are made from it.

Baselines are measured on the same leads and the same draws; `gains` are model - baseline with their own interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tools.ml.card import Task
from tools.ml.evaluating import amounts, calibration, probabilities, ranking, times
from tools.ml.evaluating.calibration import Bin, CalibrationTest
from tools.ml.evaluating.naming import METRICS
from tools.ml.evaluating.ranges import Ranges, ranges_by_group
from tools.ml.evaluating.resampling import (
    ROUNDS,
    Drawn,
    Figure,
    Floats,
    Statistic,
    draw,
    mean_of,
    strata_of,
)

LARGEST_PAIRS: Final = 20_000
"""Leads whose pairs are counted for the concordance: 20,000 take some ten seconds. Of more, the first drawn ones."""
PERCENT: Final = (5, 10, 20)
NOISE_RAISES: Final = frozenset({"ece_equal_width", "ece_equal_mass"})
COMPARED: Final = frozenset(name for name, metric in METRICS.items() if metric.better) - NOISE_RAISES


class Measured(BaseModel):
    """figures, baselines, gains: by name (see METRICS of tools.ml.evaluating.naming). calibration: of probabilities."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")
    task: Task
    rows: int
    base_rate: Figure | None = None
    figures: dict[str, Figure]
    baselines: dict[str, dict[str, Figure]] = {}
    gains: dict[str, dict[str, Figure]] = {}
    calibration: CalibrationTest | None = None
    curve: list[Bin] = []
    ranges: Ranges | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model said about n leads: point, low, high (n,) each; stated: the share meant to lie in low..high."""

    point: Floats
    low: Floats
    high: Floats
    stated: float
    calibrated_on: int | None = None


def propensity(
    said: Answers, outcome: Floats, baselines: Mapping[str, Floats], *, seed: int = 0, rounds: int = ROUNDS
) -> Measured:
    """outcome: 0/1 (n,). baselines: name -> probabilities (n,)."""
    base_rate = float(outcome.mean())
    measure = _Measure(len(outcome), rounds, seed, strata_of(outcome), bounds=_bounds(base_rate))
    beside = measure.beside(lambda predicted: _of_probabilities(predicted, outcome), said.point, baselines)
    return Measured(
        task="propensity",
        rows=len(outcome),
        base_rate=measure.alone({"base_rate": mean_of(outcome)})["base_rate"],
        **beside,
        calibration=calibration.check(said.point, outcome, calibrated_on=said.calibrated_on, seed=seed),
        curve=calibration.curve(said.point, outcome),
        ranges=ranges_by_group(said.point, said.low, said.high, outcome, said.stated),
    )


def contract_value(
    said: Answers, actual: Floats, baselines: Mapping[str, Floats], *, seed: int = 0, rounds: int = ROUNDS
) -> Measured:
    """actual: amounts (n,). baselines: name -> amounts (n,)."""
    measure = _Measure(len(actual), rounds, seed)
    beside = measure.beside(lambda predicted: _of_amounts(predicted, actual), said.point, baselines)
    of_ranges = measure.alone(
        {
            "coverage": amounts.coverage(said.low, said.high, actual),
            "mean_width": amounts.mean_width(said.low, said.high),
        }
    )
    beside["figures"] |= of_ranges
    return Measured(
        task="acv", rows=len(actual), **beside, ranges=Ranges(stated=said.stated, covered=of_ranges["coverage"])
    )


def time_to_close(
    said: Answers,
    days: Floats,
    closed: NDArray[np.bool_],
    baselines: Mapping[str, Floats],
    *,
    seed: int = 0,
    rounds: int = ROUNDS,
) -> Measured:
    """days: until closing, or so far where `closed` is False. Coverage is of closed leads: of an open one only that it
    has outlived its pessimistic days is known."""
    kept = np.arange(len(days))
    if len(days) > LARGEST_PAIRS:
        kept = np.sort(np.random.default_rng(seed).permutation(len(days))[:LARGEST_PAIRS])
    beside = _Measure(len(kept), rounds, seed).beside(
        lambda predicted: {"concordance": times.Concordance(days[kept], closed[kept], predicted).at},
        said.point[kept],
        {name: predicted[kept] for name, predicted in baselines.items()},
    )
    ranges = None
    if closed.any():
        of_closed = _Measure(int(closed.sum()), rounds, seed).alone(_of_closed(said, days, closed))
        beside["figures"] |= of_closed
        ranges = Ranges(stated=said.stated, covered=of_closed["coverage_of_closed"])
    if not closed.all():
        past = (days > said.high)[~closed].astype(np.float64)
        beside["figures"] |= _Measure(len(past), rounds, seed).alone({"open_past_high": mean_of(past)})
    return Measured(task="time-to-close", rows=len(days), **beside, ranges=ranges)


def _of_probabilities(predicted: Floats, outcome: Floats) -> dict[str, Statistic]:
    order, line = ranking.Ranking(predicted, outcome), probabilities.CalibrationLine(predicted, outcome)
    return {
        "roc_auc": order.roc_auc,
        "pr_auc": order.pr_auc,
        **{f"precision_at_{percent}": order.precision(percent / 100) for percent in PERCENT},
        **{f"lift_at_{percent}": order.lift(percent / 100) for percent in PERCENT},
        "brier": probabilities.brier(predicted, outcome),
        "log_loss": probabilities.log_loss(predicted, outcome),
        "ece_equal_width": calibration.ece(predicted, outcome, "equal-width"),
        "ece_equal_mass": calibration.ece(predicted, outcome, "equal-mass"),
        "calibration_slope": line.slope,
        "calibration_intercept": line.intercept,
    }


def _bounds(base_rate: float) -> dict[str, float]:
    precision = {f"precision_at_{percent}": ranking.precision_bound(base_rate, percent / 100) for percent in PERCENT}
    return precision | {f"lift_at_{percent}": ranking.lift_bound(base_rate, percent / 100) for percent in PERCENT}


def _of_amounts(predicted: Floats, actual: Floats) -> dict[str, Statistic]:
    logs = {}
    if (predicted > 0).all() and (actual > 0).all():
        logs["r2_of_log"] = amounts.r2_of_log(predicted, actual)
    return {
        "r2": amounts.r2(predicted, actual),
        **logs,
        "spearman": amounts.spearman(predicted, actual),
        "mae": amounts.mae(predicted, actual),
    }


def _of_closed(said: Answers, days: Floats, closed: NDArray[np.bool_]) -> dict[str, Statistic]:
    point, low, high, actual = (each[closed] for each in (said.point, said.low, said.high, days))
    return {
        "mae_of_closed": amounts.mae(point, actual),
        "coverage_of_closed": amounts.coverage(low, high, actual),
        "mean_width": amounts.mean_width(low, high),
    }


@dataclass(frozen=True, slots=True)
class _Measure:
    """Statistics over the same draws of `rows` leads."""

    rows: int
    rounds: int
    seed: int
    strata: NDArray[np.int64] | None = None
    bounds: Mapping[str, float] = field(default_factory=dict)

    def alone(self, statistics: Mapping[str, Statistic]) -> dict[str, Figure]:
        return self._figures(self._draw(statistics))

    def beside(
        self,
        statistics_of: Callable[[Floats], Mapping[str, Statistic]],
        predicted: Floats,
        baselines: Mapping[str, Floats],
    ) -> dict[str, Any]:
        """`figures`, `baselines` and `gains` of Measured."""
        for name, each in {"the model": predicted, **baselines}.items():
            if len(each) != self.rows:
                raise ValueError(f"{name} has {len(each)} predictions for {self.rows} leads")
        ours = self._draw(statistics_of(predicted))
        theirs = {name: self._draw(statistics_of(each)) for name, each in baselines.items()}
        return {
            "figures": self._figures(ours),
            "baselines": {name: self._figures(each) for name, each in theirs.items()},
            "gains": {
                name: {key: ours[key].minus(each[key]).figure() for key in ours if key in each and key in COMPARED}
                for name, each in theirs.items()
            },
        }

    def _draw(self, statistics: Mapping[str, Statistic]) -> dict[str, Drawn]:
        return draw(statistics, self.rows, rounds=self.rounds, seed=self.seed, strata=self.strata)

    def _figures(self, drawn: Mapping[str, Drawn]) -> dict[str, Figure]:
        return {
            name: each.figure(noise_raises=name in NOISE_RAISES, bound=self.bounds.get(name))
            for name, each in drawn.items()
        }
