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
from tools.cli import SUPERVISOR
from tools.cli.demo import free_port
from tools.embedded.valkey import EmbeddedValkey
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.store.migrate import migrate
from tools.store.tables import alerts, crm_contacts, decisions, outbox
from tools.stream.again import send
from tools.stream.connect import connect
from tools.stream.inbox import Inbox


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


AUTOGROUP = Path("/proc/self/autogroup")


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this system has no autogroups")
@pytest.mark.parametrize(("own_session", "group"), [(True, "nice 5"), (False, "nice 0")])
def test_a_part_that_gives_way_does_so_between_sessions_and_leaves_a_persons_session_alone(
    own_session: bool, group: str
):
    code = f"import os; from tools.cli.processes import give_way; give_way(5); print(os.nice(0), open('{AUTOGROUP}').read())"
    helper = [
        "setsid",
        "--wait",
        sys.executable,
        "-c",
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])",
    ]
    ran = subprocess.run(
        [sys.executable, "-c", code] if own_session else helper,
        start_new_session=own_session,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split(maxsplit=1)[0] == "5"
    assert ran.stdout.strip().endswith(group)


COLLECTING = """
import gc
from tools.cli.processes import Collector

class Knot:
    def __init__(self):
        self.self = self

collect = Collector()
knots = [Knot() for _ in range(100_000)]  # more than any threshold
assert not gc.isenabled()
del knots
assert sum(isinstance(held, Knot) for held in gc.get_objects()) == 100_000, "nothing is looked through within a batch"
collect(Collector.YOUNG - 1)
assert sum(isinstance(held, Knot) for held in gc.get_objects()) == 100_000, "nor after a few leads"
collect(1)
assert not [held for held in gc.get_objects() if isinstance(held, Knot)]
old = [Knot()]
gc.collect()
old.clear()
collect(Collector.FULL)
assert not [held for held in gc.get_objects() if isinstance(held, Knot)], "in the end what has grown old, too"
"""


def test_garbage_is_collected_between_batches_and_only_there():
    subprocess.run([sys.executable, "-c", COLLECTING], cwd=ROOT, check=True, timeout=60)
