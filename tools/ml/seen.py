"""Which rows the trees of a head are trained on, and the answers about rows that the trees which gave them had not seen:
those to calibrate with and those to judge by. No model is chosen or changed here.

    train          the trees
    calibration    probabilities and ranges; where it is small it trains too, and answers out of fold are calibrated. Where
                   times are known it always trains: it is the latest there is, and answers about it by trees of the time
                   before are at hand
    held_out       the verdict, and nothing else; where it is small, answers out of fold are judged with it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tools.ml import baselines, boosting, recipes, signal
from tools.ml.boosting import Index, Target
from tools.ml.card import Head, Task
from tools.ml.data import Data, FitError, Floats
from tools.ml.splits import Mask, Parts

if TYPE_CHECKING:
    import xgboost as xgb

FILES: dict[Task, str] = {"propensity": "propensity.json", "acv": "acv.json", "time-to-close": "time-to-close.json"}
FEW_CALIBRATION, FEW_OF_A_KIND, FEW_HELD_OUT = 1_000, 100, 1_000
LEAST_ROWS = 30


@dataclass(frozen=True, slots=True)
class Seen:
    """index: places of the rows that `booster` was trained on, as `chosen` says; asked, margins: (m,) places of the rows to
    calibrate with, and what trees that had not seen them say."""

    data: Data
    index: Index
    parts: Parts
    chosen: recipes.Chosen
    booster: xgb.Booster
    asked: Index
    margins: Floats

    def judged(self, held_out: Mask, plain: baselines.Plain) -> tuple[Index, Floats, Floats]:
        """(places, margins, the plain model's margins): the held-out rows, and those checked where the former are few."""
        held = boosting.hashed_order(self.data, held_out)
        model, other = boosting.margins(self.booster, self.data.rows[held]), plain(self.data.rows[held])
        if len(held) >= FEW_HELD_OUT:
            return held, model, other
        return (
            np.concatenate((held, self.index[self.chosen.checked])),
            np.concatenate((model, self.chosen.margins)),
            np.concatenate((other, self.chosen.plain)),
        )


def seen(data: Data, index: Index, parts: Parts, target: Target, chosen: recipes.Chosen, *, small: bool) -> Seen:
    """Trains the trees that will serve. index: places in data and target; small: the calibration part is too small to
    calibrate with alone, so all rows that were checked are taken."""
    booster = chosen.recipe.fit(data.rows[index], target.at(index))
    apart = boosting.hashed_order(data, parts.calibration)
    if len(apart) and not np.isin(apart, index).any():
        return Seen(data, index, parts, chosen, booster, apart, boosting.margins(booster, data.rows[apart]))
    checked = index[chosen.checked]
    taken = np.full(len(checked), True) if small else parts.calibration[checked]
    return Seen(data, index, parts, chosen, booster, checked[taken], chosen.margins[taken])


def index_of(data: Data, parts: Parts, *, all_known: bool) -> Index:
    """The rows that the trees are trained on: train, or calibration too. Raises FitError for too few."""
    index = boosting.hashed_order(data, parts.known if all_known else parts.train)
    if len(index) < LEAST_ROWS:
        raise FitError(f"train: {len(index)} rows, at least {LEAST_ROWS} are needed")
    return index


def few_of_a_kind(converted: NDArray[np.int8]) -> bool:
    return len(converted) < FEW_CALIBRATION or rarer(converted) < FEW_OF_A_KIND


def rarer(converted: NDArray[np.int8]) -> int:
    return min(int(converted.sum()), len(converted) - int(converted.sum()))


def head_of(
    task: Task, chosen: recipes.Chosen, verdict: signal.Verdict, fallback: float, figures: Mapping[str, float]
) -> Head:
    """Without calibration or spread. figures by name, rounded here."""
    params = {name: value for name, value in chosen.recipe.params.items() if name != "monotone_constraints"}
    return Head(
        file=FILES[task],
        parameters=params | {"taught": int(chosen.recipe.taught is not None)},
        trees=chosen.recipe.rounds,
        signal=verdict.signal,
        fallback=fallback,
        figures={name: round(value, 4) for name, value in figures.items()},
    )
