from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from graph.domain.table import Sla
from graph.domain.working import Hours, Span
from graph.rules.sla import due
from graph.rules.working import Calendar

NOW = datetime(2026, 3, 7, 22, tzinfo=UTC)  # a Saturday evening


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("clock", ["business", "wall"])
def test_an_address_whose_hours_nobody_knows_has_the_clock_of_the_wall(clock):
    found = due(Sla("hot", 300, 900, clock, None, ("DEFAULT",)), NOW)
    assert found.clock == "wall"
    assert found.accept_at == NOW + timedelta(minutes=5)
    assert found.touch_at == NOW + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("now", "accept", "touch"),
    [
        ("2026-03-06T16:57", "2026-03-09T08:02", "2026-03-09T08:12"),  # three minutes before a weekend
        ("2026-03-07T22:00", "2026-03-09T08:05", "2026-03-09T08:15"),  # a Saturday evening
        ("2026-03-09T10:00", "2026-03-09T10:05", "2026-03-09T10:15"),
        ("2026-03-09T16:55", "2026-03-09T17:00", "2026-03-10T08:10"),  # an end of work is in time
    ],
)
def test_the_business_clock_runs_while_the_owner_works(now, accept, touch):
    office = Calendar(Hours((Span((0, 1, 2, 3, 4), 540, 1080, "Europe/Berlin"),), "mon-fri 09:00-18:00"), (), "UTC")
    found = due(Sla("hot", 300, 900, "business", None, ()), at(now), office)
    assert (found.clock, found.accept_at, found.touch_at) == ("business", at(accept), at(touch))
    assert due(Sla("hot", 300, 900, "wall", None, ()), at(now), office).clock == "wall"


def test_a_time_that_is_not_limited_is_none():
    found = due(Sla("touch-only", None, 3600, "wall", None, ("DEFAULT",)), NOW)
    assert (found.accept_at, found.touch_at) == (None, NOW + timedelta(hours=1))


def test_due_times_are_instants_across_a_clock_change():
    before = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # an hour later clocks in Berlin jump
    assert due(Sla("s", 7200, None, "wall", None, ()), before).accept_at == datetime(2026, 3, 29, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(("share", "seconds"), [(0.5, 150), (0.75, 225), (None, None), (0.0, None), (1.0, None)])
def test_the_reminder_comes_within_the_time_to_accept_or_not_at_all(share, seconds):
    found = due(Sla("hot", 300, 900, "wall", share, ("DEFAULT",)), NOW)
    assert found.remind_at == (None if seconds is None else NOW + timedelta(seconds=seconds))
