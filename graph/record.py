"""The decision record: one JSON object that says everything about one decision, and that a replay reproduces bit for bit.

    record = identity + outcome + lead + submission + facts + trace + versions + effects + alert

It holds personal data. Key order is part of the bits: it follows the order below.
"""

from __future__ import annotations

from typing import Any

import orjson

from graph.domain.effects import VENDOR_OF, Effect, key_of
from graph.domain.facts import value_of
from graph.domain.trace import Versions
from graph.domain.values import evolve
from graph.state import Case, RunContext

OPTIONS = orjson.OPT_UTC_Z


class Undecided(Exception):
    """The case has no owner, score or way: it must not be committed."""


def revision_of(case: Case) -> int:
    """The revision this case becomes: one above the last decision of the same lead."""
    prior = value_of(case.reads.prior)
    return prior.revision + 1 if prior else 1


def assignment_number(case: Case) -> int:
    """Counts the hand-overs of a lead: a new owner gets the next number, the same owner keeps theirs until the lead has
    an outcome."""
    prior = value_of(case.reads.prior)
    if prior is None:
        return 1
    again = case.submission.cause == "pass" or prior.closed
    same = case.assignment is not None and prior.owner == case.assignment.owner and not again
    return prior.assignment if same else prior.assignment + 1


def begins(case: Case) -> bool:
    """Whether this decision offers the lead to somebody from now on, with times of its own: a new assignment, or one
    that waited in nurture until now."""
    prior = value_of(case.reads.prior)
    if case.path == "nurture":
        return False
    return prior is None or prior.path == "nurture" or assignment_number(case) != prior.assignment


def parent_of(case: Case) -> str | None:
    """The ultimate parent's domain: enrichment's, else the company's own; None when no company is known."""
    profile = value_of(case.reads.profile)
    if profile is not None:
        return profile.parent_domain or profile.domain or None
    return case.lead.domain if case.lead else None


def company_of(case: Case) -> str | None:
    """The company's own domain as the lead is stored: the one typed or written from, else enrichment's."""
    profile = value_of(case.reads.profile)
    return (case.lead.domain if case.lead else None) or (profile.domain if profile else None) or None


def versions_of(case: Case, versions: Versions) -> Versions:
    """The run's versions, with the model that scored this very lead."""
    return versions if case.model in {None, versions.model} else evolve(versions, model=case.model)


def record_of(case: Case, context: RunContext) -> dict[str, Any]:
    """Raises Undecided for a case that did not reach its end."""
    assignment, score = case.assignment, case.score
    if assignment is None or score is None or case.failure is not None:
        raise Undecided(case.submission.submission_id)
    if case.path is None or case.lead is None or case.routing_facts is None:
        raise Undecided(case.submission.submission_id)
    lead_id, revision = case.submission.lead_id, revision_of(case)
    return {
        "lead_id": lead_id,
        "revision": revision,
        "status": "decided",
        "path": case.path,
        "owner": assignment.owner,
        "rule": assignment.rule,
        "pool": assignment.pool,
        "score": score.points,
        "tier": score.tier,
        "assignment_number": assignment_number(case),
        "received_at": case.submission.received_at,
        "decided_at": context.now,
        "lead": case.lead,
        "scoring": score,
        "account": case.account,
        "routing_facts": case.routing_facts,
        "assignment": assignment,
        "sequence": case.sequence,
        "next_question": case.next_question,
        "submission": case.submission,
        "facts": case.reads,
        "features": case.vector,
        "trace": case.trace,
        "versions": versions_of(case, context.versions),
        "public_url": context.public_url,
        "effects": [_effect(effect, lead_id, revision) for effect in case.effects],
        "alert": case.alert,
    }


def _effect(effect: Effect, lead_id: str, revision: int) -> dict[str, Any]:
    """An effect in the record: its message is the record's `alert` and is not written twice."""
    body: dict[str, Any] = {
        "key": key_of(effect, lead_id, revision),
        "kind": effect.kind,
        "vendor": VENDOR_OF[effect.kind],
    }
    body.update(effect.__dict__)
    body.pop("message", None)
    return body


def record_bytes(record: dict[str, Any]) -> bytes:
    """The record as it is stored and compared."""
    return orjson.dumps(record, option=OPTIONS)
