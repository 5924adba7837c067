"""Generated worlds whose truth is known: figures must say what is so, and intervals must cover it."""

import numpy as np
import pytest

from tools.ml.evaluating import amounts, calibration, probabilities, report
from tools.ml.evaluating.ranking import Ranking
from tools.ml.evaluating.resampling import draw
from tools.ml.evaluating.times import Concordance

LEADS = 700


def world(seed, leads=LEADS, sharpness=1.0):
    """Stated probabilities and outcomes; at sharpness 1 the stated ones are the true ones, above it they are too sure."""
    random = np.random.default_rng(seed)
    odds = random.normal(-0.7, 1.2, leads)
    outcome = (random.random(leads) < 1 / (1 + np.exp(-odds))).astype(float)
    return 1 / (1 + np.exp(-odds * sharpness)), outcome


def test_a_calibrated_model_raises_an_alarm_no_oftener_than_its_budget():
    alarms = sum(calibration.check(*world(seed), draws=200, false_alarms=0.05).off for seed in range(150))
    assert alarms <= 16  # 7.5 expected, standard deviation 2.7


def test_the_ece_of_a_calibrated_model_is_within_its_noise():
    found = [calibration.check(*world(seed), draws=300) for seed in range(40)]
    assert np.mean([one.ece for one in found]) == pytest.approx(np.mean([one.expected for one in found]), rel=0.15)


def test_an_overconfident_model_is_found_out():
    for seed in range(10):
        predicted, outcome = world(seed, sharpness=1.8)
        assert calibration.check(predicted, outcome).off
        assert probabilities.CalibrationLine(predicted, outcome).at[1] < 0.8


def test_a_calibration_made_of_few_leads_is_allowed_its_own_noise():
    """The same model, calibrated by the rates of 400 leads in ten bins: off, but no more than such a sample must be."""
    alarms = {True: 0, False: 0}
    for seed in range(40):
        predicted, outcome = world(seed, 4_400)
        place = calibration.bins_of(predicted, "equal-mass")
        rates = np.bincount(place[:400], outcome[:400]) / np.bincount(place[:400])
        stated = rates[place]
        for allowed in alarms:
            found = calibration.check(
                stated[400:], outcome[400:], calibrated_on=400 if allowed else None, draws=200, false_alarms=0.05
            )
            alarms[allowed] += found.off
    assert alarms[False] > 20
    assert alarms[True] <= 7


def test_intervals_of_probability_figures_cover_the_truth():
    truth = {name: each.value for name, each in draw(statistics(*world(10_000, 400_000)), 400_000, rounds=1).items()}
    covered = dict.fromkeys(truth, 0)
    for seed in range(100):
        for name, each in draw(statistics(*world(seed)), LEADS, rounds=200, seed=seed).items():
            found = each.figure()
            covered[name] += found.low <= truth[name] <= found.high
    # 95 expected, standard deviation 2.2; the worst of eight figures may lie three of them off
    assert all(hits >= 88 for hits in covered.values()), covered


def statistics(predicted, outcome):
    order = Ranking(predicted, outcome)
    return {
        "roc_auc": order.roc_auc,
        "pr_auc": order.pr_auc,
        "precision_at_20": order.precision(0.2),
        "lift_at_10": order.lift(0.1),
        "brier": probabilities.brier(predicted, outcome),
        "log_loss": probabilities.log_loss(predicted, outcome),
        "calibration_slope": probabilities.CalibrationLine(predicted, outcome).slope,
        "base_rate": order.base_rate,
    }


def test_the_interval_of_ece_covers_the_ece_of_an_overconfident_model():
    predicted, outcome = world(10_000, 400_000, sharpness=1.8)
    truth = calibration.ece(predicted, outcome)(np.ones((1, 400_000)))[0]
    covered = 0
    for seed in range(100):
        predicted, outcome = world(seed, sharpness=1.8)
        drawn = draw({"ece": calibration.ece(predicted, outcome)}, LEADS, rounds=200, seed=seed)["ece"]
        found = drawn.figure(noise_raises=True)
        covered += found.low <= truth <= found.high
    assert covered >= 88, covered  # 95 expected, standard deviation 2.2


