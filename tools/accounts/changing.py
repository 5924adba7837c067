"""A change of the book: what a source tells now, against what it told before; then the families; then all of it at once.

Nothing is shown of a change that cannot be made whole. Never reads a file or a CRM: it is given entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, select

from tools.accounts.deriving import Derived, Deriving
from tools.accounts.joining import Joined, joined
from tools.accounts.scratch import Entry, Scratch
from tools.accounts.telling import text_of, told_row
from tools.store.book import CHUNK, Changed, live
from tools.store.book_writing import Writing, writing
from tools.store.tables import book_told

_PAGE: Final = 2_000
SHOWN: Final = 20
"""Problems that are told; all are counted."""


@dataclass(frozen=True, slots=True)
class Change:
    """Who tells what. kind: import, sync. digest: of the file. replace: the source says nothing else than this."""

    source: str
    kind: str
    name: str
    by: str
    digest: str | None = None
    replace: bool = False
    lenient: bool = False
    """What contradicts itself is dropped and counted, and circles are left open: nobody is there to mend the source."""


@dataclass(slots=True)
class Result:
    """version: the one that was made, None where nothing changed or nothing was to be written."""

    version: int | None = None
    lines: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    gone: int = 0
    derived: Derived = field(default_factory=Derived)
    dropped: list[str] = field(default_factory=list)

    @property
    def anything(self) -> bool:
        return bool(self.new or self.changed or self.gone)

    def figures(self) -> dict[str, int]:
        counts = {name: getattr(self, name) for name in ("lines", "new", "changed", "same", "gone")}
        return counts | self.derived.figures()


class Refused(ValueError):
    """Nothing was written. problems: sentences, at most SHOWN; count: of all."""

    def __init__(self, problems: Sequence[str], count: int | None = None) -> None:
        self.problems, self.count = list(problems[:SHOWN]), len(problems) if count is None else count
        super().__init__("; ".join(self.problems))


def change_book(
    engine: Engine,
    scratch: Scratch,
    change: Change,
    order: Sequence[str],
    *,
    dry_run: bool = False,
    now: datetime | None = None,
    wait_s: float = 60.0,
) -> Result:
    """Makes the next version of the book from the entries of `scratch`, which is closed up.

    Raises Refused, and Busy when another process is changing the book. The same entries twice make no second version."""
    result = Result(lines=scratch.count)
    with writing(engine, wait_s=wait_s) as book:
        for page in _pages(_accounts(scratch, change, result), _PAGE):
            _tell(engine, book, change, page, result)
        if change.replace:
            _end_the_rest(engine, book, change.source, scratch, result)
        if not (result.new or result.changed or result.gone):
            result.derived = Deriving(engine, book.state.version, book.state.sources, book.alive).work_out()
            return result
        result.derived = derive(engine, book, order, None if change.lenient else _Mending(change.source, scratch))
        if not dry_run:
            show(book, change, result, order, now or datetime.now(UTC))
    return result


def derive(engine: Engine, book: Writing, order: Sequence[str], mending: _Mending | None = None) -> Derived:
    deriving = Deriving(engine, book.version, order, book.alive)
    found = deriving.work_out()
    if mending is not None and (problems := mending.of(found)):
        raise Refused(problems)
    deriving.write(book)
    return found


def show(
    book: Writing, change: Change, result: Result, order: Sequence[str], now: datetime, undoes: int | None = None
) -> None:
    book.show(
        Changed(
            version=book.version, source=change.source, kind=change.kind, name=change.name, digest=change.digest,
            by=change.by, at=now, replaced=change.replace, undoes=undoes, figures=orjson.dumps(result.figures()).decode(),
        ),
        order,
    )  # fmt: skip
    result.version = book.version


def _accounts(scratch: Scratch, change: Change, result: Result) -> Iterator[Joined]:
    """Each account of the entries. Raises Refused at the end where lines contradict each other."""
    problems: list[str] = []
    for entries in scratch.by_account():
        account = joined(entries, scratch)
        problems += account.problems
        if not account.problems or change.lenient:
            yield account
    if problems and not change.lenient:
        raise Refused(problems)
    result.dropped += problems


def _tell(engine: Engine, book: Writing, change: Change, page: list[Joined], result: Result) -> None:
    with engine.connect() as connection:  # not kept: SQLite's log grows for as long as somebody reads the same state
        held = _held(connection, change.source, [account.key for account in page], book.state.version)
    rows, ended = [], []
    for account in page:
        was = held.get(account.key)
        if was == text_of(account.fields):
            result.same += 1
            continue
        if was is None:
            result.new += 1
        else:
            result.changed += 1
            ended.append(account.key)
        rows.append(told_row(change.source, account.key, account.fields))
    book.end_told(change.source, ended)
    if rows:
        book.tell(rows)


def _held(connection: Connection, source: str, keys: Sequence[str], at: int) -> dict[str, str]:
    """What the source told of these accounts, as it stands."""
    wanted = select(book_told.c.key, book_told.c.told).where(
        book_told.c.source == source, book_told.c.key.in_(keys), live(book_told)
    )
    return {row.key: row.told for row in connection.execute(wanted, {"v_at": at})}


def _end_the_rest(engine: Engine, book: Writing, source: str, scratch: Scratch, result: Result) -> None:
    mine = select(book_told.c.key).where(book_told.c.source == source, live(book_told))
    last = ""
    while True:
        wanted = mine.where(book_told.c.key > last).order_by(book_told.c.key).limit(CHUNK)
        with engine.connect() as connection:
            page = list(connection.scalars(wanted, {"v_at": book.state.version}))
        if not page:
            return
        there, last = scratch.has(page), page[-1]
        gone = [key for key in page if key not in there]
        book.end_told(source, gone)
        result.gone += len(gone)


def _pages(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    items = iter(items)
    while page := list(islice(items, size)):
        yield page


class _Mending:
    """Circles that a file takes part in, said so that its author can open them."""

    def __init__(self, source: str, scratch: Scratch) -> None:
        self._source, self._scratch = source, scratch

    def of(self, found: Derived) -> list[str]:
        return [self._said(ring) for ring in found.circles if any(source == self._source for _, _, source in ring)]

    def _said(self, ring: list[tuple[str, str, str]]) -> str:
        shown = ring[:SHOWN]
        circle = " -> ".join([*(one for one, _, _ in shown), *(["..."] if len(ring) > SHOWN else []), ring[0][0]])
        where = [self._where(*link) for link in shown]
        more = f"; {len(ring)} companies in all" if len(ring) > SHOWN else ""
        return f"companies own each other in a circle: {circle} ({'; '.join(where)}{more}); clear one of these parents"

    def _where(self, child: str, parent: str, source: str) -> str:
        lines = self._scratch.lines_of(child) if source == self._source else []
        if lines:
            return f"line {', '.join(map(str, lines))}: {child} under {parent}"
        return f"{child} under {parent} says {source}"


__all__ = ["SHOWN", "Change", "Entry", "Refused", "Result", "change_book", "derive", "show"]
