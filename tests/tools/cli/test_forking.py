"""A forked child is its own process: own session, name, signals and code, and none of the parent's clean-up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.router import ROOT
from tools.cli.forking import Forked, Gate, fork, possible

pytestmark = pytest.mark.skipif(not possible(), reason="parts are not forked on this system")


def forked(work: str, before: str = "pass", after: str = "print(child.wait())") -> subprocess.CompletedProcess[str]:
    """A fresh Python without threads that forks a child with this work. What it prints is the test's."""
    program = "\n".join(
        (
            "import json, os, signal, sys, time",
            "from tools.cli.forking import fork",
            "def work():",
            textwrap.indent(work, "    "),
            before,
            "try:",
            "    child = fork('worker', work)",
            textwrap.indent(after, "    "),
            "finally:",
            "    print('cleaned up')",
        )
    )
    command = [sys.executable, "-c", program, "padding of the command line" * 4]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("work", "code", "said"),
    [
        ("return 0", 0, ""),
        ("return 7", 7, ""),
        ("raise SystemExit", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit('no such folder')", 1, "no such folder\n"),
        ("raise ValueError('of a part')", 1, "ValueError: of a part\n"),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(30)", -signal.SIGTERM, ""),
    ],
)
def test_its_end_is_told_as_a_fresh_process_would(work: str, code: int, said: str):
    done = forked(work)
    assert done.stdout == f"{code}\ncleaned up\n", "the parent's clean-up runs once, in the parent"
    assert done.stderr.endswith(said)
    assert ("Traceback" in done.stderr) == ("ValueError" in said)


def test_what_was_printed_before_is_written_once_and_what_the_child_printed_too():
    done = forked("print('child'); return 0", before="sys.stdout.write('before ')")
    assert done.stdout == "before child\n0\ncleaned up\n"


def test_it_has_a_session_and_a_name_and_the_usual_signals():
    work = """
    seen = {"session": os.getsid(0) == os.getpid(), "line": open("/proc/self/cmdline").read()}
    seen["usual"] = signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    seen["blocked"] = len(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    seen["home"] = os.environ.get("HOME")
    print(json.dumps(seen))
    return 0
    """
    done = forked(textwrap.dedent(work), before="signal.signal(signal.SIGTERM, lambda *_: None)")
    seen = json.loads(done.stdout.splitlines()[0])
    assert seen.pop("line").rstrip("\0").endswith("app.py worker")
    assert seen == {"session": True, "usual": True, "blocked": 0, "home": os.environ.get("HOME")}


def test_it_can_be_ended_waited_for_and_asked_again():
    after = """
    assert child.poll() is None
    try:
        child.wait(0.05)
    except Exception as error:
        print(type(error).__name__)
    child.terminate()
    print(child.wait(10), child.poll(), child.returncode)
    child.terminate()
    child.kill()
    """
    done = forked("time.sleep(60); return 0", after=textwrap.dedent(after))
    assert done.stdout == "TimeoutExpired\n-15 -15 -15\ncleaned up\n", done.stderr


def test_the_id_of_one_that_ended_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    """It may be another process's by now."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    child = Forked(gone.pid)
    deadline = time.monotonic() + 20
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert child.returncode == 0
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("a signal was sent"))
    child.terminate()
    child.kill()


def through(gate: Gate) -> Callable[[], int]:
    def work() -> int:
        gate.wait()
        return 3

    return work


def test_at_a_gate_they_wait_until_it_is_opened():
    gate = Gate()
    children = [fork("api", through(gate)) for _ in range(2)]
    time.sleep(0.2)
    assert [child.poll() for child in children] == [None, None]
    gate.open()
    assert [child.wait(20) for child in children] == [3, 3]


def test_a_gate_is_open_when_the_one_that_made_it_is_gone(tmp_path: Path):
    """Who waits must find out, and end by itself."""
    program = f"""
import os, sys
from tools.cli.forking import Gate, fork
def work():
    gate.wait()
    open({str(tmp_path / "out")!r}, "w").close()
    return 0
gate = Gate()
fork("api", work)
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=60, check=True)
    until = time.monotonic() + 20
    while not (tmp_path / "out").exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert (tmp_path / "out").exists()
