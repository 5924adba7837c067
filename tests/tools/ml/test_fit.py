"""What a fit promises, in worlds whose truth is known: probabilities that come true, ranges that hold, no invented signal."""

import numpy as np
import pytest

from tests.tools.ml.worlds import FEATURES, TRUTHS, World
from tools.ml import fit, fit_days, splits
from tools.ml.data import Data, FitError, Settings
from tools.ml.evaluate import auc, ece
from tools.ml.predict import Predictor

QUICK = Settings(rounds=150, eta=0.15, worlds=5)


@pytest.fixture(scope="module", params=TRUTHS)
def fitted(request):
    world = World(1_500, 1, request.param)
    return world, fit.fit_propensity(world.data, world.converted[: world.n], world.parts, settings=QUICK)


def answers(world, found):
    return Predictor(found.head, found.booster).predict(world.new)


def test_probabilities_come_true(fitted):
    world, found = fitted
    point, truth = answers(world, found).point, world.probability[world.n :]
    assert ece(point, truth) < 0.05
    assert found.head.signal == "found"
    assert auc(point, world.converted[world.n :]) > 0.6


def test_a_range_holds_the_true_probability_nearly_as_often_as_it_says(fitted):
    """One world may be off (all its leads share the error of its base rate); the next test holds the mean."""
    world, found = fitted
    said, truth = answers(world, found), world.probability[world.n :]
    assert np.all((said.low <= said.point) & (said.point <= said.high))
    assert 0.5 < np.mean((truth >= said.low) & (truth <= said.high)) < 0.98


def test_ranges_hold_as_often_as_they_say_over_many_worlds():
    inside = []
    for n, seed, truth in ((600, 2, "lines"), (600, 3, "steps"), (900, 4, "lines"), (2_500, 5, "crossed")):
        world = World(n, seed, truth)
        said = answers(world, fit.fit_propensity(world.data, world.converted[:n], world.parts, settings=QUICK))
        inside.append(np.mean((world.probability[n:] >= said.low) & (world.probability[n:] <= said.high)))
    assert 0.72 < np.mean(inside) < 0.88


def test_the_evidence_is_of_rows_held_out_and_says_how_the_baseline_did(fitted):
    world, found = fitted
    seen = found.evidence
    assert world.parts.held_out[seen.held_out].any()
    assert len(seen.model) == len(seen.baseline) == len(seen.held_out)
    assert "plain baseline" in seen.verdict
    assert found.head.figures["auc"] == pytest.approx(auc(seen.model, world.converted[seen.held_out]), abs=1e-4)


def test_a_model_is_never_worse_than_its_plain_baseline_beyond_chance(fitted):
    assert "worse than" not in fitted[1].evidence.verdict


def test_the_order_of_the_file_changes_nothing():
    world = World(400, 7)
    back = np.arange(400)[::-1]
    other = Data(world.rows[:400][back].copy(), FEATURES, [world.keys[i] for i in back])
    one = fit.fit_propensity(world.data, world.converted[:400], world.parts, settings=QUICK)
    two = fit.fit_propensity(other, world.converted[:400][back], splits.by_hash(other.keys), settings=QUICK)
    assert one.booster == two.booster
    assert one.head == two.head


def test_noise_has_no_signal_and_the_base_rate_answers():
    world = World(1_500, 8)
    outcome = (np.random.default_rng(0).random(1_500) < 0.3).astype(np.int8)
    found = fit.fit_propensity(world.data, outcome, world.parts, settings=QUICK)
    assert found.head.signal == "none"
    assert found.evidence.verdict.startswith("no usable signal")
    said = answers(world, found)
    assert set(said.point.tolist()) == {found.head.fallback}
    assert said.low[0] < said.point[0] < said.high[0]
    assert said.point[0] == pytest.approx(0.3, abs=0.03)


