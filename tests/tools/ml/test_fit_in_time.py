"""Where times are known, what serves is chosen by how it does later, and nothing clearly behind a plain model is served."""

import numpy as np
import pytest

from tools.ml import fit, recipes, splits
from tools.ml.data import Data, Settings
from tools.ml.evaluate import auc
from tools.ml.predict import Predictor, sigmoid

QUICK = Settings(rounds=150, eta=0.15, worlds=3)
FEATURES = tuple("abcdefgh")


def drifting(seed, n=4_000, months=10):
    """A line that lasts, beside crossed effects that turn round each month: within the months seen, deep trees know more
    than the line; in the next ones, less. The month shows in a feature, so that trees can tell it."""
    random = np.random.default_rng(seed)
    month = np.sort(random.integers(0, months, n)).astype(np.float64)
    rows = random.normal(size=(n, len(FEATURES)))
    rows[:, 7] = month
    crossed = np.sign(rows[:, 2] * rows[:, 3]) + np.sign(rows[:, 4])
    odds = -1.2 + 0.8 * rows[:, 0] - 0.5 * rows[:, 1] + 1.2 * (-1) ** month * crossed
    converted = (random.random(n) < sigmoid(odds)).astype(np.int8)
    return Data(rows.astype(np.float32), FEATURES, [f"lead-{i}" for i in range(n)], month), converted


@pytest.mark.parametrize("seed", range(3))
def test_a_model_is_no_worse_later_in_time_than_its_plain_baseline(seed):
    data, converted = drifting(seed=seed)
    parts = splits.by_time(data.order)
    found = fit.fit_propensity(data, converted, parts, settings=QUICK)
    held = parts.held_out
    point = Predictor(found.head, found.booster).predict(data.rows[held]).point
    by_hash = fit.fit_propensity(Data(data.rows, FEATURES, data.keys), converted, parts, settings=QUICK)
    other = Predictor(by_hash.head, by_hash.booster).predict(data.rows[held]).point
    print(found.evidence.notes, by_hash.evidence.notes, found.evidence.verdict,'\nHASH', by_hash.evidence.verdict)
    print(seed, auc(point, converted[held]), auc(other, converted[held]), found.evidence.figures)
