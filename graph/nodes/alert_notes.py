"""What an alert's thread is told when a decision changes: what is new, what is otherwise, and what became of a former owner's
lead. Not a node."""

from __future__ import annotations

from graph.domain.account import Prior
from graph.domain.brief import Part
from graph.domain.facts import value_of
from graph.domain.lead import LATE
from graph.nodes.shell import lead_of, parts_of
from graph.record import parent_of
from graph.rules import thread
from graph.rules.blocks import Message
from graph.rules.bullets import moment
from graph.rules.local_time import named_zone
from graph.rules.message_states import closed_message
from graph.rules.profiling import FIELDS
from graph.rules.wording import first_name, plain, reasons
from graph.state import Case, RunContext


def now_of(context: RunContext) -> Part:
    return moment(context.now, context.now, named_zone(context.table.timezone))


def changes(case: Case, prior: Prior | None) -> list[str]:
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


def closing(case: Case, message: Message, prior: Prior | None, context: RunContext) -> tuple[Message, thread.Note]:
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
        note = thread.news(f"Moved to {assignment.owner}. {assignment.why}{late}", changes(case, prior))
    return closed_message(message, said, now_of(context)), note


_SAID = {
    "retry": "Decided again by an operator.",
    "approved": "Approved after review.",
    "pass": "Passed, and nobody else takes it: it is on offer again.",
}


def what_is_new(case: Case) -> str:
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
