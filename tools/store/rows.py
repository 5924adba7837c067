"""Many rows into a table at the driver's own speed.

SQLAlchemy binds and converts each value of each row; for the outbox that is a third of a decision's time. Here the
statement is made once a table and dialect, and the rows go to the driver's `executemany` as they are; the only
conversion is that of times for SQLite, where the rows of a batch share a few.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table


@cache
def _statement(
    table: Table, columns: tuple[str, ...], dialect_name: str, keys: tuple[str, ...], keep: tuple[str, ...]
) -> str:
    marks = ", ".join("?" if dialect_name == "sqlite" else "%s" for _ in columns)
    statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names of our own tables
    if keys:
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in (*keys, *keep))
        statement += f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
    return statement


def insert_rows(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    *,
    keys: tuple[str, ...] = (),
    keep: tuple[str, ...] = (),
) -> None:
    """Insert rows of plain values, in the order of `columns`; with `keys`, a row that is there already gets the new
    values but for those in `keep`. Raises what the table's own constraints raise, as SQLAlchemy's errors."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        rows = _with_texts(columns, rows)
    statement = _statement(table, columns, connection.dialect.name, keys, keep)
    connection.exec_driver_sql(statement, list(rows))


def _with_texts(columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows with their times (the columns that end in `_at`) as SQLAlchemy's SQLite dialect writes them, so that both
    ways of writing can be compared and read."""
    places = [i for i, name in enumerate(columns) if name.endswith("_at")]
    texts: dict[datetime, str] = {}
    done: list[tuple[Any, ...]] = []
    for row in rows:
        values = list(row)
        for i in places:
            if (time := values[i]) is not None:
                text = texts.get(time)
                if text is None:
                    text = texts[time] = time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
                values[i] = text
        done.append(tuple(values))
    return done
