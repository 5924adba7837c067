"""Reads the book of known accounts as one of its versions says it. Blocking; never writes.

Every reader names the version: rows of the next one stand beside it while they are written, and nobody sees half of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Integer, Select, and_, bindparam, func, or_, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from tools.store.tables import book_changes, book_lines, book_state, book_told

CHUNK = 500
"""Keys of one question: far below what either database takes, enough that the way there costs little."""
_AT: BindParameter[int] = bindparam("v_at", type_=Integer)
_KEYS: BindParameter[Any] = bindparam("v_keys", expanding=True)
_MOST: BindParameter[int] = bindparam("v_most", type_=Integer)


@dataclass(frozen=True, slots=True)
class State:
    """version: 0 before anything was told. sources: by whose order the families were worked out, highest first."""

    version: int = 0
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToldRow:
    """What one source told of one account. account: whose it is; `key` is another only where a name was told without a
    domain. told: JSON as it was kept. at, by: of the change that told it, `told_in`."""

    account: str
    source: str
    key: str
    told: str
    told_in: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Line:
    """Where an account stands in its family; see `tables.book`. links: JSON, None where there is nothing to say."""

    key: str
    parent: str | None
    ultimate: str
    state: str
    name: str | None
    links: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    version: int
    source: str
    kind: str
    name: str
    digest: str | None
    by: str
    at: datetime
    replaced: bool
    undoes: int | None
    figures: str


def live(table: Any, at: ColumnElement[int] = _AT) -> ColumnElement[bool]:
    """The rows that hold in the version `v_at`."""
    return and_(table.c.since <= at, table.c.until > at)


_LINES = tuple(book_lines.c[name] for name in ("key", "parent", "ultimate", "state", "name", "links"))
_TOLD = (*(book_told.c[name] for name in ("source", "key", "told", "told_in")), book_changes.c.at, book_changes.c.by)
_CHANGE = book_changes.c.version == book_told.c.told_in

_STATE = select(book_state.c.version, book_state.c.sources)
_TOLD_OF = union_all(
    select(book_told.c.key.label("account"), *_TOLD)
    .join(book_changes, _CHANGE)
    .outerjoin(book_lines, and_(book_lines.c.key == book_told.c.key, live(book_lines)))
    .where(book_told.c.key.in_(_KEYS), live(book_told), book_lines.c.account.is_(None)),
    select(book_lines.c.account, *_TOLD)
    .join(book_told, book_told.c.key == book_lines.c.key)
    .join(book_changes, _CHANGE)
    .where(book_lines.c.account.in_(_KEYS), live(book_lines), live(book_told)),
)
_LINES_OF = select(*_LINES).where(book_lines.c.key.in_(_KEYS), book_lines.c.account.is_(None), live(book_lines))
_members = (
    select(
        book_lines.c.ultimate,
        book_lines.c.key,
        func.row_number().over(partition_by=book_lines.c.ultimate, order_by=book_lines.c.key).label("place"),
    )
    .where(book_lines.c.ultimate.in_(_KEYS), live(book_lines))
    .subquery("members")
)
_FAMILY_OF = select(_members.c.ultimate, _members.c.key).where(_members.c.place <= _MOST)
_BEARERS = (
    select(book_told.c.name_key, func.coalesce(book_lines.c.account, book_told.c.key))
    .outerjoin(book_lines, and_(book_lines.c.key == book_told.c.key, live(book_lines)))
    .where(book_told.c.name_key.in_(_KEYS), live(book_told))
    .distinct()
)
_ACCOUNT_OF = select(book_lines.c.key, book_lines.c.account).where(
    book_lines.c.key.in_(_KEYS), book_lines.c.account.is_not(None), live(book_lines)
)


def parts(values: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), CHUNK):
        yield list(values[start : start + CHUNK])


def state_of(connection: Connection) -> State:
    row = connection.execute(_STATE).first()
    return State() if row is None else State(row.version, tuple(filter(None, row.sources.split(","))))


def told_of(connection: Connection, at: int, keys: Sequence[str]) -> list[ToldRow]:
    """All that is told of these accounts, in no order. A name that means an account counts as that account's."""
    return [ToldRow(*row) for some in parts(keys) for row in connection.execute(_TOLD_OF, {"v_at": at, "v_keys": some})]


def lines_of(connection: Connection, at: int, keys: Sequence[str]) -> dict[str, Line]:
    """By key; accounts that stand alone are not there."""
    found = (row for some in parts(keys) for row in connection.execute(_LINES_OF, {"v_at": at, "v_keys": some}))
    return {row.key: Line(*row) for row in found}


def family_of(connection: Connection, at: int, heads: Sequence[str], most: int) -> dict[str, list[str]]:
    """The first `most` keys of each family, in their order, by its head, which may be a company that is no account."""
    found: dict[str, list[str]] = {}
    for some in parts(heads):
        for head, key in connection.execute(_FAMILY_OF, {"v_at": at, "v_keys": some, "v_most": most}):
            found.setdefault(head, []).append(key)
    return {head: sorted(keys) for head, keys in found.items()}


def bearers(connection: Connection, at: int, name_keys: Sequence[str]) -> dict[str, list[str]]:
    """The accounts that some source tells under a name with this key, in their order."""
    found: dict[str, set[str]] = {}
    for some in parts(name_keys):
        for name, key in connection.execute(_BEARERS, {"v_at": at, "v_keys": some}):
            found.setdefault(name, set()).add(key)
    return {name: sorted(keys) for name, keys in found.items()}


def accounts_meant(connection: Connection, at: int, keys: Sequence[str]) -> dict[str, str]:
    """For keys that are names without a domain and mean another account: that account's key."""
    return {
        key: account
        for some in parts(keys)
        for key, account in connection.execute(_ACCOUNT_OF, {"v_at": at, "v_keys": some})
    }


