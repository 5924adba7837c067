"""Connections and what they keep."""

from __future__ import annotations

from sqlalchemy import Engine, text

from tools.store.engine import let_go


def test_connections_to_a_file_are_closed_when_nobody_uses_them_and_opened_again(database: Engine):
    with database.connect() as used:
        used.execute(text("SELECT 1"))
        with database.connect() as idle:
            idle.execute(text("SELECT 1"))
        let_go(database)
        assert used.scalar(text("SELECT 1")) == 1, "who uses one keeps it"
    kept = database.pool.checkedin()  # type: ignore[attr-defined]
    assert (kept == 0) == (database.dialect.name == "sqlite"), "a server's are dear to open, and keep no pages here"
    with database.connect().execution_options(immediate=True) as connection, connection.begin():
        connection.execute(text("CREATE TABLE kept (row INTEGER)"))
        mode = connection.scalar(text("PRAGMA journal_mode")) if database.dialect.name == "sqlite" else "wal"
    assert mode == "wal", "a new one is prepared as the first ones were"
