"""The routing file in use: loaded once, read again when it changes, and never replaced by a bad one.

A load is a parse and the file's own tests. Looks at the disk at most twice a second, however often it is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final

from graph.domain.table import RoutingTable
from tools.routing_file.file_tests import run_tests
from tools.routing_file.findings import Finding, RoutingFileError, describe
from tools.routing_file.parser import parse

LOOK_EVERY_S: Final = 0.5


def load(path: Path) -> RoutingTable:
    """The table of a valid file whose tests pass; OSError or RoutingFileError for any other."""
    return _tested(parse(read_text(path), path.parent))


def read_text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(errors="replace")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        raise RoutingFileError([Finding("", line, column, "the file is not text in UTF-8")]) from None


def _tested(table: RoutingTable) -> RoutingTable:
    failed = [finding for result in run_tests(table) for finding in result.findings()]
    if failed:
        raise RoutingFileError(failed)
    return table


class LiveRouting:
    """The table to route with now. Raises OSError or RoutingFileError when the first load fails.

    clock: seconds that only grow (`time.monotonic`). on_load: called with each new version before it is used, so that
    its text can be kept. fault: what is wrong with the file on disk while the last good version stays in use.
    """

    def __init__(
        self, path: Path, clock: Callable[[], float], on_load: Callable[[RoutingTable], None] | None = None
    ) -> None:
        self._path, self._clock, self._on_load = path, clock, on_load
        self._looking = Lock()
        self._looked_at = clock()
        self._seen: tuple[int, int, int] | None = _identity(path)
        self._table = load(path)
        self.fault: str | None = None
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
            # Taken before the text is read: a write in between shows as another identity at the next look.
            identity = _identity(self._path)
            if identity == self._seen:
                return
            table = load(self._path)
        except RoutingFileError as error:
            self._seen = identity
            self.fault = f"{self._path.name} is not used: {_shortly(error)}"
            return
        except OSError as error:
            self._seen = None
            self.fault = f"{self._path.name} cannot be read: {error.strerror or type(error).__name__}"
            return
        if table.digest != self._table.digest and not self._announced(table):
            return
        self._seen, self.fault = identity, None

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


def _identity(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _shortly(error: RoutingFileError) -> str:
    more = len(error.findings) - 1
    return f"{error.findings[0]}" + (f" and {more} more" if more else "")


def check_file(path: Path) -> tuple[int, str]:
    """Exit code and text of `rules check`: 0 for a valid file whose tests pass, else 1 with every error."""
    try:
        table = load(path)
    except RoutingFileError as error:
        return 1, f"{path} is not valid\n{describe(error.findings)}"
    except OSError as error:
        return 1, f"{path} cannot be read: {error.strerror or type(error).__name__}"
    tests = len(table.tests)
    parts = (
        _count(len(table.map) + 1, "place"),
        _count(len(table.accounts), "account"),
        _count(len(table.rules), "rule"),
        _count(len(table.pools), "pool"),
        _count(len(table.people), "person", "people"),
    )
    said = f"{tests} of {tests} tests pass" if tests else "it has no tests"
    return 0, f"{path} is valid: {', '.join(parts)}; {said} (version {table.version}, {table.digest[:12]})"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
