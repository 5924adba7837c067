"""The way `nurture`: contact and owner in the CRM, enrolment in the sequence that the routing file names; no alert."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from graph.domain.facts import value_of
from graph.domain.values import evolve
from graph.nodes.alerting import asked_later, parts_of
from graph.nodes.shell import alive, each, lead_of, step
from graph.rules.writes import crm_writes, enrolment
from graph.state import BatchState, Case, RunContext

NODE = "nurture"


async def nurture(state: BatchState, runtime: Runtime[RunContext]) -> dict[str, Any]:  # noqa: ARG001
    return each(NODE, alive(state, "nurture"), _enrol)


def _enrol(case: Case) -> Case:
    score, assignment = parts_of(case)
    if case.sequence is None:
        raise RuntimeError("a lead went to nurture without a sequence")
    lead = lead_of(case)
    writes = crm_writes(lead, value_of(case.reads.profile), score, "nurture", assignment)
    effects = (*writes, enrolment(lead, case.sequence, assignment), *asked_later(case))
    sentence = f"Not ready yet: enrolled in {case.sequence}, kept by {assignment.owner}."
    return evolve(case, effects=effects, trace=step(case, NODE, case.sequence, sentence))
