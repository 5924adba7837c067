"""One edit of the routing file at a time, over all processes and threads that see its folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def editing(path: Path) -> Iterator[None]:
    """Waits until it is our turn. The lock is on the folder itself (flock(2)), so that it leaves no file and the kernel
    gives it back when we are killed."""
    folder = os.open(path.resolve().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
