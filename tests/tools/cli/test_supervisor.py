"""`serve`: parts that die come back, Ctrl-C ends all of it, and a second start goes on where the first ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from tests.fixtures.front import LEAD
from tests.fixtures.router import ROOT
from tools.cli import forking, supervisor
from tools.cli import part as parts
from tools.cli.demo import free_port
from tools.cli.part import Part
from tools.settings import Settings

SLEEPER = "import signal, sys, time\n{}\nprint('up', flush=True)\ntime.sleep(60)\n"


@contextmanager
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> Iterator[Part]:
    """A part whose program is `code`."""
    program = tmp_path / "program.py"
    program.write_text(code)
    monkeypatch.setattr(forking, "APP", program)
    held = Part("api")
    yield held
    if held.process is not None:
        held.process.kill()
        held.process.wait()


def test_a_part_that_dies_is_started_again_after_a_growing_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    with part(tmp_path, monkeypatch, "raise SystemExit(7)") as held:
        pauses = []
        for _ in range(8):
            held.start_at = 0.0
            held.tend()
            assert held.process is not None
            held.process.wait(20)
            held.tend()
            assert held.process is None
            pauses.append(round(held.start_at - time.monotonic(), 1))
            held.tend()
            assert held.process is None, "not before its time"
        assert pauses == sorted(pauses)
        assert pauses[0] < 0.3
        assert pauses[-1] <= parts.LONGEST_PAUSE_S
        assert "api ended with 7; starting it again in 0.2 s" in capfd.readouterr().err


def test_a_part_that_was_well_for_a_while_starts_with_short_pauses_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with part(tmp_path, monkeypatch, SLEEPER.format("")) as held:
        held.deaths = 5
        held.tend()
        held.tend()
        assert held.deaths == 5
        held.started_at -= parts.HEALTHY_AFTER_S + 1
        held.tend()
        assert held.deaths == 0


def test_a_part_ends_when_it_is_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with part(tmp_path, monkeypatch, SLEEPER.format("")) as held:
        held.tend()
        held.stop()
        held.wait(time.monotonic() + 10)
        assert held.process is not None
        assert held.process.returncode == -signal.SIGTERM


def test_a_part_that_will_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    deaf = SLEEPER.format("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    with part(tmp_path, monkeypatch, deaf) as held:
        read, write = os.pipe()
        monkeypatch.setattr(parts.subprocess, "Popen", _with_output(parts.subprocess.Popen, write))
        held.tend()
        assert os.read(read, 2) == b"up"
        held.stop()
        held.wait(time.monotonic() + 0.1)
        assert held.process is not None
        assert held.process.returncode == -signal.SIGKILL


@pytest.mark.skipif(not forking.possible(), reason="parts are not forked on this system")
def test_a_forked_part_runs_the_command_line_with_its_settings_and_comes_back_when_it_dies(
    capfd: pytest.CaptureFixture[str],
):
    def main(words: list[str]) -> int:
        print(words, os.environ["DATA_DIR"], flush=True)
        return 5

    held = Part("worker", environment={"DATA_DIR": "/of/this/part"}, main=main)
    for _ in range(2):
        held.start_at = 0.0
        held.tend()
        assert held.process is not None
        assert held.process.wait(20) == 5
        held.tend()
        assert held.process is None
    told = capfd.readouterr()
    assert told.out == "['worker'] /of/this/part\n" * 2
    assert "worker ended with 5; starting it again in 0.4 s" in told.err
    assert os.environ.get("DATA_DIR") != "/of/this/part"


def _with_output(popen: type, write: int):  # type: ignore[no-untyped-def]
    return lambda *args, **options: popen(*args, stdout=write, **options)


class Serving:
    """`app.py serve` in a process of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        environment = os.environ | {"DATA_DIR": str(folder), "PORT": str(port), "LOG_LEVEL": "WARNING"}
        environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py"), "serve"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.ready = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if "curl" in line:
                self.ready.set()

    def post(self, **changed: str) -> dict[str, str]:
        answer = httpx.post(f"{self.base}/webhooks/lead?wait=10", json=LEAD | changed, timeout=20)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def end(self, number: int) -> tuple[int, str]:
        self.process.send_signal(number)
        _, error = self.process.communicate(timeout=30)
        return self.process.returncode, error


