"""Memory and processor of the long-running parts."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.router import ROOT

AUTOGROUP = Path("/proc/self/autogroup")


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this system has no autogroups")
@pytest.mark.parametrize(("own_session", "group"), [(True, "nice 5"), (False, "nice 0")])
def test_a_part_that_gives_way_does_so_between_sessions_and_leaves_a_persons_session_alone(
    own_session: bool, group: str
):
    code = (
        f"import os; from tools.cli.tuning import give_way; give_way(5); print(os.nice(0), open('{AUTOGROUP}').read())"
    )
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
from tools.cli.tuning import Collector

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
rests = []
collect = Collector(lambda: rests.append(1))
old = [Knot()]
gc.collect()
old.clear()
collect(Collector.REST - 1)
collect(0)
assert not rests
assert [held for held in gc.get_objects() if isinstance(held, Knot)], "too few leads for a rest to be worth it"
collect(1)
collect(0)
assert rests == [1]
assert not [held for held in gc.get_objects() if isinstance(held, Knot)]
"""


def test_garbage_is_collected_between_batches_and_only_there():
    subprocess.run([sys.executable, "-c", COLLECTING], cwd=ROOT, check=True, timeout=60)


GIVING_BACK = """
import psutil
from tools.cli.tuning import give_back, one_heap

one_heap()
rss = psutil.Process().memory_info
short, long_lived = [], []
for _ in range(20_000):
    short.append(bytes(8_000))
    long_lived.append(bytes(600))
del short
full = rss().rss
give_back()
assert full - rss().rss > 50_000_000, (full, rss().rss)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library sees to its own heap")
def test_what_a_burst_left_free_between_long_lived_values_goes_back_to_the_system():
    subprocess.run([sys.executable, "-c", GIVING_BACK], cwd=ROOT, check=True, timeout=60)


STAYING = """
import asyncio, gc
from tools.cli.tuning import quiet_collector, stay_small

class Knot:
    def __init__(self):
        self.self = self

def knots():
    return sum(isinstance(held, Knot) for held in gc.get_objects())

async def main():
    quiet_collector()
    for _ in range(10):
        Knot()
    staying = asyncio.create_task(stay_small(0.01))
    assert knots() == 10, "too few for the collector to begin"
    async with asyncio.timeout(30):
        while knots():
            await asyncio.sleep(0.01)
    staying.cancel()

asyncio.run(main())
"""


def test_a_part_that_is_never_idle_collects_now_and_then():
    subprocess.run([sys.executable, "-c", STAYING], cwd=ROOT, check=True, timeout=60)
