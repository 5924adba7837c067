"""The sequences in use: loaded once, read again when the file or a mail changes, and never replaced by a bad version."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final, TypeAlias

from tools.routing_file.findings import RoutingFileError
from tools.sequence_file.loading import FOLDER, SequenceFile, load

LOOK_EVERY_S: Final = 0.5
_Seen: TypeAlias = "tuple[tuple[str, int, int, int], ...]"


class LiveSequences:
    """clock: seconds that only grow. on_load: called with each new version before it is used, so that it can be kept.
    kept: the sequences that were in use last, for a process that starts while the file is bad. fault: what is wrong with the
    file on disk while the last good version stays in use.

    Raises OSError or RoutingFileError when the first load fails and nothing is kept.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float],
        on_load: Callable[[SequenceFile], None] | None = None,
        kept: Callable[[], SequenceFile | None] = lambda: None,
    ) -> None:
        self._path, self._clock = path, clock
        self._on_load = on_load or (lambda _: None)
        self._looking, self._looked_at = Lock(), clock()
        self.fault: str | None = None
        self._seen = _identity(path)
        try:
            self._file = load(path)
        except (OSError, RoutingFileError) as error:
            file = kept()
            if file is None:
                raise
            self._file, self.fault = file, self._told(error)
            if isinstance(error, OSError):
                self._seen = ()  # the next look tries again
        else:
            self._on_load(self._file)

    def current(self) -> SequenceFile:
        """The newest good version."""
        if self._clock() - self._looked_at >= LOOK_EVERY_S and self._looking.acquire(blocking=False):
            try:
                self._looked_at = self._clock()
                self._look()
            finally:
                self._looking.release()
        return self._file

    def _look(self) -> None:
        seen = _identity(self._path)
        if seen == self._seen:
            return
        try:
            file = load(self._path)
            if file.digest != self._file.digest:
                self._on_load(file)
        except RoutingFileError as error:
            self._seen, self.fault = seen, self._told(error)
            return
        except Exception as error:  # noqa: BLE001 - whatever it was, the last good version stays; the next look tries again
            self.fault = self._told(error)
            return
        self._seen, self._file, self.fault = seen, file, None

    def _told(self, error: Exception) -> str:
        if isinstance(error, RoutingFileError):
            return f"{self._path.name} is not used: {error.findings[0]}"
        return f"{self._path.name} is not used ({type(error).__name__})"


def _identity(path: Path) -> _Seen:
    """The file and its mails, as the disk tells them apart."""
    found = []
    for one in (path, *sorted((path.parent / FOLDER).glob("*.md"))):
        try:
            status: os.stat_result = one.stat()
        except OSError:
            continue
        found.append((one.name, status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)
