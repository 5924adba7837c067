"""Chooses how the trees of a head are made: how many, how deep, taught by outcomes or by a plain model. It looks at the
rows of training alone, always at answers about rows that the trees did not see: where times are known, at answers about
later rows than those trained on, because what the first months seem to say may not last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from tools.ml import boosting, teaching, trials
from tools.ml.baselines import Plain
from tools.ml.boosting import Index, Pairs, Recipe, Search, Target
from tools.ml.data import Data, Floats, Progress, Settings

Fit: TypeAlias = Callable[[Index], Plain]
ERRORS = 1.645
"""Standard errors by which a plain model must be ahead of the trees to teach them: p below .05, one-sided."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """pairs: what was trained on and tested on. checked: (m,) places within the rows of training that were tested on;
    margins: (m,) answers of the recipe about them; plain: (m,) of the plain model. trees: own trees that were tried: the
    best, and as deep ones as the settings allow. notes: for people."""

    recipe: Recipe
    pairs: Pairs
    checked: Index
    margins: Floats
    plain: Floats
    trees: tuple[Recipe, ...]
    notes: tuple[str, ...]


def choose(
    data: Data,
    index: Index,
    target: Target,
    *,
    pairs: Pairs,
    settings: Settings,
    signs: Mapping[str, int] | None,
    plain: Fit,
    loss: Callable[[Floats, Index], Floats],
    may_teach: bool,
    seed: int,
    progress: Progress,
) -> Chosen:
    """index: n places in data and target; pairs: of `boosting.checks_of`, or hashed; plain: fits the plain model to places
    in data; loss: margins (m,), m places in data -> (m,) losses. Tried are the settings, stumps, as many trials as the
    settings ask for, and the taught ones."""
    settings, direction = boosting.for_rows(settings, len(index)), boosting.signs_of(data.features, signs)

    def look(given: Settings) -> Search:
        return boosting.search(data, index, target, boosting.parameters(target, given, direction, seed), given, pairs)

    progress("looking for the number of trees", 0.0)
    stumps = replace(settings, depth=1)
    tried = [(settings, look(settings)), (stumps, look(stumps))]
    richest = Recipe(boosting.parameters(target, settings, direction, seed), tried[0][1].rounds)
    settings, found = trials.tried(*min(tried, key=lambda each: each[1].loss), look, seed=seed, progress=progress)
    recipe = Recipe(boosting.parameters(target, settings, direction, seed), found.rounds)
    progress("comparing with the plain model", 0.0)
    checked = np.unique(np.concatenate([aside for _, aside in pairs]))
    chosen = Chosen(
        recipe,
        pairs,
        checked,
        boosting.out_of_fold(data, index, target, recipe, pairs)[checked],
        plain_out_of_fold(data, index, plain, pairs)[checked],
        (recipe,) if recipe == richest else (recipe, richest),
        (f"{found.rounds} trees of depth {settings.depth}",),
    )
    behind = loss(chosen.margins, index[checked]) - loss(chosen.plain, index[checked])
    if may_teach and behind.mean() > ERRORS * behind.std() / np.sqrt(len(behind)):
        return taught(data, index, target, chosen)
    return chosen


def taught(data: Data, index: Index, target: Target, chosen: Chosen) -> Chosen:
    """The same, with stumps in the place of the trees: they say what the plain model says."""
    recipe = teaching.taught(chosen.recipe.params)
    margins = boosting.out_of_fold(data, index, target, recipe, chosen.pairs)[chosen.checked]
    notes = (f"{recipe.rounds} stumps, taught by the plain model, which knew more than trees of their own",)
    return replace(chosen, recipe=recipe, margins=margins, notes=notes)


def plain_out_of_fold(data: Data, index: Index, plain: Fit, pairs: Pairs) -> Floats:
    """(n,) margins of the plain model about rows that it was not fitted to; NaN for those that no pair tests on."""
    margins = np.full(len(index), np.nan)
    for kept, aside in pairs:
        margins[aside] = plain(index[kept])(data.rows[index[aside]])
    return margins
