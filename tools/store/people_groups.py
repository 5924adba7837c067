"""What people look at: pairs that wait for a verdict, and the person behind a lead with one record. Reads only. Blocking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, Row, and_, bindparam, exists, func, or_, select

from graph.rules.domains import mailbox_type
from graph.rules.people.golden import NEWEST, Golden, Member, golden
from tools.store.people_edges import Links, links_of
from tools.store.tables import decisions, leads, person_candidates, person_edges

LARGEST_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """One lead as far as it tells people apart."""

    lead_id: str
    full_name: str | None
    email: str | None
    phone: str | None
    company: str | None
    owner: str
    since: datetime
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pair that may be one person. one is the earlier lead."""

    one: Shown
    other: Shown
    code: str
    confidence: float
    why: str
    found_by: str
    found_at: datetime


@dataclass(frozen=True, slots=True)
class Edge:
    """What was said of two leads, and whether it still stands."""

    low: str
    high: str
    verdict: str
    code: str
    confidence: float
    why: str
    made_by: str
    made_at: datetime
    undone_by: str | None
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Person:
    """leads: newest first; edges: every one that touches them, oldest first, undone ones too."""

    leads: list[Shown]
    edges: list[Edge]
    golden: Golden


_STANDING = (
    exists()
    .where(person_edges.c.low == person_candidates.c.low, person_edges.c.high == person_candidates.c.high)
    .where(person_edges.c.undone_at.is_(None))
)
_IDS: Any = bindparam("ids", expanding=True)
_SHOWN = select(leads).where(leads.c.lead_id.in_(_IDS))
_LEADS = select(leads, decisions.c.record).join(
    decisions, and_(decisions.c.lead_id == leads.c.lead_id, decisions.c.revision == leads.c.revision)
)
_EDGES = (
    select(person_edges)
    .where(or_(person_edges.c.low.in_(_IDS), person_edges.c.high.in_(_IDS)))
    .order_by(person_edges.c.edge_id)
)


def waiting(engine: Engine, *, limit: int = 50, page: int = 1) -> list[Waiting]:
    """Pairs without a verdict, surest first. Those whose groups were joined or told apart meanwhile are left out."""
    order = (person_candidates.c.confidence.desc(), person_candidates.c.low, person_candidates.c.high)
    wanted = select(person_candidates).where(~_STANDING).order_by(*order).limit(limit).offset((page - 1) * limit)
    with engine.connect() as connection:
        pairs = connection.execute(wanted).all()
        ids = {one for pair in pairs for one in (pair.low, pair.high)}
        links = links_of(connection, ids) if ids else Links({}, frozenset(), frozenset())
        found = {row.lead_id: _shown(row) for row in connection.execute(_SHOWN, {"ids": sorted(ids)})} if ids else {}
    open_pairs = [pair for pair in pairs if {pair.low, pair.high} <= found.keys() and _open(pair, links)]
    return [_waiting(pair, found) for pair in open_pairs]


def how_many_wait(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(person_candidates).where(~_STANDING)) or 0)


def _open(pair: Row[Any], links: Links) -> bool:
    return pair.high not in links.group(pair.low) and not links.apart(pair.low, pair.high)


def _waiting(pair: Row[Any], found: dict[str, Shown]) -> Waiting:
    one, other = sorted((found[pair.low], found[pair.high]), key=lambda shown: (shown.since, shown.lead_id))
    return Waiting(one, other, pair.code, pair.confidence, pair.why, pair.found_by, pair.found_at)


def person_of(engine: Engine, lead_id: str) -> Person | None:
    """The person behind a lead, alone or with others; None for no lead that was decided."""
    with engine.connect() as connection:
        ids = sorted(links_of(connection, (lead_id,)).group(lead_id))
        return _person(connection, ids)


def groups(engine: Engine, *, limit: int = 50, page: int = 1) -> list[Person]:
    """People with several leads, the newest link first."""
    newest = func.max(person_edges.c.edge_id).label("newest")
    standing = (person_edges.c.undone_at.is_(None), person_edges.c.verdict == "same")
    with engine.connect() as connection:
        starts = connection.scalars(
            select(person_edges.c.low)
            .where(*standing)
            .group_by(person_edges.c.low)
            .order_by(newest.desc())
            .limit(4 * page * limit)
        ).all()
        held = links_of(connection, starts).groups
        order = list(dict.fromkeys(held[start] for start in starts if start in held))
        wanted = order[(page - 1) * limit : page * limit]
        return [person for group in wanted if (person := _person(connection, sorted(group))) is not None]


def _person(connection: Connection, ids: Sequence[str]) -> Person | None:
    rows: list[Row[Any]] = list(connection.execute(_LEADS.where(leads.c.lead_id.in_(_IDS)), {"ids": ids}))
    if not rows:
        return None
    told = [
        Edge(*(getattr(edge, name) for name in Edge.__slots__)) for edge in connection.execute(_EDGES, {"ids": ids})
    ]
    rows.sort(key=lambda row: (row.decided_at, row.lead_id), reverse=True)
    return Person([_shown(row) for row in rows], told, golden(members(rows)))


def members(rows: Iterable[Row[Any]]) -> list[Member]:
    """Rows of leads with the record of their newest decision, for `golden`."""
    return [_member(row) for row in rows]


def _member(row: Row[Any]) -> Member:
    lead = orjson.loads(row.record)["lead"]
    fields = {name: lead.get(name) for name in ("full_name", "email", *NEWEST)}
    host = (row.email or "").rpartition("@")[2]
    private = bool(host) and mailbox_type(host) == "free"
    return Member(row.lead_id, row.decided_at, row.created_at, row.submissions, private, fields)


def _shown(row: Row[Any]) -> Shown:
    return Shown(
        row.lead_id, row.full_name, row.email, row.phone, row.company, row.owner, row.created_at, row.decided_at
    )
