"""Drift is told when it is there, and in quiet times no more often than the budget allows."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.stats import ks_2samp

from graph.domain.scoring import Feature
from tools.ml.drift import BUDGET, LOOKS_A_WEEK, Outcomes, distance, psi, smirnov_p, watch
from tools.ml.reference import Histogram, histogram, reference_of

PERIOD = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
NOBODY = Outcomes(np.empty(0), np.empty(0, dtype=np.int8), [])
SHAPES = ("number", "number", "flag", "code", "unknown", "rare")
FEATURES = tuple(Feature(f"{shape}{i}", "demographic", "submission", "") for i, shape in enumerate(SHAPES * 5))


def drawn(random: np.random.Generator, n: int, shift: float = 0.0) -> np.ndarray:
    """(n, 30) features of every shape; shift moves the first."""
    columns = {
        "number": lambda: random.normal(size=n),
        "flag": lambda: random.random(n) < 0.3,
        "code": lambda: random.integers(0, 5, n),
        "unknown": lambda: np.where(random.random(n) < 0.4, np.nan, random.exponential(size=n)),
        "rare": lambda: random.random(n) < 0.01,
    }
    rows = np.column_stack([columns[shape]() for shape in SHAPES * 5]).astype(np.float32)
    rows[:, 0] += shift
    return rows


def outcomes(random: np.random.Generator, n: int, *, odds: float = 0.0, noise: float = 0.0) -> Outcomes:
    """odds: what the truth is off the promise, in log-odds; noise: how much of the order is lost."""
    margin = random.normal(-1.0, 1.2, n)
    truth = 1 / (1 + np.exp(-(margin + odds + noise * random.normal(size=n))))
    return Outcomes(1 / (1 + np.exp(-margin)), (random.random(n) < truth).astype(np.int8), [str(i) for i in range(n)])


def test_in_quiet_weeks_alarms_stay_within_the_budget_over_all_checks_and_daily_looks():
    random = np.random.default_rng(1)
    looks, alarms = 700, 0
    for _ in range(looks):
        before = drawn(random, 400)
        scores = random.random(400)
        reference = reference_of([f.name for f in FEATURES], before, scores, PERIOD, (0.78, 0.02))
        drift = watch(reference, FEATURES, drawn(random, 120), random.random(120), outcomes(random, 300))
        assert len(drift.checks) == len(FEATURES) + 3
        alarms += bool(drift.findings)
    # 700 daily looks are 100 weeks; 5 false alarms is the budget, and 10 would come by chance in 3 of 100 runs
    assert alarms <= BUDGET * looks / LOOKS_A_WEEK + 5


@pytest.mark.parametrize("seed", range(5))
def test_a_shifted_feature_is_named_and_the_others_are_not(seed):
    random = np.random.default_rng(seed)
    reference = reference_of([f.name for f in FEATURES], drawn(random, 2000), random.random(500), PERIOD)
    drift = watch(reference, FEATURES, drawn(random, 200, shift=1.0), random.random(200), NOBODY)
    assert [check.name for check in drift.findings] == ["number0"]
    assert "calibration and ranking" in drift.unjudged[0]


def test_a_vendor_that_went_away_shows_as_unknown_by_when_the_feature_becomes_known():
    random = np.random.default_rng(3)
    feature = (Feature("logEmployees", "demographic", "enrichment", ""),)
    before, now = random.normal(2, 1, (1000, 1)), random.normal(2, 1, (200, 1))
    now[:120] = np.nan
    drift = watch(reference_of(["logEmployees"], before.astype(np.float32), random.random(99), PERIOD), feature,
                  now.astype(np.float32), random.random(200), NOBODY)  # fmt: skip
    (found,) = drift.findings
    assert found.known_at == "enrichment"
    assert "unknown for 60% of the leads, before for 0%" in found.sentence


def test_a_large_sample_does_not_make_a_small_shift_an_alarm():
    random = np.random.default_rng(4)
    reference = reference_of([f.name for f in FEATURES], drawn(random, 20_000), random.random(500), PERIOD)
    drift = watch(reference, FEATURES, drawn(random, 20_000, shift=0.15), random.random(500), NOBODY)
    assert min(check.p for check in drift.checks) < 1e-9
    assert not drift.findings


def test_promises_that_no_longer_come_true_are_found():
    random = np.random.default_rng(5)
    reference = reference_of([], np.empty((0, 0), dtype=np.float32), random.random(99), PERIOD, (0.76, 0.01))
    rows = np.empty((0, 0), dtype=np.float32)
    for changed, kinds in (({"odds": -0.7}, ["calibration"]), ({}, []), ({"noise": 4.0}, ["calibration", "ranking"])):
        drift = watch(reference, (), rows, np.empty(0), outcomes(random, 3000, **changed))
        assert [check.kind for check in drift.findings] == kinds


def test_families_that_convert_together_are_not_taken_for_many_independent_leads():
    random = np.random.default_rng(6)
    reference = reference_of([], np.empty((0, 0), dtype=np.float32), random.random(99), PERIOD)
    alarms = 0
    for _ in range(200):
        whole = random.random(60) < 0.3
        seen = Outcomes(np.full(600, 0.3), np.repeat(whole, 10).astype(np.int8), [str(i // 10) for i in range(600)])
        drift = watch(reference, (), np.empty((0, 0), dtype=np.float32), np.empty(0), seen)
        alarms += bool(drift.findings)
    assert alarms <= 12  # 60 accounts, p below .007: about 1 in 140 if the normal distribution held exactly


def test_the_distance_and_its_p_are_those_of_scipy_and_careful_where_values_repeat():
    random = np.random.default_rng(7)
    for n, m, shift in ((200, 150, 0.0), (400, 90, 0.3), (1000, 1000, 0.05)):
        a, b = random.normal(size=n), random.normal(shift, size=m)
        known = ks_2samp(a, b, method="asymp")
        before = histogram(a)
        d = distance(before, before.counted(b))
        assert known.statistic - 0.06 <= d <= known.statistic + 1e-9
        assert smirnov_p(float(known.statistic), n, m) == pytest.approx(known.pvalue, abs=0.05)


def test_psi_of_the_same_shares_is_nought_and_of_swapped_ones_large():
    even = Histogram(edges=(0.0, 1.0), counts=(500, 300, 200), unknown=0)
    assert psi(even, even) == pytest.approx(0.0)
    assert psi(even, Histogram(edges=(0.0, 1.0), counts=(200, 300, 500), unknown=0)) == pytest.approx(0.55, abs=0.01)


def test_a_histogram_counts_every_value_once_and_holds_repeated_ones_exactly():
    values = np.array([0, 0, 0, 1, 1, 2, np.nan, 5], dtype=np.float32)
    held = histogram(values)
    assert held.leads == 8
    assert held.unknown == 1
    reached = dict(zip(held.edges, np.cumsum(held.counts), strict=False))
    assert (reached[0.0], reached[1.0]) == (3, 5)
    assert histogram(np.array([np.nan, np.nan])).counted(values).counts == (7,)
