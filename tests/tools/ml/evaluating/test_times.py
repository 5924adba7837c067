"""Times to close with open leads: against the definition, pair by pair."""

import numpy as np
import pytest

from tools.ml.evaluating.times import Concordance, kaplan_meier


def by_definition(days, closed, predicted):
    known = right = 0.0
    for i in range(len(days)):
        for j in range(len(days)):
            if closed[i] and (days[i] < days[j] or (days[i] == days[j] and not closed[j])):
                known += 1
                right += 1.0 if predicted[i] < predicted[j] else 0.5 if predicted[i] == predicted[j] else 0.0
    return right / known


def test_concordance_counts_the_pairs_whose_order_is_known():
    random = np.random.default_rng(11)
    days = random.integers(1, 30, 120).astype(float)
    closed = random.random(120) < 0.6
    predicted = np.round(days + random.normal(0, 12, 120))
    found = Concordance(days, closed, predicted).at(np.ones((1, 120)))[0]
    assert found == pytest.approx(by_definition(days, closed, predicted))


def test_more_leads_than_a_block_are_counted_alike():
    random = np.random.default_rng(12)
    days, closed, predicted = random.random(1_100), random.random(1_100) < 0.5, random.random(1_100)
    found = Concordance(days, closed, predicted).at(np.ones((1, 1_100)))[0]
    assert found == pytest.approx(by_definition(days, closed, predicted))


def test_a_lead_still_open_is_no_reason_against_a_long_prediction():
    days, closed = np.array([5.0, 9.0]), np.array([True, False])
    assert Concordance(days, closed, np.array([4.0, 400.0])).at(np.ones((1, 2)))[0] == 1
    assert np.isnan(Concordance(days, np.array([False, False]), days).at(np.ones((1, 2)))[0])


def test_kaplan_meier_of_a_worked_example():
    # 6 leads: closed at 1, open at 2, closed at 3 (two), open at 4, closed at 5
    days = np.array([1.0, 2, 3, 3, 4, 5])
    closed = np.array([True, False, True, True, False, True])
    times, left = kaplan_meier(days, closed)
    assert times.tolist() == [0, 1, 3, 5]
    assert left == pytest.approx([1, 5 / 6, 5 / 6 * 0.5, 0])
