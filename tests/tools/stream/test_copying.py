"""What workers committed reaches the database's file without any commit having copied it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from tools.store import engine as engines
from tools.store.engine import LOG_BYTES, LOG_PAGES, open_engine
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


async def test_a_long_log_is_begun_anew_though_somebody_read_it_when_the_copying_began(
    engine: Engine, executor: ThreadPoolExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "ANEW_MS", 10_000)
    work, log = Copying(engine, executor), tmp_path / "leads.db-wal"
    long = 2 * LOG_PAGES * 4096 // ROW
    write(engine, f"INSERT INTO kept VALUES (zeroblob({ROW}))", long)
    with engine.connect() as reader:
        assert reader.exec_driver_sql("SELECT count(*) FROM kept").scalar() == long
        write(
            engine, f"INSERT INTO kept VALUES (zeroblob({ROW}))"
        )  # behind what the reader reads: not to be copied yet
        work.now()
        async with asyncio.timeout(8):  # what nobody reads any more is copied at once
            while in_file(tmp_path) <= long * ROW:
                await asyncio.sleep(0.01)
    await work.ended()
    size = log.stat().st_size
    write(engine, f"INSERT INTO kept VALUES (zeroblob({ROW}))", long - 1)
    assert log.stat().st_size == size, "nothing was written to its end"


async def test_a_reader_that_stays_does_not_keep_the_copying_waiting(
    engine: Engine, executor: ThreadPoolExecutor
) -> None:
    write(engine, f"INSERT INTO kept VALUES (zeroblob({ROW}))", 2 * LOG_PAGES * 4096 // ROW)
    with engine.connect() as reader:
        assert reader.exec_driver_sql("SELECT count(*) FROM kept").scalar()
        write(engine, f"INSERT INTO kept VALUES (zeroblob({ROW}))")
        work = Copying(engine, executor)
        with capture_logs() as said:
            work.now()
            async with asyncio.timeout(5):
                await work.ended()
    assert said == []


async def test_a_burst_leaves_no_larger_log_behind(
    engine: Engine, executor: ThreadPoolExecutor, tmp_path: Path
) -> None:
    write(engine, f"INSERT INTO kept VALUES (zeroblob({ROW}))", 2 * LOG_BYTES // ROW)
    assert (tmp_path / "leads.db-wal").stat().st_size > LOG_BYTES
    work = Copying(engine, executor)
    work.now()
    await work.ended()
    write(engine, f"INSERT INTO kept VALUES (zeroblob({ROW}))", 2)
    assert (tmp_path / "leads.db-wal").stat().st_size <= LOG_BYTES


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
