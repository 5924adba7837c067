from __future__ import annotations

import json

import pytest

from graph.domain.routing import RoutingFacts
from graph.rules.nurture import sequence_for, way_for
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
