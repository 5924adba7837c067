"""Calibration moved by a few new leads: in worlds where it is known how far it is off."""

import numpy as np
import pytest

from tools.ml.card import Calibration
from tools.ml.evaluating import calibration, drift, recalibrating
from tools.ml.evaluating.probabilities import log_odds
from tools.ml.predict import calibrated, sigmoid


def shifted(seed, leads, shift):
    """A model that stated `shift` log-odds too little."""
    random = np.random.default_rng(seed)
    odds = random.normal(-2, 1, leads)
    return sigmoid(odds), (random.random(leads) < sigmoid(odds + shift)).astype(float)


def test_a_shifted_world_is_brought_back_within_chance():
    line = recalibrating.fit(*shifted(1, 800, 1.0))
    stated, outcome = shifted(2, 4_000, 1.0)
    found = recalibrating.compared("new.csv", line, stated, sigmoid(line.moved(log_odds(stated))), outcome)
    assert found.off_before
    assert found.gain["brier"].high < 0
    assert found.after["ece_equal_mass"].value < found.before["ece_equal_mass"].value / 3


def test_few_leads_of_an_unchanged_world_move_little():
    stated, outcome = shifted(3, 120, 0.0)
    line = recalibrating.fit(stated, outcome)
    assert line.at[1] == pytest.approx(1, abs=0.4)
    assert np.abs(sigmoid(line.moved(log_odds(stated))) - stated).max() < 0.2


def test_too_few_leads_are_refused_with_the_number_that_is_needed():
    with pytest.raises(recalibrating.TooFewError, match=r"30 leads, .*at least 100 leads and 10 of each outcome"):
        recalibrating.fit(*shifted(4, 30, 0.0))


def test_a_line_never_turns_the_order_round():
    stated, outcome = shifted(5, 1_000, 0.0)
    assert recalibrating.fit(stated, 1 - outcome).at[1] > 0


def test_the_moved_table_says_what_the_line_says_and_is_less_sure():
    grid = tuple(np.linspace(-4, 4, 60).tolist())
    point = sigmoid(np.array(grid))
    low, high = tuple((point * 0.9).tolist()), tuple((point * 0.9 + 0.1).tolist())
    table = Calibration(method="sigmoid", margins=grid, low=low, high=high, coverage=0.8, rows=2_000)
    line = recalibrating.fit(*shifted(6, 200, 1.0))
    moved = recalibrating.recalibrated(table, line)
    margins = np.array(grid[1:-1])
    was, now = calibrated(table, margins), calibrated(moved, margins)
    assert now[0] == pytest.approx(sigmoid(line.moved(margins)), abs=1e-9)
    width = [log_odds(each[2]) - log_odds(each[1]) for each in (was, now)]
    assert (width[1] > width[0] * line.at[1]).all()
    assert moved.rows == 200


def test_month_by_month_no_lead_is_answered_by_its_own_month():
    stated, outcome = shifted(7, 3_000, 1.0)
    month = np.repeat(np.arange(6), 500)
    walked = recalibrating.walk(stated, outcome, month.tolist())
    assert walked.measured.tolist() == (month > 0).tolist()
    flipped = np.where(month == 5, 1 - outcome, outcome)
    assert (recalibrating.walk(stated, flipped, month.tolist()).after == walked.after).all()
    assert set(month[walked.last_rows]) == {5}


def test_a_month_with_few_leads_takes_as_many_older_ones_as_it_needs():
    stated, outcome = shifted(8, 3_060, 1.0)
    month = np.concatenate([np.repeat(np.arange(3), 1_000), np.full(60, 3)])
    assert set(month[recalibrating.walk(stated, outcome, month.tolist()).last_rows]) == {2, 3}


def test_months_in_which_the_world_moved_are_named_and_others_are_not():
    calm, outcome = shifted(9, 3_000, 0.0)
    later, changed = shifted(10, 1_000, 1.0)
    month = np.concatenate([np.repeat([600, 601, 602], 1_000), np.full(1_000, 603)])
    found = drift.by_month(np.concatenate([calm, later]), np.concatenate([outcome, changed]), month, None)
    assert [(one.month, one.off) for one in found] == [
        ("2020-01", False),
        ("2020-02", False),
        ("2020-03", False),
        ("2020-04", True),
    ]


def test_a_month_of_a_few_leads_is_not_judged():
    stated, outcome = shifted(11, 1_020, 0.0)
    month = np.concatenate([np.full(1_000, 600), np.full(20, 601)])
    assert [one.off for one in drift.by_month(stated, outcome, month, None)] == [False, None]


def test_a_quiet_year_raises_an_alarm_no_oftener_than_one_look_would():
    alarms = 0
    for seed in range(40):
        stated, outcome = shifted(seed, 600, 0.0)
        found = drift.by_month(stated, outcome, np.repeat(np.arange(6), 100), None)
        alarms += any(one.off for one in found)
    assert alarms <= 3  # at a budget of 1%, 0.4 expected


def test_equal_predictions_share_a_bin_whatever_their_order():
    predicted = np.round(np.random.default_rng(12).random(500), 1)
    order = np.random.default_rng(13).permutation(500)
    there = calibration.bins_of(predicted, "equal-mass")
    assert (calibration.bins_of(predicted[order], "equal-mass") == there[order]).all()
