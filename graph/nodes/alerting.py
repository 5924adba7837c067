"""What the ways that end in an alert share: neighbours, the brief, the alert and its effects. Not a node."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import fields

from graph.domain.account import Prior, known_of
from graph.domain.brief import Brief
from graph.domain.effects import AskFacts, AskJudgement, Effect, WriteNote
from graph.domain.facts import Found, value_of
from graph.domain.routing import Assignment
from graph.domain.scoring import Score
from graph.domain.values import evolve
from graph.nodes.shell import Cases, lead_of, read, step, unavailable
from graph.ports import AccountQuery
from graph.record import assignment_number, begins, revision_of
from graph.rules.activity import did_said
from graph.rules.blocks import Message, message_of
from graph.rules.bots import tries_something
from graph.rules.brief import brief_of, facts_of
from graph.rules.bullets import moment
from graph.rules.judging import SOURCE as RULES
from graph.rules.late_facts import missing
from graph.rules.local_time import named_zone
from graph.rules.message_states import accepted_message, closed_message, touched_message
from graph.rules.note import TEMPLATE
from graph.rules.profiling import FIELDS
from graph.rules.wording import first_name, plain
from graph.rules.writes import alert_writes, timers, told_manager
from graph.state import Case, Reads, RunContext

NEIGHBOURS = 3
READ = tuple(one.name for one in fields(Reads))


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


def parts_of(case: Case) -> tuple[Score, Assignment]:
    """Score and assignment; both stand before any way begins."""
    if case.score is None or case.assignment is None:
        raise RuntimeError("the lead was not scored and routed before its way began")
    return case.score, case.assignment


def draft_of(case: Case, context: RunContext) -> Brief:
    """The owner's brief without the writer's note."""
    score, assignment = parts_of(case)
    number, revision = assignment_number(case), revision_of(case)
    receipt = hashlib.sha256(f"{case.submission.lead_id}@{revision}/{number}/{assignment.owner}".encode()).hexdigest()
    return brief_of(
        lead=lead_of(case),
        profile=value_of(case.reads.profile),
        crm=value_of(case.reads.crm),
        score=score,
        account=case.account,
        judgement=value_of(case.reads.judgement),
        similar=value_of(case.reads.similar) or (),
        assignment=assignment,
        path=case.path or "qualify",
        note=None,
        unavailable=unavailable((name, getattr(case.reads, name)) for name in READ),
        received_at=case.submission.received_at,
        now=context.now,
        routing_digest=context.table.digest,
        routing_version=context.table.version,
        public_url=context.public_url,
        lead_id=case.submission.lead_id,
        assignment_number=number,
        receipt=f"sha256:{receipt[:16]}",
        timezone=context.table.timezone,
        person=value_of(case.reads.person),
        did=did_said(case.reads.activities or (), case.submission.received_at),
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
    moved = _moved(case, assignment, context)
    stays = case.submission.cause == "missed" and not begins(case)
    alerts = alert_writes(
        assignment,
        brief.assignment,
        message,
        prior,
        note=_what_is_new(case),
        closing=lambda: closed_message(message, moved),
        moved=moved,
    )
    if stays:  # nothing new for the CRM: only somebody who can do something about it hears of it
        copy = closed_message(message, f"{first_name(assignment.owner)} has not accepted it: {assignment.why}")
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


def _moved(case: Case, assignment: Assignment, context: RunContext) -> str:
    """What the owner before reads."""
    at = f"{context.now:%H:%M} UTC"
    if case.submission.cause == "missed":
        return f"Missed: not accepted, moved to {first_name(assignment.owner)} at {at}."
    reason = case.submission.reason
    whys = {
        "pass": f"passed: {reason}",
        "judged": "the message was judged anew",
        "enriched": (late := f"{reason[:1].lower()}{reason[1:]}".rstrip(".")),
        "activity": late,
    }
    why = whys.get(case.submission.cause, "the facts changed")
    return f"Moved to {assignment.owner} at {at}, {why}."


def _what_is_new(case: Case) -> str:
    match case.submission.cause:
        case "missed" if case.assignment is not None:
            return case.assignment.why
        case "retry":
            return "Decided again by an operator."
        case "approved":
            return "Approved after review."
        case "judged" | "enriched" | "activity":
            return case.submission.reason
        case "submission" if (answer := _answer(case)) is not None:
            return answer
        case _:
            return "Wrote again: " + (lead_of(case).message or "no new message")[:200]


def _answer(case: Case) -> str | None:
    """What they answered when a form asked for one thing; None for any other submission, and for a blank."""
    form = case.submission.form
    typed = getattr(form, form.asked) if form.asked in FIELDS else None
    return None if typed is None else f"Answered when asked for {plain(str(form.asked))}: {str(typed)[:200]}"
