"""What the sources say now of companies of leads that were decided without them: asked once for all of these leads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from graph.domain.account import CompanyProfile, CrmAccount
from graph.domain.facts import Absent, Fact, Found, value_of
from graph.domain.lead import Submission
from graph.domain.trace import Failure
from graph.domain.values import evolve, value
from graph.ports import Order, VendorError
from graph.state import Case, Reads, RunContext
from tools.shape import Shape
from tools.store.queries import record_json


@value(frozen=True)
class Decided:
    """What is needed of a decision record."""

    submission: Submission
    facts: Reads


Answer = tuple[Fact[CompanyProfile], Fact[CrmAccount]] | Failure
"""What is known now, or why it could not be asked: a bug of ours."""
DECIDED: Shape[Decided] = Shape(Decided)


def decided_of(engine: Engine, order: Order) -> Decided:
    """Blocking. Raises VendorError, permanent, where no such decision is recorded."""
    raw = record_json(engine, order.lead_id, order.revision)
    if raw is None:
        raise VendorError("unknown_lead", "no decision of it is recorded", permanent=True)
    record = orjson.loads(raw)
    return DECIDED.validate_python({"submission": record["submission"], "facts": record["facts"]})


def case_of(decided: Decided, reads: Reads, cause: Any = "enriched") -> Case:
    """The lead as it would be decided now."""
    return Case(evolve(decided.submission, cause=cause, reason="Asked again.", excluded=(), assignment=None), reads)


async def read_now(decided: Sequence[Decided], context: RunContext) -> list[Answer]:
    """What these decisions would read now, in order. A lead that cannot be read does not fail its neighbours. Raises what
    the database does."""
    if not decided:
        return []
    try:
        return await _read(decided, context)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - whose it is, is found out by asking for each alone
        if len(decided) == 1:
            return [Failure("enrich", type(error).__name__, str(error)[:500])]
        return [answer for one in decided for answer in await read_now([one], context)]


async def _read(decided: Sequence[Decided], context: RunContext) -> list[Answer]:
    """A CRM that answered is asked again only for another company or parent: since then it may hold what we wrote
    ourselves."""
    from graph.build import run_reads  # noqa: PLC0415 - LangGraph takes a second, and most dispatchers never decide

    answered = [one.facts.crm if isinstance(one.facts.crm, Found | Absent) else None for one in decided]
    cases = await run_reads([case_of(one, Reads(crm=crm)) for one, crm in zip(decided, answered, strict=True)], context)
    other = [
        i
        for i, (one, crm, case) in enumerate(zip(decided, answered, cases, strict=True))
        if crm is not None and _company(case.reads.profile) != _company(one.facts.profile)
    ]
    if other:
        asked = await run_reads([case_of(decided[i], Reads(profile=cases[i].reads.profile)) for i in other], context)
        for i, case in zip(other, asked, strict=True):
            cases[i] = case
    return [_answer(case) for case in cases]


def _company(profile: Fact[CompanyProfile] | None) -> tuple[str | None, str | None]:
    found = value_of(profile)
    return (None, None) if found is None else (found.domain, found.parent_domain)


def _answer(case: Case) -> Answer:
    profile, crm = case.reads.profile, case.reads.crm
    if case.failure is not None or profile is None or crm is None:
        return case.failure or Failure("enrich", "Unread", "no fact was read")
    return profile, crm
