"""Third node: features, the model for the whole batch at once, the judgement of the message, the blended score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from graph.domain.activity import Did, Wanted
from graph.domain.facts import value_of
from graph.domain.scoring import ModelOutput
from graph.domain.trace import Step
from graph.domain.values import evolve
from graph.features.inputs import feature_input
from graph.features.vector import FEATURES, vector_of
from graph.nodes.shell import Cases, alive, each, lead_of, read, step
from graph.ports import JudgeAsk, Ports, Scorer, judge_ask
from graph.record import parent_of
from graph.rules.activity import did_said
from graph.rules.bots import weighed
from graph.rules.challenge import account_of, is_challengers
from graph.rules.judged import told
from graph.rules.people.matching import is_sure
from graph.rules.scoring import blend
from graph.state import BatchState, Case, Reads, RunContext

if TYPE_CHECKING:  # LangGraph takes a second to import, and only the graph around the nodes needs it
    from langgraph.runtime import Runtime

NODE = "score"


async def score(state: BatchState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    now, ports = runtime.context.now, runtime.context.ports
    cases = await read(alive(state), "judgement", _judge_ask, lambda asks: ports.judge.judge(asks, now))
    did = await _activities(cases, ports, now)
    cases = each(NODE, cases, lambda case: _with_vector(case, _with_facts(case, did, ports.language_model)))["cases"]
    outputs = _outputs(cases, ports)
    return each(NODE, cases, lambda case: _blend(case, *outputs[case.submission.submission_id]))


def _judge_ask(case: Case) -> JudgeAsk:
    return judge_ask(weighed(lead_of(case)))


async def _activities(cases: Cases, ports: Ports, now: datetime) -> dict[str, tuple[Did, ...]]:
    """By submission id, of those whose activities were not read yet."""
    missing = [case for case in cases.values() if case.reads.activities is None and case.failure is None]
    if not missing:
        return {}
    found = await ports.history.activities([_wanted(case) for case in missing], now)
    return {case.submission.submission_id: did for case, did in zip(missing, found, strict=True)}


def _wanted(case: Case) -> Wanted:
    person = value_of(case.reads.person)
    also = person.emails if person is not None and is_sure(person.match) else ()
    return Wanted(case.submission.lead_id, also)


def _with_facts(case: Case, did: dict[str, tuple[Did, ...]], model: str) -> Reads:
    """What the person did up to the submission, and whether a language model may be asked afterwards: that is a fact of the
    decision, too, since its effects follow from it."""
    reads, at = case.reads, case.submission.received_at
    changes: dict[str, Any] = {}
    if reads.activities is None:
        changes["activities"] = tuple([one for one in did[case.submission.submission_id] if one[1] <= at])
    if reads.language_model is None:
        changes["language_model"] = model
    return evolve(reads, **changes) if changes else reads


def _with_vector(case: Case, reads: Reads) -> Case:
    at, prior, did, trace = case.submission.received_at, value_of(reads.prior), reads.activities or (), case.trace
    seen = feature_input(lead_of(case), value_of(reads.profile), at, prior, did, value_of(reads.crm))
    if case.submission.cause == "activity":
        trace = step(case, NODE, "activity", case.submission.reason)
    elif did:
        trace = step(case, NODE, "activity", f"{did_said(did, at)}.")
    return evolve(case, reads=reads, vector=vector_of(seen), trace=trace)


def _outputs(cases: Cases, ports: Ports) -> dict[str, tuple[ModelOutput, Scorer]]:
    """One call of each model for all the cases that it scores; by submission id, unique within a batch."""
    live = [case for case in cases.values() if case.failure is None]
    challenge = ports.challenge
    if challenge is None:
        return _model(live, ports.scorer)
    lots = [is_challengers(account_of(parent_of(c), lead_of(c)), challenge.salt, challenge.share) for c in live]
    ours = [case for case, lot in zip(live, lots, strict=True) if not lot]
    theirs = [case for case, lot in zip(live, lots, strict=True) if lot]
    return _model(ours, ports.scorer) | _model(theirs, challenge.scorer)


def _model(cases: Sequence[Case], scorer: Scorer) -> dict[str, tuple[ModelOutput, Scorer]]:
    if not cases:
        return {}
    rows = np.array([case.vector for case in cases], dtype=np.float32)
    outputs = scorer.score(rows)
    return {c.submission.submission_id: (output, scorer) for c, output in zip(cases, outputs, strict=True)}


def _blend(case: Case, output: ModelOutput, scorer: Scorer) -> Case:
    if not math.isfinite(
        output.propensity + output.acv_usd + sum(output.margins)
    ):  # one that is none makes the sum none
        raise ValueError("the model's answer is no number")
    lead, judgement = lead_of(case), value_of(case.reads.judgement)
    result = blend(output, case.vector, judgement, features=FEATURES, scorer=scorer.name)
    sentence = (
        f"{result.points:g} of 100 ({result.tier}, {result.temperature}; "
        f"range {100 * result.low:.0f} to {100 * result.high:.0f}) by {result.scorer}."
    )
    if judgement is not None and case.reads.judgement is not None:
        trace = step(case, NODE, "judgement", told(judgement, case.reads.judgement.source, result))
    elif lead.message and not weighed(lead).message:
        trace = step(case, NODE, "not_judged", "The message gives orders: it counts as left empty.")
    else:
        trace = case.trace
    trace = (*trace, Step(NODE, result.tier, sentence))
    return evolve(case, score=result, model=scorer.digest, trace=trace)
