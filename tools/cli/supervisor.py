"""`app.py serve`: the embedded server, the HTTP side, a worker and the dispatcher under one Ctrl-C.

A part that dies is started again, after a pause that grows with each early death. Everything a part held is in the
stream and in the store, so a restart continues where it was. Where the system allows it the parts are forked from this
process, which has imported what they run (ADR 8); so it has one thread and keeps nothing open that a part should not have.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import shutil
import signal
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NoReturn

from tools.cli import SUPERVISOR, forking, warm_up
from tools.cli.address import taken
from tools.cli.daily import Daily
from tools.cli.part import WRONG_SETTING, CommandLine, Part
from tools.embedded.valkey import EmbeddedServerError, EmbeddedValkey
from tools.observe import metrics_folder
from tools.secrets_file import load_or_make
from tools.settings import Settings

PARTS = ("api", "worker", "dispatch")
MORE_WORKERS_AFTER_S = 2.0
GRACE_S = 15.0


class Supervisor:
    def __init__(self, settings: Settings, main: CommandLine | None = None) -> None:
        self._settings = settings
        self._main = main if forking.possible() else None
        self._stopping = False
        self._server = (
            None if settings.redis_url else EmbeddedValkey(settings.data_dir / "valkey", settings.redis_fsync)
        )
        environment = {SUPERVISOR: str(os.getpid()), "DATA_DIR": str(settings.data_dir.resolve())}
        self._parts = [Part(name, environment=environment, main=self._main) for name in PARTS]
        self._more = [
            Part("worker", ("--spare",), environment=environment, main=self._main)
            for _ in range(settings.workers_started - 1)
        ]
        self._retrain = Daily(["retrain", "--quiet"], settings.retrain_at, environment)

    def run(self, on_ready: Callable[[dict[str, Any]], None]) -> None:
        """Until SIGINT or SIGTERM. on_ready is called once, when the HTTP side answers."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop_soon)
        ready = False
        try:
            self._prepare()
            while not self._stopping:
                ended = self._tend()
                if not ready and WRONG_SETTING in ended:
                    raise SystemExit(WRONG_SETTING)
                if not ready and (state := self._health()).get("ready"):
                    on_ready(state)
                    ready = True
                    self._complete()
                time.sleep(0.1)
        finally:
            self._stop()

    def _stop_soon(self, *_: object) -> None:
        self._stopping = True

    def _prepare(self) -> None:
        """The server, the tables, the model, and what the parts import: the last three at once on two cores. A part that
        was started stays for `_stop` when this fails."""
        if self._main is None:
            self._start_server()
            warm_up.migrate_database(self._settings)
            return
        if self._server is not None:
            self._server.begin()
        warm_up.preload(warm_up.TABLES)
        helper, tables = forking.fork("prepare", lambda: warm_up.prepare(self._settings)), forking.Gate()
        try:
            warm_up.preload(warm_up.SHARED)
            self._start_web(tables)
            warm_up.preload(warm_up.DECIDING)
            self._start_server()
            while helper.poll() is None and not self._stopping:
                time.sleep(0.01)
        finally:
            helper.terminate()
            helper.wait()
        if self._stopping:
            return
        if helper.returncode:
            raise SystemExit(helper.returncode)  # it has said why
        tables.open()

    def _start_web(self, tables: forking.Gate) -> None:
        """The HTTP side first: it imports its own on the other core while this process goes on, and then waits for the
        tables."""

        def before() -> None:
            warm_up.preload(warm_up.WEB)
            tables.wait()

        self._parts[0].start(before)

    def _complete(self) -> None:
        """Once all runs: import what the HTTP side has imported for itself, so that another one of it is there at once, and
        start the other workers, a little later. Until then the processor is wanted for the first lead."""
        if self._main is not None:
            warm_up.preload(warm_up.WEB)
        for number, part in enumerate(self._more, 1):
            part.start_at = time.monotonic() + number * MORE_WORKERS_AFTER_S
        self._parts += self._more

    def _start_server(self) -> None:
        if self._server is not None:
            self._server.start()

    def _tend(self) -> set[int | None]:
        """What parts ended with since the last look."""
        # No room on the disk, say: intake answers 503 until a later try succeeds.
        with contextlib.suppress(EmbeddedServerError, OSError):
            if self._server is not None and not self._server.alive():
                self._server.start(timeout_s=5.0)
        ended = {part.tend() for part in self._parts}
        self._retrain.tend()
        return ended

    def _health(self) -> dict[str, Any]:
        """By the standard library, in this thread: a process that forks has no other, and no client that keeps one."""
        connection = http.client.HTTPConnection(self._settings.host, self._settings.port, timeout=1.0)
        try:
            connection.request("GET", "/health")
            state: dict[str, Any] = json.loads(connection.getresponse().read())
            return state
        except (OSError, http.client.HTTPException, ValueError):
            return {}
        finally:
            connection.close()

    def _stop(self) -> None:
        """First no new leads, then the batch in hand, then the effects in hand, then the server that keeps the rest."""
        for part in self._parts:
            part.stop()
        self._retrain.stop()
        deadline = time.monotonic() + GRACE_S
        for part in self._parts:
            part.wait(deadline)
        if self._server is not None:
            self._server.stop()


