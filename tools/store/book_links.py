"""What families are worked out from: the claims of parents in the book, and whom their words may mean. Reads a version that
may still be in the making; blocking, never writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, literal, select
from sqlalchemy.sql.elements import ColumnElement

from tools.store.book import live, parts, stream
from tools.store.tables import OPEN_END, book_lines, book_told

_KEYS: Any = bindparam("v_keys", expanding=True)
_OPEN_LINES = select(
    *(book_lines.c[name] for name in ("key", "account", "parent", "ultimate", "state", "name", "links"))
).where(book_lines.c.until == OPEN_END)


def name_only(table: Any) -> ColumnElement[bool]:
    """Tellings of a name without a domain."""
    return table.c.key == literal("name:") + table.c.name_key  # type: ignore[no-any-return]


def names_with_bearers(connection: Connection, at: int) -> Iterator[tuple[str, str, str | None, str | None]]:
    """(key of a name without a domain, key of an account with a domain and that name, the country of each as told)."""
    bare, full = book_told.alias("bare"), book_told.alias("full")
    wanted = (
        select(bare.c.key, full.c.key, bare.c.country, full.c.country)
        .join(full, full.c.name_key == bare.c.name_key)
        .where(name_only(bare), ~name_only(full), live(bare), live(full))
        .distinct()
    )
    for row in stream(connection, wanted, at):
        yield tuple(row)


def claimed(connection: Connection, at: int) -> Iterator[tuple[str, str, str]]:
    """(key, source, parents as JSON), key after key."""
    columns = (book_told.c.key, book_told.c.source, book_told.c.parents)
    wanted = select(*columns).where(book_told.c.parents.is_not(None), live(book_told)).order_by(book_told.c.key)
    for row in stream(connection, wanted, at):
        yield tuple(row)


def existing(connection: Connection, at: int, keys: Sequence[str]) -> set[str]:
    wanted = select(book_told.c.key).where(book_told.c.key.in_(_KEYS), live(book_told))
    return {key for some in parts(keys) for key in connection.scalars(wanted, {"v_at": at, "v_keys": some})}


def named(connection: Connection, at: int, name_keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(name for comparing, key) of whoever is told under it."""
    wanted = (
        select(book_told.c.name_key, book_told.c.key).where(book_told.c.name_key.in_(_KEYS), live(book_told)).distinct()
    )
    for some in parts(name_keys):
        for row in connection.execute(wanted, {"v_at": at, "v_keys": some}):
            yield tuple(row)


def further(connection: Connection, at: int) -> Iterator[tuple[str, str]]:
    """(key, JSON of its further domains and names)."""
    wanted = select(book_told.c.key, book_told.c.also).where(and_(book_told.c.also.is_not(None), live(book_told)))
    for row in stream(connection, wanted, at):
        yield tuple(row)


def open_lines(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """The lines that hold of these keys, whole."""
    wanted = _OPEN_LINES.where(book_lines.c.key.in_(_KEYS))
    return {row.key: tuple(row) for some in parts(keys) for row in connection.execute(wanted, {"v_keys": some})}


def open_line_keys(connection: Connection) -> Iterator[str]:
    wanted = select(book_lines.c.key).where(book_lines.c.until == OPEN_END)
    for row in stream(connection, wanted, 0):
        yield row.key
