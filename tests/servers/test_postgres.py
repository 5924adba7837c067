"""A PostgreSQL database that is lent again is as empty as a new one, and one that is no longer the same is not lent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import Connection, Engine, insert, select, text

from tests.fixtures.router import NOW
from tests.servers import postgres as servers
from tests.servers.postgres import Postgres
from tools.store.engine import open_engine
from tools.store.migrate import differences
from tools.store.tables import dead_letters, metadata

ROW = {"kind": "lead", "ref": "s:1", "lead_id": "ld_1", "payload": b"", "reason": "r", "attempts": 1, "at": NOW}
POOL = "INSERT INTO pools (pool, version, credits, turns, updated_at) VALUES ('p', 1, '{}', '{}', '2026-01-01')"


@contextmanager
def lent(postgres: Postgres) -> Iterator[Engine]:
    url = postgres.lend()
    engine = open_engine(url)
    yield engine
    engine.dispose()
    postgres.take_back(url)


def number_of_next(connection: Connection) -> int:
    return int(connection.execute(insert(dead_letters).values(ROW).returning(dead_letters.c.id)).scalar_one())


def test_neither_rows_nor_numbers_are_left_in_the_same_database(postgres: Postgres) -> None:
    with lent(postgres) as engine:
        name = engine.url.database
        with engine.begin() as connection:
            assert number_of_next(connection) == 1
        with engine.connect() as connection:
            connection.execute(text("DELETE FROM dead_letters"))
            assert number_of_next(connection) == 2
    with lent(postgres) as engine, engine.connect() as connection:
        assert engine.url.database == name
        assert [table.name for table in metadata.sorted_tables if connection.execute(select(table)).first()] == []
        assert number_of_next(connection) == 1, "of a row that was rolled back too"
        assert differences(engine) == []


def test_a_connection_left_open_in_a_transaction_does_not_hold_the_next_one_up(postgres: Postgres) -> None:
    url = postgres.lend()
    with psycopg.connect(url) as left:
        left.execute("LOCK TABLE leads")
        postgres.take_back(url)
        with pytest.raises(psycopg.OperationalError):
            left.execute("SELECT 1")


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE alert_notes",
        "ALTER TABLE pools ADD COLUMN spare INTEGER",
        "ALTER TABLE pools RENAME TO puddles",
        "ALTER TABLE pools ALTER COLUMN credits DROP NOT NULL",
        "ALTER TABLE pools ADD CHECK (version > 0)",
        "DROP INDEX ix_leads_email",
        "CREATE TABLE alembic_version (version_num VARCHAR(32))",
        "CREATE SCHEMA other",
        "ALTER SEQUENCE dead_letters_id_seq INCREMENT BY 2",
        "ANALYZE pools",
    ],
)
def test_a_database_with_other_tables_is_not_lent_again(postgres: Postgres, change: str) -> None:
    with lent(postgres) as engine:
        name = engine.url.database
        with engine.begin() as connection:
            connection.execute(text(POOL))
            connection.execute(text(change))
    with lent(postgres) as engine:
        assert engine.url.database != name
        assert differences(engine) == []


def test_a_database_that_lets_nobody_in_is_not_lent_again(postgres: Postgres) -> None:
    url = postgres.lend()
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(
            f"ALTER DATABASE {url.split('?')[0].rsplit('/', 1)[1]} WITH ALLOW_CONNECTIONS false".encode()
        )
    postgres.take_back(url)
    with lent(postgres) as engine, engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pools")) == 0


def test_a_database_is_replaced_in_the_end(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "USES", 2)
    names = []
    for _ in range(4):
        with lent(postgres) as engine:
            names.append(engine.url.database)
    assert 2 <= len(set(names)) <= 3
