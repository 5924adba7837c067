"""Tables whose truth is known, because it was stated here: to see whether what a fit promises holds."""

import numpy as np

from tools.ml import splits
from tools.ml.data import Data
from tools.ml.predict import sigmoid

FEATURES = tuple("abcdefgh")


def rows_of(n, random):
    """Numbers, a count, a flag, and one value in twelve unknown."""
    rows = random.normal(size=(n, len(FEATURES)))
    rows[:, 3] = random.integers(0, 4, n)
    rows[:, 4] = random.integers(0, 2, n)
    rows[random.random(rows.shape) < 1 / 12] = np.nan
    return rows.astype(np.float32)


def _lines(z):
    return -1 + 0.7 * z[:, 0] + 0.5 * z[:, 1] - 0.4 * z[:, 2] + 0.3 * z[:, 3] - 0.4 * z[:, 5]


def _steps(z):
    return -1.5 + 1.2 * (z[:, 0] > 0.3) + 0.9 * (z[:, 3] >= 2) + 0.8 * z[:, 4] - 0.6 * (z[:, 1] < -0.5)


def _crossed(z):
    return -0.8 + 0.8 * z[:, 0] * z[:, 4] + 0.6 * np.sin(2 * z[:, 1]) + 0.5 * (z[:, 2] > 0) * (z[:, 3] > 1)


TRUTHS = {"lines": _lines, "steps": _steps, "crossed": _crossed}


class World:
    """n rows to fit to, and `more` rows of the same kind that nobody fitted to."""

    def __init__(self, n, seed, truth="lines", more=4_000):
        random = np.random.default_rng((seed, n))
        rows = rows_of(n + more, random)
        self.log_odds = TRUTHS[truth](np.nan_to_num(rows).astype(np.float64))
        self.probability = sigmoid(self.log_odds)
        self.converted = (random.random(n + more) < self.probability).astype(np.int8)
        self.noise = random.normal(size=n + more)
        self.watched = random.uniform(10, 200, n + more)
        self.n, self.rows = n, rows
        self.keys = [f"lead-{i}" for i in range(n)]
        self.data = Data(rows[:n], FEATURES, self.keys)
        self.parts = splits.by_hash(self.keys)

    @property
    def new(self):
        return self.rows[self.n :]
