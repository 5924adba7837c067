from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from graph.rules.proof.spans import FOREVER, Moments, common, covers, joined, without

NOW = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = [NOW + timedelta(hours=hour) for hour in range(12)]
SPANS = st.lists(st.tuples(st.sampled_from(HOURS), st.sampled_from([*HOURS, FOREVER]))).map(joined)


@given(SPANS, SPANS)
def test_spans_are_cut_and_joined_as_sets_of_moments(some, others):
    for moment in HOURS:
        one, other = covers(some, moment), covers(others, moment)
        assert covers(common(some, others), moment) == (one and other)
        assert covers(without(some, others), moment) == (one and not other)
        assert covers(joined([*some, *others]), moment) == (one or other)


@given(st.lists(SPANS, max_size=4))
def test_each_atom_of_time_is_one_kind_of_moment_and_now_is_the_first(kinds):
    moments = Moments(kinds, NOW)
    assert moments.first[0] == NOW
    assert moments.first == sorted(moments.first)
    told = [tuple(covers(spans, first) for spans in kinds) for first in moments.first]
    assert len(set(told)) == len(told)
    assert {tuple(covers(spans, moment) for spans in kinds) for moment in HOURS} <= set(told)
    for spans in kinds:
        inside = [covers(spans, first) for first in moments.first]
        assert [bool(moments.mask(spans) >> at & 1) for at in range(len(inside))] == inside
