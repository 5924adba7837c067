"""Reads the small CSV tables that ship with the product; what is wrong with one is said with file, line and fix.

UTF-8, the first line names the columns, a list is separated by `;`, a blank cell is unknown.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path


class TableError(ValueError):
    """A table that cannot be used."""


class Cells:
    """One line of a table. `where` names file and line for errors."""

    def __init__(self, cells: Mapping[str, str], where: str) -> None:
        self._cells, self.where = cells, where

    def text(self, column: str) -> str | None:
        return self._cells[column].strip() or None

    def optional(self, column: str) -> str | None:
        """As `text`; a table may lack the column."""
        return (self._cells.get(column) or "").strip() or None

    def needed(self, column: str) -> str:
        """Raises TableError when blank."""
        text = self.text(column)
        if text is None:
            raise TableError(f"{self.where}: {column} is blank; every line needs one")
        return text

    def number(self, column: str) -> int | None:
        """A whole number of at least 0. Raises TableError for anything else."""
        text = self.text(column)
        if text is not None and not (text.isascii() and text.isdigit()):
            raise TableError(
                f"{self.where}: {column} {text!r} is no whole number; write digits only, or leave it blank"
            )
        return None if text is None else int(text)

    def listed(self, column: str) -> tuple[str, ...]:
        return tuple(item for part in self._cells[column].split(";") if (item := part.strip()))


def read_table(path: Path, columns: Sequence[str]) -> Iterator[Cells]:
    """Every line that holds anything. Raises TableError."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise TableError(f"{path.name}, line 1: the column {missing[0]!r} is missing")
        for cells in reader:
            where = f"{path.name}, line {reader.line_num}"
            if None in cells or None in cells.values():
                raise TableError(f"{where}: it has not as many cells as line 1; quote a text that holds a comma")
            yield Cells(cells, where)
