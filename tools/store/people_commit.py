"""What the commit of a decision writes about its person: keys to find them by, a sure link, a pair that waits for a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from graph.domain.facts import value_of
from graph.domain.person import Who
from graph.record import parent_of
from graph.rules.people.matching import is_sure
from graph.rules.people.names import name_key, read_name
from graph.rules.people.traits import keys_of, traits_of
from graph.state import Case
from tools.store.people_edges import pair_of
from tools.store.rows import Ready
from tools.store.tables import person_candidates, person_edges, person_keys
from tools.store.upsert import insert_for, upsert

ROUTER = "router"
KEYS = ("key", "lead_id")


def stored_name_key(full_name: str | None) -> str | None:
    """As `leads.name_key` has it."""
    key = name_key(read_name(full_name))
    return None if key is None else key[:200]


def keys_in(cases: Sequence[Case]) -> list[tuple[int, str]]:
    """The rows of KEYS under which the people of these leads will be found."""
    return [(key, case.submission.lead_id) for case in cases for key in keys_of(traits_of(_who(case)))]


def write_people(connection: Connection, cases: Sequence[Case], keys: Ready, now: datetime) -> None:
    """After the leads were written. keys: see `keys_in`."""
    again = [case.submission.lead_id for case in cases if value_of(case.reads.prior) is not None]
    if again:
        connection.execute(delete(person_keys).where(person_keys.c.lead_id.in_(again)))
    keys.write(connection)
    for case in cases:
        known = value_of(case.reads.person)
        if known is None or known.match.code == "merged":
            continue
        match, own = known.match, case.submission.lead_id
        if is_sure(match) and match.lead_id is not None:
            _link(connection, own, match.lead_id, match.code, match.confidence, match.why, now)
        for other in match.rivals if match.lead_id is None else (match.lead_id,):
            if not is_sure(match):
                wait(connection, [(own, other, match.code, match.confidence, match.why)], ROUTER, now)


def _who(case: Case) -> Who:
    lead = case.lead
    assert lead is not None  # a decided case was captured
    return Who(lead.lead_id, lead.full_name, lead.email, lead.phone, lead.company, lead.domain, parent_of(case))


def _link(connection: Connection, one: str, other: str, code: str, confidence: float, why: str, now: datetime) -> None:
    """Unless the two have a history: what people undid is not done again by itself."""
    low, high = pair_of(one, other)
    said = select(person_edges.c.edge_id).where(person_edges.c.low == low, person_edges.c.high == high)
    if connection.execute(said).first() is None:
        row = {
            "low": low, "high": high, "verdict": "same", "code": code, "confidence": confidence, "why": why,
            "made_by": ROUTER, "made_at": now,
        }  # fmt: skip
        connection.execute(insert_for(connection, person_edges).values(row).on_conflict_do_nothing())


def wait(
    connection: Connection, pairs: Sequence[tuple[str, str, str, float, str]], found_by: str, now: datetime
) -> None:
    """Pairs (one, other, code, confidence, why) that a person should look at; known ones get the newest reason."""
    rows: list[dict[str, Any]] = []
    for one, other, code, confidence, why in pairs:
        low, high = pair_of(one, other)
        rows.append(
            {
                "low": low, "high": high, "code": code, "confidence": confidence, "why": why, "found_by": found_by,
                "found_at": now,
            }
        )  # fmt: skip
    upsert(connection, person_candidates, rows, ("low", "high"), keep=("found_at",))
