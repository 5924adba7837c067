"""Fits one head to a matrix: trees, their calibration or spread, and the evidence that they are worth more than a constant
and no less than a plain baseline. Splits are the caller's (tools.ml.splits offers them); no file is read or written here.

    train          the trees
    calibration    probabilities and ranges; where it is small, out-of-fold answers over train and calibration are taken
    held_out       the verdict, and nothing else
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tools.ml import baselines, boosting, calibrating, conformal, ranges, signal, trials
from tools.ml.boosting import Index, Search, Target
from tools.ml.card import Head, Task
from tools.ml.data import Data, Evidence, FitError, Fitted, Floats, Progress, Settings, silent
from tools.ml.evaluate import auc
from tools.ml.predict import sigmoid
from tools.ml.splits import Parts

if TYPE_CHECKING:
    import xgboost as xgb

FILES: dict[Task, str] = {"propensity": "propensity.json", "acv": "acv.json", "time-to-close": "time-to-close.json"}
FEW_CALIBRATION, FEW_OF_A_KIND, LEAST_ROWS, LEAST_OF_A_KIND = 1_000, 100, 30, 10


def fit_propensity(
    data: Data,
    converted: NDArray[np.int8],
    parts: Parts,
    *,
    signs: Mapping[str, int] | None = None,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    seed: int = 0,
    progress: Progress = silent,
) -> Fitted:
    """P(converted). converted: (n,) 0 or 1; signs: feature -> 1 where more may not lower the odds, -1 where it may not
    raise them. Raises FitError for too few rows or outcomes of one kind."""
    _ask_both_kinds(converted, parts)
    index = _index(data, parts, small=_few(converted[parts.calibration]))
    target = Target("binary:logistic", converted.astype(np.float64), float(converted[index].mean()))
    fitted = _trees(data, index, target, settings, signs, seed, progress)
    asked, margins = _unseen(data, index, parts, target, fitted)
    progress("calibrating", 0.0)
    chosen = calibrating.choose(margins, converted[asked])
    table = calibrating.table(
        chosen, margins, len(asked), settings.coverage, _ranges(data, index, chosen, fitted, settings, seed)
    )
    held = np.flatnonzero(parts.held_out)
    base = float(np.mean(converted[parts.known]))
    model = np.array([table.at(m)[0] for m in boosting.margins(fitted.booster, data.rows[held])])
    plain = sigmoid(baselines.logistic(data.rows[parts.known], converted[parts.known])(data.rows[held]))
    loss = calibrating.log_losses
    verdict = signal.judge_ranking(
        loss(model, converted[held]), loss(np.full(len(held), base), converted[held]), auc(model, converted[held]), seed
    )
    evidence = Evidence(held, model, plain, "logistic regression", verdict.p_value, verdict.text)
    head = _head("propensity", fitted, verdict, base).model_copy(update={"calibration": table})
    return Fitted(head, boosting.raw(fitted.booster), evidence)


def fit_acv(
    data: Data,
    value: Floats,
    parts: Parts,
    *,
    groups: Sequence[str] | None = None,
    signs: Mapping[str, int] | None = None,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    seed: int = 0,
    progress: Progress = silent,
) -> Fitted:
    """The median of a positive value (contract value). value: (n,) money; groups: a name for each row, where ranges
    differ in kind (say, size known or not). Raises FitError for values that are not positive."""
    if not np.all(value > 0):
        raise FitError("value: every row needs a positive value; leave rows without one out")
    logs = np.log(value)
    index = _index(data, parts, small=int(parts.calibration.sum()) < FEW_CALIBRATION)
    target = Target("reg:absoluteerror", logs, float(np.median(logs[index])))
    fitted = _trees(data, index, target, settings, signs, seed, progress)
    asked, margins = _unseen(data, index, parts, target, fitted)
    residual = logs[asked] - margins
    shift = float(np.median(residual))
    named = None if groups is None else [groups[i] for i in asked.tolist()]
    held, middle = np.flatnonzero(parts.held_out), float(np.median(logs[parts.known]))
    model = boosting.margins(fitted.booster, data.rows[held]) + shift
    plain = baselines.ridge(data.rows[parts.known], logs[parts.known])(data.rows[held])
    verdict = signal.judge_values(np.abs(logs[held] - model), np.abs(logs[held] - middle), seed)
    none = verdict.signal == "none"
    found = conformal.spread(logs[asked] - middle if none else residual - shift, settings.coverage, named)
    evidence = Evidence(held, np.exp(model), np.exp(plain), "ridge regression", verdict.p_value, verdict.text)
    head = _head("acv", fitted, verdict, float(np.exp(middle))).model_copy(update={"spread": found})
    return Fitted(head, boosting.shifted(boosting.raw(fitted.booster), shift), evidence)


def fit_time_to_close(
    data: Data,
    days: Floats,
    closed: NDArray[np.bool_],
    parts: Parts,
    *,
    signs: Mapping[str, int] | None = None,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    seed: int = 0,
    progress: Progress = silent,
) -> Fitted:
    """The median of days to close, with an optimistic (low) and a pessimistic (high) number. days: (n,) positive, until
    closed or, for open leads, until last seen; closed: (n,). Raises FitError where fewer than 30 have closed."""
    if not np.all(days > 0):
        raise FitError("days: every row needs a positive number of days; give leads closed at once half a day")
    if int(closed[parts.known].sum()) < LEAST_ROWS:
        raise FitError(f"closed: {int(closed[parts.known].sum())} leads have closed, at least {LEAST_ROWS} are needed")
    index = _index(data, parts, small=int(closed[parts.calibration].sum()) < FEW_CALIBRATION)
    scale = float(np.std(np.log(days[index][closed[index]])))
    middle = baselines.kaplan_meier_median(days[parts.known], closed[parts.known])
    base = middle if np.isfinite(middle) else float(np.max(days[parts.known]))
    more: dict[str, float | str] = {"aft_loss_distribution": "normal", "aft_loss_distribution_scale": scale}
    target = Target("survival:aft", days, base, np.where(closed, days, np.inf), more)
    fitted = _trees(data, index, target, settings, signs, seed, progress)
    asked, margins = _unseen(data, index, parts, target, fitted)
    seen = closed[asked]
    residual = np.log(days[asked]) - margins
    found = conformal.spread(residual[seen], settings.coverage)
    held = np.flatnonzero(parts.held_out & closed)
    model = boosting.margins(fitted.booster, data.rows[held])
    truth = np.log(days[held])
    verdict = signal.judge_values(np.abs(truth - model), np.abs(truth - np.log(base)), seed)
    evidence = Evidence(
        held, np.exp(model), np.full(len(held), base), "Kaplan-Meier median", verdict.p_value, verdict.text
    )
    head = _head("time-to-close", fitted, verdict, base).model_copy(update={"spread": found})
    return Fitted(head, boosting.raw(fitted.booster), evidence)


@dataclass(frozen=True, slots=True)
class _Trees:
    """A booster with the settings that it was trained with."""

    booster: xgb.Booster
    params: dict[str, Any]
    found: Search


def _trees(
    data: Data,
    index: Index,
    target: Target,
    settings: Settings,
    signs: Mapping[str, int] | None,
    seed: int,
    progress: Progress,
) -> _Trees:
    direction = boosting.signs_of(data.features, signs)

    def look(given: Settings) -> Search:
        return boosting.search(data, index, target, boosting.parameters(target, given, direction, seed), given)

    progress("looking for the number of trees", 0.0)
    settings, found = trials.tried(settings, look(settings), look, seed=seed, progress=progress)
    params = boosting.parameters(target, settings, direction, seed)
    progress("training", 0.5)
    return _Trees(boosting.train(data.rows[index], target.at(index), params, found.rounds), params, found)


def _index(data: Data, parts: Parts, *, small: bool) -> Index:
    """The rows that the trees are trained on: calibration too where it is small."""
    index = boosting.hashed_order(data, parts.known if small else parts.train)
    if len(index) < LEAST_ROWS:
        raise FitError(f"train: {len(index)} rows, at least {LEAST_ROWS} are needed")
    return index


def _unseen(data: Data, index: Index, parts: Parts, target: Target, fitted: _Trees) -> tuple[Index, Floats]:
    """(places, margins) of rows that the trees which answered did not see."""
    calibration = boosting.hashed_order(data, parts.calibration)
    if np.isin(calibration, index).any() or not len(calibration):
        return index, boosting.out_of_fold(data, index, target, fitted.params, fitted.found.rounds)
    return calibration, boosting.margins(fitted.booster, data.rows[calibration])


def _ranges(
    data: Data, index: Index, chosen: calibrating.Chosen, fitted: _Trees, settings: Settings, seed: int
) -> Callable[[Floats], tuple[Floats, Floats]]:
    truth = boosting.margins(fitted.booster, data.rows[index])
    answer, gap = ranges.distances(
        data, index, truth, fitted.params, fitted.found.rounds, worlds=settings.worlds, seed=seed
    )

    def at(grid: Floats) -> tuple[Floats, Floats]:
        point = np.clip(chosen.curve(grid), 1e-6, 1 - 1e-6)
        middle = np.log(point / (1 - point))
        low, high = ranges.offsets(answer, gap, grid, settings.coverage)
        return sigmoid(middle + low), sigmoid(middle + high)

    return at


def _few(converted: NDArray[np.int8]) -> bool:
    rarer = min(int(converted.sum()), len(converted) - int(converted.sum()))
    return len(converted) < FEW_CALIBRATION or rarer < FEW_OF_A_KIND


def _ask_both_kinds(converted: NDArray[np.int8], parts: Parts) -> None:
    for name in ("known", "held_out"):
        of = converted[getattr(parts, name)]
        rarer = min(int(of.sum()), len(of) - int(of.sum()))
        least = LEAST_OF_A_KIND if name == "known" else 1
        if rarer < least:
            raise FitError(
                f"converted: of {len(of)} rows in {name}, {int(of.sum())} converted; at least {least} of each kind are needed"
            )


def _head(task: Task, fitted: _Trees, verdict: signal.Verdict, fallback: float) -> Head:
    return Head(
        file=FILES[task],
        parameters={name: value for name, value in fitted.params.items() if name != "monotone_constraints"}
        | {"trees": fitted.found.rounds},
        trees=fitted.found.rounds,
        signal=verdict.signal,
        fallback=fallback,
    )
