"""Fits the time to close to a matrix: trees of an accelerated failure time, their spread, and the evidence that they know
more than a median. Open leads take part. Splits are the caller's; no file is read or written here.

Settings are chosen in hashed folds, also where times are known: the latest leads were watched for the shortest time, so
that only the quick ones among them have closed. What such leads say of days is weighed right among all (see
tools.ml.conformal), and wrong among themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tools.ml import baselines, boosting, conformal, recipes, signal
from tools.ml.boosting import Index, Pairs, Target
from tools.ml.card import Spread
from tools.ml.data import Data, Evidence, FitError, Fitted, Floats, Progress, Settings, silent
from tools.ml.predict import spread_of
from tools.ml.seen import FEW_CALIBRATION, LEAST_ROWS, head_of, index_of, seen
from tools.ml.splits import Parts

SCALES = (0.5, 0.75, 1.0)
"""Of the logarithm's standard deviation: what is left of it about the trees' answer, for survival:aft."""


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
    (see tools.ml.conformal). Where some leads never close, days are those of leads that do: whether one does is another
    model's answer. Raises FitError where fewer than 30 have closed."""
    if not np.all(days > 0):
        raise FitError("days: every row needs a positive number of days; give leads closed at once half a day")
    if (count := int(closed[parts.known].sum())) < LEAST_ROWS:
        raise FitError(f"closed: {count} leads have closed, at least {LEAST_ROWS} are needed")
    small = int(closed[parts.calibration].sum()) < FEW_CALIBRATION
    index = index_of(data, parts, all_known=small)
    logs, weights = np.log(days), conformal.weights_of(days, closed)
    ever = baselines.ever_closing(days[parts.known], closed[parts.known])
    middle = baselines.kaplan_meier_median(days[parts.known], closed[parts.known], ever)
    notes: tuple[str, ...] = ()
    if ever < 1.0:
        notes = (f"{1 - ever:.0%} of the leads never close: days are told of those that do",)
    if np.isinf(middle):
        middle = float(days[parts.known & closed].max())
        notes = (f"fewer than half have closed: the median of all is beyond {middle:.0f} days",)
    pairs = boosting.folds_of(data, index, boosting.FOLDS)
    target = _survival_target(data, index, pairs, days, closed, middle, settings, signs, seed)
    chosen = recipes.choose(
        data, index, target, pairs=pairs, settings=settings, signs=signs, may_teach=False, seed=seed,
        progress=progress,
        plain=lambda _places: baselines.constant(float(np.log(middle))),
        loss=lambda margins, at: weights[at] * np.abs(margins - logs[at]),
    )  # fmt: skip
    progress("training", 0.0)
    known = seen(data, index, parts, target, chosen, small=small)
    asked = known.asked[closed[known.asked]]
    residual = (logs[known.asked] - known.margins)[closed[known.asked]]
    closing = ever * len(known.asked)
    shift = conformal.quantile(residual, weights[asked], closing, 0.5)
    shift = 0.0 if np.isinf(shift) else shift
    judged, margins, plain = known.judged(parts.held_out, baselines.constant(float(np.log(middle))))
    truth, heavy, model = logs[judged], weights[judged], margins + shift
    off = [heavy * np.abs(truth - each) for each in (model, plain)]
    verdict = signal.judge_values(off[0], off[1], off[1], seed)
    none = verdict.signal == "none"
    about = logs[asked] - np.log(middle) if none else residual - shift
    scale = float(target.more["aft_loss_distribution_scale"]) if not none else float(np.std(logs[index][closed[index]]))
    spread = conformal.spread_censored(about, weights[asked], closing, settings.coverage, scale)
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
    head = head_of("time-to-close", chosen, verdict, middle, figures).model_copy(update={"spread": spread})
    return Fitted(head, boosting.shifted(boosting.raw(known.booster), shift), evidence)


def _survival_target(
    data: Data,
    index: Index,
    pairs: Pairs,
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
        found.append((boosting.search(data, index, target, params, settings, pairs).loss, target))
    return min(found, key=lambda each: each[0])[1]


def _covered_weighted(spread: Spread, model: Floats, truth: Floats, weights: Floats) -> float:
    low, high = (np.log(each) for each in spread_of(spread, np.exp(model)))
    return float(np.average((truth >= low) & (truth <= high), weights=weights))
