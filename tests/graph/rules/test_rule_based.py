"""The public weights: sums that a person can check by hand."""

import math

import pytest

from graph.features.vector import FEATURES, NAMES
from graph.rules.rule_based import rule_based
from graph.rules.scoring import blend

CODES = {"emailDomainType", "titleSeniority", "companySizeEstimate", "daysSinceLastActivity", "emailOpenRate",
         "emailClickRate"}  # fmt: skip


def row(**known):
    return tuple(float(known.get(name, math.nan if name in CODES else 0.0)) for name in NAMES)


def code(name, label):
    return next(feature for feature in FEATURES if feature.name == name).labels.index(label)


def propensity(**known):
    return rule_based(row(**known), FEATURES).propensity


def test_nothing_known_is_the_base():
    assert propensity() == pytest.approx(0.15)


def test_a_vp_of_an_enterprise_with_everything_filled_in():
    sure = propensity(
        hasCompany=1, hasTitle=1, hasPhone=1, emailDomainType=code("emailDomainType", "corporate"),
        titleSeniority=code("titleSeniority", "vp"), companySizeEstimate=code("companySizeEstimate", "enterprise"),
    )  # fmt: skip
    assert sure == pytest.approx(0.15 + 0.08 + 0.08 + 0.04 + 0.10 + 0.12 + 0.08)


def test_single_actions_add_up_to_a_quarter_at_most():
    assert propensity(meetingCount=1, emailOpenCount=2) == pytest.approx(0.15 + 0.14)
    assert propensity(meetingCount=9, callCount=9) == pytest.approx(0.15 + 0.25)


@pytest.mark.parametrize(("days", "added"), [(14, 0.0), (15, -0.15), (30, -0.15), (31, -0.25)])
def test_silence_costs_after_two_weeks_and_more_after_thirty_days(days, added):
    assert propensity(hasCompany=1, hasTitle=1, daysSinceLastActivity=days) == pytest.approx(0.31 + added)


def test_recency_pace_variety_burst_and_rates():
    all_of_it = propensity(
        recencyScore=1, activityVelocity=0.5, channelDiversity=3, activityBurst=1, emailOpenRate=0.3, emailClickRate=0.1
    )
    assert all_of_it == pytest.approx(0.15 + 0.15 + 0.10 + 0.08 + 0.10 + 0.08 + 0.10)
    assert propensity(activityVelocity=0.49, channelDiversity=2, emailOpenRate=0.29) == pytest.approx(0.15)


def test_the_result_stays_between_one_and_ninety_nine_percent():
    assert propensity(daysSinceLastActivity=90) == 0.01
    most = {name: 9 for name in NAMES if name not in CODES}
    assert propensity(**most, emailOpenRate=1, emailClickRate=1) <= 0.99


def test_the_explanation_shows_the_public_weights_as_points():
    vector = row(hasCompany=1, hasPhone=1, emailDomainType=code("emailDomainType", "free"))
    score = blend(rule_based(vector, FEATURES), vector, None, features=FEATURES, scorer="rules@1")
    assert score.base_points == 15
    assert {c.feature: c.points for c in score.contributions} == pytest.approx(
        {"hasCompany": 8, "emailDomainType": -5, "hasPhone": 4}, abs=0.011
    )
