"""Brings a file of accounts into the book, and keeps the bundled table in it. The command line and the start use this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from tools.accounts.changing import Change, Result, change_book, derive, show
from tools.accounts.columns import Columns
from tools.accounts.reading import digest_of, read_file
from tools.accounts.scratch import Scratch
from tools.accounts.understanding import Understanding
from tools.store.book import changes, state_of
from tools.store.book_writing import writing

BUNDLED: Final = "bundled"
US: Final = "lead router"  # who tells what nobody told by hand


@dataclass(frozen=True, slots=True)
class Imported:
    result: Result
    columns: Columns
    understanding: Understanding


def import_file(
    engine: Engine,
    path: Path,
    change: Change,
    order: Sequence[str],
    *,
    understanding: Understanding | None = None,
    columns: Mapping[str, str] | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
    wait_s: float = 60.0,
) -> Imported:
    """columns: field -> header, where the header does not say it. Raises OSError, Refused and Busy; then nothing changed."""
    understanding = understanding or Understanding()
    with Scratch() as scratch:
        read = read_file(path, scratch, understanding, columns)
        told = Change(
            change.source,
            change.kind,
            change.name,
            change.by,
            read.digest,
            replace=change.replace,
            lenient=change.lenient,
        )
        result = change_book(engine, scratch, told, order, dry_run=dry_run, now=now, wait_s=wait_s)
    return Imported(result, read.columns, understanding)


def keep_bundled(engine: Engine, path: Path, order: Sequence[str], *, wait_s: float = 60.0) -> bool:
    """The bundled table is in the book as the file says it; whether that had to be done. One question where nothing changed.

    Raises OSError, Refused for a table that contradicts itself, and Busy."""
    with engine.connect() as connection:
        if any(one.digest == digest_of(path) for one in changes(connection, source=BUNDLED, limit=1)):
            return False
    change = Change(BUNDLED, "import", path.name, US, replace=True)
    return import_file(engine, path, change, order, wait_s=wait_s).result.version is not None


def forget_bundled(engine: Engine, order: Sequence[str], *, wait_s: float = 60.0) -> bool:
    """The bundled table is not in the book; whether it was."""
    with engine.connect() as connection:
        told = changes(connection, source=BUNDLED, limit=1)
    if not told or told[0].digest is None:
        return False
    with Scratch() as nothing:
        nothing.close_up()
        change_book(engine, nothing, Change(BUNDLED, "import", "left out", US, replace=True), order, wait_s=wait_s)
    return True


def keep_order(engine: Engine, order: Sequence[str], *, wait_s: float = 60.0) -> bool:
    """The families were worked out by this order of sources; whether that had to be done."""
    with engine.connect() as connection:
        state = state_of(connection)
    if state.sources == tuple(order):
        return False
    change = Change("settings", "order", ",".join(order), US)
    with writing(engine, wait_s=wait_s) as book:
        if book.state.sources == tuple(order):  # somebody else was quicker
            return False
        result = Result(derived=derive(engine, book, order))
        show(book, change, result, order, datetime.now(UTC))
    return True
