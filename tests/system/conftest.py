"""One installation for the quick scenarios that can share one: a start costs seconds. Its disks are small where that is
possible, so that they can be filled, and what it writes is noted, so that a loss of power can be simulated."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.system import disk, outages, power
from tests.system.harness import Product
from tests.system.report import Result, row


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    with contextlib.ExitStack() as stack:
        running = Product()
        outages.routing_copy(running)
        if disk.unable() is None:
            stack.enter_context(disk.small_disks(running))
        stack.callback(running.remove)
        if power.unable() is None:
            running.machine = power.Machine(running, sync_ms="1")
        running.start()
        running.effects_later = True  # one scenario need not wait for another's dispatcher; the last test waits for all
        yield running


@pytest.fixture(scope="session")
def kept() -> Callable[[Result], None]:
    """kept(result): the scenario's promises were kept; else its row says which were not."""

    def judge(result: Result) -> None:
        print(row(result))
        assert not result.broken, f"\n{row(result)}"

    return judge
