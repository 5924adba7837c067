"""Reads a CSV or Parquet file of anybody as named columns: whole for training, in batches of flat memory for scoring.

A CSV's cells stay text here: what they mean is decided in `kinds`, once, and not per batch. Nothing is guessed in silence:
an encoding other than UTF-8, renamed headers and the like stand in `notes`.
"""

from __future__ import annotations

import csv
import difflib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

BATCH = 50_000
"""Rows of a batch: a few megabytes per ten columns."""
DELIMITERS = ",;\t|"
_SNIFFED = 65_536
_BLOCK = 1 << 20


class TableError(Exception):
    """A file or a column that cannot be used. The text names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """An opened file. names: its columns, each once; notes: what a person should know about how it was read."""

    path: Path
    names: tuple[str, ...]
    lazy: pl.LazyFrame
    notes: tuple[str, ...] = ()

    def frame(self, names: Sequence[str] | None = None) -> pl.DataFrame:
        """All rows. Raises TableError where a line does not fit the header."""
        lazy = self.lazy if names is None else self.lazy.select(names)
        try:
            return lazy.collect()
        except pl.exceptions.PolarsError as error:
            raise TableError(f"{self.path}: {_fault(self.path, error)}") from None

    def batches(self, names: Sequence[str], rows: int = BATCH) -> Iterator[pl.DataFrame]:
        """The rows in the file's order, at most `rows` at a time, with these columns alone."""
        try:
            for batch in self.lazy.select(names).collect_batches(chunk_size=rows, maintain_order=True):
                yield from batch.iter_slices(rows)
        except pl.exceptions.PolarsError as error:
            raise TableError(f"{self.path}: {_fault(self.path, error)}") from None

    def column(self, name: str, said_by: str) -> str:
        """The name as the file has it: exact, or the one that differs in case and blanks alone. Raises TableError with a
        suggestion."""
        if name in self.names:
            return name
        alike = [own for own in self.names if _plain(own) == _plain(name)]
        if len(alike) == 1:
            return alike[0]
        raise TableError(f'{said_by}: {self.path} has no column "{name}"{suggestion(name, self.names)}')


def suggestion(name: str, names: Sequence[str]) -> str:
    """'; did you mean "Converted"?', else the names there are."""
    plain = {_plain(own): own for own in names}
    near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.6)
    if near:
        return f'; did you mean "{plain[near[0]]}"?'
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"; it has: {shown}"


@contextmanager
def opened(path: Path) -> Iterator[Table]:
    """Opens by the name's ending: .parquet (.pq), else CSV. A copy in UTF-8 is kept aside as long as it is open where the
    file is written in another encoding."""
    if not path.is_file():
        raise TableError(f"{path}: there is no such file")
    if path.suffix.lower() in {".parquet", ".pq"}:
        yield _parquet(path)
        return
    if path.suffix.lower() in {".xlsx", ".xls", ".json", ".jsonl", ".gz", ".zip"}:
        raise TableError(f"{path}: expected a CSV or Parquet file; save it as CSV (UTF-8) first")
    encoding = encoding_of(path)
    if encoding == "utf-8":
        yield _csv(path, path, ())
        return
    with tempfile.NamedTemporaryFile("wb", prefix="table-", suffix=".csv") as copy:
        with path.open(encoding=encoding, newline="") as text:
            while block := text.read(_BLOCK):
                copy.write(block.encode())
        copy.flush()
        note = f"{path.name} is not UTF-8: read as {encoding}; if names look wrong, save it as UTF-8"
        yield _csv(path, Path(copy.name), (note,))


def encoding_of(path: Path) -> Literal["utf-8", "utf-16", "cp1252", "latin-1"]:
    """Of the whole file, a block at a time: what is valid UTF-8 is UTF-8 with next to no exception."""
    with path.open("rb") as file:
        if file.read(2) in {b"\xff\xfe", b"\xfe\xff"}:
            return "utf-16"
    for encoding in ("utf-8", "cp1252"):
        try:
            with path.open(encoding=encoding) as text:
                while text.read(_BLOCK):
                    pass
        except UnicodeDecodeError:
            continue
        return "utf-8" if encoding == "utf-8" else "cp1252"
    return "latin-1"


def _parquet(path: Path) -> Table:
    try:
        lazy = pl.scan_parquet(path)
        names = tuple(lazy.collect_schema().names())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TableError(f"{path}: not a readable Parquet file ({str(error).splitlines()[0]})") from None
    return Table(path, names, lazy)


def _csv(path: Path, utf8: Path, notes: tuple[str, ...]) -> Table:
    """path: as people call it; utf8: where its text is."""
    delimiter, header = _head(path, utf8)
    names, renamed = _unique(header)
    lazy = pl.scan_csv(
        utf8, separator=delimiter, infer_schema=False, with_column_names=lambda _: list(names), low_memory=True
    )
    try:
        lazy.head(1).collect()
    except pl.exceptions.PolarsError as error:
        raise TableError(f"{path}: {_fault(utf8, error)}") from None
    if delimiter != ",":
        notes = (*notes, f"columns are divided by {'tabs' if delimiter == chr(9) else repr(delimiter)}")
    return Table(path, names, lazy, (*notes, *renamed))


def _head(path: Path, utf8: Path) -> tuple[str, list[str]]:
    """The delimiter and the header. The delimiter is the one that divides the first lines into the most columns, equally."""
    with utf8.open(encoding="utf-8-sig", newline="") as text:
        start = text.read(_SNIFFED)
    if not start.strip():
        raise TableError(f"{path}: the file is empty")
    if "\0" in start:
        raise TableError(f"{path}: not a text file; expected CSV, or Parquet with the ending .parquet")
    lines = start if len(start) < _SNIFFED else start[: start.rfind("\n") + 1] or start
    best, header, most = ",", [start.splitlines()[0]], 0.0
    for delimiter in DELIMITERS:
        rows = [row for row in csv.reader(lines.splitlines(keepends=True), delimiter=delimiter) if row][:50]
        even = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        if len(rows[0]) > 1 and even * len(rows[0]) > most:
            best, header, most = delimiter, rows[0], even * len(rows[0])
    return best, header if most else next(csv.reader([start.splitlines()[0]]))


def _unique(header: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Each name once, without blanks around it, and a note for each that had to be changed."""
    names: list[str] = []
    notes: list[str] = []
    for place, raw in enumerate(header, 1):
        name = wanted = raw.strip() or f"column {place}"
        count = 1
        while name in names:
            count += 1
            name = f"{wanted} ({count})"
        if not raw.strip():
            notes.append(f'column {place} has no name: called "{name}"')
        elif name != raw.strip():
            notes.append(f'"{wanted}" stands in the header more than once: column {place} is called "{name}"')
        names.append(name)
    return tuple(names), tuple(notes)


def _fault(path: Path, error: Exception) -> str:
    """The first line that has more cells than the header, where that is the fault; else what the reader said."""
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "more fields" not in said or path.suffix.lower() in {".parquet", ".pq"}:
        return said
    delimiter, header = _head(path, path)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        rows = csv.reader(text, delimiter=delimiter)
        for row in rows:
            if len(row) > len(header):
                return f'line {rows.line_num} has {len(row)} cells, the header {len(header)}; quote cells that hold "{delimiter}"'
    return said


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
