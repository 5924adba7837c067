"""Boosted trees over matrices: shallow, monotone where asked, with as many rounds as rows kept aside can bear. This module
knows xgboost; which rows, which target and what becomes of the output is up to its callers.

One thread, a fixed seed and rows in the order of their keys' hashes: the same rows give the same bytes, in whatever order
they came.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from tools.ml import splits
from tools.ml.data import Data, FitError, Floats, Rows, Settings

if TYPE_CHECKING:
    import xgboost as xgb

Index: TypeAlias = NDArray[np.int64]
Objective: TypeAlias = Literal["binary:logistic", "reg:squarederror", "reg:absoluteerror", "survival:aft"]
Pairs: TypeAlias = "list[tuple[Index, Index]]"
Teacher: TypeAlias = "Callable[[Rows, Target], tuple[Rows, Target]]"
METRICS = {
    "binary:logistic": "logloss", "reg:squarederror": "rmse", "reg:absoluteerror": "mae", "survival:aft": "aft-nloglik",
}  # fmt: skip
LEAST_WEIGHT, ROWS_A_WEIGHT = 2.0, 40.0
FOLDS = 5
FORWARD, LEAST_BEFORE = (0.4, 0.55, 0.7, 0.85), 30
"""Shares of the rows before each block of time that is tested on, and the least rows before one."""
FEW_ROWS = 5_000
"""Below this every row takes its turn in finding the rounds (five hashed folds); above, a fifth is kept aside once."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the trees learn. values: (n,) 0..1, or logarithms, or days; until: (n,) upper bounds of days, infinite where
    open (survival:aft only); base: what is expected without any tree, in the units of `values`."""

    objective: Objective
    values: Floats
    base: float
    until: Floats | None = None
    more: Mapping[str, float | str] = field(default_factory=dict)

    def at(self, index: Index) -> Target:
        until = None if self.until is None else self.until[index]
        return Target(self.objective, self.values[index], self.base, until, self.more)

    def before(self, index: Index) -> Target:
        """Of these rows alone, the base too: what came later may not tell its level to what came before."""
        found = self.at(index)
        if self.until is not None:  # a median of open leads is no mere median: it stays as it was given
            return found
        base = np.median(found.values) if self.objective == "reg:absoluteerror" else np.mean(found.values)
        return replace(found, base=float(base))


def hashed_order(data: Data, mask: splits.Mask) -> Index:
    """Places of the rows of a mask, ordered by their keys' hashes and, for equal keys, by what the rows say."""
    index = np.flatnonzero(mask)
    place = splits.places([data.keys[i] for i in index.tolist()], "rows")
    columns = np.nan_to_num(data.rows[index], nan=-math.inf).T
    return index[np.lexsort((*columns, place))].astype(np.int64)


def parameters(target: Target, settings: Settings, signs: Sequence[int], seed: int) -> dict[str, Any]:
    """xgboost's own names. signs: (k,) 1 where more may not lower the output, -1 where it may not raise it, else 0."""
    return {
        "objective": target.objective,
        "max_depth": settings.depth,
        "eta": settings.eta,
        "lambda": settings.l2,
        "min_child_weight": settings.min_child_weight,
        "subsample": settings.subsample,
        "colsample_bytree": settings.columns,
        "monotone_constraints": "(" + ",".join(map(str, signs)) + ")",
        "tree_method": "hist",
        "max_bin": 64,
        "seed": seed,
        "nthread": settings.threads,
        "verbosity": 0,
        **target.more,
    }


def signs_of(features: Sequence[str], signs: Mapping[str, int] | None) -> list[int]:
    """(k,) one for each feature. Raises FitError for a name that is no feature."""
    given = dict(signs or {})
    if unknown := sorted(given.keys() - set(features)):
        raise FitError(f"signs: {', '.join(unknown)} is no feature; the features are {', '.join(features)}")
    return [given.get(name, 0) for name in features]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How trees are made of rows and a target, the same way for the model and for every check of it. taught: not by the
    outcomes but by a plain model that is fitted to them and then asked (see tools.ml.teaching)."""

    params: Mapping[str, Any]
    rounds: int
    taught: Teacher | None = None

    def fit(self, rows: Rows, target: Target) -> xgb.Booster:
        import xgboost as xgb  # noqa: PLC0415 - 0.3 s, which only training pays

        if self.taught is not None:
            rows, target = self.taught(rows, target)
        params = {**self.params, "base_score": target.base}
        return xgb.train(params, matrix(rows, target, int(params["nthread"])), num_boost_round=self.rounds)


def matrix(rows: Rows, target: Target | None = None, threads: int = 1) -> xgb.DMatrix:
    import xgboost as xgb  # noqa: PLC0415 - as in train

    made = xgb.DMatrix(rows, nthread=threads)
    if target is None:
        return made
    if target.until is None:
        made.set_label(target.values)
    else:
        made.set_float_info("label_lower_bound", target.values)
        made.set_float_info("label_upper_bound", target.until)
    return made


def for_rows(settings: Settings, rows: int) -> Settings:
    """A leaf of few rows is a fair share of a small table: less weight is asked of it there, two rows' at least."""
    least = max(LEAST_WEIGHT, rows / ROWS_A_WEIGHT)
    return replace(settings, min_child_weight=min(settings.min_child_weight, least))


