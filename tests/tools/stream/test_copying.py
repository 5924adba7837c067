"""What workers committed reaches the database's file without any commit having copied it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from tools.store.engine import LOG_PAGES, open_engine
from tools.stream import copying
from tools.stream.copying import AFTER, Copying

ROW = 200_000


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'leads.db'}", log_pages=0)
    write(engine, "CREATE TABLE kept (row BLOB)")
    yield engine
    engine.dispose()


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def write(engine: Engine, statement: str, times: int = 1) -> None:
    for _ in range(times):
        with engine.connect().execution_options(immediate=True) as connection, connection.begin():
            connection.exec_driver_sql(statement)


def in_file(tmp_path: Path) -> int:
    """Bytes that do not stand in the log alone."""
    return (tmp_path / "leads.db").stat().st_size


async def test_the_log_is_copied_after_so_many_leads_and_by_no_commit(
    engine: Engine, executor: ThreadPoolExecutor, tmp_path: Path
) -> None:
    more_than_a_commit_would_leave = 2 * LOG_PAGES * 4096 // ROW
    write(engine, f"INSERT INTO kept VALUES (zeroblob({ROW}))", more_than_a_commit_would_leave)
    assert in_file(tmp_path) < ROW, "no commit has copied it"
    work = Copying(engine, executor)
    work.committed(AFTER - 1)
    await work.ended()
    assert in_file(tmp_path) < ROW, "it is too little yet"
    work.committed(1)
    await work.ended()
    assert in_file(tmp_path) > more_than_a_commit_would_leave * ROW


async def test_who_reads_meanwhile_reads_on_and_the_rest_is_copied_next_time(
    engine: Engine, executor: ThreadPoolExecutor, tmp_path: Path
) -> None:
    work = Copying(engine, executor)
    with engine.connect() as reader:
        assert reader.exec_driver_sql("SELECT count(*) FROM kept").scalar() == 0
        write(engine, f"INSERT INTO kept VALUES (zeroblob({ROW}))", 3)
        work.committed(AFTER)
        await work.ended()
        assert reader.exec_driver_sql("SELECT count(*) FROM kept").scalar() == 0, "its view of the past stands"
    work.committed(AFTER)
    await work.ended()
    assert in_file(tmp_path) > 3 * ROW


async def test_a_database_that_is_away_is_told_and_stops_nobody(
    engine: Engine, executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(copying, "copy_home", away)
    work = Copying(engine, executor)
    with capture_logs() as said:
        work.committed(AFTER)
        await work.ended()
    assert [line["event"] for line in said] == ["log not copied"]
