"""Every routing file that ever decided a lead or was proposed to, by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import orjson
from sqlalchemy import Engine, select

from tools.store.tables import routing_changes, routing_versions
from tools.store.upsert import insert_new


def keep_version(engine: Engine, digest: str, text: str, files: Mapping[str, str] | None = None) -> None:
    """files: the texts of the files that it names, by name."""
    kept = orjson.dumps(dict(files or {})).decode()
    row = {"digest": digest, "text": text, "files": kept, "loaded_at": datetime.now(UTC)}
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        insert_new(connection, routing_versions, [row], ["digest"])


def version_texts(engine: Engine, digest: str) -> tuple[str, dict[str, str]] | None:
    """The file's text and those of the files that it names, as `parse` takes them."""
    wanted = select(routing_versions.c.text, routing_versions.c.files).where(routing_versions.c.digest == digest)
    with engine.connect() as connection:
        row = connection.execute(wanted).one_or_none()
    return None if row is None else (row.text, orjson.loads(row.files))


def version_text(engine: Engine, digest: str) -> str | None:
    """The file's own text."""
    found = version_texts(engine, digest)
    return None if found is None else found[0]


def versions_like(engine: Engine, beginning: str) -> list[tuple[str, str]]:
    """(digest, text) of the versions whose digest begins like this; two are enough to know that it is not unique."""
    like = routing_versions.c.digest.startswith(beginning.lower(), autoescape=True)
    with engine.connect() as connection:
        rows = connection.execute(select(routing_versions.c.digest, routing_versions.c.text).where(like).limit(2))
        return [(row.digest, row.text) for row in rows]


def last_in_use(engine: Engine, after: str | None = None) -> tuple[str, dict[str, str]] | None:
    """The texts of the version that the history calls live; before there is a history, of the newest that was loaded.
    after: a digest; None then, unless the history has it and calls another one live by now."""
    in_history = select(routing_changes.c.digest).where(routing_changes.c.position.is_not(None))
    loaded = select(routing_versions.c.digest)
    with engine.connect() as connection:
        digest = connection.scalar(in_history.order_by(routing_changes.c.position.desc()).limit(1))
        if after is not None:
            known = connection.scalar(in_history.where(routing_changes.c.digest == after).limit(1))
            digest = None if known is None or digest == after else digest
        elif digest is None:
            digest = connection.scalar(loaded.order_by(routing_versions.c.loaded_at.desc()).limit(1))
    return None if digest is None else version_texts(engine, digest)
