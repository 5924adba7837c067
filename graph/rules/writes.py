"""Which writes follow from a decision. Pure: effects are returned, never performed.

qualify         company, contact, owner, task and account memory; alert to the owner, timers of its SLA
nurture         company, contact, owner; enrolment in the sequence
manual_review   alert and timers only: a lead that may be a bot enters the CRM when a person has approved it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from graph.domain.account import CompanyProfile, Prior, known_of
from graph.domain.effects import (
    AcceptMissed,
    AssignOwner,
    CreateTask,
    Effect,
    EnrolNurture,
    PostAlert,
    RememberAccount,
    RemindOwner,
    TouchMissed,
    UpdateAlert,
    UpsertCompany,
    UpsertContact,
)
from graph.domain.lead import Lead, Path
from graph.domain.routing import Assignment
from graph.domain.scoring import Score
from graph.rules.company_names import domain_in
from graph.rules.thread import Note


def contact_key(lead: Lead) -> str:
    """The contact's key in the CRM: the e-mail, else the phone number, else the lead itself."""
    return lead.email or lead.phone or lead.lead_id


def crm_writes(
    lead: Lead, profile: CompanyProfile | None, score: Score, path: Path, assignment: Assignment
) -> tuple[Effect, ...]:
    """Company (where its domain is known), contact, owner: in the order in which they must be performed."""
    profile = known_of(profile)
    domain = lead.domain or domain_in(profile.domain if profile else None)
    company = (profile.name if profile else None) or lead.company
    writes: list[Effect] = []
    if domain:
        writes.append(_company(lead, profile, domain, company))
    writes.append(
        UpsertContact(
            contact_key=contact_key(lead),
            email=lead.email,
            phone=lead.phone,
            full_name=lead.full_name,
            title=lead.title,
            company_domain=domain,
            company_name=company,
            country=lead.country,
            state=lead.state,
            score=score.points,
            tier=score.tier,
            path=path,
            source=lead.source,
            message=lead.message,
            given_name=lead.given_name,
            family_name=lead.family_name,
        )
    )
    writes.append(AssignOwner(contact_key(lead), assignment.owner, assignment.rule))
    return tuple(writes)


def _company(lead: Lead, profile: CompanyProfile | None, domain: str, name: str | None) -> UpsertCompany:
    return UpsertCompany(
        domain=domain,
        name=name,
        country=profile.country if profile else None,
        state=profile.state if profile else None,
        city=profile.city if profile else None,
        industry=lead.industry or (profile.industry if profile else None),
        employees=profile.employees if profile else lead.employees,
        parent_domain=domain_in(profile.parent_domain) if profile else None,
    )


def follow_up(lead: Lead, assignment: Assignment, subject: str, body: str) -> CreateTask:
    return CreateTask(contact_key(lead), assignment.owner, subject, body, assignment.touch_due_at)


def memory(lead: Lead, profile: CompanyProfile | None) -> tuple[Effect, ...]:
    """Only an account about which something is known is worth remembering."""
    if profile is None or profile.bare or not profile.domain:
        return ()
    return (
        RememberAccount(
            domain=profile.domain,
            name=profile.name,
            industry=profile.industry or lead.industry,
            country=profile.country or lead.country,
            employees=profile.employees,
            revenue_usd=profile.revenue_usd,
            technologies=profile.technologies,
        ),
    )


def enrolment(lead: Lead, sequence: str, assignment: Assignment) -> EnrolNurture:
    return EnrolNurture(contact_key(lead), sequence, assignment.owner)


def alert_writes(
    assignment: Assignment,
    number: int,
    message: Mapping[str, Any],
    prior: Prior | None,
    *,
    begins: bool,
    redraws: bool,
    opening: Callable[[], Note],
    news: Callable[[], Note],
    closing: Callable[[], tuple[Mapping[str, Any], Note]],
) -> tuple[Effect, ...]:
    """One message per lead and owner for life: the owner's first is posted, later ones update it; an owner who lost the
    lead has their message closed. Nobody is alerted before they work.

    begins: the lead is on offer from now on; redraws: what the message says has changed, else only its thread hears of it.
    opening, news: for the thread of a first message and of a later one; closing: the former owner's message, and why.
    """
    had, at = (prior.alert_owner if prior else None), assignment.opens_at
    if had == assignment.owner:
        shown, note = (dict(message) if redraws or begins else {}), news()
        return (_updated(assignment.owner, number, shown, note, begins=begins, at=at if begins else None),)
    writes: list[Effect] = []
    if had is not None and prior is not None:
        closed, why = closing()
        writes.append(
            UpdateAlert(had, prior.assignment, dict(closed), why.text, closed=True, thread=why.body, shown_only=True)
        )
    note = opening()
    writes.append(PostAlert(assignment.owner, assignment.slack, number, dict(message), note.text, note.body, at))
    return tuple(writes)


def _updated(
    owner: str, number: int, message: dict[str, Any], note: Note, *, begins: bool, at: datetime | None
) -> UpdateAlert:
    """A lead that is offered anew is heard of, though the message is an old one."""
    return UpdateAlert(owner, number, message, note.text, thread=note.body, ping=begins, at=at)


def withdrawn(prior: Prior, message: Mapping[str, Any], note: Note) -> UpdateAlert:
    """The alert of an owner whose lead goes back into a sequence of mails."""
    owner = prior.alert_owner or prior.owner
    return UpdateAlert(
        owner, prior.assignment, dict(message), note.text, closed=True, thread=note.body, shown_only=True
    )


def timers(assignment: Assignment, number: int) -> tuple[Effect, ...]:
    """What is to happen if the owner does not answer: a timer for each time that the SLA names, in their order."""
    owner, found = assignment.owner, list[Effect]()
    if assignment.remind_at is not None:
        found.append(RemindOwner(owner, number, assignment.remind_at))
    if assignment.accept_due_at is not None:
        found.append(AcceptMissed(owner, number, assignment.accept_due_at))
    if assignment.touch_due_at is not None:
        found.append(TouchMissed(owner, assignment.manager, number, assignment.touch_due_at))
    return tuple(found)


def told_manager(assignment: Assignment, number: int, message: Mapping[str, Any], note: str) -> tuple[Effect, ...]:
    """A copy without buttons for the manager of an owner who missed the lead and has it still."""
    if assignment.manager is None or assignment.manager == assignment.owner:
        return ()
    return (UpdateAlert(assignment.manager, number, dict(message), note, closed=True),)
