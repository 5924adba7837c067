"""A log line says what the database said, in its own code, and nothing of a row."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError

from tools.observe.why import why
from tools.store.engine import open_engine


def test_a_full_disk_is_told_from_a_lock(tmp_path: Path) -> None:
    with open_engine(f"sqlite:///{tmp_path}/small.db").connect() as connection:
        connection.execute(text("CREATE TABLE kept (words TEXT)"))
        connection.execute(text("PRAGMA max_page_count = 3"))
        with pytest.raises(OperationalError) as found:
            connection.execute(text("INSERT INTO kept VALUES (:words)"), {"words": "maya@acme.example" * 5_000})
    assert why(found.value) == "OperationalError SQLITE_FULL"


def test_postgresql_says_its_state(postgres_url: str) -> None:
    with open_engine(postgres_url).connect() as connection, pytest.raises(SQLAlchemyError) as found:
        connection.execute(text("SELECT * FROM nowhere"))
    assert why(found.value) == f"{ProgrammingError.__name__} 42P01"


def test_any_other_error_is_its_class() -> None:
    assert why(TimeoutError("of maya@acme.example")) == "TimeoutError"
