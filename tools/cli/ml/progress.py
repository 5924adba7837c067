"""How far a long command is: one line that moves on a terminal, a line for each step elsewhere. Written to stderr, so that
what is printed can be kept in a file."""

from __future__ import annotations

import shutil
import sys
import time

_WIDTH, _EVERY_S = 20, 0.1


class Bar:
    """Call it with what is being done and the share done, 0..1; `done()` at the end clears the line."""

    def __init__(self) -> None:
        self._moves = sys.stderr.isatty()
        self._said = ""
        self._next = 0.0
        self._started = time.monotonic()

    def __call__(self, doing: str, share: float) -> None:
        if not self._moves:
            if doing != self._said:
                print(f"{doing} ({time.monotonic() - self._started:.0f} s)", file=sys.stderr, flush=True)
                self._said = doing
            return
        if doing == self._said and time.monotonic() < self._next:
            return
        self._said, self._next = doing, time.monotonic() + _EVERY_S
        filled = round(_WIDTH * min(max(share, 0.0), 1.0))
        line = f"[{'=' * filled}{' ' * (_WIDTH - filled)}] {share:4.0%}  {doing}"
        print("\r" + line[: shutil.get_terminal_size().columns - 1] + "\x1b[K", end="", file=sys.stderr, flush=True)

    def done(self) -> None:
        if self._moves:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
