"""First node: what was typed becomes a lead; what we decided about the same person before is read, also where they wrote under
another address or spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graph.domain.account import Prior
from graph.domain.facts import value_of
from graph.domain.lead import Lead
from graph.domain.person import Who
from graph.domain.values import evolve
from graph.nodes.shell import alive, each, lead_of, read, step
from graph.rules.aliases import Aliases, used
from graph.rules.forms import merged
from graph.rules.identity import capture as capture_lead
from graph.rules.people.names import read_name
from graph.rules.people.telling import told
from graph.state import BatchState, Case, RunContext

if TYPE_CHECKING:  # LangGraph takes a second to import, and only the graph around the nodes needs it
    from langgraph.runtime import Runtime

NODE = "capture"


async def capture(state: BatchState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    context = runtime.context
    cases = await read(
        alive(state),
        "prior",
        lambda case: case.submission.lead_id,
        lambda ids: context.ports.history.priors(ids, context.now),
    )
    cases = each(NODE, cases, lambda case: _capture(case, context.table.aliases))["cases"]
    named = await read(
        {i: case for i, case in cases.items() if case.failure is None},
        "person",
        lambda case: who_of(lead_of(case)),
        lambda asks: context.ports.history.people(asks, context.now),
        only=lambda case: read_name(lead_of(case).full_name) is not None,
    )
    return each(NODE, cases | named, lambda case: _tell(case, context.table.aliases))


def _capture(case: Case, aliases: Aliases) -> Case:
    form = merged(case.submission.form, value_of(case.reads.prior))
    return evolve(case, lead=capture_lead(form, case.submission.lead_id, case.submission.received_at, aliases))


def _tell(case: Case, aliases: Aliases) -> Case:
    prior, lead = value_of(case.reads.prior), lead_of(case)
    aliased = used(aliases, merged(case.submission.form, prior), lead) if aliases else []
    return evolve(case, trace=step(case, NODE, _rule(case, prior), _sentence(case, lead, prior, aliased)))


def who_of(lead: Lead) -> Who:
    """What a lead says of its person."""
    return Who(lead.lead_id, lead.full_name, lead.email, lead.phone, lead.company, lead.domain)


def _rule(case: Case, prior: Prior | None) -> str:
    return case.submission.cause if case.submission.cause != "submission" else ("known" if prior else "new")


def _sentence(case: Case, lead: Lead, prior: Prior | None, aliased: list[tuple[str, str, str]]) -> str:
    known = [
        word
        for word, value in (
            ("e-mail", lead.email),
            ("phone", lead.phone),
            ("company", lead.company or lead.domain),
            ("title", lead.title),
            ("place", lead.country),
        )
        if value
    ]
    text = f"Captured with {', '.join(known) or 'nothing but an address'}"
    if prior:
        text += f"; known since revision {prior.revision}, owner {prior.owner}"
    if case.submission.cause == "pass":
        text += f"; passed on: {case.submission.reason or 'no reason given'}"
    known_person = value_of(case.reads.person)
    if known_person is not None:
        text += f"; {told(known_person)}"
    if aliased:
        text += "; by the file's aliases: " + ", ".join(
            f"{name} '{typed[:40]}' is {meant}" for name, typed, meant in aliased
        )
    if lead.unknown:
        text += "; not understood: " + ", ".join(f"{u.field} '{u.typed[:40]}'" for u in lead.unknown)
    if lead.flags:
        text += "; flags: " + ", ".join(flag.code for flag in lead.flags)
    return text + "."
