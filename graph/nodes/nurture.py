"""The way `nurture`: contact and owner in the CRM, enrolment in the sequence that the routing file names; no alert. An alert
that its owner has from before is closed, for nobody is to answer the lead now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graph.domain.effects import Effect
from graph.domain.facts import value_of
from graph.domain.values import evolve
from graph.nodes.alerting import asked_later, closing_of
from graph.nodes.shell import alive, each, lead_of, parts_of, step
from graph.rules.thread import news
from graph.rules.writes import crm_writes, enrolment, withdrawn
from graph.state import BatchState, Case, RunContext

if TYPE_CHECKING:  # LangGraph takes a second to import, and only the graph around the nodes needs it
    from langgraph.runtime import Runtime

NODE = "nurture"


async def nurture(state: BatchState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    return each(NODE, alive(state, "nurture"), lambda case: _enrol(case, runtime.context))


def _enrol(case: Case, context: RunContext) -> Case:
    score, assignment = parts_of(case)
    if case.sequence is None:
        raise RuntimeError("a lead went to nurture without a sequence")
    lead = lead_of(case)
    writes = crm_writes(lead, value_of(case.reads.profile), score, "nurture", assignment)
    effects = (*writes, enrolment(lead, case.sequence, assignment), *_withdrawn(case, context), *asked_later(case))
    sentence = f"Not ready yet: enrolled in {case.sequence}, kept by {assignment.owner}."
    return evolve(case, effects=effects, trace=step(case, NODE, case.sequence, sentence))


def _withdrawn(case: Case, context: RunContext) -> tuple[Effect, ...]:
    prior = value_of(case.reads.prior)
    if prior is None or prior.alert_owner is None or prior.path == "nurture" or prior.closed:
        return ()
    why = f"the sequence {case.sequence} writes to them first"
    note = news(f"Back to nurturing: {why}. You hear when the score rises", ())
    return (withdrawn(prior, closing_of(case, context, f"back to nurturing: {why}"), note),)
