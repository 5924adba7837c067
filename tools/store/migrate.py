"""Brings a database to the newest schema. Safe to call at every start and from several processes at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

if TYPE_CHECKING:  # Alembic takes a third of a second to import; a start on a database that is up to date does without
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Run what is missing. One process at a time: SQLite by its write lock, PostgreSQL by an advisory lock."""
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(4711)"))
        if at(connection) == [newest()]:
            return
        from alembic import command  # noqa: PLC0415

        command.upgrade(config_for(connection), "head")


def newest() -> str:
    """The last revision there is: migrations are one line, and their files are named by number (a test holds it)."""
    return max(path.name for path in (FOLDER / "versions").glob("[0-9]*.py")).partition("_")[0]


def at(connection: Connection) -> list[str]:
    """The revisions that the database says it is at; none when it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return []
    return list(connection.scalars(text("SELECT version_num FROM alembic_version")))


def new_revision(engine: Engine, message: str) -> None:
    """Write a migration for what tables/ has and the database has not."""
    from alembic import command  # noqa: PLC0415

    with engine.connect() as connection:
        command.revision(config_for(connection), message=message, autogenerate=True)


def differences(engine: Engine) -> list[object]:
    """What a migrated database lacks of tables/; empty when the migrations are complete."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415
    from alembic.migration import MigrationContext  # noqa: PLC0415

    from tools.store.tables import metadata  # noqa: PLC0415

    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


def config_for(connection: Connection) -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
