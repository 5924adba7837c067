"""What the ways that end in an alert share: neighbours, the brief, the alert and its effects. Not a node."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import fields

from graph.domain.brief import Brief
from graph.domain.effects import Effect
from graph.domain.facts import value_of
from graph.domain.routing import Assignment
from graph.domain.scoring import Score
from graph.domain.values import evolve
from graph.nodes.shell import Cases, lead_of, read, step, unavailable
from graph.ports import AccountQuery
from graph.record import assignment_number, revision_of
from graph.rules.blocks import accepted_message, closed_message, message_of
from graph.rules.brief import brief_of
from graph.rules.writes import alert_writes
from graph.state import Case, Reads, RunContext

NEIGHBOURS = 3


async def with_neighbours(cases: Cases, context: RunContext) -> Cases:
    return await read(
        cases, "similar", _query, lambda asks: context.ports.similar.nearest(asks, NEIGHBOURS, context.now)
    )


def _query(case: Case) -> AccountQuery:
    lead, profile = lead_of(case), value_of(case.reads.profile)
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
        unavailable=unavailable((f.name, getattr(case.reads, f.name)) for f in fields(Reads)),
        received_at=case.submission.received_at,
        now=context.now,
        routing_digest=context.table.digest,
        routing_version=context.table.version,
        public_url=context.public_url,
        lead_id=case.submission.lead_id,
        assignment_number=number,
        receipt=f"sha256:{receipt[:16]}",
        timezone=context.table.timezone,
    )


def with_alert(
    case: Case, brief: Brief, node: str, context: RunContext, writes: Callable[[Case, Brief], tuple[Effect, ...]]
) -> Case:
    """The case with its alert, the alert's effects, and the writes that its way asks for besides."""
    _, assignment = parts_of(case)
    prior = value_of(case.reads.prior)
    again = prior is not None and prior.alert_owner == assignment.owner
    message = message_of(brief, update=revision_of(case) if again else None)  # an update wants block ids of its own
    if prior and prior.accepted_by and prior.accepted_s is not None and prior.assignment == brief.assignment:
        message = accepted_message(message, prior.accepted_by, prior.accepted_s)  # it stays theirs
    why_moved = f"passed: {case.submission.reason}" if case.submission.cause == "pass" else "the facts changed"
    moved = f"Moved to {assignment.owner} at {context.now:%H:%M} UTC, {why_moved}."
    alerts = alert_writes(
        assignment,
        brief.assignment,
        message,
        prior,
        note=_what_is_new(case),
        closing=lambda: closed_message(message, moved),
        moved=moved,
    )
    effects = (*writes(case, brief), *alerts)
    known = value_of(case.reads.similar)
    like = f", {len(known)} similar accounts" if known else ""
    sentence = f"Brief of {len(brief.bullets)} points for {assignment.owner}{like}; {len(effects)} writes to perform."
    return evolve(case, alert=message, effects=effects, trace=step(case, node, "alert", sentence))


def _what_is_new(case: Case) -> str:
    match case.submission.cause:
        case "retry":
            return "Decided again by an operator."
        case "approved":
            return "Approved after review."
        case _:
            return "Wrote again: " + (lead_of(case).message or "no new message")[:200]
