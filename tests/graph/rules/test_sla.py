from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from graph.domain.table import Sla
from graph.rules.sla import due

NOW = datetime(2026, 3, 7, 22, tzinfo=UTC)  # a Saturday evening


@pytest.mark.parametrize("clock", ["business", "wall"])
def test_both_clocks_run_on_the_wall_and_say_so(clock):
    found = due(Sla("hot", 300, 900, clock, None, ("DEFAULT",)), NOW)
    assert found.clock == "wall"
    assert found.accept_at == NOW + timedelta(minutes=5)
    assert found.touch_at == NOW + timedelta(minutes=15)


def test_a_time_that_is_not_limited_is_none():
    found = due(Sla("touch-only", None, 3600, "wall", None, ("DEFAULT",)), NOW)
    assert (found.accept_at, found.touch_at) == (None, NOW + timedelta(hours=1))


def test_due_times_are_instants_across_a_clock_change():
    before = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # an hour later clocks in Berlin jump
    assert due(Sla("s", 7200, None, "wall", None, ()), before).accept_at == datetime(2026, 3, 29, 2, 30, tzinfo=UTC)
