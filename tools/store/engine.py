"""Opens the database. SQLite gets write-ahead logging with a sync on each commit: a decision that was acknowledged to the
stream is on disk. Never decides a schema: that is migrations' part. An error's text never holds a row's
values: they are people's."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from functools import partial
from typing import Any

from sqlalchemy import Engine, create_engine, event
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

BUSY_TIMEOUT_MS = 10_000  # longer than the 5 s for which an operator's tool may hold SQLite's write lock
ASK_AGAIN_S = 0.002
BATCH_CACHE_KIB = 4_096
"""A connection's pages, for a transaction of a whole batch. SQLite forgets them whenever another connection has committed,
so that a larger cache fills ever more slowly as the indexes grow: with 16 MB a worker was still growing at 25,000 leads.
What it cannot hold is written early: some 3% of a worker's time for a batch of 256."""
SMALL_CACHE_KIB = 1_024
KEPT = 2
"""Connections to a file that stay open. Each comes to hold pages and prepared statements, some 3 MB; more are opened in half
a millisecond when threads meet, and closed after it."""
LOG_PAGES = 2_000
"""Of 4 KiB: the write-ahead log is long from here on. Each commit of a process that leaves it to SQLite copies it into the
file then, and `copy_home` has it begun anew. The log is written over only once it was copied to its end, which while others
write happens by chance alone: it would grow, and a disk that it has filled has no room to copy it to."""
LOG_BYTES = 32 * 1024 * 1024  # the most that a burst leaves behind of the log's file
ANEW_MS = 20
"""The longest that writers wait for those who still read a long log; it is begun anew the next time then."""


def open_engine(
    url: str, *, pool_size: int = 5, cache_kib: int = BATCH_CACHE_KIB, log_pages: int = LOG_PAGES
) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://...` (psycopg 3). cache_kib, log_pages: of each SQLite connection;
    with log_pages=0 whoever commits sees to `copy_home`."""
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(
        url,
        pool_size=min(pool_size, KEPT),
        pool_use_lifo=True,  # the connection used last: taken in turn, each would keep a cache of its own full
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
        hide_parameters=True,
    )
    event.listen(engine, "connect", partial(_prepare_sqlite, cache_kib, log_pages))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(cache_kib: int, log_pages: int, connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN is deferred; ours below says which kind
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    for attempt in Retrying(
        retry=retry_if_exception(_is_busy),
        wait=wait_random_exponential(0.005, max=0.2),
        stop=stop_after_delay(BUSY_TIMEOUT_MS / 1000),
        reraise=True,
    ):
        with attempt:  # two that turn a new file into WAL at once: SQLite refuses one without waiting
            cursor.execute("PRAGMA journal_mode=WAL")
    for pragma in (
        "synchronous=FULL",
        f"cache_size=-{cache_kib}",
        f"wal_autocheckpoint={log_pages}",
        f"journal_size_limit={LOG_BYTES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def copy_home(engine: Engine) -> None:
    """Copy SQLite's write-ahead log into the file, as far as nobody reads what would be written over. Readers and writers
    go on meanwhile. What was added to a long log in the meantime is copied while writers wait, some milliseconds, so that
    the next of them begins the log anew. By a connection of its own: with one of the pool, the next question would take
    another, and each of the two would come to keep a cache full. Does nothing for another database. Blocking. Raises
    sqlite3.Error."""
    if engine.dialect.name == "sqlite" and engine.url.database:
        with closing(sqlite3.connect(engine.url.database, timeout=BUSY_TIMEOUT_MS / 1000)) as connection:
            (_, pages, _) = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages > LOG_PAGES:
                connection.execute(f"PRAGMA busy_timeout={ANEW_MS}")
                connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()


def let_go(engine: Engine) -> None:
    """Close SQLite's connections that nobody uses, with the pages that each of them keeps; the next question opens one."""
    if engine.dialect.name == "sqlite":
        engine.dispose()


def _begin_sqlite(connection: Any) -> None:
    """Writers say `immediate` in their execution options: a deferred transaction that turns into a write fails at once
    when another writer came between, whatever the busy timeout says."""
    driver = connection.connection.dbapi_connection
    if not connection.get_execution_options().get("immediate", False):
        driver.execute("BEGIN")  # the driver's own: it touches no file, and a decision's reads begin seven times
        return
    driver.execute("PRAGMA busy_timeout=0")
    try:
        if not _begun(driver):
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # for its error, as SQLAlchemy's own
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _begun(driver: sqlite3.Connection) -> bool:
    """Wait for the write lock by asking often. SQLite itself asks ever more rarely, at last every 100 ms: between the
    short transactions of several processes a decision waited ten times as long as the lock was held."""
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() >= until:
                return False
            time.sleep(ASK_AGAIN_S)
        else:
            return True


def _is_busy(error: BaseException) -> bool:
    """Somebody else has the lock, as opposed to a full disk or a file that cannot be read."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
