"""Brings a database to the newest schema. Safe to call at every start and from several processes at once."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, text

from tools.store.tables import metadata

FOLDER = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Run what is missing. One process at a time: SQLite by its write lock, PostgreSQL by an advisory lock."""
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(4711)"))
        command.upgrade(config_for(connection), "head")


def new_revision(engine: Engine, message: str) -> None:
    """Write a migration for what tables/ has and the database has not."""
    with engine.connect() as connection:
        command.revision(config_for(connection), message=message, autogenerate=True)


def differences(engine: Engine) -> list[object]:
    """What a migrated database lacks of tables/; empty when the migrations are complete."""
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


def config_for(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