def test_it_serves_ends_at_ctrl_c_and_goes_on_where_it_ended(tmp_path: Path):
    port = free_port()
    first = Serving(tmp_path, port)
    try:
        assert first.ready.wait(60)
        said = "".join(first.lines)
        token = said.split("/login?token=")[1].split()[0]
        for shown in (f"{first.base}/docs", f"{first.base}/health", "curl -s"):
            assert shown in said
        decided = first.post()
        with httpx.Client(base_url=first.base, headers={"authorization": f"Bearer {token}"}) as client:
            assert client.get(f"/admin/leads/{decided['lead_id']}").json()["owner"] == decided["owner"]
            page = client.get("/inbox")
            assert page.status_code == 200
        started = time.monotonic()
        code, error = first.end(signal.SIGINT)
        assert time.monotonic() - started < 10
        assert (code, "Traceback" in error) == (0, False), error[-2000:]
        assert children_of(tmp_path) == []

        second = Serving(tmp_path, port)
        assert second.ready.wait(60)
        assert token not in "".join(second.lines), "it is printed once"
        again = second.post(message="me again")
        assert (again["lead_id"], again["owner"]) == (decided["lead_id"], decided["owner"])
        with httpx.Client(base_url=second.base, headers={"authorization": f"Bearer {token}"}) as client:
            assert client.get(f"/admin/leads/{decided['lead_id']}").json()["revision"] == 2
        code, error = second.end(signal.SIGTERM)
        assert (code, "Traceback" in error) == (0, False), error[-2000:]
        assert children_of(tmp_path) == []
    finally:
        for serving in (first, locals().get("second")):
            if serving is not None and serving.process.poll() is None:
                serving.process.terminate()
                serving.process.wait(30)


def test_a_supervisor_that_was_killed_leaves_its_data_folder_free_and_its_parts_end(tmp_path: Path):
    """A part that held the lock, or took the next supervisor for its own, would stand in the way."""
    first = Serving(tmp_path, free_port())
    second: Serving | None = None
    try:
        assert first.ready.wait(60)
        orphans = [child for child in psutil.Process(first.process.pid).children() if "valkey" not in child.name()]
        assert sorted(child.cmdline()[-1] for child in orphans) == ["api", "dispatch", "worker"]
        assert not [child for child in orphans if "supervisor.lock" in str(child.open_files())]
        first.process.kill()
        first.process.wait(10)
        second = Serving(tmp_path, free_port())
        assert second.ready.wait(60)
        psutil.wait_procs(orphans, timeout=20)
        assert not [child for child in orphans if child.is_running()]
        assert second.end(signal.SIGINT)[0] == 0
        assert children_of(tmp_path) == []
    finally:
        for serving in (first, second):
            if serving is not None and serving.process.poll() is None:
                serving.process.terminate()
                serving.process.wait(30)


def test_it_keeps_as_many_workers_as_the_settings_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WORKERS", "3")
    serving = Serving(tmp_path, free_port())

    def workers() -> set[int]:
        found = set()
        for child in psutil.Process(serving.process.pid).children():
            with suppress(psutil.Error):  # it has just died
                if child.cmdline()[-1:] == ["worker"]:
                    found.add(child.pid)
        return found

    def alive() -> int:
        return int(httpx.get(f"{serving.base}/health", timeout=5).json()["parts"]["workers"]["alive"])

    try:
        assert serving.ready.wait(60)
        assert _within(60, lambda: len(workers()) == 3 and alive() == 3), (workers(), alive())
        killed = min(workers())
        os.kill(killed, signal.SIGKILL)
        assert _within(30, lambda: len(workers() - {killed}) == 3), workers()
        assert serving.post()["owner"]
        assert serving.end(signal.SIGINT)[0] == 0
        assert children_of(tmp_path) == []
    finally:
        if serving.process.poll() is None:
            serving.process.terminate()
            serving.process.wait(30)


def _within(seconds: float, true: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.1)
    return true()


def children_of(folder: Path) -> list[str]:
    """Command lines of the processes that still work on this data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                str(folder) in " ".join([*process.cmdline(), *process.environ().values()])
                and process.pid != os.getpid()
            ):
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def test_all_workers_but_the_first_are_spare(tmp_path: Path):
    settings = Settings(_env_file=None, data_dir=tmp_path, workers=3)  # type: ignore[call-arg]
    held = supervisor.Supervisor(settings, lambda _: 0)
    assert [(one.name, one.arguments) for one in held._parts if one.name == "worker"] == [("worker", ())]
    assert [(one.name, one.arguments) for one in held._more] == [("worker", ("--spare",))] * 2
