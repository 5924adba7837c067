"""Opens the database. SQLite gets write-ahead logging with a sync on each commit: a decision that was acknowledged to the
stream is on disk. Never decides a schema: that is migrations' part. An error's text never holds a row's
values: they are people's."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import Engine, create_engine, event
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

BUSY_TIMEOUT_MS = 10_000  # longer than the 5 s for which an operator's tool may hold SQLite's write lock


def open_engine(url: str, *, pool_size: int = 5) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://...` (psycopg 3)."""
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(
        url, pool_size=pool_size, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN is deferred; ours below says which kind
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    for attempt in Retrying(
        retry=retry_if_exception_type(sqlite3.OperationalError),
        wait=wait_random_exponential(0.005, max=0.2),
        stop=stop_after_delay(BUSY_TIMEOUT_MS / 1000),
        reraise=True,
    ):
        with attempt:  # two that turn a new file into WAL at once: SQLite refuses one without waiting
            cursor.execute("PRAGMA journal_mode=WAL")
    for pragma in ("synchronous=FULL", "cache_size=-16384"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    """Writers say `immediate` in their execution options: a deferred transaction that turns into a write fails at once
    when another writer came between, whatever the busy timeout says."""
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