def test_a_sign_is_never_learned_the_other_way_round():
    world = World(600, 9)
    found = fit.fit_propensity(world.data, world.converted[:600], world.parts, signs={"c": 1, "a": 1}, settings=QUICK)
    rows = np.repeat(world.new[:50], 9, axis=0)
    rows[:, 2] = np.tile(np.linspace(-2, 2, 9), 50)
    point = Predictor(found.head, found.booster).margins(rows).reshape(50, 9)
    assert np.all(np.diff(point, axis=1) >= 0)


@pytest.mark.parametrize(
    ("converted", "says"),
    [
        (np.zeros(200, dtype=np.int8), "0 of .* rows to train on converted"),
        (np.full(200, 2, dtype=np.int8), "needs 0 or 1"),
    ],
)
def test_outcomes_that_teach_nothing_are_refused_by_name(converted, says):
    world = World(200, 0)
    with pytest.raises(FitError, match=says):
        fit.fit_propensity(world.data, converted, world.parts, settings=QUICK)


def test_a_sign_of_no_feature_is_refused():
    world = World(200, 0)
    with pytest.raises(FitError, match="zz is no feature"):
        fit.fit_propensity(world.data, world.converted[:200], world.parts, signs={"zz": 1}, settings=QUICK)


@pytest.mark.parametrize(("n", "least"), [(85, 0.6), (1_500, 0.72)])
def test_contract_values_are_covered_also_in_a_small_table(n, least):
    inside, rank = [], []
    for seed in range(3 if n < 100 else 1):
        world = World(n, seed)
        value = np.exp(9 + np.nan_to_num(world.rows[:, 1]) + 0.5 * world.noise)
        found = fit.fit_acv(world.data, value[:n], world.parts, settings=QUICK)
        said, actual = answers(world, found), value[n:]
        assert found.head.signal == "found"
        inside.append(np.mean((actual >= said.low) & (actual <= said.high)))
        rank.append(np.corrcoef(np.log(said.point), np.log(actual))[0, 1])
        assert np.mean(actual > said.point) == pytest.approx(0.5, abs=0.15)
    assert least < np.mean(inside) < 0.9
    assert np.mean(rank) > 0.7


def test_values_that_nothing_explains_are_answered_by_their_median():
    world = World(400, 3)
    value = np.exp(9 + 0.5 * world.noise)
    found = fit.fit_acv(world.data, value[:400], world.parts, settings=QUICK)
    said = answers(world, found)
    assert found.head.signal == "none"
    assert said.point[0] == pytest.approx(np.median(value[:400][world.parts.known]), rel=1e-4)
    assert np.mean((value[400:] >= said.low) & (value[400:] <= said.high)) == pytest.approx(0.8, abs=0.08)


def test_values_must_be_positive():
    world = World(200, 0)
    with pytest.raises(FitError, match="positive value"):
        fit.fit_acv(world.data, np.zeros(200), world.parts)


def test_days_to_close_are_covered_although_many_leads_are_still_open():
    world, n = World(2_000, 11), 2_000
    days = np.exp(3.7 + 0.7 * np.nan_to_num(world.rows[:, 0]) + 0.5 * world.noise).astype(np.float64)
    closed, seen = (days <= world.watched)[:n], np.minimum(days, world.watched)[:n]
    assert 0.15 < np.mean(~closed) < 0.4
    found = fit_days.fit_time_to_close(world.data, seen, closed, world.parts, settings=QUICK)
    said = answers(world, found)
    assert found.head.signal == "found"
    assert 0.72 < np.mean((days[n:] >= said.low) & (days[n:] <= said.high)) < 0.88
    assert np.mean(days[n:] > said.point) == pytest.approx(0.5, abs=0.06)


def test_too_few_closed_leads_are_refused():
    world = World(200, 0)
    with pytest.raises(FitError, match="at least 30"):
        fit_days.fit_time_to_close(world.data, world.watched[:200], np.zeros(200, dtype=bool), world.parts)
