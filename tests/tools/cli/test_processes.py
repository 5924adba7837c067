"""The parts alone: a worker that decides what waits and ends, a dispatcher that performs what is due and ends."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from tests.fixtures.front import ADMIN, LEAD, TOKEN
from tests.fixtures.router import ROOT, person
from tools.cli import SUPERVISOR, processes
from tools.cli.demo import free_port
from tools.embedded.valkey import EmbeddedValkey
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.store.migrate import migrate
from tools.store.tables import alerts, crm_contacts, decisions, outbox
from tools.stream.again import send
from tools.stream.connect import connect
from tools.stream.inbox import Inbox
from tools.stream.keys import Partition
from tools.stream.wake import Wake


@pytest.fixture
def home() -> Iterator[Path]:
    """A data folder with a running stream server and a migrated database."""
    folder = Path(tempfile.mkdtemp(prefix="lead-router-parts-"))
    server = EmbeddedValkey(folder / "valkey")
    server.start()
    engine = open_engine(Settings(_env_file=None, data_dir=folder).database)
    migrate(engine)
    engine.dispose()
    yield folder
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def command(home: Path, *words: str, **changed: str) -> subprocess.Popen[str]:
    environment = os.environ | {"DATA_DIR": str(home), "LOG_LEVEL": "INFO", "ADMIN_TOKEN": TOKEN} | changed
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    return subprocess.Popen(
        [sys.executable, str(ROOT / "app.py"), *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_a_worker_drains_the_stream_and_a_dispatcher_the_outbox(home: Path):
    async def post() -> None:
        client = connect(EmbeddedValkey(home / "valkey").url, timeout_s=None)
        async with Inbox(client, deadline_s=30.0) as inbox:
            await asyncio.gather(*(send(inbox, person(f"p{n}")) for n in range(20)))
        await client.aclose()

    asyncio.run(post())
    for words in (("worker", "--drain"), ("dispatch", "--drain")):
        with command(home, *words) as part:
            _, error = part.communicate(timeout=60)
        assert part.returncode == 0, error[-2000:]
        assert "ready" in error
        assert "p1-werke" not in error, "no person in a log"
    engine = open_engine(Settings(_env_file=None, data_dir=home).database)
    with engine.connect() as connection:
        assert len(connection.execute(select(decisions)).all()) == 20
        states = {(row.vendor == "sla", row.state) for row in connection.execute(select(outbox))}
        assert states == {(False, "done"), (True, "pending")}, "timers wait for their time"
        assert len(connection.execute(select(alerts)).all()) == 20
        assert len(connection.execute(select(crm_contacts)).all()) == 20
    engine.dispose()


def test_the_http_side_alone_accepts_and_says_that_no_worker_is_there(home: Path):
    port = free_port()
    with command(home, "api", PORT=str(port)) as part:
        try:
            base = f"http://127.0.0.1:{port}"
            for _ in range(600):
                try:
                    if httpx.get(f"{base}/health", timeout=1).json()["parts"]["stream"]["ok"]:
                        break
                except httpx.HTTPError:
                    assert part.poll() is None
                    part_wait(part, 0.05)
            assert httpx.post(f"{base}/webhooks/lead", json=LEAD, timeout=5).status_code == 202
            assert httpx.get(f"{base}/health/ready", timeout=5).status_code == 503
            assert httpx.get(f"{base}/admin/leads", headers=ADMIN, timeout=5).json() == {"leads": []}
        finally:
            part.terminate()
            _, error = part.communicate(timeout=30)
    assert "Traceback" not in error


def part_wait(part: subprocess.Popen[str], seconds: float) -> None:
    try:
        part.wait(seconds)
    except subprocess.TimeoutExpired:
        return


@pytest.mark.parametrize("part", ["api", "worker", "dispatch"])
def test_a_part_whose_supervisor_died_while_it_started_ends_by_itself(home: Path, part: str):
    """It once asked who its parent was only when it was ready: by then the system's first process."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    orphan = command(home, part, **{SUPERVISOR: str(gone.pid)}, PORT=str(free_port()))
    try:
        assert orphan.wait(60) == 0
    finally:
        orphan.kill()
        orphan.communicate()


async def test_how_many_leads_wait_is_asked_of_the_stream_and_of_the_last_decision(own_valkey: EmbeddedValkey):
    client, wake = connect(own_valkey.url), Wake()
    settings = Settings(_env_file=None, worker_batch=1)  # type: ignore[call-arg]
    assert await processes._waiting(client, settings, wake) == "none"
    wake.ring()
    assert await processes._waiting(client, settings, wake) == "some", "one was decided a moment ago"
    idle = Wake()
    for waiting in ("some", "some", "many"):
        await client.xadd(Partition(0).stream, {"d": "x"})
        assert await processes._waiting(client, settings, idle) == waiting
    own_valkey.stop()
    assert await processes._waiting(client, settings, idle) == "none"
    await client.aclose()
