"""The way `qualify`: similar accounts, the writer's note, the owner's brief, and the writes that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graph.domain.account import CompanyProfile
from graph.domain.brief import Brief
from graph.domain.effects import Effect
from graph.domain.facts import value_of
from graph.nodes.alerting import asked_later, draft_of, with_alert, with_neighbours
from graph.nodes.shell import alive, each, lead_of, parts_of, read
from graph.ports import NoteAsk
from graph.rules.brief import facts_of, with_note
from graph.rules.writes import crm_writes, follow_up, logged, memory
from graph.state import BatchState, Case, RunContext

if TYPE_CHECKING:  # LangGraph takes a second to import, and only the graph around the nodes needs it
    from langgraph.runtime import Runtime

NODE = "summarize"


async def summarize(state: BatchState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    context = runtime.context
    cases = await with_neighbours(alive(state, "qualify"), context)
    briefs: dict[str, tuple[Brief, dict[str, str]]] = {}

    def draft(case: Case) -> Case:
        brief = draft_of(case, context)
        briefs[case.submission.submission_id] = brief, facts_of(brief)
        return case

    drafted = each(NODE, cases, draft)["cases"]
    noted = await read(
        {i: case for i, case in drafted.items() if case.failure is None},
        "note",
        lambda case: NoteAsk(case.submission.lead_id, briefs[case.submission.submission_id][1]),
        lambda asks: context.ports.writer.write(asks, context.now),
    )
    return each(NODE, drafted | noted, lambda case: _finish(case, *briefs[case.submission.submission_id], context))


def _finish(case: Case, brief: Brief, facts: dict[str, str], context: RunContext) -> Case:
    """facts: those of the brief."""
    note = value_of(case.reads.note)
    if note:
        brief = with_note(brief, note, facts)
    return with_alert(case, brief, NODE, context, lambda case, brief: _writes(case, brief, context))


def _writes(case: Case, brief: Brief, context: RunContext) -> tuple[Effect, ...]:
    score, assignment = parts_of(case)
    lead, profile = lead_of(case), value_of(case.reads.profile)
    return (
        *crm_writes(lead, profile, score, "qualify", assignment),
        follow_up(lead, assignment, brief.header, brief.summary),
        logged(lead, assignment, brief.header, facts_of(brief), context.now),
        *memory(lead, _remembered(case, profile)),
        *asked_later(case, brief),
    )


def _remembered(case: Case, profile: CompanyProfile | None) -> CompanyProfile | None:
    """A free-mail sender's typed company is not an account."""
    return profile if lead_of(case).domain else None
