"""Tries other settings of the booster by Optuna, within bounds that keep trees shallow. Repeatable by seed: one trial after
the other, on the same folds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tools.ml.boosting import Search
from tools.ml.data import Progress, Settings

DEEPEST = 4


def tried(
    settings: Settings, first: Search, search: Callable[[Settings], Search], *, seed: int, progress: Progress
) -> tuple[Settings, Search]:
    """The best of `settings` (which reached `first`) and of `settings.trials` others, by loss on rows kept aside."""
    if not settings.trials:
        return settings, first
    import optuna  # noqa: PLC0415 - a third of a second, which only training pays

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    best = (settings, first)
    for number in range(settings.trials):
        trial = study.ask()
        drawn = replace(
            settings,
            depth=trial.suggest_int("depth", 1, DEEPEST),
            eta=trial.suggest_float("eta", 0.02, 0.3, log=True),
            l2=trial.suggest_float("l2", 0.1, 30.0, log=True),
            min_child_weight=trial.suggest_float("min_child_weight", 1.0, 30.0, log=True),
            subsample=trial.suggest_float("subsample", 0.5, 1.0),
            columns=trial.suggest_float("columns", 0.4, 1.0),
        )
        found = search(drawn)
        study.tell(trial, found.loss)
        if found.loss < best[1].loss:
            best = (drawn, found)
        progress(
            f"trial {number + 1} of {settings.trials}: {found.loss:.4f}, best {best[1].loss:.4f}",
            (number + 1) / settings.trials,
        )
    return best