def margins(booster: xgb.Booster, rows: Rows) -> Floats:
    """(n,) before the link function: log-odds, logarithm of money, logarithm of days."""
    return np.asarray(booster.predict(matrix(rows), output_margin=True), dtype=np.float64)


def raw(booster: xgb.Booster) -> bytes:
    return bytes(booster.save_raw("json"))


def shifted(model: bytes, by: float) -> bytes:
    """The same trees with `by` added to every margin: a median that was found to lie elsewhere."""
    tree = orjson.loads(model)
    known = tree["learner"]["learner_model_param"]
    base = float(known["base_score"].strip("[]"))
    moved = base * math.exp(by) if tree["learner"]["objective"]["name"] == "survival:aft" else base + by
    known["base_score"] = f"[{moved!r}]"
    return orjson.dumps(tree)


def checks_of(data: Data, index: Index, target: Target) -> Pairs:
    """(trained on, tested on), as places within `index`, for choosing what will serve: where times are known, each block of
    time by what came before it, because that is how a model serves; else five hashed folds. A block counts where enough
    rows, and outcomes of two kinds, came before."""
    if data.order is None:
        return folds_of(data, index, FOLDS)
    values = target.values[index]
    pairs = splits.forward(data.order[index], FORWARD)
    pairs = [pair for pair in pairs if len(pair[0]) >= LEAST_BEFORE and len(np.unique(values[pair[0]])) > 1]
    return pairs or folds_of(data, index, FOLDS)


def folds_of(data: Data, index: Index, count: int) -> Pairs:
    """(trained on, tested on) for each hashed fold, as places within `index`."""
    fold = splits.folds([data.keys[i] for i in index.tolist()], count)
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(count)]


@dataclass(frozen=True, slots=True)
class Search:
    """Rounds and what they reached on rows not trained on: the objective's own loss, lower is better."""

    rounds: int
    loss: float


def search(
    data: Data, index: Index, target: Target, params: Mapping[str, Any], settings: Settings, pairs: Pairs
) -> Search:
    """How many rounds lower the loss on rows kept aside by `pairs`, in turn. Rounds stop once `patience` more did not help.
    index: places in data and target."""
    import xgboost as xgb  # noqa: PLC0415 - as in train

    curves, metric = [], METRICS[target.objective]
    alike = all(len(kept) + len(aside) == len(index) for kept, aside in pairs)  # hashed folds; blocks of time are not
    for kept, aside in pairs[:1] if alike and len(index) >= FEW_ROWS else pairs:
        history: dict[str, dict[str, list[float]]] = {}
        made, checked = (matrix(data.rows[index[i]], target.at(index[i]), settings.threads) for i in (kept, aside))
        xgb.train(
            {**params, "base_score": _trained_on(data, target, index[kept]).base, "eval_metric": metric},
            made,
            num_boost_round=settings.rounds,
            evals=[(checked, "aside")],
            early_stopping_rounds=settings.patience,
            evals_result=history,
            verbose_eval=False,
        )
        curves.append((len(aside), np.array(history["aside"][metric])))
    length = max(len(curve) for _, curve in curves)
    padded = np.array([np.pad(curve, (0, length - len(curve)), mode="edge") for _, curve in curves])
    mean = np.average(padded, axis=0, weights=[n for n, _ in curves])
    best = int(np.argmin(mean))
    return Search(best + 1, float(mean[best]))


def out_of_fold(data: Data, index: Index, target: Target, recipe: Recipe, pairs: Pairs) -> Floats:
    """(len(index),) margins of each row by trees that never saw it; NaN for those that no pair tests on."""
    found = np.full(len(index), np.nan)
    for kept, aside in pairs:
        booster = recipe.fit(data.rows[index[kept]], _trained_on(data, target, index[kept]))
        found[aside] = margins(booster, data.rows[index[aside]])
    return found


def _trained_on(data: Data, target: Target, index: Index) -> Target:
    return target.at(index) if data.order is None else target.before(index)
