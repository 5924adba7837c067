"""Everything said about one lead's score, made at once from what was seen of it. Pure but for the scorer's files: asks no
vendor, no language model and no store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from graph.domain.insights import Raising, Recommendation, Risk
from graph.domain.scoring import Judgement, Score
from graph.features.changes import changes
from graph.features.inputs import FeatureInput
from graph.features.trend import trend_of
from graph.features.vector import FEATURES, vector_of
from graph.rules.raising import raising
from graph.rules.recommending import recommend
from graph.rules.risks import held, risks
from graph.rules.scoring import blend
from tools.insights.scorers import Answering
from tools.insights.seen import Seen


@dataclass(frozen=True, slots=True)
class Insight:
    """score, and what it was made from (vector); answering: who scored, with what had to be said about that."""

    seen: Seen
    vector: tuple[float, ...]
    score: Score
    answering: Answering
    risks: tuple[Risk, ...]
    raising: Raising
    recommendations: tuple[Recommendation, ...]


def scored(
    inputs: Sequence[FeatureInput], judgement: Judgement | None, answering: Answering
) -> tuple[list[Score], Answering]:
    """The scores as the router makes them, and who made them."""
    vectors = [vector_of(inp) for inp in inputs]
    outputs, answered = answering.score(np.array(vectors, dtype=np.float32))
    scores = [
        blend(output, vector, judgement, features=FEATURES, scorer=answered.scorer.name)
        for output, vector in zip(outputs, vectors, strict=True)
    ]
    return scores, answered


def insight(one: Seen, answering: Answering, now: datetime) -> Insight:
    (score,), answered = scored([one.inp], one.judgement, answering)
    vector = vector_of(one.inp)
    raised = would_raise(one.inp, one.judgement, score, answered)
    found = risks(held(vector, FEATURES), score, silent_days=silent_days(one.inp, now), trend=trend_of(one.inp))
    advice = recommend(
        score,
        found,
        raised,
        intent=one.judgement.intent if one.judgement else None,
        can_call=one.inp.lead.phone is not None,
    )
    return Insight(one, vector, score, answered, found, raised, advice)


class _OtherScorer(Exception):
    """The model failed on a changed input: what the rules say cannot be held against what the model said."""


def would_raise(inp: FeatureInput, judgement: Judgement | None, now: Score, answering: Answering) -> Raising:
    """Each change made to the input and scored by the same scorer; empty where that scorer fails on them."""
    possible = changes(inp)

    def rescore(sets: Sequence[tuple[int, ...]]) -> list[Score]:
        inputs = [_made(inp, [possible[place].made for place in places]) for places in sets]
        scores, answered = scored(inputs, judgement, answering)
        if answered.scorer is not answering.scorer:
            raise _OtherScorer
        return scores

    try:
        return raising(now, [change.option for change in possible], rescore)
    except _OtherScorer:
        return Raising((), None, None, 0)


def _made(inp: FeatureInput, steps: Sequence[Callable[[FeatureInput], FeatureInput]]) -> FeatureInput:
    for step in steps:
        inp = step(inp)
    return inp


def silent_days(inp: FeatureInput, now: datetime) -> float:
    """Days since the person was last heard of: their submission, or an action after it."""
    last = max([inp.received_at, *(at for _, at in inp.activities if at <= now)])
    return max(0.0, (now - last).total_seconds() / 86_400.0)