def every_told(connection: Connection, at: int) -> Iterator[tuple[ToldRow, str | None]]:
    """Everything, account after account, with the head of the family where there is one. Streams: a million rows pass in
    bounded memory."""
    account = func.coalesce(book_lines.c.account, book_told.c.key).label("account")
    head = select(book_lines.c.key, book_lines.c.ultimate).where(live(book_lines)).subquery("heads")
    wanted = (
        select(account, *_TOLD, head.c.ultimate)
        .join(book_changes, _CHANGE)
        .outerjoin(book_lines, and_(book_lines.c.key == book_told.c.key, live(book_lines)))
        .outerjoin(head, head.c.key == func.coalesce(book_lines.c.account, book_told.c.key))
        .where(live(book_told))
        .order_by(account)
    )
    for row in stream(connection, wanted, at):
        yield ToldRow(*row[:-1]), row[-1]


def stream(connection: Connection, wanted: Select[Any], at: int, **values: Any) -> Iterator[Any]:
    """Rows as they come, some thousand at a time."""
    return iter(connection.execution_options(yield_per=2_000).execute(wanted, {"v_at": at, **values}))


def changes(connection: Connection, *, source: str | None = None, limit: int = 100) -> list[Changed]:
    """Newest first."""
    wanted = select(book_changes).order_by(book_changes.c.version.desc()).limit(limit)
    if source is not None:
        wanted = wanted.where(book_changes.c.source == source)
    return [Changed(**row._mapping) for row in connection.execute(wanted)]  # noqa: SLF001 - SQLAlchemy's documented name


def keys_like(connection: Connection, at: int, *, find: str, parent: str | None, page: tuple[int, int]) -> list[str]:
    """A page (limit, offset) of accounts in the order of their keys. find: part of a key or of what was told of a name;
    parent: only those under this head."""
    wanted = _listed(find, parent).order_by("account").limit(page[0]).offset(page[1])
    return list(connection.scalars(wanted, {"v_at": at}))


def how_many(connection: Connection, at: int, *, find: str = "", parent: str | None = None) -> int:
    counted = select(func.count()).select_from(_listed(find, parent).subquery())
    return int(connection.scalar(counted, {"v_at": at}) or 0)


def _listed(find: str, parent: str | None) -> Select[Any]:
    account = func.coalesce(book_lines.c.account, book_told.c.key).label("account")
    wanted = (
        select(account)
        .outerjoin(book_lines, and_(book_lines.c.key == book_told.c.key, live(book_lines)))
        .where(live(book_told))
        .distinct()
    )
    if find:
        columns = (account, book_told.c.key, book_told.c.name)
        wanted = wanted.where(or_(*(column.icontains(find, autoescape=True) for column in columns)))
    if parent is not None:
        head = select(book_lines.c.key).where(book_lines.c.ultimate == parent, live(book_lines))
        wanted = wanted.where(account.in_(head))
    return wanted


def below(connection: Connection, at: int, key: str, limit: int) -> tuple[int, list[str]]:
    """(how many, the first `limit` of them) that have this account as their direct parent."""
    mine = and_(book_lines.c.parent == key, live(book_lines))
    count = connection.scalar(select(func.count()).select_from(book_lines).where(mine), {"v_at": at})
    first = select(book_lines.c.key).where(mine).order_by(book_lines.c.key).limit(limit)
    return int(count or 0), list(connection.scalars(first, {"v_at": at}))


def largest(connection: Connection, at: int, limit: int, offset: int = 0) -> list[tuple[str, int]]:
    """(head, how many companies stand under it with itself), the largest family first."""
    size = func.count().label("size")
    wanted = (
        select(book_lines.c.ultimate, size)
        .where(book_lines.c.ultimate.is_not(None), live(book_lines))
        .group_by(book_lines.c.ultimate)
        .having(size > 1)
        .order_by(size.desc(), book_lines.c.ultimate)
        .limit(limit)
        .offset(offset)
    )
    return [(row.ultimate, row.size) for row in connection.execute(wanted, {"v_at": at})]


def in_state(connection: Connection, at: int, state: str, limit: int, offset: int = 0) -> list[Line]:
    """Accounts that are disputed, or in a circle."""
    wanted = select(*_LINES).where(book_lines.c.state == state, live(book_lines)).order_by(book_lines.c.key)
    return [Line(*row) for row in connection.execute(wanted.limit(limit).offset(offset), {"v_at": at})]


def counts(connection: Connection, at: int) -> dict[str, int]:
    """How many families, disputed accounts, accounts in circles."""
    heads = select(book_lines.c.ultimate).where(book_lines.c.parent.is_not(None), live(book_lines)).distinct()
    states = (
        select(book_lines.c.state, func.count())
        .where(book_lines.c.state != "", live(book_lines))
        .group_by(book_lines.c.state)
    )
    found = {state: count for state, count in connection.execute(states, {"v_at": at})}
    families = connection.scalar(select(func.count()).select_from(heads.subquery()), {"v_at": at})
    return {"families": int(families or 0), "disputed": found.get("disputed", 0), "in_circles": found.get("circle", 0)}


def also_known(connection: Connection, at: int, word: str) -> list[str]:
    """Accounts with this further domain, or further name as its key. Looks through all that have any."""
    account = func.coalesce(book_lines.c.account, book_told.c.key)
    wanted = (
        select(account)
        .outerjoin(book_lines, and_(book_lines.c.key == book_told.c.key, live(book_lines)))
        .where(book_told.c.also.contains(f'"{word}"', autoescape=True), live(book_told))
        .distinct()
    )
    return sorted(connection.scalars(wanted, {"v_at": at}))
