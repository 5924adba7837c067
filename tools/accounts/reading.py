"""A CSV file of accounts into a scratch of entries, line by line: a million lines need no memory.

UTF-8; separated by the sign that the first line holds most of (`,`, `;` or a tab). Never writes to the book.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import IO, Final

from tools.accounts.changing import SHOWN, Refused
from tools.accounts.columns import ColumnError, Columns, columns_of
from tools.accounts.scratch import Scratch
from tools.accounts.understanding import Fault, Understanding

_SIGNS: Final = (",", ";", "\t")
_LONGEST_CELL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Read:
    columns: Columns
    digest: str


def read_file(
    path: Path, scratch: Scratch, understanding: Understanding, said: Mapping[str, str] | None = None
) -> Read:
    """Fills `scratch` and closes it up. said: field -> header, where the command line says it.

    Raises OSError, and Refused with every line that cannot be used, at most SHOWN of them in words."""
    digest = digest_of(path)
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            columns = _read(file, path.name, scratch, understanding, said or {})
        except UnicodeDecodeError:
            raise Refused([f"{path.name} is not text in UTF-8; save it as CSV UTF-8"]) from None
        except ColumnError as error:
            raise Refused([f"line 1: {error}"]) from None
    faults = understanding.faults
    if faults:
        raise Refused([str(fault) for fault in faults[:SHOWN]], len(faults))
    if understanding.unit_looks_wrong():
        what = f"{understanding.cheap:,} of {understanding.both:,} accounts"
        way_out = "say --revenue-in millions or thousands, or --revenue-in dollars where that is right"
        raise Refused([f"revenue comes to less than 100 dollars for each person in {what}: {way_out}"])
    scratch.close_up()
    return Read(columns, digest)


def _read(file: IO[str], name: str, scratch: Scratch, understanding: Understanding, said: Mapping[str, str]) -> Columns:
    first = file.readline()
    reader = csv.reader(chain([first], file), delimiter=max(_SIGNS, key=first.count), strict=False)
    try:
        columns = columns_of(next(reader, []), said)
        places = list(columns.at.items())
        for row in reader:
            if not any(row):
                continue
            if len(row) != columns.width:
                what = f"has {len(row)} cells and line 1 has {columns.width}; quote a text that holds the separator"
                understanding.faults.append(Fault(reader.line_num, "", "", what))
                continue
            entry = understanding.entry({field: row[place] for field, place in places if row[place]}, reader.line_num)
            if entry is not None:
                scratch.add(entry)
    except csv.Error as error:
        raise Refused([f"line {reader.line_num} of {name}: {error}; save it as CSV UTF-8"]) from None
    return columns


def digest_of(path: Path) -> str:
    """SHA-256 of the file, 64 hexadecimal digits."""
    found = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()
