"""What was said of two leads: one person, or two. Edges are added and undone, never changed; no lead is ever touched.

A person is a connected group over the standing edges that say `same`. `different` keeps two groups apart, for the router, for
`dedupe` and for people alike, until it is undone. So an undone merge leaves nothing behind but the history of both acts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import Connection, Engine, Row, bindparam, delete, or_, select, update

from tools.store.tables import leads, person_candidates, person_edges
from tools.store.upsert import insert_for

Verdict: TypeAlias = Literal["same", "different"]
MANY: Final = 500
"""Ids in one question; SQLite takes 32,766 values in a statement."""


class CannotSay(Exception):
    """What was asked for contradicts what stands, or names no lead; the text says what to do."""


def _among(column: Any) -> Any:
    return column.in_(bindparam("ids", expanding=True))


_TOUCHING = select(person_edges).where(or_(_among(person_edges.c.low), _among(person_edges.c.high)))


@dataclass(frozen=True, slots=True)
class Links:
    """The groups of some leads. groups: members by lead, only of leads in a group of several; unlike, doubted: pairs that
    stand as different, and that were linked once and are no longer."""

    groups: dict[str, frozenset[str]]
    unlike: frozenset[tuple[str, str]]
    doubted: frozenset[tuple[str, str]]

    def group(self, lead_id: str) -> frozenset[str]:
        return self.groups.get(lead_id) or frozenset((lead_id,))

    def name(self, lead_id: str) -> str:
        """One name for all members of a group."""
        return min(self.group(lead_id))

    def apart(self, one: str, other: str) -> bool:
        """Whether somebody said that a member of one group is no member of the other."""
        return bool(self.unlike) and any(
            pair_of(a, b) in self.unlike for a in self.group(one) for b in self.group(other)
        )

    def undone(self, one: str, other: str) -> bool:
        return pair_of(one, other) in self.doubted


def pair_of(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def links_of(connection: Connection, lead_ids: Iterable[str]) -> Links:
    """The groups around these leads, followed to their ends."""
    seen: set[str] = set()
    same: dict[str, set[str]] = {}
    unlike: set[tuple[str, str]] = set()
    undone: set[tuple[str, str]] = set()
    new = set(lead_ids)
    while new:
        found: set[str] = set()
        for edge in _touching(connection, sorted(new)):
            pair = (edge.low, edge.high)
            if edge.undone_at is not None:
                undone |= {pair} if edge.verdict == "same" else set()
            elif edge.verdict == "different":
                unlike.add(pair)
            else:
                same.setdefault(edge.low, set()).add(edge.high)
                same.setdefault(edge.high, set()).add(edge.low)
                found |= set(pair)
        seen |= new
        new = found - seen
    return Links(components(same), frozenset(unlike), frozenset(undone))


def _touching(connection: Connection, ids: list[str]) -> Iterable[Row[Any]]:
    for at in range(0, len(ids), MANY):
        yield from connection.execute(_TOUCHING, {"ids": ids[at : at + MANY]})


def components(same: dict[str, set[str]]) -> dict[str, frozenset[str]]:
    """The connected groups of a graph, by member."""
    groups: dict[str, frozenset[str]] = {}
    for start in same:
        if start in groups:
            continue
        members, rest = {start}, [start]
        while rest:
            for other in same[rest.pop()] - members:
                members.add(other)
                rest.append(other)
        group = frozenset(members)
        groups.update(dict.fromkeys(group, group))
    return groups


def say(
    engine: Engine,
    one: str,
    other: str,
    verdict: Verdict,
    *,
    by: str,
    why: str,
    now: datetime,
    code: str = "merged",
    confidence: float = 1.0,
) -> bool:
    """Call two leads one person or two; False where that stands already. Raises CannotSay, and then changes nothing.

    by: an e-mail address, or the part that links by itself. Two groups that somebody called different are not joined; two
    leads of one group are not called different before the edge between them is undone.
    """
    low, high = pair_of(one, other)
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        _both_known(connection, low, high)
        links = links_of(connection, (low, high))
        joined = high in links.group(low)
        standing = _standing(connection, low, high)
        if verdict == "same" and links.apart(low, high):
            raise CannotSay(f"{low} and {high}, or leads merged with them, were called different: undo that first.")
        if verdict == "different" and joined:
            raise CannotSay(f"{low} and {high} are merged: unmerge them first.")
        if standing is not None:
            return False
        row = {
            "low": low, "high": high, "verdict": verdict, "code": code if verdict == "same" else "none",
            "confidence": confidence, "why": why, "made_by": by, "made_at": now,
        }  # fmt: skip
        connection.execute(insert_for(connection, person_edges).values(row))
        return True


def undo(engine: Engine, one: str, other: str, *, by: str, now: datetime) -> Verdict:
    """Take back what stands between two leads; answers what it was. Raises CannotSay where nothing does."""
    low, high = pair_of(one, other)
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        standing = _standing(connection, low, high)
        if standing is None:
            raise CannotSay(f"Nothing stands between {low} and {high}; the edges of a group are in its history.")
        change = update(person_edges).where(person_edges.c.edge_id == standing.edge_id)
        connection.execute(change.values(undone_by=by, undone_at=now))
        verdict: Verdict = standing.verdict
        return verdict


def split(engine: Engine, lead_id: str, *, by: str, now: datetime) -> int:
    """Take a lead out of its group: undo every standing edge that says it is the same as another. Answers how many."""
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        touching = or_(person_edges.c.low == lead_id, person_edges.c.high == lead_id)
        standing = (touching, person_edges.c.undone_at.is_(None), person_edges.c.verdict == "same")
        return connection.execute(update(person_edges).where(*standing).values(undone_by=by, undone_at=now)).rowcount


def _standing(connection: Connection, low: str, high: str) -> Row[Any] | None:
    wanted = (person_edges.c.low == low, person_edges.c.high == high, person_edges.c.undone_at.is_(None))
    return connection.execute(select(person_edges).where(*wanted)).first()


def _both_known(connection: Connection, low: str, high: str) -> None:
    if low == high:
        raise CannotSay(f"{low} is one lead: name two.")
    known = set(connection.scalars(select(leads.c.lead_id).where(leads.c.lead_id.in_((low, high)))))
    if missing := [one for one in (low, high) if one not in known]:
        raise CannotSay(f"{missing[0]} is no lead that was decided.")


def forget_candidate(connection: Connection, low: str, high: str) -> None:
    """A pair that is no longer worth a question."""
    pair = (person_candidates.c.low == low, person_candidates.c.high == high)
    connection.execute(delete(person_candidates).where(*pair))
