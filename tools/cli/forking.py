"""Starts a part by `fork`, from a supervisor that has imported what the parts run: three processes that import it each for
themselves take three times as long on the same cores, at the start and whenever one has died.

The process that forks has one thread, no event loop and no connection; its metrics' files are replaced by the Prometheus
client at the first use in another process. What else a child must not inherit is put right in `_become`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, Protocol

HANDLED = (signal.SIGINT, signal.SIGTERM)
APP = Path(__file__).resolve().parents[2] / "app.py"


class Child(Protocol):
    """What a supervisor needs of a process it started, forked or not."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


class Forked:
    """A child made by `fork`; behaves as a subprocess.Popen does."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if timeout is not None and deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.01)
        return code

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:  # else the id may be another process's by now
            os.kill(self.pid, number)


class Gate:
    """Where forked processes wait for the one that made it: until it opens the gate, or is gone."""

    def __init__(self) -> None:
        self._inside, self._outside = os.pipe()

    def wait(self) -> None:
        """In a forked process, once."""
        os.close(self._outside)  # its own copy would keep the gate shut
        os.read(self._inside, 1)
        os.close(self._inside)

    def open(self) -> None:
        """In the process that made it, once."""
        os.close(self._outside)
        os.close(self._inside)


def possible() -> bool:
    """On macOS the system's own libraries do not bear a fork: there each part starts afresh."""
    return sys.platform == "linux"


def fork(name: str, work: Callable[[], int]) -> Forked:
    """A process in a session of its own that does `work` and ends with its code; `ps` shows it as `app.py NAME`."""
    sys.stdout.flush()  # or what stands in the buffers is written by both
    sys.stderr.flush()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)  # one that came now would be for handlers of ours
    try:
        pid = os.fork()
        if pid == 0:
            _become(name, work, mask)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return Forked(pid)


def _become(name: str, work: Callable[[], int], mask: set[signal.Signals | int]) -> NoReturn:
    """Never returns to the frames it was forked from: their clean-up is the supervisor's."""
    code = 1
    try:
        show(name)
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        code = work()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does with what nobody catches
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def show(name: str) -> None:
    """Let `ps` say which part this is: a forked process has the command line of the one it came from. It is overwritten
    in place; a last byte that is not zero tells Linux that the line ends at its first zero (as with setproctitle)."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        start, end = int(fields[45]), int(fields[46])  # arg_start, arg_end: man 5 proc
        room = end - start - 2
        line = next((text for text in (f"{APP} {name}", f"{APP.name} {name}") if len(os.fsencode(text)) <= room), None)
        if line is not None and start:
            ctypes.memmove(start, os.fsencode(line).ljust(room + 1, b"\0") + b"\1", room + 2)
