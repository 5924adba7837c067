"""The migrations make exactly the tables that the code declares, once, whoever starts first."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, inspect, text

from graph.domain.account import Family
from tools.store.engine import BATCH_CACHE_KIB, SMALL_CACHE_KIB, open_engine
from tools.store.history import read_families
from tools.store.migrate import at, config_for, differences, migrate, newest
from tools.store.tables import accounts, leads, metadata

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of each kind without any table."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    else:
        engine = open_engine(request.getfixturevalue("postgres_url"))
        metadata.drop_all(engine)
    yield engine
    engine.dispose()


def test_an_empty_database_becomes_what_the_code_declares(empty: Engine):
    assert inspect(empty).get_table_names() == []
    migrate(empty)
    assert differences(empty) == []
    assert set(inspect(empty).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_what_differs_is_found(empty: Engine):
    """The comparison above can fail."""
    migrate(empty)
    with empty.execution_options(immediate=True).begin() as connection:
        connection.execute(text("DROP TABLE alert_notes"))
        connection.execute(text("ALTER TABLE pools ADD COLUMN spare INTEGER"))
    assert len(differences(empty)) >= 2


def test_a_second_start_changes_nothing_and_keeps_what_is_there(empty: Engine):
    migrate(empty)
    row = "INSERT INTO pools (pool, version, credits, turns, updated_at) VALUES ('p', 1, '{}', '{}', '2026-01-01')"
    with empty.execution_options(immediate=True).begin() as connection:
        connection.execute(text(row))
    migrate(empty)
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pools")) == 1
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def test_a_database_that_is_up_to_date_is_left_alone_and_one_that_is_not_is_brought_there(empty: Engine):
    """The newest revision is read off the files' names: it is the one that Alembic would go to."""
    with empty.connect() as connection:
        assert ScriptDirectory.from_config(config_for(connection)).get_heads() == [newest()]
        assert at(connection) == []
    migrate(empty)
    with empty.execution_options(immediate=True).begin() as connection:
        assert at(connection) == [newest()]
        connection.execute(text("DROP INDEX ix_leads_email"))
    migrate(empty)
    assert differences(empty) != [], "nothing ran"
    with empty.execution_options(immediate=True).begin() as connection:
        connection.execute(text("CREATE INDEX ix_leads_email ON leads (email)"))
        command.downgrade(config_for(connection), "0008")
    assert differences(empty) != []
    migrate(empty)
    assert differences(empty) == []


def test_accounts_of_an_earlier_version_get_the_best_chances_of_their_companies(empty: Engine):
    migrate(empty)
    at = {"decided_at": NOW, "created_at": NOW}
    lead = at | {"owner": "dee@us.example", "path": "qualify", "tier": "mid", "score": 50.0, "form": "{}"}
    rows = [
        lead | {"lead_id": f"ld_{n}", "parent_domain": parent, "domain": domain, "propensity": chance}
        for n, (parent, domain, chance) in enumerate(
            [("top.com", "a.com", 0.25), ("top.com", "a.com", 0.5), ("top.com", "b.com", 0.125), (None, None, 0.75)]
        )
    ]
    account = {"parent_domain": "top.com", "p_max": 0.5, "p_calibrated": 0.5, "companies": 2, "leads": 3}
    with empty.execution_options(immediate=True).begin() as connection:
        connection.execute(insert(leads), [row | {"revision": 1, "assignment": 1} for row in rows])
        connection.execute(insert(accounts), account | {"acv_usd": 1.0, "priority_usd": 0.5, "updated_at": NOW})
        command.downgrade(config_for(connection), "0009")
    migrate(empty)
    with empty.connect() as connection:
        assert read_families(connection, ["top.com"]) == {
            "top.com": Family("top.com", (("a.com", 0.5), ("b.com", 0.125)))
        }


def test_several_processes_may_start_at_once(empty: Engine):
    engines = [open_engine(empty.url.render_as_string(hide_password=False)) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(migrate, engines))
    assert differences(empty) == []
    for engine in engines:
        engine.dispose()


def test_a_new_sqlite_file_may_be_locked_while_it_is_opened(tmp_path: Path):
    """SQLite does not wait when it makes a file's journal a write-ahead log: whoever comes second is refused at once."""
    path = tmp_path / "held.db"
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("CREATE TABLE t (a)")
    holder.execute("BEGIN EXCLUSIVE")
    engine = open_engine(f"sqlite:///{path}")
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(lambda: engine.connect().close())
        time.sleep(0.2)
        assert not opening.done()
        holder.execute("COMMIT")
        opening.result(timeout=10)
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
    engine.dispose()
    holder.close()


@pytest.mark.parametrize("kib", [SMALL_CACHE_KIB, BATCH_CACHE_KIB])
def test_a_part_says_how_many_pages_a_connection_keeps(tmp_path: Path, kib: int):
    engine = open_engine(f"sqlite:///{tmp_path / 'some.db'}", cache_kib=kib)
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA cache_size")) == -kib
    engine.dispose()


def test_the_connection_used_last_is_taken_next_so_that_a_quiet_part_keeps_one_cache(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'some.db'}")
    with engine.connect() as one, engine.connect() as other:
        last = one.connection.dbapi_connection
        other.close()
    for _ in range(2):
        with engine.connect() as connection:
            assert connection.connection.dbapi_connection is last
    engine.dispose()


def test_unique_keys_that_promises_rest_on_exist(empty: Engine):
    """One decision a submission, one effect a key, one turn a lead and pool."""
    migrate(empty)
    found = inspect(empty)
    unique = {
        (table, tuple(held["column_names"]))
        for table in ("decisions", "outbox", "dead_letters")
        for held in found.get_unique_constraints(table)
    }
    assert {("decisions", ("submission_id",)), ("outbox", ("key",)), ("dead_letters", ("kind", "ref"))} <= unique
    assert found.get_pk_constraint("decisions")["constrained_columns"] == ["lead_id", "revision"]
    assert found.get_pk_constraint("turns")["constrained_columns"] == ["lead_id", "pool"]
    assert found.get_pk_constraint("assignments")["constrained_columns"] == ["lead_id", "number"]
