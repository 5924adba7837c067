"""Starts the whole product as its users do, and reaches it only from outside: HTTP, SQL on its file, signals.

    with Product() as product:
        product.kill("worker")                  # SIGKILL to one of them; the supervisor starts another
        product.hold("valkey") / .go_on(...)    # SIGSTOP, SIGCONT

Nothing of the product is imported here: what it promises is what can be seen.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("api", "worker", "dispatch", "valkey")
START_S = 90.0  # a shared machine may be slow; a start that takes longer than this is a failure
_trained: list[Path] = []  # models of the first start of this process: later ones need not train again


class Stuck(AssertionError):
    """Something that had to happen did not, in a time that is generous."""


class Product:
    """One installation in a folder of its own. `environment` are settings as the product's users set them."""

    def __init__(self, folder: Path | None = None, **environment: str) -> None:
        self._own = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="lr-")) if folder is None else folder
        self.data = self.folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "output.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.effects_later = False  # effects that still wait are nothing to complain about yet
        self.machine: Any = None  # the plug that can be pulled, where a scenario has one
        self.taken_over = 0  # what the counter showed when it was last looked at
        self.counted: set[str] = set()  # leads of earlier scenarios on this installation
        ours = {"DATA_DIR": str(self.data), "PORT": str(self.port), "ADMIN_TOKEN": "token-of-the-system-tests"}
        self.environment = {**os.environ, **ours, **environment}

    @property
    def database(self) -> Path:
        return self.data / "leads.db"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            print(f"--- the end of {self.log}\n{self.said()[-3000:]}", file=sys.stderr)
        self.remove()

    def start(self, *, ready: bool = True) -> Self:
        self.data.mkdir(parents=True, exist_ok=True)
        if "ROUTING_FILE" not in self.environment:
            self.environment["ROUTING_FILE"] = str(calm_routing(self.folder))
        if _trained and not (self.data / "models").exists():
            shutil.copytree(_trained[0], self.data / "models")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "app.py"), "serve"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if ready:
            self.wait_ready()
        if ready and not _trained:
            kept = Path(tempfile.mkdtemp(prefix="lr-models-"))
            atexit.register(shutil.rmtree, kept, ignore_errors=True)
            shutil.copytree(self.data / "models", kept / "models")
            _trained.append(kept / "models")
        return self

    def wait_ready(self, seconds: float = START_S) -> float:
        """Until /health says that leads can be taken and decided. Returns how long that took."""
        return until(lambda: self.health().get("ready") is True, seconds, "the product to be ready", self._ended)

    def _ended(self) -> None:
        if self.process is not None and self.process.poll() is not None:
            raise Stuck(f"the product ended with {self.process.returncode}:\n{self.said()[-2000:]}")

    def health(self) -> dict[str, Any]:
        """What /health says; empty when it does not answer."""
        try:
            return dict(httpx.get(f"{self.url}/health", timeout=2.0).json())
        except (httpx.HTTPError, ValueError):
            return {}

    def metric(self, name: str) -> int:
        """The sum over a counter's labels."""
        try:
            lines = httpx.get(f"{self.url}/metrics", timeout=10.0).text.splitlines()
        except httpx.HTTPError:
            return 0
        return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name) and line[0] != "#"))

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def pids(self, part: str) -> list[int]:
        """The processes of one part of this installation, orphans too; `serve` is the supervisor."""
        if part == "valkey":
            return [p.pid for p in _processes() if "valkey" in _line(p) and f"{self.data}/" in _line(p)]
        return [p.pid for p in _processes() if _line(p).endswith(f"app.py {part}") and _folder(p) == str(self.data)]

    def usual(self, part: str) -> int:
        """How many processes of this part `serve` keeps."""
        return int(self.environment.get("WORKERS", min(2, os.cpu_count() or 1))) if part == "worker" else 1

    def pid(self, part: str, seconds: float = 30.0) -> int:
        """The process of a part, of several the one that runs longest, when all of them are there."""
        until(lambda: len(self.pids(part)) == self.usual(part), seconds, f"{self.usual(part)} {part} process(es)")
        return min(self.pids(part), key=lambda pid: psutil.Process(pid).create_time())

    def more(self, part: str) -> subprocess.Popen[bytes]:
        """One more process of a part, as on another host: nobody but the caller starts it again."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(ROOT / "app.py"), part], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    def kill(self, part: str, number: signal.Signals = signal.SIGKILL) -> int:
        pid = self.pid(part)
        os.kill(pid, number)
        return pid

    def hold(self, part: str) -> int:
        """All processes of a part stand still. Returns the id of the one that runs longest."""
        first = self.pid(part)
        for pid in self.pids(part):
            os.kill(pid, signal.SIGSTOP)
        return first

    def go_on(self, part: str) -> None:
        for pid in self.pids(part):
            os.kill(pid, signal.SIGCONT)

    def replaced(self, part: str, old: int, seconds: float = 60.0) -> None:
        """Until another process has taken its place."""
        until(
            lambda: old not in (now := self.pids(part)) and len(now) >= self.usual(part),
            seconds,
            f"a new {part} process",
        )

    def alive(self) -> dict[str, list[int]]:
        found = {part: self.pids(part) for part in ("serve", *PARTS)}
        return {part: pids for part, pids in found.items() if pids}

    def stop(self, number: signal.Signals = signal.SIGINT, seconds: float = 60.0) -> float:
        """As Ctrl-C does. Returns how long it took until every process was gone."""
        assert self.process is not None
        started = time.monotonic()
        self.process.send_signal(number)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Stuck(f"still there {seconds:.0f} s after {number.name}: {self.alive()}") from None
        took = time.monotonic() - started
        if left := self.alive():
            raise Stuck(f"left behind after {number.name}: {left}")
        return took

    def kill_all(self) -> None:
        """Every process of this installation at once, the supervisor first."""
        for part in ("serve", *PARTS):
            for pid in self.pids(part):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
                    os.kill(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait(10)
        until(lambda: not self.alive(), 10, "the killed processes to be gone")

    def remove(self) -> None:
        self.kill_all()
        if self._own and "LR_KEEP" not in os.environ:
            shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def sql(self) -> Iterator[sqlite3.Connection]:
        """Read-only: what is promised must be visible to anybody with the file."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=20)
        try:
            yield connection
        finally:
            connection.close()

    def one(self, question: str, *values: object) -> int:
        with self.sql() as connection:
            return int(connection.execute(question, values).fetchone()[0] or 0)


