"""Third node: features, the model for the whole batch at once, the judgement of the message, the blended score."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from langgraph.runtime import Runtime

from graph.domain.facts import value_of
from graph.domain.scoring import ModelOutput
from graph.domain.values import evolve
from graph.features.inputs import FeatureInput
from graph.features.vector import FEATURES, vector_of
from graph.nodes.shell import Cases, alive, each, lead_of, read, step, with_read
from graph.ports import JudgeAsk, Scorer, judge_ask
from graph.rules.bots import weighed
from graph.rules.judged import told
from graph.rules.scoring import blend
from graph.state import BatchState, Case, RunContext

NODE = "score"


async def score(state: BatchState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    now, ports = runtime.context.now, runtime.context.ports
    cases = await read(alive(state), "judgement", _judge_ask, lambda asks: ports.judge.judge(asks, now))
    cases = each(NODE, cases, lambda case: _with_model(case, ports.language_model))["cases"]
    cases = each(NODE, cases, _with_vector)["cases"]
    outputs = _model(cases, ports.scorer)
    return each(NODE, cases, lambda case: _blend(case, outputs[case.submission.submission_id], ports.scorer))


def _judge_ask(case: Case) -> JudgeAsk:
    return judge_ask(weighed(lead_of(case)))


def _with_model(case: Case, name: str) -> Case:
    """Whether a language model may be asked afterwards is a fact of the decision, too: its effects follow from it."""
    return case if case.reads.language_model is not None else with_read(case, "language_model", name)


def _with_vector(case: Case) -> Case:
    facts = FeatureInput(
        lead=weighed(lead_of(case)),
        profile=value_of(case.reads.profile),
        received_at=case.submission.received_at,
        prior=value_of(case.reads.prior),
    )
    return evolve(case, vector=vector_of(facts))


def _model(cases: Cases, scorer: Scorer) -> dict[str, ModelOutput]:
    """One call of the model for every case that has its vector; by submission id, unique within a batch."""
    live = [case for case in cases.values() if case.failure is None]
    if not live:
        return {}
    rows = np.array([case.vector for case in live], dtype=np.float32)
    return dict(zip((case.submission.submission_id for case in live), scorer.score(rows), strict=True))


def _blend(case: Case, output: ModelOutput, scorer: Scorer) -> Case:
    if not all(map(math.isfinite, (output.propensity, output.acv_usd, *output.margins))):
        raise ValueError("the model's answer is no number")
    judgement = value_of(case.reads.judgement)
    result = blend(output, case.vector, judgement, features=FEATURES, scorer=scorer.name)
    sentence = (
        f"{result.points:g} of 100 ({result.tier}, {result.temperature}; "
        f"range {100 * result.low:.0f} to {100 * result.high:.0f}) by {result.scorer}."
    )
    if judgement is not None and case.reads.judgement is not None:
        heard = told(judgement, case.reads.judgement.source, result)
        case = evolve(case, trace=step(case, NODE, "judgement", heard))
    elif lead_of(case).message and not weighed(lead_of(case)).message:
        case = evolve(case, trace=step(case, NODE, "not_judged", "The message gives orders: it counts as left empty."))
    return evolve(case, score=result, trace=step(case, NODE, result.tier, sentence))
