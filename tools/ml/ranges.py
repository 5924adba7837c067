"""How far a lead's true probability may lie from the answer, when nobody ever sees a probability, only outcomes.

The fit is repeated in worlds made like this table, whose truth is known (a parametric bootstrap of the whole fit: Efron
and Tibshirani 1993, chapter 6): outcomes are drawn from a stated truth, the same trees are fitted to those and asked about
rows they did not see. Where the truth lay about such answers, for the stated share of rows, is the range.

    truth of a world   what trees and logistic regression fitted, weighed by how they did on rows they had not seen, and
                       stretched about its mean until the trees rank as well in such a world as they do here: what is
                       fitted is smaller than what is there

What no row of the table shows cannot widen a range, and an error in the base rate moves all leads of a table together:
coverage is meant on average over tables, not within each.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tools.ml import baselines, boosting, recipes
from tools.ml.boosting import Index, Recipe, Target
from tools.ml.calibrating import TINY, Chosen, log_odds
from tools.ml.data import Data, Floats, Progress
from tools.ml.evaluate import auc
from tools.ml.predict import sigmoid

BANDS, FOLDS, SCALES = 12, 5, (0.7, 1.0, 1.4, 2.0, 2.8)
LEAST_DEEP = 0.3
ROWS_OF_A_SCALE = 10_000
"""Each scale is tried in worlds of about as many rows together, one at least."""


class Distances:
    """Where the truth lies about answers like these, by the answer. rows: how many were looked at."""

    def __init__(self, answer: Floats, truth: Floats) -> None:
        edges = np.unique(np.quantile(answer, np.linspace(0, 1, BANDS + 1)))
        band = np.clip(np.searchsorted(edges, answer, side="right") - 1, 0, max(0, len(edges) - 2))
        self._bands = [(answer[band == k], truth[band == k]) for k in np.unique(band)]

    def range_at(self, chosen: Chosen, at: Floats, coverage: float) -> tuple[Floats, Floats]:
        """(low, high) probabilities at margins `at`. Where the answers were recalibrated, so are they in the worlds: the
        distance is taken from the mean truth of a band."""
        outside = (1.0 - coverage) / 2.0
        middles, low, high = [], [], []
        for answer, truth in self._bands:
            told = answer if chosen.method == "sigmoid" else log_odds(np.array([sigmoid(truth).mean()]))
            below, above = np.quantile(truth - told, (outside, 1.0 - outside))
            middles.append(float(answer.mean()))
            low.append(float(below))
            high.append(float(above))
        told = log_odds(chosen.curve(at))
        return sigmoid(told + np.interp(at, middles, low)), sigmoid(told + np.interp(at, middles, high))


def distances(
    data: Data,
    index: Index,
    converted: Floats,
    chosen: recipes.Chosen,
    *,
    worlds: int,
    seed: int,
    progress: Progress,
) -> Distances:
    """index: n places in data; converted: (n,) their outcomes; chosen: the recipe that answers and what it was chosen
    from."""
    recipe = chosen.recipe
    reached, middle = _likeliest(data, index, converted, chosen)
    each = max(1, min(FOLDS, ROWS_OF_A_SCALE // len(index)))
    ranked = []
    for k, scale in enumerate(SCALES):
        progress("worlds like this table: how strong is the truth", k / len(SCALES))
        ranked.append(_ranking(*_world(data, index, _stretched(middle, scale), recipe, each, seed), seed))
    scale = float(np.interp(reached, np.maximum.accumulate(ranked), SCALES))
    progress("worlds like this table: how far off are answers", 0.0)
    return Distances(*_world(data, index, _stretched(middle, scale), recipe, worlds, seed + 1))


def _likeliest(data: Data, index: Index, converted: Floats, chosen: recipes.Chosen) -> tuple[float, Floats]:
    """The AUC of the recipe in hashed folds (worlds do not drift, so neither may what they are held against), and (n,)
    log-odds: what each model fitted to the rows, weighed by how it did on rows that it had not seen (stacking,
    Wolpert 1992). Deep trees are taken with twice their rounds, and always count for something: what early stopping cut
    off, and what too few rows could not show, may be there all the same."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - half a second, which only training pays

    inside, every = data.at(index), np.arange(len(index))
    rows, pairs = inside.rows, boosting.folds_of(inside, every, FOLDS)
    target, labels = Target("binary:logistic", converted, float(converted.mean())), converted.astype(np.int8)
    fitted = [baselines.logistic(rows, labels)(rows)]
    answers = [recipes.plain_out_of_fold(inside, every, lambda at: baselines.logistic(rows[at], labels[at]), pairs)]
    for recipe in chosen.trees:
        more = recipe.rounds * (2 if int(recipe.params["max_depth"]) > 1 else 1)
        fitted.append(boosting.margins(replace(recipe, rounds=more).fit(rows, target), rows))
        answers.append(boosting.out_of_fold(inside, every, target, recipe, pairs))
    own = (
        answers[1]
        if chosen.recipe is chosen.trees[0]
        else boosting.out_of_fold(inside, every, target, chosen.recipe, pairs)
    )
    unseen = np.column_stack(answers)
    weights = np.maximum(LogisticRegression(C=10.0).fit(unseen, labels).coef_[0], 0.0) + TINY
    weights /= weights.sum()
    weights[-1] = max(weights[-1], LEAST_DEEP)
    return auc(own, labels), np.asarray(np.column_stack(fitted) @ (weights / weights.sum()), dtype=np.float64)


def _stretched(margin: Floats, scale: float) -> Floats:
    middle = float(margin.mean())
    return np.asarray(middle + scale * (margin - middle), dtype=np.float64)


def _world(data: Data, index: Index, truth: Floats, recipe: Recipe, count: int, seed: int) -> tuple[Floats, Floats]:
    """(answer, truth), log-odds of rows not seen by the trees that answered, of `count` worlds one after the other."""
    random = np.random.default_rng(seed)
    answers, truths = [], []
    pairs = boosting.folds_of(data, index, FOLDS)
    for world in range(count):
        kept, aside = pairs[world % FOLDS]
        drawn = (random.random(len(kept)) < sigmoid(truth[kept])).astype(np.float64)
        drawn[:2] = (0.0, 1.0)  # both kinds, in the rarest of worlds too
        booster = recipe.fit(data.rows[index[kept]], Target("binary:logistic", drawn, float(drawn.mean())))
        answers.append(boosting.margins(booster, data.rows[index[aside]]))
        truths.append(truth[aside])
    return np.concatenate(answers), np.concatenate(truths)


def _ranking(answer: Floats, truth: Floats, seed: int) -> float:
    """AUC of the answers on outcomes drawn from the truth."""
    drawn = np.random.default_rng(seed).random(len(truth)) < sigmoid(truth)
    return auc(answer, drawn.astype(np.int8))