def calm_routing(folder: Path) -> Path:
    """The product's own rules with times to accept and touch that nobody misses while a scenario runs: a lead that moves
    up a ladder would be counted as decided twice. Scenarios of SLAs bring a file of their own."""
    text = (ROOT / "infra" / "routing.json").read_text()
    calm, found = re.subn(r'"accept": "\w+",\s+"touch": "\w+"', '"accept": "30d", "touch": "60d"', text)
    assert found == text.count('"touch": '), "infra/routing.json writes its SLAs in another way now"
    path = folder / "routing.json"
    path.write_text(calm)
    return path


def _processes() -> list[psutil.Process]:
    return list(psutil.process_iter(["pid", "cmdline", "status"]))


def _line(process: psutil.Process) -> str:
    if process.info["status"] == psutil.STATUS_ZOMBIE:
        return ""
    return " ".join(process.info["cmdline"] or ()).strip()


def _folder(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("DATA_DIR")
    except psutil.Error:
        return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], object], seconds: float, what: str, check: Callable[[], None] | None = None) -> float:
    """Wait for something. Returns the seconds it took; raises Stuck when it takes too long."""
    started = time.monotonic()
    while True:
        if true():
            return time.monotonic() - started
        if check is not None:
            check()
        if time.monotonic() - started > seconds:
            raise Stuck(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.05)
