"""A command that `app.py serve` runs once a day, in a process of its own that gives way to all others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

from tools.cli.forking import APP
from tools.clock import utc_now

NICE = 15


class Daily:
    """command: of app.py, with its arguments; at: `03:00` in UTC, empty for never. One that takes longer than a day is not
    started a second time; a time that went by while nothing ran here is not made up for."""

    def __init__(
        self,
        command: Sequence[str],
        at: str,
        environment: Mapping[str, str],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._command, self._environment, self._clock = [sys.executable, str(APP), *command], environment, clock
        self._at = time.fromisoformat(at) if at else None
        self._due = self._next()
        self._process: subprocess.Popen[bytes] | None = None

    def tend(self) -> None:
        """Start it if it is due; say so when it failed."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            if code:
                print(f"{' '.join(self._command[2:])} ended with {code}", file=sys.stderr, flush=True)
            self._process = None
        if self._due is not None and self._clock() >= self._due:
            self._due = self._next()
            self._process = subprocess.Popen(
                ["/usr/bin/nice", "-n", str(NICE), *self._command],
                env={**os.environ, **self._environment},
                start_new_session=True,
            )

    def stop(self) -> None:
        """What it was doing is whole or absent: models and reports appear by a rename."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _next(self) -> datetime | None:
        if self._at is None:
            return None
        now = self._clock()
        today = datetime.combine(now.date(), self._at, UTC)
        return today if today > now else today + timedelta(days=1)
