"""Chooses how the trees of a head are made: how many, how deep, taught by outcomes or by a plain model. It looks at the
rows of training alone, always at answers about rows that the trees did not see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from tools.ml import boosting, teaching, trials
from tools.ml.baselines import Plain
from tools.ml.boosting import Index, Recipe, Search, Target
from tools.ml.data import Data, Floats, Progress, Settings

ERRORS = 1.645
"""Standard errors by which a plain model must be ahead of the trees to teach them: p below .05, one-sided."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """margins: (n,) out-of-fold answers of the recipe about the rows of training; plain: of the plain model; trees: own
    trees that were tried, each with its out-of-fold answers: the best, and as deep ones as the settings allow."""

    recipe: Recipe
    trees: tuple[tuple[Recipe, Floats], ...]
    margins: Floats
    plain: Floats
    notes: tuple[str, ...]


def choose(
    data: Data,
    index: Index,
    target: Target,
    *,
    settings: Settings,
    signs: Mapping[str, int] | None,
    plain: Callable[[Index], Plain],
    loss: Callable[[Floats], Floats],
    may_teach: bool,
    seed: int,
    progress: Progress,
) -> Chosen:
    """index: n places in data and target; plain: fits the plain model to these places; loss: (n,) margins about the rows
    of index -> (n,) losses. Tried are the settings, stumps, as many trials as the settings ask for, and the taught ones."""
    settings, direction = boosting.for_rows(settings, len(index)), boosting.signs_of(data.features, signs)

    def look(given: Settings) -> Search:
        return boosting.search(data, index, target, boosting.parameters(target, given, direction, seed), given)

    progress("looking for the number of trees", 0.0)
    stumps = replace(settings, depth=1)
    tried = [(settings, look(settings)), (stumps, look(stumps))]
    richest = Recipe(boosting.parameters(target, settings, direction, seed), tried[0][1].rounds)
    settings, found = trials.tried(*min(tried, key=lambda each: each[1].loss), look, seed=seed, progress=progress)
    params = boosting.parameters(target, settings, direction, seed)
    recipe = Recipe(params, found.rounds)
    progress("comparing with the plain model", 0.0)
    margins = boosting.out_of_fold(data, index, target, recipe)
    plain_margins = np.empty(len(index))
    for kept, aside in boosting.folds_of(data, index, 5):
        plain_margins[aside] = plain(index[kept])(data.rows[index[aside]])
    trees = [(recipe, margins)]
    if recipe != richest:
        trees.append((richest, boosting.out_of_fold(data, index, target, richest)))
    notes = [f"{found.rounds} trees of depth {settings.depth}"]
    behind = loss(margins) - loss(plain_margins)
    if may_teach and behind.mean() > ERRORS * behind.std() / np.sqrt(len(behind)):
        recipe = teaching.taught(params)
        margins = boosting.out_of_fold(data, index, target, recipe)
        notes = [f"{recipe.rounds} stumps, taught by the plain model, which knew more than trees of their own"]
    return Chosen(recipe, tuple(trees), margins, plain_margins, tuple(notes))
