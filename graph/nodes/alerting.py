"""What the ways that end in an alert share: neighbours, the brief, the alert and its effects. Not a node."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from graph.domain.account import Prior, known_of
from graph.domain.brief import Brief
from graph.domain.effects import AskFacts, AskJudgement, Effect, WriteNote
from graph.domain.facts import Found, value_of
from graph.domain.routing import Assignment
from graph.domain.values import evolve
from graph.nodes.alert_notes import changes, closing, now_of, what_is_new
from graph.nodes.shell import Cases, lead_of, parts_of, read, step, unavailable
from graph.ports import AccountQuery
from graph.record import assignment_number, begins, parent_of, revision_of
from graph.rules import thread
from graph.rules.activity import did_said
from graph.rules.blocks import Message, message_of
from graph.rules.bots import tries_something
from graph.rules.brief import brief_of, facts_of
from graph.rules.bullets import moment
from graph.rules.judging import SOURCE as RULES
from graph.rules.late_facts import missing
from graph.rules.local_time import named_zone
from graph.rules.message_states import accepted_message, closed_message, copy_message, touched_message
from graph.rules.note import TEMPLATE
from graph.rules.team_line import line_of
from graph.rules.wording import first_name
from graph.rules.writes import alert_writes, timers, told_manager
from graph.state import Case, RunContext

NEIGHBOURS = 3


async def with_neighbours(cases: Cases, context: RunContext) -> Cases:
    return await read(
        cases, "similar", _query, lambda asks: context.ports.similar.nearest(asks, NEIGHBOURS, context.now)
    )


def _query(case: Case) -> AccountQuery:
    lead, profile = lead_of(case), known_of(value_of(case.reads.profile))
    return AccountQuery(
        domain=lead.domain or (profile.domain if profile else None),
        name=(profile.name if profile else None) or lead.company,
        industry=lead.industry or (profile.industry if profile else None),
        country=(profile.country if profile else None) or lead.country,
        employees=profile.employees if profile else lead.employees,
        revenue_usd=profile.revenue_usd if profile else None,
        technologies=profile.technologies if profile else (),
    )


def draft_of(case: Case, context: RunContext) -> Brief:
    """The owner's brief without the writer's note."""
    score, assignment = parts_of(case)
    reads, number, revision = case.reads, assignment_number(case), revision_of(case)
    receipt = hashlib.sha256(f"{case.submission.lead_id}@{revision}/{number}/{assignment.owner}".encode()).hexdigest()
    return brief_of(
        lead=lead_of(case),
        profile=value_of(reads.profile),
        crm=value_of(reads.crm),
        score=score,
        account=case.account,
        judgement=value_of(reads.judgement),
        similar=value_of(reads.similar) or (),
        assignment=assignment,
        path=case.path or "qualify",
        note=None,
        unavailable=unavailable(reads),
        received_at=case.submission.received_at,
        now=context.now,
        routing_digest=context.table.digest,
        routing_version=context.table.version,
        public_url=context.public_url,
        lead_id=case.submission.lead_id,
        assignment_number=number,
        receipt=f"sha256:{receipt[:16]}",
        timezone=context.table.timezone,
        person=value_of(reads.person),
        did=did_said(reads.activities or (), case.submission.received_at),
    )


def asked_later(case: Case, brief: Brief | None = None) -> tuple[Effect, ...]:
    """What is asked once the decision stands: facts that were missing; and of a language model, if there is one, its
    judgement of a message that the rules judged, and a note in the place of the template's, about the facts of this brief.

    A text that tries to do something is shown to no model, and a late judgement asks for no other.
    """
    reads, (_, assignment) = case.reads, parts_of(case)
    model, number = reads.language_model, assignment_number(case)
    asked: list[Effect] = list(facts_later(case))
    if not model or case.submission.cause == "judged" or tries_something(lead_of(case)):
        return tuple(asked)
    if isinstance(reads.judgement, Found) and reads.judgement.source == RULES:
        asked.append(AskJudgement(model, number))
    if brief is not None and reads.note is not None and reads.note.source == TEMPLATE:
        asked.append(WriteNote(model, assignment.owner, number, facts_of(brief)))
    return tuple(asked)


def facts_later(case: Case) -> tuple[Effect, ...]:
    """Sources that did not answer are asked again, but for a lead that may be a bot's; late facts ask for no others."""
    lacking = missing(case.reads.profile, case.reads.crm)
    if (
        not lacking
        or case.submission.cause == "enriched"
        or (case.path == "manual_review" and lead_of(case).needs_review)
    ):
        return ()
    return (AskFacts(lacking, assignment_number(case)),)


