"""The way `manual_review`: the owner is asked to look; nothing is written to the CRM until a person approves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graph.nodes.alerting import draft_of, facts_later, with_alert, with_neighbours
from graph.nodes.shell import alive, each
from graph.state import BatchState, Case, RunContext

if TYPE_CHECKING:  # LangGraph takes a second to import, and only the graph around the nodes needs it
    from langgraph.runtime import Runtime

NODE = "review"


async def review(state: BatchState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    context = runtime.context
    cases = await with_neighbours(alive(state, "manual_review"), context)

    def ask(case: Case) -> Case:
        return with_alert(case, draft_of(case, context), NODE, context, lambda case, _brief: facts_later(case))

    return each(NODE, cases, ask)
