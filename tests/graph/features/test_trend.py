"""The trend of a person's activity: two weeks against the two before, or nothing to compare."""

from __future__ import annotations

from datetime import timedelta

import pytest

from graph.domain.values import evolve
from graph.features.probes import PROBES
from graph.features.trend import trend_of


def trend(*days: float, kind: str = "view"):
    inp = PROBES[1]
    return trend_of(evolve(inp, activities=tuple((kind, inp.received_at - timedelta(days=day)) for day in days)))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((1, 2, 3, 20), "improving"),
        ((1, 20), "stable"),
        ((1, 18, 20, 25), "declining"),
        ((20,), "declining"),
        ((60,), "declining"),
        ((1, 60), "improving"),
        ((1, 2, 3, 4, 18, 19, 20, 21), "stable"),
    ],
)
def test_it_compares_two_windows(days: tuple[float, ...], expected: str):
    assert trend(*days) == expected


def test_without_a_past_there_is_none():
    assert trend() is None
    assert trend(1, 2, 3) is None


def test_our_own_mails_the_future_and_unknown_types_do_not_count():
    assert trend(1, 20, kind="sent") is None
    assert trend(1, 20, kind="nonsense") is None
    assert trend(-1, -2) is None
