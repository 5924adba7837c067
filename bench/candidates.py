"""What is measured, each started anew in an empty folder: our product, and the plain peers.

A candidate is a running system: where to post, its database, its processes. Leaving the `with` block ends all of it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.servers import (
    HOST,
    Fsync,
    Server,
    Usage,
    answers,
    free_port,
    redis_url,
    start_uvicorn,
    start_valkey,
    total,
    usage_of,
)
from bench.store import Decisions
from tools.ml.registry import ensure_bootstrap
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.store.migrate import migrate

PATH = "/webhooks/lead"
PARTS = {"api": "web", "worker": "worker", "dispatch": "dispatcher"}
NO_OUTSIDE = {
    "REDIS_URL": "", "DATABASE_URL": "", "PUBLIC_URL": "", "WEBHOOK_SECRETS": "{}", "HOST": HOST, "LOG_LEVEL": "INFO",
    "ENRICHMENT": "embedded", "CRM": "embedded", "NOTIFIER": "embedded", "SIMILAR": "embedded", "LLM": "embedded",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A running system that decides leads. `server` is the process to ask about; `effects`: it has an outbox."""

    name: str
    server: Server
    decisions: Decisions
    effects: bool

    @property
    def url(self) -> str:
        return self.server.url + PATH


def models(work: Path) -> Path:
    """A folder with the trained bootstrap model, made once: candidates get a copy, except where training counts."""
    folder = work / "models"
    ensure_bootstrap(folder)
    return folder


def environment(folder: Path, port: int, fsync: Fsync = "always") -> dict[str, str]:
    """The product's settings: all defaults and embedded parts, whatever the caller's own environment says."""
    return NO_OUTSIDE | {"DATA_DIR": str(folder), "PORT": str(port), "REDIS_FSYNC": fsync}


def start_product(folder: Path, fsync: Fsync = "always", env: Mapping[str, str] | None = None) -> Server:
    """`app.py serve` on this data folder, without waiting for it. env: besides the settings."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [sys.executable, "app.py", "serve"]
    settings = environment(folder, port, fsync) | dict(env or {})
    return Server("serve", command, port, folder.parent / f"{folder.name}.log", settings)


def is_ready(server: Server) -> bool:
    """Whether /health says that leads can be taken and decided, by all workers."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=2)
    try:
        connection.request("GET", "/health")
        state = json.loads(connection.getresponse().read())
        return bool(state["ready"]) and state["parts"]["workers"]["alive"] >= Settings().workers_started
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def product(
    folder: Path, trained: Path, fsync: Fsync = "always", env: Mapping[str, str] | None = None
) -> Iterator[Candidate]:
    """Ours, whole: the embedded server, web process, worker and dispatcher. env: besides the settings."""
    shutil.copytree(trained, folder / "models", dirs_exist_ok=True)
    with start_product(folder, fsync, env) as server:
        server.wait(lambda: is_ready(server))
        with contextlib.closing(Decisions(folder / "leads.db")) as decisions:
            yield Candidate(f"ours, fsync {fsync}", server, decisions, effects=True)


@contextlib.contextmanager
def plain(folder: Path, workers: int = 1) -> Iterator[Candidate]:
    """The plain router over the same server with the same durability, in one or more uvicorn processes."""
    env = {"DATABASE_URL": f"sqlite:///{folder / 'plain.db'}"}
    with start_valkey(folder) as valkey:
        env["REDIS_URL"] = redis_url(valkey)
        with (
            start_uvicorn("bench.peers.plain_router:app", folder, env, workers=workers) as server,
            contextlib.closing(Decisions(folder / "plain.db")) as decisions,
        ):
            yield Candidate(f"plain router, {workers} process{'es' if workers > 1 else ''}", server, decisions, False)


@contextlib.contextmanager
def acceptor(folder: Path) -> Iterator[Server]:
    """Ours, the web process alone with nobody to decide: what a 202 costs."""
    folder.mkdir(parents=True)
    metrics = folder / "metrics"
    metrics.mkdir()  # as under `serve`: metrics shared over processes cost more than a process's own
    with start_valkey(folder) as valkey:
        port = free_port()
        env = environment(folder, port) | {"REDIS_URL": redis_url(valkey), "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
        engine = open_engine(f"sqlite:///{folder / 'leads.db'}")
        migrate(engine)
        engine.dispose()
        with Server("api", [sys.executable, "app.py", "api"], port, folder / "api.log", env) as server:
            yield server.wait(lambda: answers(port, "/health"))


@contextlib.contextmanager
def peer_acceptor(folder: Path) -> Iterator[Server]:
    """The plain router's acceptance alone."""
    with (
        start_valkey(folder) as valkey,
        start_uvicorn("bench.peers.accept_plain:app", folder, {"REDIS_URL": redis_url(valkey)}) as server,
    ):
        yield server


def parts(server: Server) -> dict[str, list[psutil.Process]]:
    """The product's processes by what they do: web, worker, dispatcher, valkey."""
    found: dict[str, list[psutil.Process]] = {}
    for child in psutil.Process(server.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            command = child.cmdline()
            name = "valkey" if "valkey" in child.name() else PARTS.get(command[-1]) if command else None
            if name is not None:
                found.setdefault(name, []).append(child)
    return found


def usages(server: Server) -> dict[str, Usage]:
    """CPU, memory and open files of each part, now; of all its processes together."""
    return {name: total(map(usage_of, processes)) for name, processes in sorted(parts(server).items())}


def fresh(work: Path, name: str) -> Path:
    """An empty folder of this name."""
    folder = work / name
    shutil.rmtree(folder, ignore_errors=True)
    return folder
