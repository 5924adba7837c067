"""One worker of a host at a time is between reading the ledgers and its commit."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.stream import turnstile
from tools.stream.turnstile import Turnstile

HOLDER = """
import asyncio, pathlib, sys, time
from tools.stream.turnstile import Turnstile
held = Turnstile(pathlib.Path(sys.argv[1]))
asyncio.run(held.enter())
print("inside", flush=True)
time.sleep(60)
"""


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Turnstile, Turnstile]]:
    one, other = Turnstile(tmp_path / "turnstile"), Turnstile(tmp_path / "turnstile")
    yield one, other
    one.close()
    other.close()


async def entered(stile: Turnstile, seconds: float) -> bool:
    """Whether it comes in within this time."""
    try:
        async with asyncio.timeout(seconds):
            await stile.enter()
    except TimeoutError:
        return False
    return True


async def test_one_is_inside_until_it_leaves(pair: tuple[Turnstile, Turnstile]) -> None:
    one, other = pair
    await one.enter()
    assert not await entered(other, 0.1)
    one.leave()
    assert await entered(other, 0.5)
    assert not await entered(one, 0.1), "and now it is the other's"


async def test_entering_and_leaving_twice_is_once(pair: tuple[Turnstile, Turnstile]) -> None:
    one, other = pair
    await one.enter()
    await one.enter()
    one.leave()
    one.leave()
    assert await entered(other, 0.5)


async def test_nobody_waits_for_ever(pair: tuple[Turnstile, Turnstile], monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = pair
    monkeypatch.setattr(turnstile, "LONGEST_S", 0.05)
    await one.enter()
    await other.enter()  # goes on all the same: the commit proves the ledgers
    other.leave()  # and gives nothing away that is not its own
    third = Turnstile(Path(other._file.name))
    assert not await entered(third, 0.02)
    third.close()


async def test_where_files_have_no_locks_nobody_waits(
    pair: tuple[Turnstile, Turnstile], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(turnstile.fcntl, "flock", refused)
    for one in pair:
        assert await entered(one, 0.1)
        one.leave()


async def test_who_dies_inside_lets_go(pair: tuple[Turnstile, Turnstile]) -> None:
    one, _ = pair
    command = [sys.executable, "-c", HOLDER, one._file.name]
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "inside\n"
        assert not await entered(one, 0.1)
        os.kill(holder.pid, signal.SIGKILL)
        began = time.monotonic()
        await one.enter()
        assert time.monotonic() - began < turnstile.LONGEST_S, "it came in because the other was gone"
