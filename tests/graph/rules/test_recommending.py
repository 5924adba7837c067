"""Recommendations: what is urgent first, points only where they were tried."""

from __future__ import annotations

from typing import Any

import pytest

from graph.domain.insights import Option, Raise, Raising, Recommendation, Risk
from graph.domain.scoring import Intent
from graph.rules.recommending import MOST, recommend
from tests.graph.rules.test_raising import score

NOTHING = Raising((), None, None, 0)


def risk(factor: str, impact: Any = "high") -> Risk:
    return Risk(factor, impact, "stable", 1.0, f"Because of {factor}.")


def gains(*pairs: tuple[str, float], kind: Any = "ask", then: tuple[str, ...] = ()) -> Raising:
    single = tuple(Raise((Option(key, kind, f"Do {key}"),), gain, 40 + gain, "medium") for key, gain in pairs)
    options = tuple(Option(key, kind, f"Do {key}") for key in then)
    return Raising(single, "high", Raise(options, 10, 50, "high") if then else None, len(pairs))


def advice(
    points: float, *risks: Risk, raising: Raising = NOTHING, intent: Intent | None = None, can_call: bool = True
) -> list[Recommendation]:
    return list(recommend(score(points), risks, raising, intent=intent, can_call=can_call))


def test_a_hot_lead_is_called_within_the_hour():
    (one,) = advice(85, raising=gains(("call", 3.5), kind="do"))
    assert (one.priority, one.action, one.timeframe) == ("urgent", "Call now", "within the hour")
    assert one.expected_impact == 3.5


def test_without_a_phone_number_it_is_written_to():
    (one,) = advice(85, can_call=False)
    assert (one.action, one.expected_impact) == ("Write now and offer a time to talk", None)


def test_a_hot_lead_that_went_silent_is_no_matter_of_an_hour():
    first, second = advice(85, risk("silence"))
    assert {first.priority, second.priority} == {"high"}
    assert {first.timeframe, second.timeframe} == {"today", "this week"}


def test_what_looks_like_a_bot_is_looked_at_before_anything_else():
    (one,) = advice(85, risk("reviewFlags"), raising=gains(("phone", 9.0)))
    assert (one.priority, one.action) == ("urgent", "Have a person look at it first")


@pytest.mark.parametrize("intent", ["support", "complaint", "partnership"])
def test_who_does_not_want_to_buy_is_not_sold_to(intent: Intent):
    (one,) = advice(85, intent=intent)
    assert one.priority == "high"
    assert intent in one.rationale


def test_a_dead_lead_is_left_to_the_sequence():
    (one,) = advice(5)
    assert (one.priority, one.action) == ("low", "Leave it to the nurture sequence")


@pytest.mark.parametrize(
    ("factor", "impact", "priority"),
    [
        ("silence", "high", "high"),
        ("silence", "medium", "medium"),
        ("emailOpenRate", "medium", "medium"),
        ("usesCompetitor", "low", "low"),
        ("lowIntentWords", "high", "low"),
    ],
)
def test_a_risk_that_one_can_do_something_about_has_its_advice(factor: str, impact: str, priority: str):
    (one,) = advice(40, risk(factor, impact))
    assert (one.priority, one.rationale, one.expected_impact) == (priority, f"Because of {factor}.", None)


@pytest.mark.parametrize(("gain", "priority"), [(8.0, "high"), (7.9, "medium"), (3.0, "medium"), (2.9, "low")])
def test_a_change_that_helped_counts_by_its_points(gain: float, priority: str):
    (one,) = advice(40, raising=gains(("phone", gain)))
    assert (one.priority, one.expected_impact, one.timeframe) == (priority, gain, "with the next contact")
    assert f"{40 + gain:.0f}" in one.rationale


def test_a_change_of_next_to_nothing_is_not_worth_a_word():
    assert advice(40, raising=gains(("phone", 0.4))) == []


def test_what_leads_to_the_next_tier_counts_for_more():
    first, second = advice(40, raising=gains(("a", 4.0), ("b", 3.5), then=("b", "c")))
    assert (first.action, first.priority) == ("Do b", "high")
    assert "tier high together with 1 more" in first.rationale
    assert second.priority == "medium"


def test_there_are_never_more_than_one_can_read():
    many = advice(85, risk("silence"), raising=gains(*((f"o{n}", 20.0 - n) for n in range(20))))
    assert len(many) == MOST
    order = {"urgent": 0, "high": 1, "medium": 2, "low": 3}
    assert [order[one.priority] for one in many] == sorted(order[one.priority] for one in many)
