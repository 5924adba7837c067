"""Points add up, the judgement keeps to its band, thresholds are where people expect them."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.domain.scoring import Feature, Judgement, ModelOutput
from graph.features.vector import FEATURES
from graph.rules.scoring import CATEGORIES, OTHER, ScoringRules, blend, logit, sigmoid
from tools.ml.card import Calibration

UNKNOWN_ROW = (math.nan,) * len(FEATURES)


def output(margins, base=-1.0, **more):
    margins = tuple(margins) + (0.0,) * (len(FEATURES) - len(margins))
    fields = {"acv_usd": 9000.0, "acv_low_usd": 5000.0, "acv_high_usd": 20000.0, "low": 0.0, "high": 1.0} | more
    return ModelOutput(sigmoid(base + math.fsum(margins)), sigmoid(base), margins, **fields)


def judged(score):
    return Judgement(score, ("asks for a demo",), "demo_request", "positive", "high")


def scored(result, judgement=None, vector=UNKNOWN_ROW, **more):
    return blend(result, vector, judgement, features=FEATURES, scorer="test", **more)


def hundredths(value):
    return round(value * 100)


margins = st.lists(
    st.floats(-6, 6, allow_nan=False) | st.sampled_from([0.0, 1e-9, -1e-9]), min_size=0, max_size=len(FEATURES)
)


@settings(max_examples=200, deadline=None)
@given(margins, st.floats(-4, 4), st.none() | st.floats(0, 1))
def test_base_and_contributions_add_up_to_the_points_to_the_last_hundredth(values, base, opinion):
    score = scored(output(values, base), None if opinion is None else judged(opinion))
    parts = [hundredths(score.base_points), *(hundredths(c.points) for c in score.contributions)]
    assert sum(parts) == hundredths(score.points)
    assert score.probability == pytest.approx(score.points / 100, abs=1e-12)
    assert 1 <= score.points <= 99
    assert score.low <= score.probability <= score.high


@st.composite
def calibrations(draw):
    """Rising tables with flat parts and steps, as isotonic regression leaves them."""
    count = draw(st.integers(2, 12))
    steps = draw(st.lists(st.floats(0.001, 2), min_size=count, max_size=count))
    levels = sorted(
        draw(st.lists(st.sampled_from([0.0, 0.05, 0.2, 0.2001, 0.5, 0.93, 1.0]), min_size=count, max_size=count))
    )
    at = tuple(-4.0 + math.fsum(steps[: i + 1]) for i in range(count))
    return Calibration(
        method="isotonic",
        margins=at,
        probability=tuple(levels),
        low=tuple(levels),
        high=tuple(levels),
        coverage=0.8,
        rows=9,
    )


def calibrated(table, values, base):
    plain = output(values, base)
    point, low, high = table.at(base + math.fsum(plain.margins))
    return replace(plain, propensity=point, base=table.at(base)[0], low=low, high=high)


@settings(max_examples=300, deadline=None)
@given(calibrations(), margins, st.floats(-4, 4), st.none() | st.floats(0, 1))
def test_base_and_contributions_add_up_under_any_calibration(table, values, base, opinion):
    result = calibrated(table, values, base)
    score = scored(result, None if opinion is None else judged(opinion))
    parts = [hundredths(score.base_points), *(hundredths(c.points) for c in score.contributions)]
    assert sum(parts) == hundredths(score.points)
    assert score.low <= score.probability <= score.high
    most = max((abs(margin) for margin in result.margins), default=0.0)
    assert all(abs(c.points) <= 100 * (most + 1) + 0.5 for c in score.contributions if c.feature != OTHER)


def test_where_the_calibration_is_flat_nothing_adds_anything():
    flat = Calibration(
        method="isotonic",
        margins=(-2.0, 2.0),
        probability=(0.3, 0.3),
        low=(0.2, 0.2),
        high=(0.4, 0.4),
        coverage=0.8,
        rows=9,
    )
    score = scored(calibrated(flat, [0.5, 0.7], -1.0))
    assert (score.points, score.base_points, score.contributions) == (30, 30, ())
    assert set(score.shares.values()) == {0.0}


def test_margins_that_nearly_cancel_over_a_step_are_not_blown_up():
    result = replace(output([2.0, -1.99]), base=0.2, propensity=0.6)
    points = {c.feature: c.points for c in scored(result).contributions}
    assert sum(points.values()) == pytest.approx(40)
    assert max(map(abs, points.values())) < 250


@settings(max_examples=100, deadline=None)
@given(margins, st.floats(-4, 4), st.none() | st.floats(0, 1))
def test_shares_add_up_to_one_and_name_every_category(values, base, opinion):
    score = scored(output(values, base), None if opinion is None else judged(opinion))
    assert tuple(score.shares) == CATEGORIES
    assert round(sum(score.shares.values()), 4) in (0.0, 1.0)
    assert all(share >= 0 for share in score.shares.values())


def test_points_follow_the_margins_in_proportion_and_sign():
    score = scored(output([2.0, -1.0, 0.5]))
    points = {c.feature: c.points for c in score.contributions}
    first, second, third = (FEATURES[i].name for i in range(3))
    assert points[first] > 0 > points[second]
    assert points[first] / points[third] == pytest.approx(4, abs=0.01)
    assert points[first] / points[second] == pytest.approx(-2, abs=0.01)


def test_eight_features_are_named_and_the_rest_is_summed_for_each_category():
    score = scored(output([0.3 - 0.01 * i for i in range(len(FEATURES))]))
    named = [c for c in score.contributions if c.feature != OTHER]
    others = [c for c in score.contributions if c.feature == OTHER]
    assert len(named) == 8
    assert len({c.category for c in others}) == len(others) <= 4
    assert abs(named[0].points) == max(abs(c.points) for c in named)


def test_the_judgement_moves_the_probability_by_at_most_its_band():
    plain = scored(output([0.4]))
    for opinion, moved in ((0.0, -10.0), (0.5, 0.0), (0.75, 5.0), (1.0, 10.0), (7.0, 10.0), (-3.0, -10.0)):
        score = scored(output([0.4]), judged(opinion))
        assert score.points - plain.points == pytest.approx(moved, abs=0.02)
        said = score.contributions[-1]
        assert (said.category, said.value, said.points) == ("judgement", opinion, pytest.approx(moved, abs=0.02))


def test_the_band_is_configurable_down_to_nothing():
    score = scored(output([0.4]), judged(1.0), rules=ScoringRules(judgement_band=0.0))
    assert score.points == scored(output([0.4])).points


def test_the_likely_range_moves_with_the_judgement_and_stays_inside_the_bounds():
    plain = output([0.4])
    around = replace(plain, low=plain.propensity - 0.05, high=plain.propensity + 0.05)
    before, after = scored(around), scored(around, judged(1.0))
    assert after.low - before.low == pytest.approx(0.1, abs=0.001)
    assert after.high - before.high == pytest.approx(0.1, abs=0.001)
    assert scored(output([9.0])).high == 0.99
    assert scored(output([-9.0])).low == 0.01


def test_no_score_is_ever_zero_or_a_hundred():
    assert scored(output([500.0]), judged(1.0)).points == 99
    assert scored(output([-500.0]), judged(0.0)).points == 1


@pytest.mark.parametrize(
    ("points", "tier", "temperature"),
    [
        (80, "top", "hot"), (79.99, "top", "warm"), (75, "top", "warm"), (74.99, "high", "warm"), (50, "high", "warm"),
        (49.99, "medium", "cold"), (25, "medium", "cold"), (24.99, "low", "cold"), (20, "low", "cold"),
        (19.99, "low", "dead"),
    ],
)  # fmt: skip
def test_tiers_and_temperatures_begin_at_their_thresholds(points, tier, temperature):
    score = scored(output([], base=logit(points / 100)))
    assert (score.points, score.tier, score.temperature) == (points, tier, temperature)


def test_a_contribution_shows_names_for_codes_and_nothing_for_unknown():
    features = (
        Feature("rank", "demographic", "submission", "", ("individual", "vp")),
        Feature("opens", "behavioral", "history", ""),
        Feature("size", "demographic", "enrichment", ""),
    )
    given_output = ModelOutput(sigmoid(0.6), 0.5, (0.3, 0.2, 0.1), 0.0, 0.0, 0.0)
    score = blend(given_output, (1.0, 3.0, math.nan), None, features=features, scorer="test")
    assert [(c.feature, c.value) for c in score.contributions] == [("rank", "vp"), ("opens", 3.0), ("size", None)]


def test_margins_that_cancel_out_still_explain_themselves():
    score = scored(output([2.0, -2.0]))
    points = [c.points for c in score.contributions]
    assert points[0] == -points[1]
    assert points[0] > 20