def with_alert(
    case: Case, brief: Brief, node: str, context: RunContext, writes: Callable[[Case, Brief], tuple[Effect, ...]]
) -> Case:
    """The case with its alert, the alert's effects, and the writes that its way asks for besides."""
    _, assignment = parts_of(case)
    prior = value_of(case.reads.prior)
    again = prior is not None and prior.alert_owner == assignment.owner
    message = message_of(brief, update=revision_of(case) if again else None)  # an update wants block ids of its own
    if prior is not None and prior.assignment == brief.assignment:
        message = _as_it_stands(message, prior, context)
    stays = case.submission.cause == "missed" and not begins(case)
    alerts = alert_writes(
        assignment,
        brief.assignment,
        message,
        prior,
        begins=begins(case),
        redraws=prior is None or _redraws(case, prior),
        opening=lambda: thread.offered(brief, context.public_url),
        news=lambda: thread.news(what_is_new(case), changes(case, prior)),
        closing=lambda: closing(case, message, prior, context),
    )
    if _is_news_to_the_team(case, prior):
        alerts = (line_of(brief, _team_channel(assignment, context)), *alerts)
    if stays:  # nothing new for the CRM: only somebody who can do something about it hears of it
        copy = copy_message(message, f"{first_name(assignment.owner)} has not accepted it: {assignment.why}")
        told = told_manager(assignment, brief.assignment, copy, assignment.why)
        effects: tuple[Effect, ...] = (*alerts, *told, *facts_later(case))
    else:
        effects = (*writes(case, brief), *alerts)
    if begins(case):
        effects += timers(assignment, brief.assignment)
    known = value_of(case.reads.similar)
    like = f", {len(known)} similar accounts" if known else ""
    sentence = f"Brief of {len(brief.bullets)} points for {assignment.owner}{like}; {len(effects)} writes to perform."
    return evolve(case, alert=message, effects=effects, trace=step(case, node, "alert", sentence))


def _as_it_stands(message: Message, prior: Prior, context: RunContext) -> Message:
    """A lead that was accepted, or touched, stays so."""
    if prior.accepted_by is None or prior.accepted_s is None:
        return message
    due = prior.touch_due_at
    until = moment(due, context.now, named_zone(context.table.timezone)) if due is not None else None
    message = accepted_message(message, prior.accepted_by, prior.accepted_s, until)
    return message if prior.touched_s is None else touched_message(message, prior.touched_s)


_KEEPS_THE_MESSAGE = frozenset(("submission", "judged", "enriched", "activity"))
"""Causes that bring new facts. They change a message only with the tier or the account."""


def _redraws(case: Case, prior: Prior) -> bool:
    if case.submission.cause not in _KEEPS_THE_MESSAGE or case.path != prior.path:
        return True
    score, _ = parts_of(case)
    return score.tier != prior.tier or parent_of(case) != prior.account


def _is_news_to_the_team(case: Case, prior: Prior | None) -> bool:
    """A hot lead, the first time that somebody is to answer it."""
    score, _ = parts_of(case)
    if score.temperature != "hot" or case.path != "qualify":
        return False
    return prior is None or prior.closed or prior.path != "qualify"


def _team_channel(assignment: Assignment, context: RunContext) -> str | None:
    pool = context.table.pools.get(assignment.pool or "")
    return pool.channel if pool is not None else None


def closing_of(case: Case, context: RunContext, text: str) -> Message:
    """The message of an owner who no longer has the lead, drawn from this decision; text: what became of it."""
    return closed_message(message_of(draft_of(case, context)), text, now_of(context))
