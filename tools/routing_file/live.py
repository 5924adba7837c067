"""The routing file in use: loaded once, read again when it changes, and never replaced by a bad one.

A load is a parse and the file's own tests, and nothing that depends on the day: a file that loaded yesterday loads today.
What `rules check` finds besides (a pool that nobody works in on Sundays, a DEFAULT who goes on leave next month) comes and
goes with the calendar. A router that refused such a file would stop after a restart, on the worst day, over something
that it handles: a lead that passes every other line goes to DEFAULT. So the proof is asked before an edit goes live, and
never by a router. Looks at the disk at most twice a second, however often it is asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final, TypeAlias

from graph.domain.table import RoutingTable
from tools.routing_file.file_tests import run_tests
from tools.routing_file.findings import RoutingFileError
from tools.routing_file.parser import named_files, parse
from tools.routing_file.reader import read_text

LOOK_EVERY_S: Final = 0.5
Identity: TypeAlias = "tuple[tuple[int, int, int] | None, ...]"


def load(path: Path, *, tested: bool = True) -> RoutingTable:
    """The table of a valid file whose tests pass, where they have to; OSError or RoutingFileError for any other."""
    table = parse(read_text(path), path.parent)
    return _tested(table) if tested else table


def _tested(table: RoutingTable) -> RoutingTable:
    failed = [finding for result in run_tests(table) for finding in result.findings()]
    if failed:
        raise RoutingFileError(failed)
    return table


class LiveRouting:
    """The table to route with now. Raises OSError or RoutingFileError when the first load fails and no version is kept.

    clock: seconds that only grow (`time.monotonic`). on_load: called with each new version before it is used, so that
    its text can be kept. kept: the version that was in use last, for a process that starts while the file is bad; told a
    digest, that version where it went live after the one of this digest, for a process that slept when it did. fault:
    what is wrong with the file on disk while the last good version stays in use.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float],
        on_load: Callable[[RoutingTable], None] | None = None,
        kept: Callable[[str | None], RoutingTable | None] = lambda _after: None,
    ) -> None:
        self._path, self._clock, self._on_load, self._kept = path, clock, on_load, kept
        self._looking = Lock()
        self._looked_at = clock()
        self._names: tuple[str, ...] = ()
        self._seen: Identity | None = None
        self.fault: str | None = None
        try:
            self._table = self._loaded()
        except (OSError, RoutingFileError) as error:
            table = kept(None)
            if table is None:
                raise
            self._table, self.fault = table, self._told(error)
        else:
            if on_load is not None:
                on_load(self._table)

    def current(self) -> RoutingTable:
        """The newest good version."""
        if self._clock() - self._looked_at >= LOOK_EVERY_S and self._looking.acquire(blocking=False):
            try:
                self._looked_at = self._clock()
                self._look()
            finally:
                self._looking.release()
        return self._table

    def _look(self) -> None:
        try:
            if _identity(self._path, self._names) == self._seen:
                return
            table = self._loaded()
        except (OSError, RoutingFileError) as error:
            self.fault = self._told(error)
            self._catch_up()
            return
        if table.digest != self._table.digest and not self._announced(table):
            self._seen = None
            return
        self.fault = None

    def _catch_up(self) -> None:
        """A good version may have gone live, and the file been spoilt, since this process looked."""
        try:
            self._table = self._kept(self._table.digest) or self._table
        except Exception:  # noqa: BLE001 - the store is away: whoever decides waits for it, and the next look asks again
            self._seen = None

    def _told(self, error: OSError | RoutingFileError) -> str:
        if isinstance(error, RoutingFileError):
            return f"{self._path.name} is not used: {_shortly(error)}"
        self._seen = None  # the next look tries again
        return f"{self._path.name} cannot be read: {error.strerror or type(error).__name__}"

    def _loaded(self) -> RoutingTable:
        """Loads what is on the disk, and remembers what it was, good or bad."""
        # Taken before the texts are read: a write in between shows as another identity at the next look.
        self._seen = None
        self._names = named_files(read_text(self._path))
        self._seen = _identity(self._path, self._names)
        table = load(self._path)
        if named_files(table.text) != self._names:
            self._seen = None
        return table

    def _announced(self, table: RoutingTable) -> bool:
        """A version that could not be kept is not used; the next look tries again."""
        try:
            if self._on_load is not None:
                self._on_load(table)
        except Exception as error:  # noqa: BLE001 - whatever it was, the last good version keeps routing
            self.fault = f"{self._path.name} is not used: the new version could not be kept ({type(error).__name__})"
            return False
        self._table = table
        return True


def _identity(path: Path, names: tuple[str, ...]) -> Identity:
    """The file and those that it names; None for one that is not there."""
    return (_one(path.stat()), *(_one_of(path.parent / name) for name in names))


def _one_of(path: Path) -> tuple[int, int, int] | None:
    try:
        return _one(path.stat())
    except (OSError, ValueError):
        return None


def _one(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _shortly(error: RoutingFileError) -> str:
    more = len(error.findings) - 1
    return f"{error.findings[0]}" + (f" and {more} more" if more else "")
