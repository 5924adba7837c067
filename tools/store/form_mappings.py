"""Mappings of forms in the database: versions that are only ever added, the salts of endpoints, what did not fit, and payloads
that no lead could be made of. Knows nothing of what a mapping means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tools.store.dead import storable
from tools.store.tables import form_endpoints, form_mappings, form_rejected, form_seen
from tools.store.upsert import insert_for, insert_new, upsert

KEEP: Final = timedelta(days=30)
"""How long a payload is kept that no lead could be made of."""
MOST_REJECTED: Final = 5_000
"""Of one form; the oldest go first, so that a broken sender cannot fill the disk."""
MOST_NAMES: Final = 300
"""Of one form, that are counted: a payload whose names are made up anew each time must not fill the table."""


class Stale(Exception):
    """Somebody else changed the mapping meanwhile; the text says who and when."""


@dataclass(frozen=True, slots=True)
class Version:
    """body: the mapping, None where none is in use from this version on; undoes: the version that it takes back."""

    name: str
    version: int
    body: dict[str, Any] | None
    author: str
    note: str
    made_at: datetime
    undoes: int | None


@dataclass(frozen=True, slots=True)
class Seen:
    """kind: unmapped or missing."""

    kind: str
    field: str
    times: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Rejected:
    """status: what its sender was answered. The payload is read by `rejected_payload` alone."""

    id: int
    at: datetime
    status: int
    reason: str
    size: int


def versions(engine: Engine, name: str, limit: int = 50) -> list[Version]:
    """Newest first."""
    wanted = select(form_mappings).where(form_mappings.c.name == name).order_by(form_mappings.c.version.desc())
    with engine.connect() as connection:
        return [_version(row) for row in connection.execute(wanted.limit(limit))]


def current(engine: Engine, name: str) -> Version | None:
    """The one in use, or None."""
    found = versions(engine, name, 1)
    return found[0] if found and found[0].body is not None else None


def all_current(engine: Engine) -> list[Version]:
    """Of every form, the newest version, by name; also where it says that none is in use."""
    newest = select(form_mappings.c.name, func.max(form_mappings.c.version).label("version")).group_by(
        form_mappings.c.name
    )
    at = newest.subquery()
    wanted = select(form_mappings).join(
        at, (form_mappings.c.name == at.c.name) & (form_mappings.c.version == at.c.version)
    )
    with engine.connect() as connection:
        return [_version(row) for row in connection.execute(wanted.order_by(form_mappings.c.name))]


def save(
    engine: Engine,
    name: str,
    body: Mapping[str, Any] | None,
    *,
    by: str,
    note: str,
    now: datetime,
    base: int | None = None,
    undoes: int | None = None,
) -> int:
    """A new version; returns its number. base: the version that the author saw, 0 for none; None: whatever it is.

    Raises Stale where another was saved since then."""
    try:
        with engine.connect().execution_options(immediate=True) as connection, connection.begin():
            held = _newest(connection, name)
            if base is not None and base != (held.version if held else 0):
                raise Stale(_stale(held))
            number = (held.version if held else 0) + 1
            row = {
                "name": name,
                "version": number,
                "body": None if body is None else orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode(),
                "author": storable(by, 320),
                "note": storable(note, 500),
                "made_at": now,
                "undoes": undoes,
            }
            connection.execute(insert(form_mappings), row)
            if body is not None:
                connection.execute(delete(form_seen).where(form_seen.c.name == name, form_seen.c.kind != TAKEN))
    except IntegrityError:
        raise Stale("Somebody else saved this mapping at the same moment; look at it and save again.") from None
    return number


def undo(engine: Engine, name: str, *, by: str, now: datetime) -> int | None:
    """What was in use before the newest version, as a new version; None where there is nothing to take back. Two undos in
    a row go two steps back."""
    held = versions(engine, name, 500)
    if not held:
        return None
    taken_back = {v.undoes for v in held if v.undoes is not None}
    standing = [v for v in held if v.version not in taken_back and v.undoes is None]
    if not standing:
        return None
    before = standing[1].body if len(standing) > 1 else None
    note = f"takes back version {standing[0].version}"
    return save(engine, name, before, by=by, note=note, now=now, base=held[0].version, undoes=standing[0].version)


TAKEN: Final = "taken"


def salt_of(engine: Engine, name: str) -> str | None:
    """What makes the endpoint's secret, with the installation's own key; None where there is no endpoint."""
    with engine.connect() as connection:
        found: str | None = connection.scalar(select(form_endpoints.c.salt).where(form_endpoints.c.name == name))
        return found


def new_salt(engine: Engine, name: str, salt: str, *, by: str, now: datetime, again: bool = False) -> bool:
    """Keep a salt for a form that has none, or another one with `again`; says whether it was kept."""
    row = {"name": name, "salt": salt, "made_by": storable(by, 320), "made_at": now}
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        if again:
            upsert(connection, form_endpoints, [row], ["name"])
            return True
        insert_new(connection, form_endpoints, [row], ["name"])
        return connection.scalar(select(form_endpoints.c.salt).where(form_endpoints.c.name == name)) == salt


def count(engine: Engine, counted: Mapping[tuple[str, str, str], int], now: datetime) -> None:
    """Add to what was seen: (form, kind, name of the payload) -> times."""
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        room = {name: MOST_NAMES - _names(connection, name) for name in {key[0] for key in counted}}
        for (name, kind, field), times in counted.items():
            held = (form_seen.c.name == name) & (form_seen.c.kind == kind) & (form_seen.c.field == storable(field, 200))
            more = update(form_seen).where(held).values(times=form_seen.c.times + times, last_at=now)
            if connection.execute(more).rowcount or (room[name] <= 0 and kind != TAKEN):
                continue
            row = {
                "name": name,
                "kind": kind,
                "field": storable(field, 200),
                "times": times,
                "first_at": now,
                "last_at": now,
            }
            connection.execute(insert_for(connection, form_seen).on_conflict_do_nothing(), row)
            room[name] -= 1


def seen(engine: Engine, name: str) -> tuple[int, list[Seen]]:
    """Payloads taken so far, and names that did not fit since the mapping was last saved, most often first."""
    wanted = select(form_seen).where(form_seen.c.name == name).order_by(form_seen.c.times.desc(), form_seen.c.field)
    with engine.connect() as connection:
        rows = connection.execute(wanted).all()
    found = [Seen(r.kind, r.field, r.times, r.first_at, r.last_at) for r in rows if r.kind != TAKEN]
    return sum(r.times for r in rows if r.kind == TAKEN), found


def reject(
    engine: Engine, name: str, payload: bytes, content_type: str, *, status: int, reason: str, now: datetime
) -> None:
    """Keep a payload that no lead could be made of, unless the very same of this form waits already."""
    row = {
        "name": name,
        "at": now,
        "status": status,
        "reason": storable(reason, 2000),
        "content_type": storable(content_type, 200),
        "payload": payload,
    }
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        same = select(form_rejected.c.id).where(form_rejected.c.name == name, form_rejected.c.payload == payload)
        if connection.scalar(same.limit(1)) is not None:  # its sender tries again
            return
        connection.execute(insert(form_rejected), row)
        oldest = (
            select(form_rejected.c.id)
            .where(form_rejected.c.name == name)
            .order_by(form_rejected.c.id.desc())
            .offset(MOST_REJECTED)
            .limit(1)
        )
        connection.execute(
            delete(form_rejected).where(form_rejected.c.name == name, form_rejected.c.id <= oldest.scalar_subquery())
        )


def forget_old(engine: Engine, now: datetime) -> int:
    """Delete payloads kept for longer than KEEP; returns how many."""
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        return connection.execute(delete(form_rejected).where(form_rejected.c.at < now - KEEP)).rowcount


def rejected(engine: Engine, name: str, *, limit: int = 50, before: int | None = None) -> list[Rejected]:
    """Newest first, without the payloads; before: only ids below."""
    columns = (form_rejected.c.id, form_rejected.c.at, form_rejected.c.status, form_rejected.c.reason)
    wanted = select(*columns, func.length(form_rejected.c.payload).label("size")).where(form_rejected.c.name == name)
    if before is not None:
        wanted = wanted.where(form_rejected.c.id < before)
    with engine.connect() as connection:
        rows = connection.execute(wanted.order_by(form_rejected.c.id.desc()).limit(limit)).all()
    return [Rejected(r.id, r.at, r.status, r.reason, r.size) for r in rows]


def rejected_payload(engine: Engine, name: str, rejected_id: int) -> tuple[bytes, str] | None:
    """(payload, content type)."""
    wanted = select(form_rejected.c.payload, form_rejected.c.content_type).where(
        form_rejected.c.name == name, form_rejected.c.id == rejected_id
    )
    with engine.connect() as connection:
        row = connection.execute(wanted).first()
    return (bytes(row.payload), row.content_type) if row else None


def forget_rejected(engine: Engine, name: str, rejected_id: int) -> bool:
    """Delete one; says whether it was there."""
    wanted = delete(form_rejected).where(form_rejected.c.name == name, form_rejected.c.id == rejected_id)
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        return connection.execute(wanted).rowcount == 1


def waiting(engine: Engine) -> dict[str, int]:
    """Form -> payloads that wait for somebody."""
    wanted = select(form_rejected.c.name, func.count()).group_by(form_rejected.c.name)
    with engine.connect() as connection:
        return {name: int(how_many) for name, how_many in connection.execute(wanted)}


def _names(connection: Connection, name: str) -> int:
    return int(connection.scalar(select(func.count()).select_from(form_seen).where(form_seen.c.name == name)) or 0)


def _newest(connection: Connection, name: str) -> Any:
    wanted = select(form_mappings).where(form_mappings.c.name == name).order_by(form_mappings.c.version.desc())
    return connection.execute(wanted.limit(1)).first()


def _stale(held: Any) -> str:
    if held is None:
        return "There is no mapping of that name yet: save it without a base."
    return f"{held.author} saved version {held.version} meanwhile ({held.made_at:%Y-%m-%d %H:%M} UTC); look at it and save again."


def _version(row: Any) -> Version:
    body = None if row.body is None else orjson.loads(row.body)
    return Version(row.name, row.version, body, row.author, row.note, row.made_at, row.undoes)
