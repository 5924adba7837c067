"""Memory and processor of the long-running parts."""

from __future__ import annotations

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
"""


def test_garbage_is_collected_between_batches_and_only_there():
    subprocess.run([sys.executable, "-c", COLLECTING], cwd=ROOT, check=True, timeout=60)
