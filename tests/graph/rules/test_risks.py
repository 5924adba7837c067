"""Risks: each from its threshold on, with its size, trend and a sentence; nothing that is not known."""

from __future__ import annotations

from typing import Any

import pytest

from graph.domain.insights import Risk
from graph.domain.values import evolve
from graph.features.probes import PROBES
from graph.features.vector import FEATURES, vector_of
from graph.rules.risks import NO_TREND, held, risks
from tests.graph.rules.test_raising import score

GOOD: dict[str, Any] = {
    "hasCompany": 1.0, "hasTitle": 1.0, "hasPhone": 1.0, "emailDomainType": "corporate", "titleSeniority": "vp",
    "titleFunctionFit": "technical", "companySizeEstimate": "enterprise", "reviewFlags": 0.0, "lowIntentWords": 0.0,
    "usesCompetitor": 0.0, "daysSinceCreated": 0.0, "activityVelocity": 0.0, "emailOpenRate": None,
    "avgResponseTime": None, "sequenceEngagement": None,
}  # fmt: skip
SURE = evolve(score(60), low=0.5, high=0.7)


def found(trend: Any = None, silent: float | None = 0.0, of: Any = SURE, **changed: Any) -> list[Risk]:
    return list(risks({**GOOD, **changed}, of, silent_days=silent, trend=trend))


def test_a_brand_new_good_lead_has_none():
    assert found() == []


@pytest.mark.parametrize(
    ("changed", "factor", "impact"),
    [
        ({"hasCompany": 0.0}, "hasCompany", "high"),
        ({"hasTitle": 0.0}, "hasTitle", "medium"),
        ({"hasPhone": 0.0}, "hasPhone", "low"),
        ({"emailDomainType": "free"}, "emailDomainType", "medium"),
        ({"emailDomainType": "edu"}, "emailDomainType", "low"),
        ({"titleSeniority": "individual"}, "titleSeniority", "low"),
        ({"titleFunctionFit": "other"}, "titleFunctionFit", "medium"),
        ({"titleFunctionFit": "education"}, "titleFunctionFit", "medium"),
        ({"companySizeEstimate": None}, "companySizeEstimate", "low"),
        ({"reviewFlags": 1.0}, "reviewFlags", "high"),
        ({"lowIntentWords": 1.0}, "lowIntentWords", "high"),
        ({"usesCompetitor": 1.0}, "usesCompetitor", "low"),
        ({"emailOpenRate": 0.05}, "emailOpenRate", "medium"),
        ({"avgResponseTime": 100.0}, "avgResponseTime", "low"),
        ({"sequenceEngagement": 0.0}, "sequenceEngagement", "medium"),
        ({"daysSinceCreated": 9.0}, "activityVelocity", "high"),
        ({"daysSinceCreated": 9.0, "activityVelocity": 0.05}, "activityVelocity", "medium"),
    ],
)
def test_each_risk_is_named_with_its_size(changed: dict[str, Any], factor: str, impact: str):
    (risk,) = found(**changed)
    assert (risk.factor, risk.impact) == (factor, impact)
    assert risk.description.endswith(".")
    name = factor if factor in changed else "activityVelocity"
    assert risk.current_value == changed.get(name, 0.0)


@pytest.mark.parametrize(
    "changed",
    [
        {"emailOpenRate": 0.1},
        {"avgResponseTime": 72.0},
        {"daysSinceCreated": 6.9},
        {"daysSinceCreated": 9.0, "activityVelocity": 0.1},
        {"sequenceEngagement": 0.1},
        {"usesCompetitor": None},
        {"titleSeniority": None, "titleFunctionFit": None, "emailDomainType": None},
        {"hasCompany": 0.0, "companySizeEstimate": None, "hasPhone": None},
    ],
)
def test_at_its_threshold_or_unknown_it_is_none(changed: dict[str, Any]):
    assert [risk.factor for risk in found(**changed)] in ([], ["hasCompany"])


@pytest.mark.parametrize(("days", "impact"), [(14.0, None), (14.1, "medium"), (30.0, "medium"), (30.1, "high")])
def test_silence_weighs_more_after_thirty_days(days: float, impact: str | None):
    assert [risk.impact for risk in found(silent=days)] == ([impact] if impact else [])
    assert found(silent=None) == []


def test_the_trend_is_the_activitys_and_an_unknown_one_is_said():
    (falling,) = found("declining", silent=20.0)
    assert (falling.trend, NO_TREND in falling.description) == ("declining", False)
    (unknown,) = found(None, silent=20.0)
    assert (unknown.trend, NO_TREND in unknown.description) == ("stable", True)
    (fact,) = found("declining", hasTitle=0.0)
    assert (fact.trend, NO_TREND in fact.description) == ("stable", False)


def test_a_wide_range_is_a_risk_of_its_own():
    (risk,) = found(of=evolve(SURE, low=0.2, high=0.6))
    assert (risk.factor, risk.current_value) == ("uncertainty", 0.4)
    assert "20 and 60" in risk.description
    assert found(of=evolve(SURE, low=0.21, high=0.6)) == []


def test_the_largest_stands_first():
    impacts = [risk.impact for risk in found(hasPhone=0.0, hasTitle=0.0, hasCompany=0.0, silent=40.0)]
    assert impacts == ["high", "high", "medium", "low"]


def test_values_are_held_by_name_codes_by_label_unknown_as_none():
    values = held(vector_of(PROBES[2]), FEATURES)
    assert values["titleSeniority"] == "vp"
    assert values["emailOpenRate"] is None
    assert values["hasPhone"] == 1.0
