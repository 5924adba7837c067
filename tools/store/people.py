"""Who wrote before under another key: the look-up that the router makes for a batch of new leads. Reads only. Blocking.

Two short questions for a batch in which nobody is known: who shares a key, and who was linked with whom. A key that many
share says nothing and is passed over. The rules in `graph.rules.people` judge what is found; `people_lookup` has the
questions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row

from graph.domain.evidence import PersonMatch
from graph.domain.person import Candidate, KnownPerson, Who
from graph.domain.values import evolve
from graph.rules.people.evidence import RARE, SURE, ruled_out
from graph.rules.people.matching import best_match
from graph.rules.people.names import name_key
from graph.rules.people.traits import Traits, keys_of, traits_of
from tools.store.people_edges import Links, links_of
from tools.store.people_lookup import Seen, leads_of_names, names_of_phones, rows_of, seen, sharing, turns_of
from tools.store.tables import HELD

UNDONE: Final = SURE - 0.01
"""The most that a pair may reach whose link was undone: a person has doubted it."""


def who_in(row: Row[Any]) -> Who:
    """The person of a stored lead, with the company as it was typed."""
    typed = orjson.loads(row.form).get("company")
    return Who(row.lead_id, row.full_name, row.email, row.phone, typed, row.domain, row.parent_domain)


def read_people(connection: Connection, asks: Sequence[Who]) -> list[KnownPerson | None]:
    """For each ask who wrote before under another key, None for nobody. A match that names nobody has rivals."""
    asked = [traits_of(ask) for ask in asks]
    keys = [keys_of(traits) for traits in asked]
    blocks = sharing(connection, (key for held in keys for key in held))
    hits = [
        {one for key in held if key in blocks for one in blocks[key]} - {traits.who.lead_id}
        for traits, held in zip(asked, keys, strict=True)
    ]
    stored = seen(connection, set().union(*hits))
    likely = [_likely(traits, found, stored) for traits, found in zip(asked, hits, strict=True)]
    links = links_of(connection, {ask.lead_id for ask in asks}.union(*likely))
    if not any(likely) and not links.groups:
        return [None] * len(asks)
    around = _around(connection, asks, hits, likely, stored, links)
    return [_known(*one, around) for one in zip(asked, hits, likely, strict=True)]


def _likely(asked: Traits, hits: Collection[str], stored: Mapping[str, Seen]) -> list[str]:
    """Those who may be the same person. Most who share a key are not, and a few columns tell: the rest is not read."""
    return sorted([one for one in hits if (found := stored.get(one)) is not None and not ruled_out(asked, found.who)])


@dataclass(slots=True)
class _Around:
    """What was read about all candidates of a batch. stored: everybody who shares a key; rows: those who may be the same."""

    stored: Mapping[str, Seen]
    links: Links
    rows: Mapping[str, Row[Any]]
    whos: Mapping[str, Who]
    turns: Mapping[str, list[tuple[str, str]]]
    name_leads: Mapping[str, int]
    phone_names: Mapping[str, int]


def _around(
    connection: Connection,
    asks: Sequence[Who],
    hits: Sequence[Collection[str]],
    likely: Sequence[Sequence[str]],
    stored: Mapping[str, Seen],
    links: Links,
) -> _Around:
    ids = {one for lead in {ask.lead_id for ask in asks}.union(*likely) for one in links.group(lead)}
    rows = rows_of(connection, ids)
    # leads of one person count once, so that one more for each of them, and the name is still told from a rare one
    most = RARE + max(map(len, hits), default=0)
    return _Around(
        stored,
        links,
        rows,
        {lead_id: who_in(row) for lead_id, row in rows.items()},
        turns_of(connection, ids),
        leads_of_names(connection, {row.name_key for row in rows.values() if row.name_key}, most),
        names_of_phones(connection, {row.phone for row in rows.values() if row.phone}),
    )


def _known(asked: Traits, hits: Collection[str], likely: Sequence[str], around: _Around) -> KnownPerson | None:
    own, links = asked.who.lead_id, around.links
    linked = sorted(one for one in links.group(own) if one != own and one in around.rows)
    if linked:
        newest = max(linked, key=lambda one: (around.rows[one].decided_at, one))
        match = best_match(asked, [Candidate(around.whos[newest], merged=True)])
        return _told(match, asked.who, around)
    free = [one for one in likely if one in around.rows and not links.apart(own, one)]
    if not free:
        return None
    again = Counter((around.stored[one].name_key, links.name(one)) for one in hits if one in around.stored)
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
    return Candidate(
        around.whos[lead_id], others + (0 if stored else 1), around.phone_names.get(row.phone or "", 1), group
    )


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