def test_intervals_of_amounts_and_times_cover_the_truth():
    def deals(seed, n):
        random = np.random.default_rng(seed)
        log = random.normal(8, 1, n)
        days = random.exponential(20 * np.exp(0.7 * (log - 8)))
        horizon = random.uniform(5, 60, n)
        return np.exp(log), np.exp(log + 0.8 * random.normal(size=n)), np.minimum(days, horizon), days <= horizon

    def of_deals(predicted, actual, days, closed):
        return {
            "spearman": amounts.spearman(predicted, actual),
            "r2_of_log": amounts.r2_of_log(predicted, actual),
            "concordance": Concordance(days, closed, predicted).at,
        }

    truth = {name: each.value for name, each in draw(of_deals(*deals(9_999, 8_000)), 8_000, rounds=1).items()}
    covered = dict.fromkeys(truth, 0)
    for seed in range(100):
        for name, each in draw(of_deals(*deals(seed, 300)), 300, rounds=200, seed=seed).items():
            found = each.figure()
            covered[name] += found.low <= truth[name] <= found.high
    assert all(hits >= 88 for hits in covered.values()), covered  # 95 expected


def test_ranges_that_hold_are_said_to_hold_and_narrow_ones_are_not():
    random = np.random.default_rng(3)
    predicted, outcome = world(1, 20_000)
    true_odds = probabilities.log_odds(predicted)
    stated = 1 / (1 + np.exp(-(true_odds + 0.3 * random.choice([-1, 1], 20_000))))
    wide = report.Answers(stated, np.clip(predicted - 0.1, 0, 1), np.clip(predicted + 0.1, 0, 1), 0.8)
    narrow = report.Answers(stated, stated + 0.05, stated + 0.06, 0.8)
    assert report.propensity(wide, outcome, {}, rounds=50).ranges.covered.value > 0.9
    assert report.propensity(narrow, outcome, {}, rounds=50).ranges.covered.value < 0.5


def test_coverage_of_amounts_is_the_share_that_was_built_in():
    random = np.random.default_rng(4)
    actual = np.exp(random.normal(8, 1, 5_000))
    noise = random.normal(size=5_000) * 0.5
    predicted, width = actual * np.exp(noise), np.exp(0.5 * 1.2816)
    said = report.Answers(predicted, predicted / width, predicted * width, 0.8)
    found = report.contract_value(said, actual, {"median": np.full(5_000, np.median(actual))}, rounds=100)
    assert found.figures["coverage"].value == pytest.approx(0.8, abs=0.02)
    assert found.figures["coverage"].low < 0.8 < found.figures["coverage"].high
    assert found.gains["median"]["spearman"].low is None  # a constant has no ranks
    assert found.gains["median"]["mae"].high < 0


def test_open_leads_are_censored_and_not_taken_for_closed_ones():
    random = np.random.default_rng(5)
    days = random.exponential(20, 2_000)
    closed = days < 15
    seen = np.minimum(days, 15)
    said = report.Answers(np.full(2_000, 14.0), np.zeros(2_000), np.full(2_000, 15.5), 0.8)
    found = report.time_to_close(said, seen, closed, {}, rounds=50)
    assert found.figures["coverage_of_closed"].value == 1
    assert found.figures["open_past_high"].value == 0
    assert found.figures["concordance"].value == 0.5


def test_a_gain_is_measured_on_the_same_leads_as_both_sides():
    predicted, outcome = world(2, 3_000)
    worse = np.clip(predicted + np.random.default_rng(1).normal(0, 0.05, 3_000), 0.01, 0.99)
    said = report.Answers(predicted, predicted, predicted, 0.8)
    found = report.propensity(said, outcome, {"noisier": worse}, rounds=200)
    gain, ours, theirs = (
        each["roc_auc"] for each in (found.gains["noisier"], found.figures, found.baselines["noisier"])
    )
    assert gain.value == pytest.approx(ours.value - theirs.value)
    assert gain.high - gain.low < (ours.high - ours.low) / 2
    assert found.figures["precision_at_20"].bound == pytest.approx(min(1, outcome.mean() / 0.2))


def test_predictions_that_do_not_fit_the_leads_are_refused_by_name():
    predicted, outcome = world(2)
    said = report.Answers(predicted, predicted, predicted, 0.8)
    with pytest.raises(ValueError, match="logistic regression has 5 predictions for 700 leads"):
        report.propensity(said, outcome, {"logistic regression": predicted[:5]})
