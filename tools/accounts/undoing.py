"""Takes the last change of a source back: the book says of it exactly what it said before. That is a change as well, so
that nothing told is lost, and whoever regrets it imports the file again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, and_, select

from tools.accounts.changing import Change, Refused, Result, derive, show
from tools.accounts.telling import told_row
from tools.store.book import CHUNK, Changed, changes
from tools.store.book_writing import Writing, writing
from tools.store.tables import book_told

_ALL: Final = 1_000_000  # changes of one source


def undo(
    engine: Engine, version: int, by: str, order: Sequence[str], *, now: datetime | None = None, wait_s: float = 60.0
) -> Result:
    """Takes back the change that made this version. Raises Refused for one that is not its source's last; Busy."""
    with writing(engine, wait_s=wait_s) as book:
        with engine.connect() as connection:
            undone = _last(connection, version)
        result = Result()
        _back_to(engine, book, undone.source, version - 1, result)
        result.derived = derive(engine, book, order)
        change = Change(undone.source, "undo", undone.name, by)
        show(book, change, result, order, now or datetime.now(UTC), undoes=version)
    return result


def standing_changes(connection: Connection, source: str | None = None) -> list[Changed]:
    """Changes that were not taken back, newest first; of one source, or of all."""
    told = changes(connection, source=source, limit=_ALL)
    undone = {one.undoes for one in told}
    return [one for one in told if one.kind != "undo" and one.version not in undone]


def _last(connection: Connection, version: int) -> Changed:
    wanted = next((one for one in changes(connection, limit=_ALL) if one.version == version), None)
    if wanted is None:
        raise Refused([f"no change made version {version}; app.py accounts import --history lists them"])
    standing = standing_changes(connection, wanted.source)
    if wanted not in standing:
        what = "is one that took another back" if wanted.kind == "undo" else "was taken back already"
        raise Refused([f"change {version} {what}; import the file again instead"])
    if standing[0].version != version:
        raise Refused([f"change {version} is not the last of {wanted.source}: take back {standing[0].version} first"])
    return wanted


def _back_to(engine: Engine, book: Writing, source: str, then: int, result: Result) -> None:
    """What the source told in version `then` is what it tells now."""
    for compared in _then_and_now(engine, source, then, book.state.version):
        page = [one for one in compared if one[1] != one[2]]
        book.end_told(source, [key for key, _, now in page if now is not None])
        rows = [told_row(source, key, orjson.loads(was[0]), was[1]) for key, was, _ in page if was is not None]
        if rows:
            book.tell(rows)
        result.gone += sum(was is None for _, was, _ in page)
        result.new += sum(now is None for _, _, now in page)
        result.changed += sum(was is not None and now is not None for _, was, now in page)


def _then_and_now(engine: Engine, source: str, then: int, now: int) -> Iterator[list[tuple[str, Any, Any]]]:
    """Pages of (key, what was told then, what is told now), each (JSON, the version that brought it) or None. A page is
    read at once: SQLite's log grows for as long as somebody reads the same state."""
    mine = and_(book_told.c.source == source, book_told.c.since <= now)
    last = ""
    while True:
        keys = select(book_told.c.key).where(mine, book_told.c.key > last).distinct().order_by(book_told.c.key)
        with engine.connect() as connection:
            page = list(connection.scalars(keys.limit(CHUNK)))
            wanted = select(book_told).where(mine, book_told.c.key.in_(page)).order_by(book_told.c.key)
            rows = list(connection.execute(wanted)) if page else []
        if not page:
            return
        last = page[-1]
        groups = ((key, list(told)) for key, told in groupby(rows, lambda row: row.key))
        yield [(key, _live(told, then), _live(told, now)) for key, told in groups]


def _live(told: Sequence[Any], at: int) -> tuple[str, int] | None:
    return next(((row.told, row.told_in) for row in told if row.since <= at < row.until), None)
