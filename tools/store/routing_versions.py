"""Every routing file that ever decided a lead or was proposed to, by the digest of its text."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine, select

from tools.store.tables import routing_versions
from tools.store.upsert import insert_new


def keep_version(engine: Engine, digest: str, text: str) -> None:
    row = {"digest": digest, "text": text, "loaded_at": datetime.now(UTC)}
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        insert_new(connection, routing_versions, [row], ["digest"])


def version_text(engine: Engine, digest: str) -> str | None:
    with engine.connect() as connection:
        return connection.scalar(select(routing_versions.c.text).where(routing_versions.c.digest == digest))


def versions_like(engine: Engine, beginning: str) -> list[tuple[str, str]]:
    """(digest, text) of the versions whose digest begins like this; two are enough to know that it is not unique."""
    like = routing_versions.c.digest.startswith(beginning.lower(), autoescape=True)
    with engine.connect() as connection:
        rows = connection.execute(select(routing_versions.c.digest, routing_versions.c.text).where(like).limit(2))
        return [(row.digest, row.text) for row in rows]
