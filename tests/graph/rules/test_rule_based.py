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


CONTRACT = [
    ("hasCompany", 1, 0.08), ("hasTitle", 1, 0.08), ("hasPhone", 1, 0.04),
    ("emailDomainType", "corporate", 0.10), ("emailDomainType", "free", -0.05), ("emailDomainType", "edu", 0.05),
    ("emailDomainType", "government", 0.08),
    ("titleSeniority", "c_level", 0.15), ("titleSeniority", "vp", 0.12), ("titleSeniority", "director", 0.10),
    ("titleSeniority", "manager", 0.05), ("titleSeniority", "individual", 0.0),
    ("companySizeEstimate", "enterprise", 0.08), ("companySizeEstimate", "mid_market", 0.05),
    ("companySizeEstimate", "smb", 0.02), ("companySizeEstimate", "startup", 0.03),
    ("emailOpenCount", 1, 0.02), ("emailClickCount", 1, 0.05), ("pageViewCount", 1, 0.01), ("formSubmitCount", 1, 0.08),
    ("meetingCount", 1, 0.10), ("callCount", 1, 0.06),
    ("activityVelocity", 0.5, 0.10), ("activityVelocity", 0.49, 0.0),
    ("channelDiversity", 3, 0.08), ("channelDiversity", 2, 0.0),
    ("recencyScore", 1, 0.15), ("recencyScore", 0.5, 0.075), ("activityBurst", 1, 0.10),
    ("daysSinceLastActivity", 15, -0.14), ("daysSinceLastActivity", 31, -0.14),  # .15 less .15 or .25 is clamped at .01
    ("emailOpenRate", 0.3, 0.08), ("emailOpenRate", 0.29, 0.0), ("emailClickRate", 0.1, 0.10), ("emailClickRate", 0.09, 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "added"), CONTRACT)
def test_each_weight_of_the_contract_alone(name, value, added):
    held = code(name, value) if isinstance(value, str) else value
    assert propensity(**{name: held}) == pytest.approx(max(0.01, 0.15 + added))


def test_a_brand_new_lead_gets_no_recency_bonus():
    assert propensity(recencyScore=0, daysSinceLastActivity=math.nan) == pytest.approx(0.15)
