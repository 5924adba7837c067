"""Second node: company facts from enrichment and the CRM. What is not found stays unknown."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from graph.domain.facts import Absent, Found, Unavailable, value_of
from graph.domain.lead import Lead
from graph.domain.values import evolve
from graph.nodes.shell import alive, each, lead_of, read, step
from graph.ports import CompanyAsk, CrmAsk
from graph.rules.people.matching import is_sure
from graph.state import BatchState, Case, RunContext

NODE = "enrich"


async def enrich(state: BatchState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    now, ports = runtime.context.now, runtime.context.ports
    cases = await read(
        alive(state),
        "profile",
        lambda case: company_ask(lead_of(case)),
        lambda asks: ports.enrichment.profiles(asks, now),
    )
    cases = await read(cases, "crm", _crm_ask, lambda asks: ports.crm.accounts(asks, now))
    return each(NODE, cases, _tell)


def company_ask(lead: Lead) -> CompanyAsk:
    """A company's name typed above a free-mail address proves nothing: it is shown, not looked up, so that nobody
    reaches a named account's owner by typing its name."""
    return CompanyAsk(lead.domain, lead.company if lead.email_domain_type != "free" else None)


def _crm_ask(case: Case) -> CrmAsk:
    lead, profile = lead_of(case), value_of(case.reads.profile)
    domain = lead.domain or (profile.domain if profile else None)
    person = value_of(case.reads.person)
    also = person.emails if person is not None and is_sure(person.match) else ()
    return CrmAsk(lead.email, lead.phone, domain, profile.parent_domain if profile else None, also)


def _tell(case: Case) -> Case:
    fact = case.reads.profile
    match fact:
        case Found(value=profile):
            size = f"{profile.employees:,} people" if profile.employees is not None else "size unknown"
            family = f", part of {profile.parent_name or profile.parent_domain}" if profile.parent_domain else ""
            sentence, rule = f"{fact.source} knows {profile.name or profile.domain}: {size}{family}.", "found"
        case Unavailable(source=source, reason=reason):
            sentence, rule = f"{source} did not answer ({reason}); the company's facts are missing.", "unavailable"
        case Absent(source=source):
            sentence, rule = f"{source} has nothing on this company; its facts stay unknown.", "absent"
        case _:
            raise RuntimeError("enrichment was not read")
    return evolve(case, trace=step(case, NODE, rule, sentence))
