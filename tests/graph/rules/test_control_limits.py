"""A share is told of when chance does not explain it, and not otherwise."""

from __future__ import annotations

import random

import pytest

from graph.rules.control_limits import share_of


def test_the_limits_are_those_of_the_formula() -> None:
    # p = 150 / 1500 = 0.1, reach = 3 * sqrt(0.09 * (1 / 500 + 1 / 1000)) = 0.049295
    share = share_of(60, 500, 90, 1000)
    assert (share.now, share.before) == (0.12, 0.09)
    assert share.low == pytest.approx(0.040705, abs=1e-6)
    assert share.high == pytest.approx(0.139295, abs=1e-6)
    assert share.judged
    assert not share.shifted
    assert share_of(80, 500, 70, 1000).shifted
    assert share_of(10, 500, 90, 1000).shifted


@pytest.mark.parametrize(
    "counts", [(0, 0, 3, 10), (3, 10, 0, 0), (4, 40, 0, 40), (40, 40, 36, 40), (0, 5_000, 3, 5_000)]
)
def test_too_few_leads_are_not_judged(counts: tuple[int, int, int, int]) -> None:
    share = share_of(*counts)
    assert not share.judged
    assert not share.shifted


def test_a_line_that_nobody_hit_before_is_told_of() -> None:
    assert share_of(60, 1000, 0, 1000).shifted


@pytest.mark.parametrize("before", [300, 3000])
def test_chance_alone_is_rarely_told_of_whatever_the_size_of_the_period_before(before: int) -> None:
    """With 1/n alone a period before of the same length would be told of in one of thirty."""
    draw = random.Random(11)
    told = 0
    for _ in range(2000):
        hits = sum(draw.random() < 0.1 for _ in range(300))
        hits_before = round(draw.gauss(before * 0.1, (before * 0.09) ** 0.5))
        told += share_of(hits, 300, hits_before, before).shifted
    assert told <= 16  # 0.27% is 5.4 of 2,000; 16 is five standard deviations above
