"""Scoring: one call of the model for the batch, and each lead's own fault if it fails."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from graph.domain.facts import Found
from graph.domain.scoring import Judgement, ModelOutput
from graph.domain.values import evolve
from graph.features.vector import FEATURES, vector_of
from graph.nodes.score import score
from graph.ports import JudgeAsk
from graph.state import Reads
from tests.fixtures.ports import NOW, Answering, case, context, ports, run, through
from tools.embedded.rule_scorer import RuleScorer
from tools.ml.generator import Sample, draw

KEEN = Judgement(0.9, ("asks for a demo",), "demo_request", "positive", "high")


class Counting(RuleScorer):
    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def score(self, rows: NDArray[np.float32]) -> Sequence[ModelOutput]:
        self.shapes.append(rows.shape)
        assert rows.dtype == np.float32
        return super().score(rows)


class Keeping(RuleScorer):
    rows: NDArray[np.float32]

    def score(self, rows: NDArray[np.float32]) -> Sequence[ModelOutput]:
        self.rows = rows.copy()
        return super().score(rows)


@pytest.fixture(scope="module")
def drawn() -> Sample:
    return draw(60, seed=9)


async def test_the_model_is_called_once_for_the_batch():
    scorer = Counting()
    done = await run(score, *(case(f"p{n}") for n in range(7)), given=context(ports(scorer=scorer)))
    assert scorer.shapes == [(7, len(FEATURES))]
    assert all(held.score is not None and len(held.vector) == len(FEATURES) for held in done)


async def test_a_score_adds_up_and_is_told():
    (done,) = await run(score, case(title="CTO", phone="+49 30 23125 118", company="Ann AG", message="please call"))
    held = done.score
    assert held is not None
    assert sum(c.points for c in held.contributions) + held.base_points == pytest.approx(held.points, abs=1e-6)
    assert done.trace[-1].rule == held.tier
    assert f"{held.points:g} of 100 ({held.tier}" in done.trace[-1].sentence
    assert held.scorer == "rules@1"


async def test_the_judgement_sees_the_message_and_moves_the_score():
    judge = Answering(answer=lambda ask: KEEN)
    asked = case(message="show me", title="CTO", company="Ann AG", industry="software", source="Demo Request")
    (plain,) = await run(score, asked)
    (keen,) = await run(score, asked, given=context(ports(judge=judge)))
    assert judge.asks == [[JudgeAsk("show me", "CTO", "Ann AG", "software", "demo_request")]]
    assert plain.score is not None
    assert keen.score is not None
    assert keen.score.points > plain.score.points
    assert keen.score.propensity == plain.score.propensity
    assert "the message reads as demo request" in keen.trace[-1].sentence


async def test_the_same_lead_scores_the_same_in_any_company():
    alone = (await run(score, case("ann", title="VP")))[0]
    crowd = await run(score, *(case(f"p{n}", title="CTO") for n in range(5)), case("ann", title="VP"))
    assert crowd[-1].score == alone.score
    assert crowd[-1].vector == pytest.approx(alone.vector, nan_ok=True, abs=0)


@pytest.mark.parametrize("broken", [{"propensity": math.nan}, {"propensity": math.inf}, {"acv_usd": math.nan}])
async def test_an_answer_that_is_no_number_is_that_leads_failure(broken: dict[str, float]):
    class Odd(RuleScorer):
        def score(self, rows: NDArray[np.float32]) -> Sequence[ModelOutput]:
            first, *others = super().score(rows)
            return [replace(first, **broken), *others]

    bad, good = await run(score, case("a"), case("b"), given=context(ports(scorer=Odd())))
    assert bad.failure is not None
    assert (bad.failure.node, bad.failure.error) == ("score", "ValueError")
    assert good.failure is None
    assert good.score is not None


async def test_a_model_that_answers_too_few_rows_is_not_shared_out_wrongly():
    class Few(RuleScorer):
        def score(self, rows: NDArray[np.float32]) -> Sequence[ModelOutput]:
            return super().score(rows)[:1]

    with pytest.raises(ValueError, match="zip"):
        await run(score, case("a"), case("b"), given=context(ports(scorer=Few())))


async def test_with_no_lead_left_the_model_is_not_called():
    from graph.nodes.shell import failed

    scorer = Counting()
    broken = failed(case(), "capture", ValueError("x"))
    assert await through(score, [broken], context(ports(scorer=scorer))) == [broken]
    assert scorer.shapes == []


@pytest.mark.parametrize("index", range(0, 60, 3))
async def test_a_lead_is_served_the_vector_that_training_saw_bit_for_bit(index: int, drawn: Sample) -> None:
    """Training lays its rows out with numpy; serving fills the same features from what was read of the lead."""
    seen = drawn.inputs[index]
    reads = Reads(
        profile=Found(seen.profile, "made up", NOW) if seen.profile else None,
        prior=Found(seen.prior, "made up", NOW) if seen.prior else None,
    )
    asked = case(str(index))
    submission = evolve(asked.submission, received_at=seen.received_at)
    without_history = replace(seen, activities=())
    scorer = Keeping()
    held = evolve(asked, submission=submission, lead=seen.lead, reads=reads)
    await through(score, [held], context(ports(scorer=scorer)))
    trained = np.array([vector_of(without_history)], dtype=np.float32)
    assert scorer.rows.tobytes() == trained.tobytes()
    if not seen.activities:
        assert scorer.rows.tobytes() == drawn.rows[index : index + 1].tobytes()
