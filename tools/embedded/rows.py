"""Rows of one table, read once, changed in memory, written at the end: three statements for a batch of any size."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Insert, Select, Table, Update, bindparam, insert, select, update

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
        added = {id(row) for row in self._added}
        changed = [row for row in self._changed.values() if id(row) not in added]
        if self._added:
            inserted = self._connection.execute(_insert(self._table, self._key), self._added)
            if inserted.returns_rows:
                for numbered in inserted.mappings():
                    self._rows[self._key_of(numbered)].update(numbered)
        if changed:
            names = [(name, f"{'its' if name in self._key else 'new'}_{name}") for name in _written(self._table)]
            rows = [{parameter: row[name] for name, parameter in names} for row in changed]
            self._connection.execute(_update(self._table, self._key), rows)


# Each statement is made once for a table: making one costs more than running it for ten rows.


@lru_cache(maxsize=64)
def _select(table: Table, key: tuple[str, ...]) -> Select[Any]:
    columns = [table.c[name] for name in key]
    values: Any = bindparam("values", expanding=True)
    return select(table).where(columns[0].in_(values)).order_by(*columns).with_for_update()


@lru_cache(maxsize=64)
def _insert(table: Table, key: tuple[str, ...]) -> Insert:
    generated = [column for column in table.primary_key if column.name not in key]
    return insert(table).returning(*(table.c[name] for name in key), *generated) if generated else insert(table)


@lru_cache(maxsize=64)
def _update(table: Table, key: tuple[str, ...]) -> Update:
    same = [table.c[name] == bindparam(f"its_{name}") for name in key]
    new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _written(table) if name not in key}
    return update(table).where(*same).values(new)


@lru_cache(maxsize=64)
def _written(table: Table) -> tuple[str, ...]:
    """Every column but a generated id."""
    return tuple(column.name for column in table.columns if column is not table.autoincrement_column)
