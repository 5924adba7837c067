"""Fits one head to a matrix: trees, their calibration or spread, and the evidence that they are worth more than a constant
and no less than a plain baseline. Splits are the caller's (tools.ml.splits offers them); no file is read or written here.

    train          the trees
    calibration    probabilities and ranges; where it is small it trains too, and answers out of fold are calibrated
    held_out       the verdict, and nothing else; where it is small, answers out of fold are judged with it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tools.ml import baselines, boosting, calibrating, conformal, ranges, recipes, signal
from tools.ml.boosting import Index, Target
from tools.ml.card import Head, Spread, Task
from tools.ml.data import Data, Evidence, FitError, Fitted, Floats, Progress, Settings, silent
from tools.ml.evaluate import auc, brier, ece
from tools.ml.predict import sigmoid, spread_of
from tools.ml.splits import Mask, Parts

if TYPE_CHECKING:
    import xgboost as xgb

FILES: dict[Task, str] = {"propensity": "propensity.json", "acv": "acv.json", "time-to-close": "time-to-close.json"}
FEW_CALIBRATION, FEW_OF_A_KIND, FEW_HELD_OUT = 1_000, 100, 1_000
LEAST_ROWS, LEAST_OF_A_KIND = 30, 10
SCALES = (0.5, 0.75, 1.0)
"""Of the logarithm's standard deviation: what is left of it about the trees' answer, for survival:aft."""


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
    index = _index(data, parts, small=_few_of_a_kind(converted[parts.calibration]))
    labels = converted[index].astype(np.float64)
    target = Target("binary:logistic", converted.astype(np.float64), float(labels.mean()))
    chosen = recipes.choose(
        data, index, target, settings=settings, signs=signs, may_teach=True, seed=seed, progress=progress,
        plain=lambda places: baselines.logistic(data.rows[places], converted[places]),
        loss=lambda margins: calibrating.log_losses(sigmoid(margins), converted[index]),
    )  # fmt: skip
    progress("training", 0.0)
    booster = chosen.recipe.fit(data.rows[index], target.at(index))
    seen = _Seen(data, index, parts, chosen, booster)
    method = calibrating.choose(seen.margins, converted[seen.asked])
    base = float(converted[parts.known].mean())
    judged, margins, plain = seen.judged(
        parts.held_out, baselines.logistic(data.rows[parts.known], converted[parts.known])
    )
    truth, model, other = converted[judged], method.curve(margins), sigmoid(plain)
    losses = [calibrating.log_losses(each, truth) for each in (model, other, np.full(len(truth), base))]
    verdict = signal.judge_ranking(losses[0], losses[1], losses[2], auc(model, truth), seed)
    if verdict.signal == "none":
        table = calibrating.constant(converted[parts.known], settings.coverage)
        model = np.full(len(truth), base)
    else:
        found = ranges.distances(data, index, labels, chosen, worlds=settings.worlds, seed=seed, progress=progress)
        table = calibrating.table(
            method, seen.margins, len(seen.asked), settings.coverage,
            lambda grid: found.range_at(method, grid, settings.coverage),
        )  # fmt: skip
    figures = {
        "held_out": len(truth),
        "base_rate": float(truth.mean()),
        "auc": auc(model, truth),
        "auc_of_logistic_regression": auc(other, truth),
        "brier": brier(model, truth),
        "brier_of_logistic_regression": brier(other, truth),
        "ece": ece(model, truth),
        "p_value": verdict.p_value,
    }
    notes = (*chosen.notes, f"calibrated by {method.method}")
    evidence = Evidence(judged, model, other, "logistic regression", verdict.p_value, verdict.text, notes, figures)
    head = _head("propensity", chosen, verdict, base, figures).model_copy(update={"calibration": table})
    return Fitted(head, boosting.raw(booster), evidence)


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
    chosen = recipes.choose(
        data, index, target, settings=settings, signs=signs, may_teach=True, seed=seed, progress=progress,
        plain=lambda places: baselines.ridge(data.rows[places], logs[places]),
        loss=lambda margins: np.abs(margins - logs[index]),
    )  # fmt: skip
    progress("training", 0.0)
    booster = chosen.recipe.fit(data.rows[index], target.at(index))
    seen = _Seen(data, index, parts, chosen, booster)
    shift = float(np.median(logs[seen.asked] - seen.margins))
    judged, margins, plain = seen.judged(parts.held_out, baselines.ridge(data.rows[parts.known], logs[parts.known]))
    middle, model = float(np.median(logs[parts.known])), margins + shift
    losses = [np.abs(logs[judged] - each) for each in (model, plain, np.full(len(judged), middle))]
    verdict = signal.judge_values(losses[0], losses[1], losses[2], seed)
    none = verdict.signal == "none"
    about = np.full(len(seen.asked), middle) if none else seen.margins + shift
    named = None if groups is None else [groups[i] for i in seen.asked.tolist()]
    spread = conformal.spread(logs[seen.asked] - about, settings.coverage, named)
    model = np.full(len(judged), middle) if none else model
    low, high = spread_of(spread, np.exp(model), None if groups is None else [groups[i] for i in judged.tolist()])
    figures = {
        "held_out": len(judged),
        "r2_of_log": _r2(logs[judged], model),
        "r2_of_log_of_ridge_regression": _r2(logs[judged], plain),
        "median_factor_off": float(np.exp(np.median(np.abs(logs[judged] - model)))),
        "covered": float(np.mean((value[judged] >= low) & (value[judged] <= high))),
        "p_value": verdict.p_value,
    }
    evidence = Evidence(
        judged, np.exp(model), np.exp(plain), "ridge regression", verdict.p_value, verdict.text, chosen.notes, figures
    )
    head = _head("acv", chosen, verdict, float(np.exp(middle)), figures).model_copy(update={"spread": spread})
    return Fitted(head, boosting.shifted(boosting.raw(booster), shift), evidence)


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
    closed or, for open leads, until last seen; closed: (n,). Open leads are right-censored, not dropped: they train the
    trees by their share of the likelihood (accelerated failure time, normal on the logarithm) and weigh the closed ones
    (see tools.ml.conformal). Raises FitError where fewer than 30 have closed."""
    if not np.all(days > 0):
        raise FitError("days: every row needs a positive number of days; give leads closed at once half a day")
    if (count := int(closed[parts.known].sum())) < LEAST_ROWS:
        raise FitError(f"closed: {count} leads have closed, at least {LEAST_ROWS} are needed")
    index = _index(data, parts, small=int(closed[parts.calibration].sum()) < FEW_CALIBRATION)
    logs, weights = np.log(days), conformal.weights_of(days, closed)
    middle = baselines.kaplan_meier_median(days[parts.known], closed[parts.known])
    notes: tuple[str, ...] = ()
    if np.isinf(middle):
        middle = float(days[parts.known & closed].max())
        notes = (f"fewer than half have closed: the median of all is beyond {middle:.0f} days",)
    target = _survival_target(data, index, days, closed, middle, settings, signs, seed)
    chosen = recipes.choose(
        data, index, target, settings=settings, signs=signs, may_teach=False, seed=seed, progress=progress,
        plain=lambda _places: baselines.constant(float(np.log(middle))),
        loss=lambda margins: weights[index] * np.abs(margins - logs[index]),
    )  # fmt: skip
    progress("training", 0.0)
    booster = chosen.recipe.fit(data.rows[index], target.at(index))
    seen = _Seen(data, index, parts, chosen, booster)
    asked = seen.asked[closed[seen.asked]]
    residual = (logs[seen.asked] - seen.margins)[closed[seen.asked]]
    shift = conformal.quantile(residual, weights[asked], len(seen.asked), 0.5)
    shift = 0.0 if np.isinf(shift) else shift
    judged, margins, plain = seen.judged(parts.held_out, baselines.constant(float(np.log(middle))))
    truth, heavy, model = logs[judged], weights[judged], margins + shift
    off = [heavy * np.abs(truth - each) for each in (model, plain)]
    verdict = signal.judge_values(off[0], off[1], off[1], seed)
    none = verdict.signal == "none"
    about = logs[asked] - np.log(middle) if none else residual - shift
    scale = float(target.more["aft_loss_distribution_scale"]) if not none else float(np.std(logs[index][closed[index]]))
    spread = conformal.spread_censored(about, weights[asked], len(seen.asked), settings.coverage, scale)
    model = plain if none else model
    figures = {
        "held_out": len(judged),
        "closed": int(closed[judged].sum()),
        "median_factor_off": float(np.exp(np.median(np.abs(truth - model)[closed[judged]]))),
        "covered": _covered_weighted(spread, model, truth, heavy),
        "p_value": verdict.p_value,
    }
    evidence = Evidence(
        judged, np.exp(model), np.exp(plain), "Kaplan-Meier median", verdict.p_value, verdict.text,
        (*chosen.notes, *notes), figures,
    )  # fmt: skip
    head = _head("time-to-close", chosen, verdict, middle, figures).model_copy(update={"spread": spread})
    return Fitted(head, boosting.shifted(boosting.raw(booster), shift), evidence)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Answers about rows that the trees which gave them had not seen."""

    data: Data
    index: Index
    parts: Parts
    chosen: recipes.Chosen
    booster: xgb.Booster

    @property
    def asked(self) -> Index:
        """Places of the rows to calibrate with: the calibration part, or all of training where that part trained too."""
        apart = boosting.hashed_order(self.data, self.parts.calibration)
        return self.index if not len(apart) or np.isin(apart, self.index).any() else apart

    @property
    def margins(self) -> Floats:
        asked = self.asked
        if asked is self.index:
            return self.chosen.margins
        return boosting.margins(self.booster, self.data.rows[asked])

    def judged(self, held_out: Mask, plain: baselines.Plain) -> tuple[Index, Floats, Floats]:
        """(places, margins, the plain model's margins): the held-out rows, and out-of-fold ones where those are few."""
        held = boosting.hashed_order(self.data, held_out)
        model, other = boosting.margins(self.booster, self.data.rows[held]), plain(self.data.rows[held])
        if len(held) >= FEW_HELD_OUT:
            return held, model, other
        return (
            np.concatenate((held, self.index)),
            np.concatenate((model, self.chosen.margins)),
            np.concatenate((other, self.chosen.plain)),
        )


def _survival_target(
    data: Data,
    index: Index,
    days: Floats,
    closed: NDArray[np.bool_],
    middle: float,
    settings: Settings,
    signs: Mapping[str, int] | None,
    seed: int,
) -> Target:
    """With the scale under which the rows kept aside are likeliest."""
    spread, until = float(np.std(np.log(days[index][closed[index]]))), np.where(closed, days, np.inf)
    direction = boosting.signs_of(data.features, signs)
    found = []
    for scale in SCALES:
        more: dict[str, float | str] = {
            "aft_loss_distribution": "normal",
            "aft_loss_distribution_scale": max(scale * spread, 0.05),
        }
        target = Target("survival:aft", days, middle, until, more)
        params = boosting.parameters(target, settings, direction, seed)
        found.append((boosting.search(data, index, target, params, settings).loss, target))
    return min(found, key=lambda each: each[0])[1]


def _index(data: Data, parts: Parts, *, small: bool) -> Index:
    """The rows that the trees are trained on: calibration too where it is small."""
    index = boosting.hashed_order(data, parts.known if small else parts.train)
    if len(index) < LEAST_ROWS:
        raise FitError(f"train: {len(index)} rows, at least {LEAST_ROWS} are needed")
    return index


def _few_of_a_kind(converted: NDArray[np.int8]) -> bool:
    return len(converted) < FEW_CALIBRATION or _rarer(converted) < FEW_OF_A_KIND


def _rarer(converted: NDArray[np.int8]) -> int:
    return min(int(converted.sum()), len(converted) - int(converted.sum()))


def _ask_both_kinds(converted: NDArray[np.int8], parts: Parts) -> None:
    if not np.isin(converted, (0, 1)).all():
        raise FitError("converted: every row needs 0 or 1")
    of = converted[parts.known]
    if _rarer(of) < LEAST_OF_A_KIND:
        raise FitError(
            f"converted: {int(of.sum())} of {len(of)} rows to train on converted; at least {LEAST_OF_A_KIND} of each "
            "kind are needed: wait for more outcomes, or split otherwise"
        )
    if not _rarer(converted[parts.held_out]):
        raise FitError(
            f"converted: all {int(parts.held_out.sum())} rows held out have one outcome; hold more rows out, or others"
        )


def _r2(actual: Floats, model: Floats) -> float:
    return float(1.0 - np.mean((actual - model) ** 2) / np.var(actual))


def _covered_weighted(spread: Spread, model: Floats, truth: Floats, weights: Floats) -> float:
    low, high = (np.log(each) for each in spread_of(spread, np.exp(model)))
    return float(np.average((truth >= low) & (truth <= high), weights=weights))


def _head(
    task: Task, chosen: recipes.Chosen, verdict: signal.Verdict, fallback: float, figures: Mapping[str, float]
) -> Head:
    params = {name: value for name, value in chosen.recipe.params.items() if name != "monotone_constraints"}
    return Head(
        file=FILES[task],
        parameters=params | {"taught": int(chosen.recipe.taught is not None)},
        trees=chosen.recipe.rounds,
        signal=verdict.signal,
        fallback=fallback,
        figures={name: round(value, 4) for name, value in figures.items()},
    )
