from __future__ import annotations

import json

import pytest

from graph.domain.routing import RoutingFacts
from graph.rules.nurture import sequence_for, unsure_of, way_for
from graph.rules.scoring import ScoringRules
from tools.routing_file import parse

TABLE = parse(
    json.dumps(
        {
            "DEFAULT": "general@company.com",
            "nurture": {
                "if": {"score": "<0.15"},
                "unless": {"source": ["demo_request", "partner_referral"]},
                "sequence": "edu-90d",
            },
        }
    )
)


@pytest.mark.parametrize(
    ("facts", "sequence"),
    [
        (RoutingFacts(score=0.04), "edu-90d"),
        (RoutingFacts(score=0.1499, source="webinar"), "edu-90d"),
        (RoutingFacts(score=0.15), None),
        (RoutingFacts(score=0.04, source="demo_request"), None),
        (RoutingFacts(score=0.04, source="Partner Referral"), None),
        (RoutingFacts(), None),
    ],
)
def test_a_low_score_is_nurtured_unless_its_source_says_otherwise(facts, sequence):
    assert sequence_for(facts, TABLE) == sequence


def test_a_file_without_nurture_nurtures_nobody():
    assert sequence_for(RoutingFacts(score=0.0), parse('{"DEFAULT": "general@company.com"}')) is None


@pytest.mark.parametrize(
    ("sequence", "cause", "review", "accepted", "way"),
    [
        (None, "submission", False, False, "qualify"),
        ("edu", "submission", False, False, "nurture"),
        ("edu", "submission", True, False, "manual_review"),
        ("edu", "pass", False, False, "qualify"),
        ("edu", "approved", True, False, "qualify"),
        ("edu", "retry", True, True, "qualify"),
    ],
)
def test_a_reviewers_word_goes_before_a_flag_and_a_flag_before_the_sequence(sequence, cause, review, accepted, way):
    assert way_for(sequence, cause, review=review, accepted=accepted) == way


@pytest.mark.parametrize(
    ("score", "low", "high", "unsure"),
    [
        (0.05, 0.03, 0.08, False),  # the whole range is nurtured
        (0.13, 0.11, 0.155, False),  # it only touches the border
        (0.14, 0.12, 0.17, True),  # two fifths lie beyond
        (0.02, 0.01, 0.60, True),  # too wide to say anything
        (0.16, 0.10, 0.20, False),  # a person answers it anyhow
        (0.14, None, None, False),  # the scorer states no range
    ],
)
def test_a_low_score_that_may_well_be_a_high_one_is_a_persons_to_decide(score, low, high, unsure):
    facts = RoutingFacts(score=score, score_low=low, score_high=high, tier="low")
    assert (unsure_of(facts, TABLE) is not None) == unsure


def test_why_it_is_unsure_is_said_with_the_range():
    said = unsure_of(RoutingFacts(score=0.14, score_low=0.12, score_high=0.2), TABLE)
    assert said == (
        "The score is not sure that mails are enough: its score likely lies between 12 and 20, and at 18 a person would "
        "answer now."
    )
    assert "too little" in (unsure_of(RoutingFacts(score=0.02, score_low=0.01, score_high=0.6), TABLE) or "")


def test_how_much_may_lie_beyond_the_border_is_a_setting():
    facts = RoutingFacts(score=0.14, score_low=0.12, score_high=0.17)
    assert unsure_of(facts, TABLE, ScoringRules(beyond=0.5)) is None
    assert unsure_of(facts, TABLE, ScoringRules(beyond=0.0)) is not None


def test_a_border_by_tier_is_a_border_too():
    table = parse('{"DEFAULT": "g@company.com", "nurture": {"if": {"tier": "low"}, "sequence": "edu-90d"}}')
    assert unsure_of(RoutingFacts(score=0.2, tier="low", score_low=0.15, score_high=0.4), table) is not None
    assert unsure_of(RoutingFacts(score=0.1, tier="low", score_low=0.05, score_high=0.15), table) is None


def test_a_sequence_that_no_score_could_change_is_not_held_for_the_score():
    table = parse('{"DEFAULT": "g@company.com", "nurture": {"if": {"source": "newsletter"}, "sequence": "edu-90d"}}')
    facts = RoutingFacts(source="newsletter", score=0.1, score_low=0.01, score_high=0.9)
    assert unsure_of(facts, table) is None


@pytest.mark.parametrize(
    ("sequence", "cause", "accepted", "way"),
    [
        ("edu", "submission", False, "manual_review"),
        (None, "submission", False, "qualify"),
        ("edu", "pass", False, "qualify"),
        ("edu", "approved", False, "qualify"),
        ("edu", "submission", True, "qualify"),
    ],
)
def test_only_what_would_be_nurtured_is_held_for_being_unsure(sequence, cause, accepted, way):
    assert way_for(sequence, cause, review=False, accepted=accepted, unsure=True) == way
