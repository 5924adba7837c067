"""Amounts: against scikit-learn and scipy, and where resamples have to be what they drew."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, r2_score

from tools.ml.evaluating import amounts


@pytest.fixture
def deals():
    random = np.random.default_rng(9)
    actual = np.round(np.exp(8 + random.normal(size=400)), -2) + 100
    return actual * np.exp(0.5 * random.normal(size=400)), actual


def test_figures_are_those_of_the_libraries(deals):
    predicted, actual = deals
    once = np.ones((1, len(actual)))
    assert amounts.r2(predicted, actual)(once)[0] == pytest.approx(r2_score(actual, predicted))
    assert amounts.r2_of_log(predicted, actual)(once)[0] == pytest.approx(r2_score(np.log(actual), np.log(predicted)))
    assert amounts.mae(predicted, actual)(once)[0] == pytest.approx(mean_absolute_error(actual, predicted))
    assert amounts.spearman(predicted, actual)(once)[0] == pytest.approx(spearmanr(predicted, actual).statistic)


def test_a_resample_is_worth_the_deals_that_it_drew(deals):
    predicted, actual = deals
    drawn = np.random.default_rng(10).integers(0, len(actual), len(actual))
    counts = np.bincount(drawn, minlength=len(actual))[None].astype(float)
    found = amounts.spearman(predicted, actual)(counts)[0]
    assert found == pytest.approx(spearmanr(predicted[drawn], actual[drawn]).statistic)
    assert amounts.r2(predicted, actual)(counts)[0] == pytest.approx(r2_score(actual[drawn], predicted[drawn]))


def test_the_ends_of_a_range_belong_to_it():
    low, high, actual = np.array([1.0, 1, 1, 1]), np.array([2.0, 2, 2, 2]), np.array([1.0, 2, 0.99, 2.01])
    once = np.ones((1, 4))
    assert amounts.coverage(low, high, actual)(once)[0] == 0.5
    assert amounts.mean_width(low, high)(once)[0] == 1
