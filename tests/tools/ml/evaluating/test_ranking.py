"""Order of leads: against scikit-learn, and against what can be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from tools.ml.evaluating.ranking import Ranking, lift_bound, precision_bound

SHARES = (0.05, 0.1, 0.2, 0.5)


def once(values):
    return np.ones((1, len(values)))


@pytest.fixture(params=["distinct", "tied"])
def leads(request):
    random = np.random.default_rng(5)
    predicted = random.random(700)
    if request.param == "tied":
        predicted = np.round(predicted, 1)
    return predicted, (random.random(700) < predicted).astype(float)


def test_areas_are_those_of_scikit_learn(leads):
    predicted, outcome = leads
    ranking = Ranking(predicted, outcome)
    assert ranking.roc_auc(once(outcome))[0] == pytest.approx(roc_auc_score(outcome, predicted), abs=1e-12)
    assert ranking.pr_auc(once(outcome))[0] == pytest.approx(average_precision_score(outcome, predicted), abs=1e-12)


def test_a_resample_is_worth_the_leads_that_it_drew(leads):
    predicted, outcome = leads
    drawn = np.random.default_rng(6).integers(0, len(outcome), len(outcome))
    counts = np.bincount(drawn, minlength=len(outcome))[None].astype(float)
    ranking, copied = Ranking(predicted, outcome), Ranking(predicted[drawn], outcome[drawn])
    for statistic in ("roc_auc", "pr_auc", "base_rate"):
        assert getattr(ranking, statistic)(counts)[0] == pytest.approx(getattr(copied, statistic)(once(drawn))[0])
    assert ranking.precision(0.2)(counts)[0] == pytest.approx(copied.precision(0.2)(once(drawn))[0])


def test_tied_leads_count_by_expectation_whatever_the_order_of_the_file():
    outcome = np.array([1.0] * 10 + [0.0] * 90)
    flat = np.full(100, 0.3)
    for order in (np.arange(100), np.arange(100)[::-1]):
        ranking = Ranking(flat[order], outcome[order])
        assert ranking.precision(0.05)(once(flat))[0] == pytest.approx(0.1)
        assert ranking.lift(0.05)(once(flat))[0] == pytest.approx(1.0)
        assert ranking.pr_auc(once(flat))[0] == pytest.approx(0.1)


def test_a_cut_within_tied_leads_is_the_mean_over_their_orders():
    predicted, outcome = np.array([0.9, 0.5, 0.5, 0.5, 0.1]), np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    # two of five: the first, and one of three of which one converted
    assert Ranking(predicted, outcome).precision(0.4)(once(outcome))[0] == pytest.approx((1 + 1 / 3) / 2)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.7, 0.9]), st.booleans()), min_size=2, max_size=60),
    st.sampled_from(SHARES),
)
def test_precision_and_lift_never_exceed_their_bound(rows, share):
    predicted, outcome = np.array([row[0] for row in rows]), np.array([float(row[1]) for row in rows])
    base_rate, ranking = outcome.mean(), Ranking(predicted, outcome)
    assert ranking.precision(share)(once(outcome))[0] <= precision_bound(base_rate, share) + 1e-9
    if base_rate:
        assert ranking.lift(share)(once(outcome))[0] <= lift_bound(base_rate, share) + 1e-9


def test_the_bound_is_reached_by_a_perfect_order():
    outcome = np.array([1.0] * 5 + [0.0] * 95)
    ranking = Ranking(np.linspace(1, 0, 100), outcome)
    assert ranking.precision(0.2)(once(outcome))[0] == pytest.approx(precision_bound(0.05, 0.2)) == pytest.approx(0.25)
    assert ranking.lift(0.2)(once(outcome))[0] == pytest.approx(lift_bound(0.05, 0.2)) == pytest.approx(5)


def test_the_curve_leads_from_nothing_to_everything(leads):
    predicted, outcome = leads
    n, converted = Ranking(predicted, outcome).curve()
    assert (n[0], converted[0]) == (0, 0)
    assert (n[-1], converted[-1]) == (len(outcome), outcome.sum())
    assert len(n) == len(np.unique(predicted)) + 1
