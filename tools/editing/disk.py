"""The file on disk is the truth that routes: read before every edit, and whatever a person did to it by hand is kept.

Everything here is done while the folder is locked (see `editing`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from graph.domain.table import RoutingTable
from tools.editing.bases import written_version
from tools.editing.results import Refused
from tools.routing_file import RoutingFileError, load, parse
from tools.store.routing_changes import FILE, add_change, add_live, changes_in, go_live, live_changes, move_change
from tools.store.routing_versions import keep_version, version_text


@dataclass(frozen=True, slots=True)
class Disk:
    """path: the routing file; clock: the time now, with its zone."""

    engine: Engine
    path: Path
    clock: Callable[[], datetime]

    def live(self) -> RoutingTable:
        """The table on disk, known to the history. Raises Refused for a file that cannot be used: an edit on top of it
        would bury what somebody is in the middle of."""
        try:
            table = load(self.path)
        except RoutingFileError as error:
            raise Refused(
                "invalid",
                f"{self.path.name} on disk is not valid, so nothing can be built on it. Mend it there, or put the version "
                "in use back with `rules rollback live`.",
                findings=tuple(map(str, error.findings)),
            ) from None
        except OSError as error:
            raise Refused("invalid", f"{self.path} cannot be read: {error.strerror or type(error).__name__}.") from None
        self._settle(table)
        self._note(table)
        return table

    def live_or_newest(self) -> RoutingTable:
        """The same; for a file that cannot be used, the version that was live last. The unusable text is kept."""
        try:
            return self.live()
        except Refused:
            newest = next(iter(live_changes(self.engine, 1)), None)
            text = None if newest is None else version_text(self.engine, newest.digest)
            if newest is None or text is None:
                raise
        bad = self.content().decode(errors="replace").replace("\0", " ")
        digest = hashlib.sha256(bad.encode()).hexdigest()
        keep_version(self.engine, digest, bad)
        note = "It stood on disk, could not be used, and a rollback replaced it."
        values = {"author": FILE, "reason": "Edited on disk.", "created_at": self.clock(), "note": note}
        add_change(self.engine, digest=digest, base=newest.digest, state="refused", **values)
        return parse(text, self.path.parent)

    def content(self) -> bytes:
        """What stands on disk, nothing for a file that is not there."""
        try:
            return self.path.read_bytes()
        except OSError:
            return b""

    def table_of(self, text: str) -> RoutingTable:
        """The table of a valid text beside the files of the live one."""
        return parse(text, self.path.parent)

    def _settle(self, table: RoutingTable) -> None:
        """Nobody else writes now, so a row that is being written is left from a process that ended in the middle of it."""
        for change in changes_in(self.engine, ["writing"]):
            if change.digest == table.digest:
                version = written_version(table.text)
                go_live(self.engine, change.id, ["writing"], live_at=self.clock(), version=version)
            elif change.effective_at is not None:
                move_change(self.engine, change.id, ["writing"], state="scheduled", digest=change.draft)
            else:
                note = "The process that wrote it ended before the file was written: apply it again."
                move_change(self.engine, change.id, ["writing"], state="refused", note=note)

    def _note(self, table: RoutingTable) -> None:
        """An edit by hand is a version like any other."""
        newest = next(iter(live_changes(self.engine, 1)), None)
        if newest is not None and newest.digest == table.digest:
            return
        keep_version(self.engine, table.digest, table.text, table.files)
        now = self.clock()
        add_live(
            self.engine,
            newest.position if newest else None,
            version=written_version(table.text),
            digest=table.digest,
            base=newest.digest if newest else None,
            author=FILE,
            reason="Edited on disk." if newest else "As it was found.",
            created_at=now,
            live_at=now,
        )
