"""What a judgement did to a score, and what a late one would do."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.domain.routing import RoutingFacts
from graph.domain.scoring import Judgement, ModelOutput, Score
from graph.domain.values import evolve
from graph.features.vector import FEATURES
from graph.rules.judged import late, late_note, moved_by, told
from graph.rules.scoring import DEFAULT_RULES, blend
from tools.routing_file import parse

TABLE = parse(
    json.dumps({"DEFAULT": "a@company.com", "nurture": {"if": {"score": "<0.45"}, "sequence": "low_score_nurture"}})
)
OPINION = Judgement(0.71, ("asks for a demonstration",), "demo_request", "positive", "high")


def scored(propensity: float, judged: float | None) -> Score:
    zeros = (0.0,) * len(FEATURES)
    output = ModelOutput(propensity, 0.0, zeros, 1.0, 1.0, 1.0)
    judgement = None if judged is None else evolve(OPINION, score=judged)
    return blend(output, zeros, judgement, features=FEATURES, scorer="test")


def facts(score: Score) -> RoutingFacts:
    blank = dict.fromkeys(
        ("country", "state", "postal", "industry", "employees", "revenue_usd", "source", "product", "host", "domain",
         "opportunity_owner", "account_owner", "parent_owner")
    )  # fmt: skip
    return RoutingFacts(**blank, score=score.probability, tier=score.tier, family=())


@given(st.floats(0, 1), st.none() | st.floats(0, 1), st.floats(0, 1))
def test_a_late_judgement_gives_the_points_that_the_decision_would_have_had(
    propensity: float, before: float | None, after: float
):
    decided, again = scored(propensity, before), scored(propensity, after)
    found = late(evolve(OPINION, score=after), decided, facts(decided), "qualify", TABLE)
    assert (found.points, found.tier) == (again.points, again.tier)
    assert found.moved == pytest.approx(moved_by(again))
    assert found.before == moved_by(decided)
    assert abs(found.moved) <= 100 * DEFAULT_RULES.judgement_band + 1e-9
    assert found.anew == (again.tier != decided.tier)


def test_the_band_and_what_was_done_in_it_are_quoted():
    score = scored(0.5, 0.71)
    assert told(OPINION, "rules", score) == (
        "By the rules the message reads as demo request, urgency high, mood positive, 71 in 100 (asks for a "
        "demonstration). A judgement may move the score by at most 10 points; it moved it by +4.2."
    )


def test_a_lead_leaves_its_sequence_when_its_score_suffices_and_enters_none():
    low = scored(0.42, None)
    up, little = (late(evolve(OPINION, score=s), low, facts(low), "nurture", TABLE) for s in (1.0, 0.6))
    assert (up.path, up.anew, little.path, little.anew) == ("qualify", True, "nurture", False)
    high = scored(0.46, None)
    down = late(evolve(OPINION, score=0.0), high, facts(high), "qualify", TABLE)
    assert (down.path, down.anew) == ("qualify", False)


@pytest.mark.parametrize(
    ("propensity", "path", "end"),
    [
        (0.6, "qualify", "The tier stays high."),
        (0.47, "qualify", "That makes it 51.2 of 100, tier high instead of medium."),
        (0.42, "nurture", "That makes it 46.2 of 100, enough to answer it now."),
    ],
)
def test_the_owner_reads_what_it_changes(propensity: float, path: str, end: str):
    score = scored(propensity, 0.45)
    found = late(OPINION, score, facts(score), path, TABLE)  # type: ignore[arg-type]
    note = late_note(OPINION, "openai:m", found, score.tier)
    assert note.startswith("openai:m has read the message: it reads as demo request")
    assert note.endswith(f"+4.2 points instead of -1 (at most 10 points). {end}")
