"""The family's chance in worlds whose true odds are known: a maximum rises with the number alone, this one does not."""

import math
import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.rules.rollup import RollupRules, family_chance
from graph.rules.scoring import sigmoid

NOISE = RollupRules().noise
chances = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def world(companies, between, families=1500):
    """(calibrated, maximum, true chance of the best-looking company), means over families whose odds differ by `between`."""
    draw = random.Random(5)
    calibrated, maximum, truth = [], [], []
    for _ in range(families):
        true = [draw.gauss(-0.85, between) for _ in range(companies)]
        seen = [odds + draw.gauss(0, NOISE) for odds in true]
        calibrated.append(family_chance([sigmoid(odds) for odds in seen]))
        maximum.append(sigmoid(max(seen)))
        truth.append(sigmoid(true[seen.index(max(seen))]))
    return fmean(calibrated), fmean(maximum), fmean(truth)


@pytest.mark.parametrize("companies", [1, 2, 3, 5, 10, 20])
def test_of_companies_with_the_same_odds_it_does_not_rise_by_their_number(companies):
    calibrated, maximum, truth = world(companies, between=0.0)
    assert calibrated == pytest.approx(truth, abs=0.02)
    if companies >= 5:
        assert maximum > truth + 0.06


@pytest.mark.parametrize("between", [0.3, 1.0])
@pytest.mark.parametrize("companies", [2, 5, 20])
def test_where_companies_differ_it_is_the_chance_of_the_one_that_looks_best(companies, between):
    calibrated, maximum, truth = world(companies, between)
    assert abs(calibrated - truth) < 0.035
    if companies == 20:
        assert abs(calibrated - truth) < abs(maximum - truth)


@given(chances)
def test_it_lies_between_the_worst_and_the_best_and_knows_no_order(propensities):
    chance = family_chance(propensities)
    assert min(propensities) - 0.0011 <= chance <= max(propensities)
    assert chance == family_chance(list(reversed(propensities)))
    assert math.isfinite(chance)


def test_a_family_of_one_keeps_its_propensity_to_the_bit():
    assert family_chance([0.123456789]) == 0.123456789


def test_a_company_far_above_its_family_keeps_its_chance():
    assert family_chance([0.7, 0.05, 0.06, 0.04]) == pytest.approx(0.7, abs=0.03)
