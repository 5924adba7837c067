"""Workers of one host take turns between reading the pools' ledgers and the commit that moves them.

That the ledgers hold is proved at the commit (ADR 3); here it is only seen to that workers of one host do not decide the
same leads twice because of each other. What comes before, up to the roll-up, they do at once. A lock on a file: whoever
dies lets go of it, and nobody waits for longer than LONGEST_S, so that a vendor that is slow to answer one worker does
not stop the others.
"""

from __future__ import annotations

import asyncio
import fcntl
import time
from pathlib import Path

LONGEST_S = 1.0
LOOK_S = 0.002


class Turnstile:
    """One worker's place at it. Entering twice is entering once."""

    def __init__(self, path: Path) -> None:
        """path: a file that the workers of this host share; it is made, and nothing is written to it."""
        self._file = path.open("ab")
        self._inside = False

    async def enter(self) -> None:
        """Returns when nobody else is inside, or after LONGEST_S."""
        until = time.monotonic() + LONGEST_S
        while not self._inside and time.monotonic() < until:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._inside = True
            except BlockingIOError:
                await asyncio.sleep(LOOK_S)
            except OSError:  # the file system knows no locks: they meet at the commit alone, as those of two hosts do
                return

    def leave(self) -> None:
        if self._inside:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._inside = False

    def close(self) -> None:
        """Leaves, too."""
        self._inside = False
        self._file.close()
