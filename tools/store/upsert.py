"""INSERT ... ON CONFLICT for both databases, in one spelling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_for(connection: Connection, table: Table) -> Any:
    """The dialect's own insert construct, which knows ON CONFLICT."""
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)


def upsert(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], keys: Sequence[str], keep: Sequence[str] = ()
) -> None:
    """Insert the rows; where one with the same `keys` exists, overwrite all but the keys and the columns in `keep`."""
    if not rows:
        return
    statement = insert_for(connection, table)
    fixed = {*keys, *keep}
    changes = {name: statement.excluded[name] for name in rows[0] if name not in fixed}
    connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changes), list(rows))


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], keys: Sequence[str]) -> None:
    """Insert the rows that are not there yet; leave the others as they are."""
    if rows:
        connection.execute(insert_for(connection, table).on_conflict_do_nothing(index_elements=list(keys)), list(rows))
