"""The daily command runs once a day, never twice at once, and leaves nothing behind."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tools.cli import daily
from tools.cli.daily import Daily

START = datetime(2026, 4, 7, 2, 59, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A front door that notes each start and takes as long as it is told."""
    path = tmp_path / "app.py"
    path.write_text(
        "import os, pathlib, sys, time\n"
        f"file = pathlib.Path({str(tmp_path / 'starts')!r})\n"
        "file.open('a').write(f'{os.getpid()} {sys.argv[1:]} {os.environ[\"DATA_DIR\"]} {os.nice(0)}\\n')\n"
        "time.sleep(float(os.environ.get('TAKES', 0)))\n"
        "sys.exit(int(os.environ.get('CODE', 0)))\n"
    )
    monkeypatch.setattr(daily, "APP", path)
    return tmp_path / "starts"


def until(true, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def starts(script: Path) -> list[str]:
    return script.read_text().splitlines() if script.exists() else []


def test_it_runs_when_its_time_comes_and_again_the_next_day(script: Path, tmp_path: Path):
    clock = Clock()
    job = Daily(["retrain", "--quiet"], "03:00", {"DATA_DIR": str(tmp_path)}, clock)
    job.tend()
    assert not starts(script)
    for day in (1, 2):
        clock.now = START + timedelta(days=day - 1, minutes=1)
        until(lambda day=day: (job.tend(), len(starts(script)) == day)[1])
    assert all("['retrain', '--quiet']" in line and str(tmp_path) in line for line in starts(script))
    assert all(int(line.split()[-1]) >= min(19, os.nice(0) + daily.NICE) for line in starts(script))
    job.stop()


def test_one_that_is_still_running_is_not_started_again_and_ends_with_us(script: Path, tmp_path: Path):
    clock = Clock()
    job = Daily(["retrain"], "03:00", {"DATA_DIR": str(tmp_path), "TAKES": "60"}, clock)
    clock.now = START + timedelta(minutes=1)
    until(lambda: (job.tend(), len(starts(script)) == 1)[1])
    clock.now = START + timedelta(days=3)
    job.tend()
    job.stop()
    assert len(starts(script)) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(int(starts(script)[0].split()[0]), 0)


def test_a_failure_is_told_and_does_not_stop_the_next_day(script: Path, tmp_path: Path, capsys):
    clock = Clock()
    job = Daily(["retrain"], "03:00", {"DATA_DIR": str(tmp_path), "CODE": "1"}, clock)
    clock.now = START + timedelta(minutes=1)
    told: list[str] = []
    until(lambda: (job.tend(), told.append(capsys.readouterr().err), "ended with 1" in "".join(told))[2])
    clock.now = START + timedelta(days=1, minutes=1)
    until(lambda: (job.tend(), len(starts(script)) == 2)[1])
    job.stop()


def test_without_a_time_it_never_runs(script: Path):
    clock = Clock()
    job = Daily(["retrain"], "", {}, clock)
    clock.now = START + timedelta(days=30)
    job.tend()
    job.stop()
    assert not starts(script)
