from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from graph.rules.proof.boxes import both, tidy
from graph.rules.proof.search import Search

SIZES = (3, 2, 4)
FULL = tuple((1 << size) - 1 for size in SIZES)
BOXES = st.tuples(*(st.integers(1, full) for full in FULL))


def points(boxes: list[tuple[int, ...]]) -> set[tuple[int, ...]]:
    """The leads inside, as one bit of each dimension."""
    every = product(*([1 << at for at in range(size)] for size in SIZES))
    return {point for point in every if any(all(map(int.__and__, box, point)) for box in boxes)}


@given(st.lists(BOXES, max_size=6), BOXES, st.integers(0, 63))
def test_a_lead_escapes_exactly_when_there_is_one(boxes, region, among):
    asked = [box for at, box in enumerate(boxes) if among >> at & 1]
    found = Search(boxes, FULL, [region]).escape(region, among & ((1 << len(boxes)) - 1))
    left = points([region]) - points(asked)
    assert (found is None) == (not left)
    if found is not None:
        assert points([found]) <= left


@given(st.lists(BOXES, max_size=6), BOXES)
def test_the_boxes_said_to_cover_a_region_cover_it(boxes, region):
    search, every = Search(boxes, FULL, [region]), (1 << len(boxes)) - 1
    covering = search.covering(region, every)
    assert (covering is None) == bool(points([region]) - points(boxes))
    if covering is not None:
        assert points([region]) <= points([box for at, box in enumerate(boxes) if covering >> at & 1])


@given(st.lists(BOXES, max_size=6), BOXES)
def test_boxes_that_meet_a_region_share_a_lead_with_it(boxes, region):
    meeting = Search(boxes, FULL, [region]).meeting(region, (1 << len(boxes)) - 1)
    for at, box in enumerate(boxes):
        assert bool(meeting >> at & 1) == bool(points([box]) & points([region]))


@given(st.lists(BOXES, max_size=6))
def test_tidy_boxes_are_the_same_set(boxes):
    tidied = tidy(boxes)
    assert points(tidied) == points(boxes)
    assert len(tidied) <= len(set(boxes))


@given(st.lists(BOXES, max_size=4), st.lists(BOXES, max_size=4))
def test_both_is_what_lies_in_one_of_each(some, others):
    assert points(both(some, others)) == points(some) & points(others)
