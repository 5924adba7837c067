"""Second node: company facts from enrichment and the CRM. What is not found stays unknown.

Which account a lead's company is was decided by the one who answers for enrichment; this node adds the one thing that only
the CRM knows, its own links from a company to its parent, where nobody else knows a parent, and says what it read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graph.domain.account import CompanyProfile, CrmAccount, known_of
from graph.domain.evidence import AccountMatch, Dispute, Origin
from graph.domain.facts import Absent, Fact, Found, Unavailable, value_of
from graph.domain.lead import Lead
from graph.domain.values import evolve
from graph.nodes.shell import alive, each, lead_of, read, step, with_read
from graph.ports import CompanyAsk, CrmAsk
from graph.rules.matched import match_said
from graph.rules.people.matching import is_sure
from graph.state import BatchState, Case, RunContext

if TYPE_CHECKING:  # LangGraph takes a second to import, and only the graph around the nodes needs it
    from langgraph.runtime import Runtime

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
    return each(NODE, cases, lambda case: _tell(_with_links(case)))


def company_ask(lead: Lead) -> CompanyAsk:
    """All that the form says of the company. A name typed above a free-mail address is passed as claimed: it is shown, and
    whoever answers gives nothing of an account for it, so that nobody reaches a named account's owner by typing a name."""
    return CompanyAsk(
        domain=lead.domain,
        name=lead.company,
        host=lead.host,
        phone=lead.phone,
        country=lead.country,
        state=lead.state,
        postal=lead.postal,
        city=lead.city,
        claimed=lead.company is not None and lead.email_domain_type == "free",
        employees=lead.employees,
        industry=lead.industry,
    )


def _crm_ask(case: Case) -> CrmAsk:
    lead, profile = lead_of(case), value_of(case.reads.profile)
    domain = lead.domain or (profile.domain if profile else None) or None
    person = value_of(case.reads.person)
    also = person.emails if person is not None and is_sure(person.match) else ()
    return CrmAsk(lead.email, lead.phone, domain, profile.parent_domain if profile else None, also)


def _with_links(case: Case) -> Case:
    """The CRM's link to a parent, as the profile's where it has none; noted as a dispute where it names another. Enrichment
    that did not answer stays so: its silence is a fact of the decision."""
    crm, fact, domain = case.reads.crm, case.reads.profile, lead_of(case).domain
    if not isinstance(crm, Found) or crm.value.parent_domain is None or domain is None:
        return case
    if isinstance(fact, Found):
        told = _linked(fact.value, crm, crm.value.parent_domain)
        return case if told is fact.value else with_read(case, "profile", evolve(fact, value=told))
    if isinstance(fact, Absent):
        told = _linked(CompanyProfile(domain), crm, crm.value.parent_domain)
        return with_read(case, "profile", Found(told, crm.source, crm.at))
    return case


def _linked(profile: CompanyProfile, crm: Found[CrmAccount], parent: str) -> CompanyProfile:
    if parent in (profile.parent_domain, profile.domain):
        return profile
    if profile.parent_domain is not None or len(profile.family) > 1:
        said = Dispute("parent_domain", crm.source, parent)
        return profile if said in profile.disputes else evolve(profile, disputes=(*profile.disputes, said))
    name, match = crm.value.parent_name, profile.match
    if match is None or match.key is None:  # confidence: the CRM's own word, no guess of ours
        match = AccountMatch(parent, "hierarchy", 1.0, f"The CRM lists it under {name or parent}.")
    origins = [Origin(field, crm.source, crm.at) for field in ("parent_domain", "family")]
    if name:
        origins.append(Origin("parent_name", crm.source, crm.at))
    return evolve(
        profile,
        parent_domain=parent,
        parent_name=name,
        family=tuple(sorted({*profile.family, profile.domain, parent})),
        match=match,
        origins=(*profile.origins, *origins),
    )


def _tell(case: Case) -> Case:
    sentence, rule = _said(case.reads.profile)
    if case.submission.cause == "enriched":
        case = evolve(case, trace=step(case, NODE, "late", case.submission.reason))
    return evolve(case, trace=step(case, NODE, rule, sentence))


def _said(fact: Fact[CompanyProfile] | None) -> tuple[str, str]:
    """(sentence, name of the case)"""
    match fact:
        case Found(value=profile) if known_of(profile) is not None:
            size = f"{profile.employees:,} people" if profile.employees is not None else "size unknown"
            family = f", part of {profile.parent_name or profile.parent_domain}" if profile.parent_domain else ""
            how = match_said(profile.match, profile.domain)
            known = f"{fact.source} knows {profile.name or profile.domain}: {size}{family}."
            return f"{known} {_sentence(how)}" if how else known, "found"
        case Found(value=profile):
            how = match_said(profile.match, profile.domain) or (profile.match.why.rstrip(". ") if profile.match else "")
            code = profile.match.code if profile.match is not None else "none"
            nothing = "Nothing is known of this company; its facts stay unknown."
            return f"{nothing} {_sentence(how)}" if how else nothing, code
        case Unavailable(source=source, reason=reason):
            return f"{source} did not answer ({reason}); the company's facts are missing.", "unavailable"
        case Absent(source=source):
            return f"{source} has nothing on this company; its facts stay unknown.", "absent"
        case _:
            raise RuntimeError("enrichment was not read")


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
