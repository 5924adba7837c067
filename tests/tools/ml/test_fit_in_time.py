"""Where times are known, what serves is chosen by how it does later, and nothing clearly behind a plain model is served."""

from dataclasses import replace

import numpy as np
import pytest

from tools.ml import baselines, boosting, fit, recipes, splits
from tools.ml.boosting import Target
from tools.ml.calibrating import log_losses
from tools.ml.data import Data, Settings
from tools.ml.evaluate import auc
from tools.ml.predict import sigmoid

QUICK = Settings(rounds=150, eta=0.15, worlds=2)
FEATURES = tuple("abcdefgh")


def drifting(seed, n=3_000):
    """A line that lasts, beside steps of two columns that turn round after the fifth of ten months: of the eight months
    known, most tell trees something that the last two will not keep."""
    random = np.random.default_rng(seed)
    month = np.sort(random.integers(0, 10, n)).astype(np.float64)
    rows = random.normal(size=(n, len(FEATURES)))
    steps = np.where(month < 5, 1, -1) * (np.abs(rows[:, 2]) + np.abs(rows[:, 3]) - 1.6)
    odds = -1.2 + 0.7 * rows[:, 0] - 0.4 * rows[:, 1] + 1.2 * steps
    converted = (random.random(n) < sigmoid(odds)).astype(np.int8)
    return Data(rows.astype(np.float32), FEATURES, [f"lead-{i}" for i in range(n)], month), converted


def chosen(data, converted, known):
    target = Target("binary:logistic", converted.astype(np.float64), float(converted.mean()))
    index = boosting.hashed_order(data, known)
    found = recipes.choose(
        data, index, target, pairs=boosting.checks_of(data, index, target), settings=QUICK, signs=None, may_teach=True,
        plain=lambda at: baselines.logistic(data.rows[at], converted[at]),
        loss=lambda margins, at: log_losses(sigmoid(margins), converted[at]), seed=0, progress=lambda *_: None,
    )  # fmt: skip
    return found, boosting.margins(found.recipe.fit(data.rows[index], target.at(index)), data.rows)


@pytest.mark.parametrize("seed", range(3))
def test_what_the_first_months_alone_say_is_not_learned(seed):
    data, converted = drifting(seed)
    held = splits.by_time(data.order).held_out
    in_time, later = chosen(data, converted, ~held)
    _, other = chosen(replace(data, order=None), converted, ~held)
    plain = baselines.logistic(data.rows[~held], converted[~held])(data.rows)
    reached, hashed, by_plain = (auc(each[held], converted[held]) for each in (later, other, plain))
    assert in_time.recipe.taught is not None
    assert reached > by_plain - 0.02
    assert reached > hashed + 0.02


def test_a_model_clearly_behind_on_held_out_rows_gives_way_and_a_constant_answers_where_the_taught_one_falls_behind_too():
    """Chosen in hashed folds, and judged by rows that came later."""
    data, converted = drifting(2, n=6_000)
    parts = splits.by_time(data.order)
    own, _ = chosen(replace(data, order=None), converted, parts.known)
    found = fit.fit_propensity(replace(data, order=None), converted, parts, settings=QUICK)
    assert own.recipe.taught is None
    assert found.head.parameters["taught"] == 1
    assert found.head.signal == "none"
    assert "worse than its plain baseline" in found.evidence.verdict


def test_each_block_of_time_is_answered_by_what_came_before_it():
    data, converted = drifting(0)
    target, index = Target("binary:logistic", converted.astype(np.float64), 0.3), np.arange(len(converted))[::-1]
    pairs = boosting.checks_of(data, index, target)
    when = data.order[index]
    assert len(pairs) == 4
    assert all(when[before].max() < when[block].min() for before, block in pairs)
    assert sum(len(block) for _, block in pairs) == (when >= when[pairs[0][1]].min()).sum()


def test_a_level_of_later_rows_is_not_told_to_earlier_ones():
    values = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    assert Target("binary:logistic", values, 0.5).before(np.arange(4)).base == 0.25
    assert Target("reg:absoluteerror", values, 0.5).before(np.arange(4)).base == 0.0
