"""What the ways that end in an alert share: neighbours, the brief, the alert and its effects. Not a node."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from graph.domain.account import Prior, known_of
from graph.domain.brief import Brief, Part
from graph.domain.effects import AskFacts, AskJudgement, Effect, WriteNote
from graph.domain.facts import Found, value_of
from graph.domain.lead import LATE
from graph.domain.routing import Assignment
from graph.domain.scoring import Score
from graph.domain.values import evolve
from graph.nodes.shell import Cases, lead_of, read, step, unavailable
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
from graph.rules.profiling import FIELDS
from graph.rules.team_line import line_of
from graph.rules.wording import first_name, plain, reasons
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


def parts_of(case: Case) -> tuple[Score, Assignment]:
    """Score and assignment; both stand before any way begins."""
    if case.score is None or case.assignment is None:
        raise RuntimeError("the lead was not scored and routed before its way began")
    return case.score, case.assignment


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
        news=lambda: thread.news(_what_is_new(case), _changes(case, prior)),
        closing=lambda: _closing(case, message, prior, context),
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


def _changes(case: Case, prior: Prior | None) -> list[str]:
    """What is otherwise than in the decision before, and why, as sentences."""
    if prior is None:
        return []
    (score, _), said = parts_of(case), list[str]()
    if score.tier != prior.tier:
        judged = value_of(case.reads.judgement)
        up, down = reasons(score.contributions, judged.intent if judged else None)
        why = "; ".join([words for words in (f"up: {up}" if up else "", f"down: {down}" if down else "") if words])
        said.append(f"Tier {score.tier} now, {prior.tier} before{f' ({why})' if why else ''}.")
    if (account := parent_of(case)) != prior.account:
        said.append(f"Account {account or 'unknown'} now, {prior.account or 'unknown'} before.")
    return said


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
    return closed_message(message_of(draft_of(case, context)), text, _now(context))


def _now(context: RunContext) -> Part:
    return moment(context.now, context.now, named_zone(context.table.timezone))


def _closing(case: Case, message: Message, prior: Prior | None, context: RunContext) -> tuple[Message, thread.Note]:
    """The former owner's message and the note in its thread."""
    submission, (_, assignment) = case.submission, parts_of(case)
    to = f"moved to {first_name(assignment.owner)}"
    reason = " ".join(submission.reason.split())
    said = {
        "missed": f"missed: not accepted, {to}",
        "pass": f"passed: {reason or 'no reason given'}, {to}",
        "judged": f"{to}: the message was judged anew",
        "enriched": f"{to}: {reason[:1].lower()}{reason[1:]}",
        "activity": f"{to}: {reason[:1].lower()}{reason[1:]}",
        "reassigned": f"{to}: chosen in the CRM by {submission.by or 'somebody'}",
    }.get(submission.cause, f"{to}: the facts changed")
    if prior is not None and submission.cause == "pass":
        note = thread.passed(reason, assignment, prior)
    elif prior is not None and submission.cause == "missed":
        note = thread.missed(assignment, prior, context.table)
    else:
        late = f" {reason[:1].upper()}{reason[1:]}" if submission.cause in LATE and reason else ""
        note = thread.news(f"Moved to {assignment.owner}. {assignment.why}{late}", _changes(case, prior))
    return closed_message(message, said, _now(context)), note


_SAID = {
    "retry": "Decided again by an operator.",
    "approved": "Approved after review.",
    "pass": "Passed, and nobody else takes it: it is on offer again.",
}


def _what_is_new(case: Case) -> str:
    match case.submission.cause:
        case "missed" if case.assignment is not None:
            return case.assignment.why
        case "retry" | "approved" | "pass" as cause:
            return _SAID[cause]
        case "judged" | "enriched" | "activity" | "reassigned":
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
