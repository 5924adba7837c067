"""Why somebody has a lead: the decision that gave it to them, from its record. Blocking: call it from a thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, Row, select

from tools.store.tables import decisions

REVISIONS = 50
"""Newest revisions of a lead that are searched for its reasons."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """The decision behind an assignment: its steps in order, as (node, rule, sentence)."""

    lead_id: str
    revision: int
    decided_at: datetime
    owner: str
    rule: str
    path: str
    score: float
    tier: str
    steps: tuple[tuple[str, str, str], ...]


def reasons_of(engine: Engine, lead_id: str, number: int | None = None) -> Reasons | None:
    """Why the lead was given under this number: the newest decision that did. Without a number the newest of all."""
    with engine.connect() as connection:
        found = decision_of(connection, lead_id, number)
    return None if found is None else _reasons(*found)


def decision_of(
    connection: Connection, lead_id: str, number: int | None = None
) -> tuple[Row[Any], dict[str, Any]] | None:
    """The newest decision that gave the lead under this number, of all without one: its row, and its record."""
    wanted = (
        select(decisions).where(decisions.c.lead_id == lead_id).order_by(decisions.c.revision.desc()).limit(REVISIONS)
    )
    for row in connection.execute(wanted):
        record = orjson.loads(row.record)
        if number is None or record.get("assignment_number") == number:
            return row, record
    return None


def _reasons(row: Row[Any], record: dict[str, Any]) -> Reasons:
    return Reasons(
        lead_id=row.lead_id,
        revision=row.revision,
        decided_at=row.decided_at,
        owner=row.owner,
        rule=row.rule,
        path=row.path,
        score=row.score,
        tier=row.tier,
        steps=tuple((step["node"], step["rule"], step["sentence"]) for step in record["trace"]),
    )
