"""Company facts that came after the decision that lacked them, one row a decision. The first answer is kept, so that whatever
follows from it follows from the same facts, however often it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Engine, select, tuple_

from graph.domain.account import CompanyProfile, CrmAccount
from graph.domain.facts import Fact
from graph.domain.late_facts import FactChange, Shift
from graph.domain.lead import Submission
from graph.domain.values import value
from graph.rules.late_policy import Follows
from graph.state import Reads
from tools.shape import Shape
from tools.store.tables import late_facts
from tools.store.upsert import insert_new


@value(frozen=True)
class Facts:
    """profile, crm: as they are known now, whole; changes: against the decision; shifts: what would come out otherwise."""

    profile: Fact[CompanyProfile] | None
    crm: Fact[CrmAccount] | None
    changes: tuple[FactChange, ...]
    shifts: tuple[Shift, ...] = ()


FACTS: Shape[Facts] = Shape(Facts)


@value(frozen=True)
class Kept:
    """account: the ultimate parent by these facts; follows: what is done about them; note: for people."""

    lead_id: str
    revision: int
    account: str | None
    follows: Follows
    note: str
    facts: Facts
    at: datetime


def keep(engine: Engine, row: Kept) -> Kept:
    """The row that stands for this decision: this one, or the one that was there before it."""
    values = {**row.__dict__, "facts": orjson.dumps(row.facts)}
    with engine.execution_options(immediate=True).begin() as connection:
        insert_new(connection, late_facts, [values], ["lead_id", "revision"])
    return kept(engine, row.lead_id, row.revision) or row


def kept(engine: Engine, lead_id: str, revision: int) -> Kept | None:
    wanted = select(late_facts).where(late_facts.c.lead_id == lead_id, late_facts.c.revision == revision)
    with engine.connect() as connection:
        row = connection.execute(wanted).first()
    return None if row is None else _kept(row)


def late_reads(engine: Engine, submissions: Sequence[Submission]) -> dict[str, Reads]:
    """By submission id: the facts with which late facts decide again. None of them is read a second time."""
    of = {(one.lead_id, one.revision): one.submission_id for one in submissions if one.cause == "enriched"}
    if not of:
        return {}
    with engine.connect() as connection:
        rows = connection.execute(
            select(late_facts).where(tuple_(late_facts.c.lead_id, late_facts.c.revision).in_(list(of)))
        ).all()
    found = [_kept(row) for row in rows]
    return {
        of[one.lead_id, one.revision]: Reads(profile=one.facts.profile, crm=one.facts.crm, late=one.facts.changes)
        for one in found
    }


def of_lead(engine: Engine, lead_id: str) -> list[dict[str, Any]]:
    """All that came late for a lead, newest decision first, as JSON values."""
    return _shown(engine, late_facts.c.lead_id == lead_id, late_facts.c.revision.desc())


def of_account(engine: Engine, account: str, limit: int = 50) -> list[dict[str, Any]]:
    """The newest facts that came late for leads of an ultimate parent, as JSON values."""
    return _shown(engine, late_facts.c.account == account, late_facts.c.at.desc(), limit)


def _shown(engine: Engine, which: Any, order: Any, limit: int = 50) -> list[dict[str, Any]]:
    wanted = select(late_facts).where(which).order_by(order, late_facts.c.lead_id, late_facts.c.revision).limit(limit)
    with engine.connect() as connection:
        rows = connection.execute(wanted).all()
    return [{**row._mapping, "facts": orjson.loads(row.facts)} for row in rows]  # noqa: SLF001 - SQLAlchemy's own name


def _kept(row: Any) -> Kept:
    facts = FACTS.validate_json(row.facts)
    return Kept(row.lead_id, row.revision, row.account, row.follows, row.note, facts, row.at)
