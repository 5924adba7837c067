"""Servers from npm as stand-ins for vendors: installed once, run as processes of their own on 127.0.0.1.

What is installed, and at which version, stands in `npm/package.json` alone; the lock file beside it holds the digests. It
goes into the user's cache (`LEAD_ROUTER_TEST_CACHE`, else `~/.cache/lead-router-tests`), never globally and never with
install scripts; after the first time nothing is fetched. Where node or npm are absent, or a package cannot be fetched, the
test is skipped and says why.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Self

import httpx
import pytest

LISTS = Path(__file__).parent / "npm"
INSTALL_S = 300.0
START_S = 60.0


class Absent(Exception):
    """The servers cannot be had here. The sentence says why."""


@cache
def installed() -> Path:
    """The folder `node_modules`. Raises Absent."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Absent("node and npm are not installed")
    lists = [LISTS / name for name in ("package.json", "package-lock.json")]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in lists)).hexdigest()[:16]
    home = Path(os.environ.get("LEAD_ROUTER_TEST_CACHE") or Path.home() / ".cache" / "lead-router-tests")
    folder = home / f"npm-{digest}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "npm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test processes begin at once
        if not folder.exists():
            _install(lists, home, folder)
    return folder / "node_modules"


def _install(lists: list[Path], home: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=home) as made:
        for path in lists:
            shutil.copy(path, made)
        command = ["npm", "ci", "--prefix", made, "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_S, cwd=made)
        except subprocess.TimeoutExpired:
            raise Absent(f"npm installed nothing within {INSTALL_S:.0f} s") from None
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.strip()]
            raise Absent(f"npm could not install them: {said[0] if said else done.returncode}")
        Path(made).rename(folder)
        Path(made).mkdir()  # for the clean-up


def node(modules: Path) -> str:
    """The node that came with the packages, since one of them needs a newer one than most machines have; else the machine's."""
    own = [path / "bin" / "node" for path in modules.glob("node-*-*")]
    return str(next((path for path in own if path.exists()), shutil.which("node")))


def or_skip() -> Path:
    """`installed()`, or the test is skipped with the reason."""
    try:
        return installed()
    except Absent as reason:
        pytest.skip(str(reason))


class NpmServer:
    """One process. `command(port)` is what node runs, below node_modules; `answers` a path that is answered once it listens."""

    answers = "/"

    def __init__(self, modules: Path) -> None:
        self.modules, self.port = modules, _free_port()
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in `stop`
        self._process: subprocess.Popen[str] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        return {}

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Listens when it returns."""
        path = os.environ.get("PATH", "")
        self._process = subprocess.Popen(
            [node(self.modules), *self.command()], stdout=self._log, stderr=self._log, text=True, cwd=self.modules,
            env={"PATH": path, "HOME": str(self.modules), "NO_UPDATE_NOTIFIER": "1", **self.environment()},
        )  # fmt: skip
        until = time.monotonic() + START_S
        while self._process.poll() is None and time.monotonic() < until:
            try:
                httpx.get(self.url + self.answers, timeout=5)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return self
        self._log.seek(0)
        said = self._log.read()[-2000:]
        self.stop()
        raise RuntimeError(f"{type(self).__name__} did not start: {said}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