def _metrics_place(data: Path) -> Path:
    """In memory where the system offers it: the metrics are memory-mapped files, and a process that touches a mapped
    page for which a full disk has no room dies of it. They need not outlive a start."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder in it is ours alone, checked below
    name = hashlib.blake2b(str(data).encode(), digest_size=8).hexdigest()
    folder = memory / f"lead-router-{os.getuid()}-{name}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return data / "metrics"
    ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    return folder if ours else data / "metrics"


def _only_one(data: Path) -> IO[str]:
    """Hold the data folder: a second supervisor would stop the first one's server when it ends. The system lets go for
    a supervisor that was killed, unless a part holds it too: what is forked closes its copy first."""
    lock = (data / "supervisor.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(f"The lead router runs on {data} already. Stop it first, or set another DATA_DIR.") from None
    os.register_at_fork(after_in_child=lock.close)
    return lock


def _refuse(fault: str) -> NoReturn:
    print(f"settings: {fault}", file=sys.stderr)
    raise SystemExit(WRONG_SETTING)


def serve(settings: Settings, main: CommandLine | None = None) -> None:
    """main: app.py's command line, for parts that are forked and not started afresh."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        only = _only_one(settings.data_dir)
    except OSError as error:
        _refuse(f"DATA_DIR: {settings.data_dir} cannot be used: {error.strerror}; name a folder that may be written to")
    if fault := taken(settings):
        _refuse(fault)
    metrics = _metrics_place(settings.data_dir.resolve())
    metrics_folder.share(metrics)
    secrets = load_or_make(settings.data_dir)
    started = time.monotonic()

    def ready(state: dict[str, Any]) -> None:
        base = settings.base_url
        token = secrets.admin_token if settings.admin_token is None else "YOUR_ADMIN_TOKEN"
        shown = token if secrets.fresh or settings.admin_token else "TOKEN"
        where = "" if secrets.fresh else f"   (TOKEN: in {settings.data_dir / 'secrets.json'})"
        print(
            f"\nLead router is ready after {time.monotonic() - started:.1f} s. Ctrl-C stops it.\n"
            f"  inbox     {base}/login?token={shown}{where}\n"
            f"  API docs  {base}/docs\n"
            f"  health    {base}/health\n"
            f"  a lead    curl -s '{base}/webhooks/lead?wait=5' -H 'content-type: application/json' \\\n"
            f"""              -d '{{"email": "maya@acmelabs.com", "full_name": "Maya Ortiz", "title": "VP Engineering","""
            f""" "source": "demo_request", "message": "We need tracing across 300 services before Q3."}}'\n""",
            flush=True,
        )
        warning = state["parts"]["stream"].get("warning")
        if warning:
            print(f"  careful   {warning}\n", flush=True)

    try:
        Supervisor(settings, main).run(ready)
    finally:
        shutil.rmtree(metrics, ignore_errors=True)
        only.close()
