"""Many rows into a table at the driver's own speed.

SQLAlchemy binds and converts each value of each row; for the outbox that is a third of a decision's time. Here a
statement is made once a table and dialect, and the values go to the driver as they are; the only conversion is that of
times for SQLite, where the rows of a batch share a few. Rows can be made `ready` before anybody waits for the write lock.

SQLite's driver lets go of the interpreter for each row: let no other thread of the process be busy meanwhile, or a batch
is written only when that thread pauses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Table

from tools.store.tables.common import UtcTime

MOST_ROWS = 512  # a statement that returns rows; with 20 columns a third of the 32,766 values that SQLite takes at once


@dataclass(frozen=True, slots=True)
class Ready:
    """Rows as the driver takes them, with their statement."""

    statement: str
    rows: list[tuple[Any, ...]]

    def write(self, connection: Connection) -> None:
        """Raises what the table's own constraints raise, as SQLAlchemy's errors."""
        if self.rows:
            connection.exec_driver_sql(self.statement, self.rows)


def ready(
    dialect_name: str,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    *,
    keys: tuple[str, ...] = (),
    keep: tuple[str, ...] = (),
) -> Ready:
    """Rows of plain values, in the order of `columns`, to be inserted; with `keys`, a row that is there already gets the
    new values but for those in `keep` (all of them: it stays as it is)."""
    return Ready(_statement(table, columns, dialect_name, keys, keep, 1), _plain(dialect_name, table, columns, rows))


def insert_rows(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    *,
    keys: tuple[str, ...] = (),
    keep: tuple[str, ...] = (),
) -> None:
    """Rows made `ready` and written."""
    if rows:
        ready(connection.dialect.name, table, columns, rows, keys=keys, keep=keep).write(connection)


@cache
def _statement(
    table: Table, columns: tuple[str, ...], dialect_name: str, keys: tuple[str, ...], keep: tuple[str, ...], count: int
) -> str:
    marks = ", ".join("?" if dialect_name == "sqlite" else "%s" for _ in columns)
    values = ", ".join([f"({marks})"] * count)
    statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {values}"  # noqa: S608 - names of our own tables
    if keys:
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in (*keys, *keep))
        statement += f" ON CONFLICT ({', '.join(keys)}) DO {f'UPDATE SET {changes}' if changes else 'NOTHING'}"
    return statement


def insert_numbered(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    told: tuple[str, ...],
    *,
    once: bool = False,
) -> list[tuple[Any, ...]]:
    """Insert rows as `insert_rows` does and return the columns `told` of each, in no order: numbers that the database
    gave them beside what tells them apart. once: the key is `told`, and a row that is there stays and is not returned."""
    found: list[tuple[Any, ...]] = []
    sqlite = connection.dialect.name == "sqlite"
    values, begin = _with_texts(table, columns, rows) if sqlite else list(chain.from_iterable(rows)), 0
    for count in _counts(len(rows)):
        end = begin + count * len(columns)
        insert = _statement(table, columns, connection.dialect.name, told if once else (), columns, count)
        wanted = connection.exec_driver_sql(f"{insert} RETURNING {', '.join(told)}", tuple(values[begin:end]))
        found += [tuple(row) for row in wanted]
        begin = end
    return found


def update_rows(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    keys: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
) -> int:
    """Set `columns` of the rows that have these `keys`; each of `rows` holds the columns' values, then the keys'. Returns
    how many were there."""
    if not rows:
        return 0
    dialect_name = connection.dialect.name
    values = _plain(dialect_name, table, columns + keys, rows)
    return connection.exec_driver_sql(_update(table, columns, keys, dialect_name), values).rowcount


@cache
def _update(table: Table, columns: tuple[str, ...], keys: tuple[str, ...], dialect_name: str) -> str:
    mark = "?" if dialect_name == "sqlite" else "%s"
    changes, same = ", ".join(f"{name} = {mark}" for name in columns), " AND ".join(f"{name} = {mark}" for name in keys)
    return f"UPDATE {table.name} SET {changes} WHERE {same}"  # noqa: S608 - names of our own tables


def _plain(
    dialect_name: str, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    if dialect_name != "sqlite" or not _times(table, columns):
        return list(rows)
    return list(zip(*[iter(_with_texts(table, columns, rows))] * len(columns), strict=True))


def _counts(rows: int) -> Iterator[int]:
    """How many rows each statement takes: powers of two, so that a dozen statements serve every batch."""
    while rows:
        count = min(MOST_ROWS, 1 << (rows.bit_length() - 1))
        yield count
        rows -= count


@cache
def _times(table: Table, columns: tuple[str, ...]) -> tuple[int, ...]:
    """The places of the columns that hold times."""
    return tuple(i for i, name in enumerate(columns) if isinstance(table.c[name].type, UtcTime))


def _with_texts(table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The rows' values one after the other, with times as SQLAlchemy's SQLite dialect writes them, so that both ways of
    writing can be compared and read."""
    texts: dict[datetime | None, str | None] = {None: None}

    def text(time: datetime | None) -> str | None:
        if time not in texts and time is not None:
            texts[time] = time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        return texts[time]

    values, width = list(chain.from_iterable(rows)), len(columns)
    for i in _times(table, columns):
        values[i::width] = map(text, values[i::width])
    return values
