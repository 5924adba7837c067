"""Fits propensity and contract value to a matrix: trees, their calibration or spread, and the evidence that they are worth
more than a constant and no less than a plain baseline. A model clearly behind its baseline is not served: stumps that say
what the baseline says are tried in its place, and else a constant answers. Splits are the caller's (tools.ml.splits offers
them; tools.ml.seen says what each part is for); no file is read or written here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.ml import baselines, boosting, calibrating, conformal, ranges, recipes, signal
from tools.ml.boosting import Index, Target
from tools.ml.card import Calibration
from tools.ml.data import Data, Evidence, FitError, Fitted, Floats, Progress, Settings, silent
from tools.ml.evaluate import auc, brier, ece
from tools.ml.predict import sigmoid, spread_of
from tools.ml.seen import FEW_CALIBRATION, Seen, few_of_a_kind, head_of, index_of, rarer, seen
from tools.ml.signal import Verdict
from tools.ml.splits import Parts

LEAST_OF_A_KIND = 10


@dataclass(frozen=True, slots=True)
class _Judged:
    """places: (m,) of the rows judged by; margins, plain: (m,) answers of the trees and of the baseline there."""

    seen: Seen
    places: Index
    margins: Floats
    plain: Floats
    verdict: Verdict


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
    small = few_of_a_kind(converted[parts.calibration])
    index = index_of(data, parts, all_known=small or data.order is not None)
    target = Target("binary:logistic", converted.astype(np.float64), float(converted[index].mean()))
    base = float(converted[parts.known].mean())

    def judge(margins: Floats, plain: Floats, places: Index, by: Seen) -> Verdict:
        truth = converted[places]
        model = calibrating.choose(by.margins, converted[by.asked]).curve(margins)
        told = [model, sigmoid(plain), np.full(len(truth), base)]
        if data.order is not None:
            told = [signal.levelled(each, truth) for each in told]
        losses = [calibrating.log_losses(each, truth) for each in told]
        return signal.judge_ranking(losses[0], losses[1], losses[2], auc(model, truth), seed)

    chosen = recipes.choose(
        data, index, target, pairs=boosting.checks_of(data, index, target), settings=settings, signs=signs,
        may_teach=True, seed=seed, progress=progress,
        plain=lambda places: baselines.logistic(data.rows[places], converted[places]),
        loss=lambda margins, at: calibrating.log_losses(sigmoid(margins), converted[at]),
    )  # fmt: skip
    progress("training", 0.0)
    plain = baselines.logistic(data.rows[parts.known], converted[parts.known])
    found = _judged(data, index, parts, target, chosen, plain, judge, small)
    method = calibrating.choose(found.seen.margins, converted[found.seen.asked])
    truth, model, other = converted[found.places], method.curve(found.margins), sigmoid(found.plain)
    if found.verdict.signal == "none":
        table = calibrating.constant(converted[parts.known], settings.coverage)
        model = np.full(len(truth), base)
    else:
        table = _with_ranges(found.seen, converted, method, settings, seed, progress)
    figures = {
        "held_out": len(truth),
        "base_rate": float(truth.mean()),
        "auc": auc(model, truth),
        "auc_of_logistic_regression": auc(other, truth),
        "brier": brier(model, truth),
        "brier_of_logistic_regression": brier(other, truth),
        "ece": ece(model, truth),
        "p_value": found.verdict.p_value,
    }
    evidence = Evidence(
        found.places, model, other, "logistic regression", found.verdict.p_value, found.verdict.text,
        (*found.seen.chosen.notes, f"calibrated by {method.method}"), figures,
    )  # fmt: skip
    head = head_of("propensity", found.seen.chosen, found.verdict, base, figures)
    return Fitted(head.model_copy(update={"calibration": table}), boosting.raw(found.seen.booster), evidence)


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
    small = int(parts.calibration.sum()) < FEW_CALIBRATION
    index = index_of(data, parts, all_known=small or data.order is not None)
    target = Target("reg:absoluteerror", logs, float(np.median(logs[index])))
    middle = float(np.median(logs[parts.known]))

    def judge(margins: Floats, plain: Floats, places: Index, by: Seen) -> Verdict:
        about = (margins + _shift(logs, by), plain, np.full(len(places), middle))
        losses = [np.abs(logs[places] - each) for each in about]
        return signal.judge_values(losses[0], losses[1], losses[2], seed)

    chosen = recipes.choose(
        data, index, target, pairs=boosting.checks_of(data, index, target), settings=settings, signs=signs,
        may_teach=True, seed=seed, progress=progress,
        plain=lambda places: baselines.ridge(data.rows[places], logs[places]),
        loss=lambda margins, at: np.abs(margins - logs[at]),
    )  # fmt: skip
    progress("training", 0.0)
    plain = baselines.ridge(data.rows[parts.known], logs[parts.known])
    found = _judged(data, index, parts, target, chosen, plain, judge, small)
    asked, shift, none = found.seen.asked, _shift(logs, found.seen), found.verdict.signal == "none"
    about = np.full(len(asked), middle) if none else found.seen.margins + shift
    spread = conformal.spread(logs[asked] - about, settings.coverage, _named(groups, asked))
    model = np.full(len(found.places), middle) if none else found.margins + shift
    low, high = spread_of(spread, np.exp(model), _named(groups, found.places))
    truth = value[found.places]
    figures = {
        "held_out": len(truth),
        "r2_of_log": _r2(np.log(truth), model),
        "r2_of_log_of_ridge_regression": _r2(np.log(truth), found.plain),
        "median_factor_off": float(np.exp(np.median(np.abs(np.log(truth) - model)))),
        "covered": float(np.mean((truth >= low) & (truth <= high))),
        "p_value": found.verdict.p_value,
    }
    evidence = Evidence(
        found.places, np.exp(model), np.exp(found.plain), "ridge regression", found.verdict.p_value,
        found.verdict.text, found.seen.chosen.notes, figures,
    )  # fmt: skip
    head = head_of("acv", found.seen.chosen, found.verdict, float(np.exp(middle)), figures)
    booster = boosting.shifted(boosting.raw(found.seen.booster), shift)
    return Fitted(head.model_copy(update={"spread": spread}), booster, evidence)


def _judged(
    data: Data,
    index: Index,
    parts: Parts,
    target: Target,
    chosen: recipes.Chosen,
    plain: baselines.Plain,
    judge: Callable[[Floats, Floats, Index, Seen], Verdict],
    small: bool,
) -> _Judged:
    """The trees and the verdict about them; taught stumps in their place where they are clearly behind the baseline."""
    own = seen(data, index, parts, target, chosen, small=small)
    places, margins, other = own.judged(parts.held_out, plain)
    verdict = judge(margins, other, places, own)
    if verdict.behind and chosen.recipe.taught is None:
        return _judged(data, index, parts, target, recipes.taught(data, index, target, chosen), plain, judge, small)
    return _Judged(own, places, margins, other, verdict)


def _with_ranges(
    by: Seen,
    converted: NDArray[np.int8],
    method: calibrating.Chosen,
    settings: Settings,
    seed: int,
    progress: Progress,
) -> Calibration:
    labels = converted[by.index].astype(np.float64)
    found = ranges.distances(by.data, by.index, labels, by.chosen, worlds=settings.worlds, seed=seed, progress=progress)
    return calibrating.table(
        method, by.margins, len(by.asked), settings.coverage,
        lambda grid: found.range_at(method, grid, settings.coverage),
    )  # fmt: skip


def _shift(logs: Floats, by: Seen) -> float:
    """By how much the median lies beside the answers."""
    return float(np.median(logs[by.asked] - by.margins))


def _named(groups: Sequence[str] | None, places: Index) -> list[str] | None:
    return None if groups is None else [groups[i] for i in places.tolist()]


def _ask_both_kinds(converted: NDArray[np.int8], parts: Parts) -> None:
    if not np.isin(converted, (0, 1)).all():
        raise FitError("converted: every row needs 0 or 1")
    of = converted[parts.known]
    if rarer(of) < LEAST_OF_A_KIND:
        raise FitError(
            f"converted: {int(of.sum())} of {len(of)} rows to train on converted; at least {LEAST_OF_A_KIND} of each "
            "kind are needed: wait for more outcomes, or split otherwise"
        )
    if not rarer(converted[parts.held_out]):
        raise FitError(
            f"converted: all {int(parts.held_out.sum())} rows held out have one outcome; hold more rows out, or others"
        )


def _r2(actual: Floats, model: Floats) -> float:
    return float(1.0 - np.mean((actual - model) ** 2) / np.var(actual))
