"""Rows of one table, read once, changed in memory, written at the end: three statements for a batch of any size."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Select, Table, bindparam, select

from tools.store.rows import insert_numbered, insert_rows, update_rows

Row: TypeAlias = dict[str, Any]


class Rows:
    """The rows of `table` whose first `key` column is one of `values`; the key columns are unique together.

    They stay locked until the transaction ends. `find` and `add` give rows as dicts; an added row gets its generated
    columns (its id) in `write`.
    """

    def __init__(self, connection: Connection, table: Table, key: tuple[str, ...], values: Collection[str]) -> None:
        self._connection, self._table, self._key = connection, table, key
        self._rows: dict[tuple[Any, ...], Row] = {}
        self._added: list[Row] = []
        self._changed: dict[tuple[Any, ...], Row] = {}
        if values:
            for row in connection.execute(_select(table, key), {"values": sorted(values)}).mappings():
                self._rows[self._key_of(row)] = dict(row)

    def _key_of(self, row: Mapping[Any, Any]) -> tuple[Any, ...]:
        return tuple([row[name] for name in self._key])

    def find(self, *key: Any) -> Row | None:
        return self._rows.get(key)

    def add(self, row: Row) -> Row:
        """`row` holds every column but the generated ones; its key is not there yet."""
        self._rows[self._key_of(row)] = row
        self._added.append(row)
        return row

    def change(self, row: Row, values: Mapping[str, Any], stamp: Mapping[str, Any] | None = None) -> bool:
        """Whether anything is new; if so it is written, together with `stamp` (times, say)."""
        new = {name: value for name, value in values.items() if row[name] != value}
        if new:
            row.update(new, **(stamp or {}))
            self._changed[self._key_of(row)] = row
        return bool(new)

    def write(self) -> None:
        """Added rows are inserted as they are now; changed ones that were there are updated whole."""
        columns, added = _written(self._table), {id(row) for row in self._added}
        changed = [row for row in self._changed.values() if id(row) not in added]
        if self._added:
            self._insert(columns)
        if changed:
            news = tuple(name for name in columns if name not in self._key)
            rows = [tuple([row[name] for name in news + self._key]) for row in changed]
            update_rows(self._connection, self._table, news, self._key, rows)

    def _insert(self, columns: tuple[str, ...]) -> None:
        rows = [tuple([row[name] for name in columns]) for row in self._added]
        number = self._table.autoincrement_column
        if number is None:
            insert_rows(self._connection, self._table, columns, rows)
            return
        for *key, new in insert_numbered(self._connection, self._table, columns, rows, (*self._key, number.name)):
            self._rows[tuple(key)][number.name] = new


@lru_cache(maxsize=64)
def _select(table: Table, key: tuple[str, ...]) -> Select[Any]:
    """Made once for a table: that costs more than to run it for ten rows."""
    columns = [table.c[name] for name in key]
    values: Any = bindparam("values", expanding=True)
    return select(table).where(columns[0].in_(values)).order_by(*columns).with_for_update()


@lru_cache(maxsize=64)
def _written(table: Table) -> tuple[str, ...]:
    """Every column but a generated id."""
    return tuple(column.name for column in table.columns if column is not table.autoincrement_column)
