"""What the commit of a decision writes about its person: keys to find them by, a sure link, a pair that waits for a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, bindparam, delete, or_, select

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
Pair: TypeAlias = tuple[str, str, str, float, str]
"""Two leads, and of their match the code, the confidence and why."""
_IDS: Any = bindparam("ids", expanding=True)
_HISTORY = select(person_edges.c.low, person_edges.c.high).where(
    or_(person_edges.c.low.in_(_IDS), person_edges.c.high.in_(_IDS))
)


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
    linked: list[Pair] = []
    waiting: list[Pair] = []
    for case in cases:
        known = value_of(case.reads.person)
        if known is None or known.match.code == "merged":
            continue
        match, sure = known.match, is_sure(known.match)
        others = (match.lead_id,) if match.lead_id is not None else () if sure else match.rivals
        told = [(case.submission.lead_id, other, match.code, match.confidence, match.why) for other in others]
        (linked if sure else waiting).extend(told)
    _link(connection, linked, now)
    wait(connection, waiting, ROUTER, now)


def _who(case: Case) -> Who:
    lead = case.lead
    assert lead is not None  # a decided case was captured
    return Who(lead.lead_id, lead.full_name, lead.email, lead.phone, lead.company, lead.domain, parent_of(case))


def _link(connection: Connection, pairs: Sequence[Pair], now: datetime) -> None:
    """Those of the pairs that have no history: what people undid is not done again by itself."""
    if not pairs:
        return
    held = {tuple(row) for row in connection.execute(_HISTORY, {"ids": sorted({one for one, *_ in pairs})})}
    said = {"verdict": "same", "made_by": ROUTER, "made_at": now}
    rows = [said | row for row in _rows(pairs) if (row["low"], row["high"]) not in held]
    if rows:
        connection.execute(insert_for(connection, person_edges).on_conflict_do_nothing(), rows)


def wait(connection: Connection, pairs: Sequence[Pair], found_by: str, now: datetime) -> None:
    """Pairs that a person should look at; known ones get the newest reason."""
    rows = [row | {"found_by": found_by, "found_at": now} for row in _rows(pairs)]
    upsert(connection, person_candidates, rows, ("low", "high"), keep=("found_at",))


def _rows(pairs: Sequence[Pair]) -> Iterator[dict[str, Any]]:
    for one, other, code, confidence, why in pairs:
        low, high = pair_of(one, other)
        yield {"low": low, "high": high, "code": code, "confidence": confidence, "why": why}
