from __future__ import annotations

from datetime import UTC, datetime

import pytest

from graph.rules.local_time import _COUNTRIES, _STATES, hour_there, named_zone

NOON = datetime(2026, 1, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("country", "state", "expected"),
    [
        ("DE", None, "13:00"),
        ("US", "US-CA", "04:00"),
        ("US", "US-AZ", "05:00"),
        ("IN", None, "17:30"),
        ("CA", "CA-NL", "08:30"),
        ("DE", "DE-BY", "13:00"),
    ],
)
def test_a_place_that_settles_it_has_its_hour(country, state, expected):
    assert f"{hour_there(NOON, country, state):%H:%M}" == expected


@pytest.mark.parametrize(
    ("country", "state"), [("US", None), ("US", "US-TN"), ("AU", None), (None, None), ("XX", None), ("RU", None)]
)
def test_a_place_of_several_zones_has_none(country, state):
    assert hour_there(NOON, country, state) is None


def test_every_zone_in_the_tables_exists():
    for zone in {*_COUNTRIES.values(), *_STATES.values()}:
        named_zone(zone)
