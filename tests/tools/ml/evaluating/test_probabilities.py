"""Truth of probabilities: against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss

from tools.ml.evaluating import probabilities


@pytest.fixture
def leads():
    random = np.random.default_rng(7)
    predicted = random.beta(1, 3, 900)
    return predicted, (random.random(900) < predicted**1.3).astype(float)


def test_brier_and_log_loss_are_those_of_scikit_learn(leads):
    predicted, outcome = leads
    once = np.ones((1, len(outcome)))
    assert probabilities.brier(predicted, outcome)(once)[0] == pytest.approx(brier_score_loss(outcome, predicted))
    assert probabilities.log_loss(predicted, outcome)(once)[0] == pytest.approx(log_loss(outcome, predicted), rel=1e-6)


def test_slope_and_intercept_are_those_of_a_logistic_regression_on_the_stated_log_odds(leads):
    predicted, outcome = leads
    line = probabilities.CalibrationLine(predicted, outcome)
    fitted = LogisticRegression(C=1e9, tol=1e-9, max_iter=1_000).fit(
        probabilities.log_odds(predicted)[:, None], outcome
    )
    assert line.at == pytest.approx([fitted.intercept_[0], fitted.coef_[0, 0]], abs=1e-3)


def test_a_resampled_slope_is_close_to_the_full_fit_of_that_resample(leads):
    predicted, outcome = leads
    drawn = np.random.default_rng(8).integers(0, len(outcome), len(outcome))
    counts = np.bincount(drawn, minlength=len(outcome))[None].astype(float)
    line, again = (
        probabilities.CalibrationLine(predicted, outcome),
        probabilities.CalibrationLine(predicted[drawn], outcome[drawn]),
    )
    # a third of the estimates' own standard errors, 0.10 and 0.12
    assert line.slope(counts)[0] == pytest.approx(again.at[1], abs=0.04)
    assert line.intercept(counts)[0] == pytest.approx(again.at[0], abs=0.05)


def test_one_kind_of_outcome_alone_has_no_slope():
    line = probabilities.CalibrationLine(np.array([0.2, 0.4, 0.6]), np.ones(3))
    assert np.isnan(line.slope(np.ones((1, 3)))[0])


def test_a_probability_of_zero_that_comes_true_costs_much_but_not_everything():
    assert probabilities.log_loss(np.array([0.0]), np.array([1.0]))(np.ones((1, 1)))[0] == pytest.approx(13.8, abs=0.1)
