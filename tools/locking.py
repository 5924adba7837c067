"""One change of a folder at a time, over all processes and threads that see it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Busy(Exception):
    """Somebody else holds the folder, and we were not to wait."""


@contextmanager
def folder_lock(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Holds the folder, when it is our turn; without `wait` raises Busy when it is not. The lock is on the folder itself
    (flock(2)), so that it leaves no file and the kernel gives it back when we are killed."""
    handle = os.open(folder.resolve(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Busy(str(folder)) from None
        yield
    finally:
        os.close(handle)
