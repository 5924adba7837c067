"""A quick version of the run with every vendor live; `./start.sh python -m tests.system.chaos live` sends all samples, with an
outage of half a minute for each vendor."""

from __future__ import annotations

from tests.system import live
from tests.system.report import row


def test_every_vendor_has_each_write_once_after_a_kill_and_short_outages() -> None:
    with live.live() as world:
        result = live.live_demo(world, kills=1, hold_s=0.5, leads=21)
    assert not result.broken, row(result)
