"""How trees are made: more settings when asked, and by a plain model's words where it knows better."""

import numpy as np
import pytest

from tests.tools.ml.worlds import FEATURES, World
from tools.ml import baselines, boosting, teaching, trials
from tools.ml.boosting import Search, Target
from tools.ml.data import Settings
from tools.ml.predict import sigmoid


def test_stumps_say_what_the_plain_model_taught_them():
    world = World(500, 1)
    labels = world.converted[:500].astype(np.float64)
    target = Target("binary:logistic", labels, float(labels.mean()))
    params = boosting.parameters(target, Settings(), [0] * len(FEATURES), 0)
    said = boosting.margins(teaching.taught(params).fit(world.rows[:500], target), world.new)
    teacher = baselines.logistic(world.rows[:500], world.converted[:500])(world.new)
    assert np.corrcoef(said, teacher)[0, 1] > 0.99
    assert np.abs(sigmoid(said) - sigmoid(teacher)).mean() < 0.03


def test_a_median_that_lies_elsewhere_moves_every_margin():
    world = World(300, 2)
    for objective, until in (("reg:absoluteerror", None), ("survival:aft", np.full(300, np.inf))):
        days = np.exp(world.noise[:300])
        more = {} if until is None else {"aft_loss_distribution": "normal", "aft_loss_distribution_scale": 1.0}
        target = Target(objective, days, 2.0, None if until is None else days.copy(), more)
        params = boosting.parameters(target, Settings(), [0] * len(FEATURES), 0)
        model = boosting.raw(boosting.Recipe(params, 5).fit(world.rows[:300], target))
        import xgboost

        moved = xgboost.Booster()
        moved.load_model(bytearray(boosting.shifted(model, 0.25)))
        before = xgboost.Booster()
        before.load_model(bytearray(model))
        gap = boosting.margins(moved, world.new) - boosting.margins(before, world.new)
        assert gap == pytest.approx(0.25, abs=1e-5)


def test_trials_stay_shallow_keep_the_best_and_repeat_themselves():
    def search(settings):
        return Search(10, abs(settings.eta - 0.05) + settings.l2 / 100)

    told = []
    first = Settings(trials=8)
    one = trials.tried(first, search(first), search, seed=1, progress=lambda text, share: told.append((text, share)))
    assert one == trials.tried(first, search(first), search, seed=1, progress=lambda *_: None)
    assert one[1].loss <= search(first).loss
    assert 1 <= one[0].depth <= 4
    assert [share for _, share in told][-1] == 1
    assert len(told) == 8


def test_a_small_table_asks_less_of_a_leaf():
    assert boosting.for_rows(Settings(), 60).min_child_weight == 2
    assert boosting.for_rows(Settings(), 5_000).min_child_weight == Settings().min_child_weight
