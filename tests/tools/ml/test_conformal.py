"""Ranges hold what they say, for few rows and for leads that are still open."""

import numpy as np
import pytest

from tools.ml import conformal
from tools.ml.baselines import ever_closing, kaplan_meier_median, survival
from tools.ml.predict import spread_of


def covered(spread, residual, group=None):
    low, high = (np.log(each) for each in spread_of(spread, np.ones(len(residual)), group))
    return np.mean((residual >= low) & (residual <= high))


@pytest.mark.parametrize("n", [30, 85, 1_000])
def test_skewed_residuals_are_covered_as_often_as_said(n):
    random = np.random.default_rng(n)
    shares = [covered(conformal.spread(random.gumbel(size=n), 0.8), random.gumbel(size=2_000)) for _ in range(200)]
    assert 0.79 < np.mean(shares) < 0.85


def test_groups_have_their_own_range_unless_they_are_few():
    random = np.random.default_rng(0)
    names = ["known"] * 300 + ["unknown"] * 300 + ["odd"] * 5
    residual = random.normal(size=605) * np.where(np.array(names) == "unknown", 2.0, 0.5)
    spread = conformal.spread(residual, 0.8, names)
    assert set(spread.groups) == {"all", "known", "unknown"}
    assert spread.groups["unknown"][1] > 2 * spread.groups["known"][1]


def test_a_point_always_lies_in_its_range():
    low, high = conformal.spread(np.linspace(0.2, 0.4, 50), 0.8).groups["all"]
    assert low <= 1 <= high


@pytest.mark.parametrize("watched", [40.0, 120.0])
def test_leads_that_are_still_open_are_counted_by_those_like_them(watched):
    """Half (then a quarter) are open. Closed leads alone would make times look short: their range is shown to miss."""
    random = np.random.default_rng(1)
    shares, naive = [], []
    for _ in range(60):
        days, until = np.exp(3 + 0.7 * random.normal(size=1_500)), random.uniform(1, watched, 1_500)
        closed, seen = days <= until, np.minimum(days, until)
        weights = conformal.weights_of(seen, closed)[closed]
        residual = np.log(seen[closed]) - 3.0
        new = 0.7 * random.normal(size=2_000)
        shares.append(covered(conformal.spread_censored(residual, weights, 1_500, 0.8, 0.7), new))
        naive.append(covered(conformal.spread(residual, 0.8), new))
    assert 0.77 < np.mean(shares) < 0.85
    assert np.mean(naive) < np.mean(shares) - 0.04


def test_kaplan_meier_by_hand():
    days, closed = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, True])
    times, chance = survival(days, closed)
    assert times.tolist() == [1, 3, 4]
    assert chance == pytest.approx([0.75, 0.375, 0])
    assert kaplan_meier_median(days, closed) == 3
    assert kaplan_meier_median(days, np.zeros(4, dtype=bool)) == np.inf


def test_a_share_that_never_closes_is_seen_only_where_leads_were_watched_long_enough():
    """30 percent never close; the others within 140 days. Watched for up to 400 days that shows; for up to 60 it does not."""
    random = np.random.default_rng(2)
    days = np.where(random.random(4_000) < 0.3, np.inf, random.uniform(5, 140, 4_000))
    found = []
    for watched in (400.0, 60.0):
        until = random.uniform(1, watched, 4_000)
        found.append((np.minimum(days, until), days <= until))
    long, short = found
    assert 0.67 < ever_closing(*long) < 0.73
    assert ever_closing(*short) == 1.0
    assert ever_closing(days[:5], np.ones(5, dtype=bool)) == 1.0
    assert kaplan_meier_median(*long, 0.7) == pytest.approx(72.5, abs=5)
    assert kaplan_meier_median(*long) > 95
