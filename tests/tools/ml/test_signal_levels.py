"""A level that moved is drift and no lack of signal; an order that knows nothing has none at any level."""

import numpy as np
import pytest

from tools.ml import signal
from tools.ml.calibrating import log_losses
from tools.ml.evaluate import auc
from tools.ml.predict import sigmoid


def judged(predicted, converted):
    constant = np.full(len(converted), 0.06)
    losses = [log_losses(signal.levelled(each, converted), converted) for each in (predicted, predicted, constant)]
    return signal.judge_ranking(*losses, auc(predicted, converted), seed=1).signal


@pytest.fixture
def moved():
    """A year later five times as many convert, of the same kinds as before."""
    random = np.random.default_rng(1)
    odds = random.normal(-3, 1, 4_000)
    return sigmoid(odds), (random.random(4_000) < sigmoid(odds + 2)).astype(np.int8)


def test_a_model_that_still_tells_leads_apart_has_a_signal_whatever_became_of_the_level(moved):
    assert judged(*moved) == "found"


def test_an_order_that_knows_nothing_has_none(moved):
    predicted, converted = moved
    assert judged(np.random.default_rng(2).permutation(predicted), converted) == "none"


def test_levelled_probabilities_have_the_rate_of_the_rows_and_keep_their_order(moved):
    predicted, converted = moved
    found = signal.levelled(predicted, converted)
    assert found.mean() == pytest.approx(converted.mean(), abs=1e-9)
    assert (np.argsort(found, kind="stable") == np.argsort(predicted, kind="stable")).all()
