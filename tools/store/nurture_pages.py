"""What people look at: who is in which sequence, what comes next, what was done. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, and_, func, select, true

from tools.store.nurture_mails import mail_page
from tools.store.nurture_person import Known, known
from tools.store.tables import nurture_enrolments, nurture_steps, outbox

STATUSES: Final = ("ACTIVE", "PAUSED", "COMPLETED", "CANCELLED")
_E = nurture_enrolments.c
COLUMNS: Final = (
    "contact_key", "sequence", "lead_id", "owner", "status", "step", "due_at", "run", "version", "enrolled_at", "ended_at",
    "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """One enrolment with its history, oldest first, its mails, newest first, and why its next step waits, if one failed."""

    enrolment: dict[str, Any]
    steps: list[dict[str, Any]]
    mails: list[dict[str, Any]]
    stuck: str | None


def enrolments(
    engine: Engine, *, status: str | None = None, limit: int = 50, page: int = 1
) -> tuple[list[Row[Any]], int]:
    """The newest first, and how many there are."""
    these = true() if status is None else _E.status == status
    order = (_E.enrolled_at.desc(), _E.contact_key, _E.sequence)
    with engine.connect() as connection:
        total = connection.scalar(select(func.count()).select_from(nurture_enrolments).where(these)) or 0
        wanted = select(*(_E[name] for name in COLUMNS)).where(these).order_by(*order)
        return list(connection.execute(wanted.limit(limit).offset((page - 1) * limit))), total


def cards(engine: Engine, lead_id: str) -> list[Card]:
    """Of a lead; empty where it never was in a sequence."""
    sent, _ = mail_page(engine, limit=500, lead_id=lead_id)
    with engine.connect() as connection:
        rows = connection.execute(select(nurture_enrolments).where(_E.lead_id == lead_id).order_by(_E.sequence)).all()
        return [_card(connection, row, [mail for mail in sent if mail.sequence == row.sequence]) for row in rows]


def _card(connection: Connection, row: Row[Any], sent: list[Row[Any]]) -> Card:
    s = nurture_steps.c
    mine = and_(s.contact_key == row.contact_key, s.sequence == row.sequence)
    steps = connection.execute(select(s.visit, s.step, s.did, s.said, s.at).where(mine).order_by(s.visit))
    key = f"{row.lead_id}@{row.revision}/nurture_step/{row.sequence}/{row.visit}"
    failed = connection.scalar(select(outbox.c.error).where(outbox.c.key == key, outbox.c.state != "done"))
    mails = [
        {
            name: getattr(mail, name)
            for name in ("mail_id", "step", "template", "subject", "state", "error", "settled_at")
        }
        for mail in sent
    ]
    shown = {name: getattr(row, name) for name in COLUMNS}
    return Card(shown, [dict(step._mapping) for step in steps], mails, failed)  # noqa: SLF001 - SQLAlchemy's documented name


def person(engine: Engine, lead_id: str) -> Known | None:
    """As a step would read it now."""
    with engine.connect() as connection:
        return known(connection, lead_id)


def enrolled_at(engine: Engine, lead_id: str, sequence: str) -> datetime | None:
    with engine.connect() as connection:
        return connection.scalar(select(_E.run_began_at).where(_E.lead_id == lead_id, _E.sequence == sequence))
