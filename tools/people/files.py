"""A file of anybody through the bulk matcher, and what it writes: pairs and clusters as CSV. The file itself is never changed."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.ml.table.reading import TableError, opened
from tools.people.bulk import Found, Pair, find_pairs
from tools.people.clusters import clusters_of
from tools.people.columns import meaning_of
from tools.people.preparing import Progress, prepared, rows_of

_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run as a formula at the beginning of a cell."""


def pairs_of_file(
    path: Path, mapped: Mapping[str, str], progress: Progress, least: float, threshold: float
) -> tuple[Found, list[str]]:
    """The pairs, and sentences about how the file was read. Raises TableError."""
    with opened(path) as table, tempfile.TemporaryDirectory(prefix="dedupe-") as folder:
        meaning = meaning_of(table, mapped)
        notes = [*table.notes, f"Columns: {meaning.said}."]
        if meaning.unused:
            notes.append(f"Not used: {', '.join(meaning.unused[:20])}{', ...' if len(meaning.unused) > 20 else ''}.")
        ready = Path(folder) / "people.parquet"
        rows = prepared(rows_of(table, meaning, progress), ready)
        if rows == 0:
            raise TableError(f"{path}: the file has a header and no rows")
        return find_pairs(ready, rows, progress, least=least, threshold=threshold), notes


def write_pairs(pairs: Iterable[Pair], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("one", "other", "code", "confidence", "sure", "agreed"))
        for pair in pairs:
            sure = "yes" if pair.sure else "no"
            out.writerow((cell(pair.one), cell(pair.other), pair.code, f"{pair.confidence:.4f}", sure, pair.agreed))


def write_clusters(pairs: Iterable[Pair], path: Path) -> int:
    """One row a record that is in a group of several; answers how many rows."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("cluster", "id"))
        for group in clusters_of(pairs):
            for one in group:
                out.writerow((cell(group[0]), cell(one)))
                count += 1
    return count


def cell(text: str) -> str:
    """A stranger's text for a spreadsheet: text, whatever it looks like."""
    return f"'{text}" if text.startswith(_ACTIVE) else text
