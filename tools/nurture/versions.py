"""Which version of its sequence an enrolment goes on under: the one it began with, unless the newest says `move`.

With `"running": "move"` whoever is in an older version goes on under the newest from their next step on, where it has the
step at which they are; else they finish the old one. Every version that was in use is kept in the store with its mails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, select

from graph.domain.sequence import Sequence
from graph.rules.sequences.walking import REVISIT, SETTLE
from tools.sequence_file import SequenceFile, restored, restored_file
from tools.store.tables import nurture_versions
from tools.store.upsert import insert_new

_KEPT: Final = 64


class NoVersion(Exception):
    """The version cannot be performed; the text says why."""


class Versions:
    """current: the file in use. Remembers what it read; asked from several threads, it may read a version twice."""

    def __init__(self, current: Callable[[], SequenceFile]) -> None:
        self._current = current
        self._read: dict[tuple[str, str], Sequence] = {}

    def newest(self) -> Mapping[str, Sequence]:
        return self._current().sequences

    def of(self, connection: Connection, row: Row[Any]) -> Sequence:
        """Raises NoVersion."""
        newest = self.newest().get(row.sequence)
        if newest is not None and (row.version == newest.version or _moves(newest, row)):
            return newest
        if row.version is None:
            raise NoVersion(f"The sequence {row.sequence} is not performed here.")
        held = self._read.get((row.sequence, row.version))
        return held or self._restored(connection, row.sequence, row.version)

    def _restored(self, connection: Connection, name: str, version: str) -> Sequence:
        same = (nurture_versions.c.sequence == name) & (nurture_versions.c.version == version)
        content = connection.scalar(select(nurture_versions.c.content).where(same))
        try:
            sequence = restored(name, content) if content is not None else None
        except ValueError:
            sequence = None
        if sequence is None:
            raise NoVersion(f"Version {version[:12]} of {name} is not kept, or this release cannot read it.")
        if len(self._read) >= _KEPT:
            self._read.clear()
        self._read[name, version] = sequence
        return sequence


def _moves(newest: Sequence, row: Row[Any]) -> bool:
    return newest.running == "move" and (row.step in {REVISIT, SETTLE} or newest.step(row.step) is not None)


def keep_versions(engine: Engine, file: SequenceFile, now: datetime) -> None:
    """So that whoever is enrolled under them can finish them."""
    rows = [
        {"sequence": name, "version": file.sequences[name].version, "content": content, "kept_at": now}
        for name, content in file.kept.items()
    ]
    with engine.execution_options(immediate=True).begin() as connection:
        insert_new(connection, nurture_versions, rows, ["sequence", "version"])


def kept_file(engine: Engine) -> SequenceFile | None:
    """The newest version of every sequence that ever was in use, for who starts while the file is bad; None before any was.
    One that the file does not have any more comes back with them: nobody knows it until the file is mended."""
    of = nurture_versions.c
    with engine.connect() as connection:
        rows = connection.execute(select(of.sequence, of.content).order_by(of.kept_at, of.version)).all()
    return restored_file({row.sequence: row.content for row in rows}) if rows else None
