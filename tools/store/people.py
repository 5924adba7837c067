"""Who wrote before under another key: the look-up that the router makes for a batch of new leads. Reads only. Blocking.

Two short questions for a batch in which nobody is known: who shares a key, and who was linked with whom. A key that many
share says nothing and is passed over. The rules in `graph.rules.people` judge what is found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, and_, bindparam, distinct, func, select

from graph.domain.evidence import PersonMatch
from graph.domain.person import Candidate, KnownPerson, Who
from graph.domain.values import evolve
from graph.rules.people.evidence import SURE
from graph.rules.people.matching import best_match
from graph.rules.people.names import name_key
from graph.rules.people.traits import Traits, keys_of, traits_of
from tools.store.people_edges import Links, links_of
from tools.store.tables import HELD, assignments, leads, person_keys, turns

LARGEST_BLOCK: Final = 50
"""Leads that may share one key; a key of more tells nobody from anybody."""
UNDONE: Final = SURE - 0.01
"""The most that a pair may reach whose link was undone: a person has doubted it."""


def _among(column: Any, name: str = "names") -> Any:
    return column.in_(bindparam(name, expanding=True))


_SHARED = (
    select(person_keys.c.key, person_keys.c.lead_id, func.count().over(partition_by=person_keys.c.key).label("size"))
    .where(_among(person_keys.c.key))
    .subquery()
)
_HITS = select(_SHARED.c.key, _SHARED.c.lead_id).where(_SHARED.c.size <= LARGEST_BLOCK)
_ROWS = (
    select(
        *(leads.c[name] for name in ("lead_id", "full_name", "name_key", "email", "phone", "domain", "parent_domain")),
        leads.c.form,
        leads.c.owner,
        leads.c.path,
        leads.c.created_at,
        leads.c.decided_at,
        assignments.c.state,
    )
    .outerjoin(assignments, and_(assignments.c.lead_id == leads.c.lead_id, assignments.c.number == leads.c.assignment))
    .where(_among(leads.c.lead_id))
)
_NAMES = select(leads.c.name_key, func.count()).where(_among(leads.c.name_key)).group_by(leads.c.name_key)
_PHONES = (
    select(leads.c.phone, func.count(distinct(leads.c.name_key))).where(_among(leads.c.phone)).group_by(leads.c.phone)
)
_TURNS = select(turns).where(_among(turns.c.lead_id)).order_by(turns.c.taken_at, turns.c.lead_id, turns.c.pool)


def who_in(row: Row[Any]) -> Who:
    """The person of a stored lead, with the company as it was typed."""
    typed = orjson.loads(row.form).get("company")
    return Who(row.lead_id, row.full_name, row.email, row.phone, typed, row.domain, row.parent_domain)


def read_people(connection: Connection, asks: Sequence[Who]) -> list[KnownPerson | None]:
    """For each ask who wrote before under another key, None for nobody. A match that names nobody has rivals."""
    asked = [traits_of(ask) for ask in asks]
    keys = [keys_of(traits) for traits in asked]
    wanted = sorted({key for held in keys for key in held})
    sharing: dict[int, list[str]] = {}
    if wanted:
        for key, lead_id in connection.execute(_HITS, {"names": wanted}):
            sharing.setdefault(key, []).append(lead_id)
    hits = [
        sorted({lead_id for key in held for lead_id in sharing.get(key, ())} - {traits.who.lead_id})
        for traits, held in zip(asked, keys, strict=True)
    ]
    links = links_of(connection, {ask.lead_id for ask in asks}.union(*hits) if hits else set())
    if not any(hits) and not links.groups:
        return [None] * len(asks)
    around = _around(connection, asks, hits, links)
    return [_known(traits, found, around) for traits, found in zip(asked, hits, strict=True)]


@dataclass(slots=True)
class _Around:
    """What was read about all candidates of a batch."""

    links: Links
    rows: Mapping[str, Row[Any]]
    turns: Mapping[str, list[tuple[str, str]]]
    name_leads: Mapping[str, int] = field(default_factory=dict)
    phone_names: Mapping[str, int] = field(default_factory=dict)


def _around(connection: Connection, asks: Sequence[Who], hits: Sequence[Sequence[str]], links: Links) -> _Around:
    ids = sorted(
        {
            one
            for lead in {*(a.lead_id for a in asks), *(h for found in hits for h in found)}
            for one in links.group(lead)
        }
    )
    rows: dict[str, Any] = {row.lead_id: row for row in connection.execute(_ROWS, {"names": ids})}
    names = sorted({row.name_key for row in rows.values() if row.name_key})
    phones = sorted({row.phone for row in rows.values() if row.phone})
    taken: dict[str, list[tuple[str, str]]] = {}
    for turn in connection.execute(_TURNS, {"names": ids}):
        taken.setdefault(turn.lead_id, []).append((turn.pool, turn.member))
    return _Around(
        links,
        rows,
        taken,
        {row[0]: row[1] for row in connection.execute(_NAMES, {"names": names})} if names else {},
        {row[0]: row[1] for row in connection.execute(_PHONES, {"names": phones})} if phones else {},
    )


def _known(asked: Traits, hits: Sequence[str], around: _Around) -> KnownPerson | None:
    own, links = asked.who.lead_id, around.links
    linked = sorted(one for one in links.group(own) if one != own and one in around.rows)
    if linked:
        newest = max(linked, key=lambda one: (around.rows[one].decided_at, one))
        match = best_match(asked, [Candidate(who_in(around.rows[newest]), merged=True)])
        return _told(match, asked.who, around)
    free = [one for one in hits if one in around.rows and not links.apart(own, one)]
    if not free:
        return None
    again = Counter((around.rows[one].name_key, links.name(one)) for one in free)
    found = best_match(asked, [_candidate(asked, one, around, again) for one in free])
    if found.code == "none":
        return None
    if found.lead_id is not None and links.undone(own, found.lead_id):
        why = f"{found.why} The two were linked before, and somebody undid it."
        found = evolve(found, confidence=min(found.confidence, UNDONE), why=why)
    return _told(found, asked.who, around)


def _candidate(asked: Traits, lead_id: str, around: _Around, again: Mapping[tuple[str | None, str], int]) -> Candidate:
    """Leads of one person count once among those of a name, and the lead asked about counts too."""
    row, group = around.rows[lead_id], around.links.name(lead_id)
    others = around.name_leads.get(row.name_key or "", 1) - (again[row.name_key, group] - 1)
    stored = asked.who.lead_id in around.rows and name_key(asked.name) == row.name_key
    return Candidate(who_in(row), others + (0 if stored else 1), around.phone_names.get(row.phone or "", 1), group)


def _told(match: PersonMatch, asked: Who, around: _Around) -> KnownPerson:
    if match.lead_id is None:
        return KnownPerson(match)
    group = [
        around.rows[one] for one in around.links.group(match.lead_id) if one in around.rows and one != asked.lead_id
    ]
    group.sort(key=lambda row: (row.decided_at, row.lead_id), reverse=True)
    shown = around.rows[match.lead_id]
    holding = next((row for row in group if row.state in HELD), None)
    taken = {pool: member for row in reversed(group) for pool, member in around.turns.get(row.lead_id, ())}
    return KnownPerson(
        match,
        full_name=shown.full_name,
        email=shown.email,
        phone=shown.phone,
        owner=(holding or shown).owner,
        open=holding is not None and holding.path != "nurture",
        turns=tuple(sorted(taken.items())),
        emails=tuple(_addresses(group, asked.email)),
        since=min(row.created_at for row in group),
    )


def _addresses(group: Iterable[Row[Any]], own: str | None) -> list[str]:
    return sorted({row.email for row in group if row.email and row.email != own})
