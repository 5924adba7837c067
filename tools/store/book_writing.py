"""Writes the next version of the book of known accounts: staged in short transactions, shown by one, or taken away.

One writer at a time, by a lease in the database. SQLite has one writer for everything, so that a long transaction would
hold up decisions: nothing here writes more than some thousand rows at once. What a writer leaves that was killed is
invisible, and the next one takes it away.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, delete, insert, or_, select, update

from tools.clock import utc_now
from tools.store.book import Changed, State, state_of
from tools.store.rows import insert_rows
from tools.store.tables import OPEN_END, book_changes, book_lines, book_state, book_told
from tools.store.upsert import insert_new

STALE_S = 120.0
"""A writer that shows no sign of life for so long is dead. It shows one with each transaction, and in between."""
TOLD = (
    "source", "key", "since", "until", "name", "name_key", "country", "parents", "also", "told", "told_in",
)  # fmt: skip
LINES = ("key", "since", "until", "account", "parent", "ultimate", "state", "name", "links")
_KEYS: Any = bindparam("v_keys", expanding=True)
_END_TOLD = (
    update(book_told)
    .where(book_told.c.source == bindparam("v_source"), book_told.c.key.in_(_KEYS), book_told.c.until == OPEN_END)
    .values(until=bindparam("v_until"))
)
_END_LINES = (
    update(book_lines)
    .where(book_lines.c.key.in_(_KEYS), book_lines.c.until == OPEN_END)
    .values(until=bindparam("v_until"))
)


class Busy(Exception):
    """Somebody else writes the book. The message says who, and since when we wait."""


class Writing:
    """The version that is being made. state: of the one that is read meanwhile."""

    def __init__(self, engine: Engine, holder: str, state: State) -> None:
        self._engine, self._holder, self.state = engine, holder, state
        self.version = state.version + 1
        self.shown = False

    def tell(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """rows: (source, key, name, name_key, country, parents, also, told, told_in); told_in None is this version."""
        full = [(row[0], row[1], self.version, OPEN_END, *row[2:-1], row[-1] or self.version) for row in rows]
        with self._transaction() as connection:
            insert_rows(connection, book_told, TOLD, full)

    def end_told(self, source: str, keys: Sequence[str]) -> None:
        self._end(_END_TOLD, keys, v_source=source)

    def line_up(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """rows: (key, account, parent, ultimate, state, name, links)."""
        full = [(row[0], self.version, OPEN_END, *row[1:]) for row in rows]
        with self._transaction() as connection:
            insert_rows(connection, book_lines, LINES, full)

    def end_lines(self, keys: Sequence[str]) -> None:
        self._end(_END_LINES, keys)

    def show(self, change: Changed, sources: Sequence[str]) -> None:
        """This version is the one that is read from now on."""
        with self._transaction() as connection:
            connection.execute(insert(book_changes), asdict(change))
            connection.execute(
                update(book_state).where(book_state.c.one == 1).values(version=self.version, sources=",".join(sources))
            )
        self.shown = True

    def alive(self) -> None:
        """A sign of life, where much is worked out without writing."""
        with self._transaction():
            pass

    def _end(self, statement: Any, keys: Sequence[str], **values: Any) -> None:
        if keys:
            with self._transaction() as connection:
                connection.execute(statement, {"v_keys": list(keys), "v_until": self.version, **values})

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Raises Busy where the lease is another's by now."""
        with self._engine.execution_options(immediate=True).begin() as connection:
            mine = and_(book_state.c.one == 1, book_state.c.writer == self._holder)
            if connection.execute(update(book_state).where(mine).values(writer_at=utc_now())).rowcount != 1:
                raise Busy("the lease on the book of accounts was lost: another process took this one for dead")
            yield connection


@contextmanager
def writing(engine: Engine, *, wait_s: float = 60.0, sleep: Callable[[float], None] = time.sleep) -> Iterator[Writing]:
    """A lease on the next version, for whoever calls `show` before it ends; without that all of it is taken away.

    Raises Busy when another writer is still at it after `wait_s`."""
    holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{time.monotonic_ns() % 10**12}"
    until = time.monotonic() + wait_s
    while (state := _taken(engine, holder)) is None:
        if time.monotonic() >= until:
            raise Busy(f"another process is changing the book of accounts; it was still at it after {wait_s:g} s")
        sleep(0.05)
    mine = Writing(engine, holder, state)
    try:
        yield mine
    finally:
        _given_back(engine, holder, clear=not mine.shown)


def _taken(engine: Engine, holder: str) -> State | None:
    """What the lease is taken on, without what a dead writer left; None while somebody else holds it."""
    now = utc_now()
    with engine.execution_options(immediate=True).begin() as connection:
        first = {"one": 1, "version": 0, "sources": "", "writer": None, "writer_at": None}
        insert_new(connection, book_state, [first], keys=("one",))
        row = connection.execute(select(book_state).where(book_state.c.one == 1).with_for_update()).one()
        if row.writer is not None and row.writer_at > now - timedelta(seconds=STALE_S):
            return None
        connection.execute(update(book_state).where(book_state.c.one == 1).values(writer=holder, writer_at=now))
    if row.writer is not None:
        _clear(engine)
    with engine.execution_options(immediate=True).begin() as connection:
        state = state_of(connection)
        # Lines are worked out, so that old ones tell nothing. Those that ended with the version that is read may still
        # be read by somebody who has not seen it yet.
        connection.execute(delete(book_lines).where(book_lines.c.until < state.version))
    return state


def _given_back(engine: Engine, holder: str, *, clear: bool) -> None:
    mine = and_(book_state.c.one == 1, book_state.c.writer == holder)
    with engine.connect() as connection:
        if connection.execute(select(book_state.c.version).where(mine)).first() is None:
            return
    if clear:
        _clear(engine)
    with engine.execution_options(immediate=True).begin() as connection:
        connection.execute(update(book_state).where(mine).values(writer=None, writer_at=None))


def _clear(engine: Engine) -> None:
    """Takes away what is above the version that is read. Nobody reads it; after `show` there is nothing."""
    for table in (book_told, book_lines):
        with engine.execution_options(immediate=True).begin() as connection:
            version = state_of(connection).version
            ended = and_(table.c.until > version, table.c.until < OPEN_END)
            staged = table.c.since > version
            if connection.execute(select(table.c.since).where(or_(ended, staged)).limit(1)).first() is None:
                continue
            connection.execute(delete(table).where(staged))
            connection.execute(update(table).where(ended).values(until=OPEN_END))
