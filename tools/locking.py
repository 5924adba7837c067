"""One change at a time, over all processes and threads that see a folder or a file. The kernel gives a lock back when its
holder is killed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Busy(Exception):
    """Somebody else holds it, and we were not to wait."""


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Waits until it is our turn. The lock is on the folder itself (flock(2)), so that it leaves no file."""
    with _held(folder.resolve(), os.O_RDONLY | os.O_DIRECTORY, wait=True):
        yield


@contextmanager
def file_lock(path: Path, *, wait: bool = True) -> Iterator[None]:
    """The same by a file, which stays: on NFS only a file that was opened for writing can be locked (flock(2)). Without
    `wait` raises Busy when it is not our turn."""
    with _held(path, os.O_RDWR | os.O_CREAT, wait=wait):
        yield


@contextmanager
def _held(path: Path, flags: int, *, wait: bool) -> Iterator[None]:
    handle = os.open(path, flags, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Busy(str(path)) from None
        yield
    finally:
        os.close(handle)
