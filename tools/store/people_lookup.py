"""Look-ups of the router's question who wrote before. Each costs what was asked for, however many leads are stored: a key,
a name or a phone is followed no further than the rules in `graph.rules.people` need to tell it from others. Blocking.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Connection, Integer, Row, String, and_, bindparam, func, literal, select

from graph.domain.person import Who
from graph.rules.people.evidence import CROWDED
from tools.store.listed import as_list, listed, value_in
from tools.store.tables import assignments, leads, person_keys, turns

LARGEST_BLOCK: Final = 50
"""Leads that may share one key; a key of more tells nobody from anybody."""


class Seen(NamedTuple):
    """What tells most candidates from the one who wrote. who: without the company as typed."""

    who: Who
    name_key: str | None


_ASKED = listed("asked")
_TEXT, _KEY = value_in(_ASKED, String), value_in(_ASKED, BigInteger)


def _up_to(most: Any, column: Any, condition: Any) -> Any:
    """The values of a column for which the condition holds, no more than `most`, for one row of what was asked for."""
    return select(column.label("held")).where(condition).limit(most).correlate(_ASKED).subquery()


_BLOCK = _up_to(LARGEST_BLOCK + 1, person_keys.c.lead_id, person_keys.c.key == _KEY)
_SHARING = select(_KEY, select(func.aggregate_strings(_BLOCK.c.held, ",")).scalar_subquery()).select_from(_ASKED)
_NAMED = _up_to(bindparam("most", type_=Integer), leads.c.lead_id, leads.c.name_key == _TEXT)
_NAMES = select(_TEXT, select(func.count(_NAMED.c.held)).scalar_subquery()).select_from(_ASKED)
_SEEN = select(
    *(leads.c[name] for name in ("lead_id", "full_name", "email", "phone", "domain", "parent_domain", "name_key"))
).where(leads.c.lead_id.in_(select(_TEXT)))
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
    .where(leads.c.lead_id.in_(select(_TEXT)))
)
_TURNS = (
    select(turns).where(turns.c.lead_id.in_(select(_TEXT))).order_by(turns.c.taken_at, turns.c.lead_id, turns.c.pool)
)


def _phones() -> Any:
    """Phones with the number of different names behind each, up to CROWDED: from one name in the index to the next, where to
    count them all reads every lead of a switchboard."""
    least = func.min(leads.c.name_key)
    first = select(least).where(leads.c.phone == _TEXT).correlate(_ASKED).scalar_subquery()
    found = select(_TEXT.label("phone"), first.label("name"), literal(1).label("number")).cte("found", recursive=True)
    following = (leads.c.phone == found.c.phone) & (leads.c.name_key > found.c.name)
    next_one = select(least).where(following).correlate(found).scalar_subquery()
    more = select(found.c.phone, next_one, found.c.number + 1).where(
        found.c.name.is_not(None), found.c.number < CROWDED
    )
    found = found.union_all(more)
    return select(found.c.phone, func.count(found.c.name)).group_by(found.c.phone)


_PHONES = _phones()


def sharing(connection: Connection, keys: Iterable[int]) -> dict[int, list[str]]:
    """The leads that share a key, by key; not of a key that more than LARGEST_BLOCK share."""
    if not (wanted := sorted(set(keys))):
        return {}
    rows = connection.execute(_SHARING, {"asked": as_list(wanted)}).all()
    blocks = {key: joined.split(",") for key, joined in rows if joined is not None}
    return {key: block for key, block in blocks.items() if len(block) <= LARGEST_BLOCK}


def seen(connection: Connection, lead_ids: Collection[str]) -> dict[str, Seen]:
    """Those of these leads that are stored."""
    return {
        lead_id: Seen(Who(lead_id, full_name, email, phone, None, domain, parent), name_key)
        for lead_id, full_name, email, phone, domain, parent, name_key in _all(connection, _SEEN, lead_ids)
    }


def rows_of(connection: Connection, lead_ids: Collection[str]) -> dict[str, Row[Any]]:
    """All that a match and its telling need of a lead, with the state of its present assignment."""
    return {row.lead_id: row for row in _all(connection, _ROWS, lead_ids)}


def turns_of(connection: Connection, lead_ids: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """(pool, member) by lead, in the order in which they were taken."""
    taken: dict[str, list[tuple[str, str]]] = {}
    for turn in _all(connection, _TURNS, lead_ids):
        taken.setdefault(turn.lead_id, []).append((turn.pool, turn.member))
    return taken


def leads_of_names(connection: Connection, names: Collection[str], most: int) -> dict[str, int]:
    """How many leads have a name, counted up to `most`."""
    return dict(_pairs(connection, _NAMES, names, most=most))


def names_of_phones(connection: Connection, phones: Collection[str]) -> dict[str, int]:
    """How many different names stand behind a phone, counted up to CROWDED."""
    return dict(_pairs(connection, _PHONES, phones))


def _pairs(connection: Connection, statement: Any, asked: Collection[str], **more: Any) -> Iterator[tuple[str, int]]:
    return ((name, number) for name, number in _all(connection, statement, asked, **more))


def _all(connection: Connection, statement: Any, asked: Collection[str], **more: Any) -> Sequence[Any]:
    return connection.execute(statement, {"asked": as_list(sorted(asked)), **more}).all() if asked else ()
