"""The lines of one import, set aside on disk until all are read: a million need no memory, and come back account by
account. A file of its own that the system takes away; nothing of it is in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, Self

import orjson

_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line as it was understood. line: of the file; where there is no file, which one it was. fields: see `telling`.
    number: the source's own for this account; parent_number: for its parent."""

    key: str
    line: int
    fields: Mapping[str, Any]
    number: str | None = None
    parent_number: str | None = None


class Scratch:
    """Entries by account and by number. Use it as a context."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)  # an empty name is a file that is gone when it is closed
        self._file.execute("PRAGMA journal_mode=OFF")
        self._file.execute("CREATE TABLE entry (key TEXT, line INTEGER, fields BLOB, number TEXT, parent TEXT)")
        self._file.execute("BEGIN")
        self._waiting: list[tuple[Any, ...]] = []
        self.count = 0
        self._numbered = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, entry: Entry) -> None:
        self._waiting.append((entry.key, entry.line, orjson.dumps(entry.fields), entry.number, entry.parent_number))
        self._numbered = self._numbered or entry.number is not None
        self.count += 1
        if len(self._waiting) >= _PAGE:
            self._write()

    def close_up(self) -> None:
        """After the last `add`, before anything is asked."""
        self._write()
        self._file.execute("CREATE INDEX entry_key ON entry (key, line)")
        if self._numbered:
            self._file.execute("CREATE INDEX entry_number ON entry (number) WHERE number IS NOT NULL")

    def _write(self) -> None:
        self._file.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", self._waiting)
        self._waiting.clear()

    def by_account(self) -> Iterator[list[Entry]]:
        """The lines of each account, in the order of the file."""
        rows = self._file.execute("SELECT key, line, fields, number, parent FROM entry ORDER BY key, line")
        entries = (Entry(key, line, orjson.loads(fields), number, parent) for key, line, fields, number, parent in rows)
        for _, group in groupby(entries, attrgetter("key")):
            yield list(group)

    def keys_of(self, number: str) -> list[str]:
        """The accounts with this number of the source's."""
        if not self._numbered:
            return []
        return [
            key for (key,) in self._file.execute("SELECT DISTINCT key FROM entry WHERE number = ? LIMIT 2", (number,))
        ]

    def has(self, keys: Sequence[str]) -> set[str]:
        marks = ",".join("?" * len(keys))
        rows = self._file.execute(f"SELECT DISTINCT key FROM entry WHERE key IN ({marks})", keys)  # noqa: S608 - marks only
        return {key for (key,) in rows}

    def lines_of(self, key: str) -> list[int]:
        return [
            line for (line,) in self._file.execute("SELECT line FROM entry WHERE key = ? ORDER BY line LIMIT 5", (key,))
        ]
