from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graph.domain.table import Place
from tools.routing_file.place_lists import in_text, repeated

CODES = [f"{code:03}" for code in range(0, 1000, 7)] + ["1", "10", "9A", "9AB"]


def found(*places: Place) -> list[tuple[str, str, bool]]:
    return [(in_text(one), in_text(other), whole) for one, other, whole in repeated(places, key=lambda place: place)]


def prefix(low: str, high: str | None = None, area: str | None = None) -> Place:
    return Place("US", area, low, high or low)


def test_a_prefix_inside_a_range_and_ranges_that_cross():
    assert found(prefix("100", "104"), prefix("103")) == [("US:103", "US:100-104", True)]
    assert found(prefix("100", "104"), prefix("103", "106")) == [("US:103-106", "US:100-104", False)]
    assert found(prefix("100", "104"), prefix("1035")) == [("US:1035", "US:100-104", True)]
    assert found(prefix("1000", "1049"), prefix("104")) == [("US:104", "US:1000-1049", True)]
    assert found(prefix("1000", "1044"), prefix("104")) == [("US:104", "US:1000-1044", False)]
    assert found(prefix("SW"), prefix("SW1A")) == [("US:SW1A", "US:SW", True)]


def test_prefixes_that_only_look_near_share_nothing():
    assert found(prefix("100", "104"), prefix("105"), prefix("10A"), prefix("99")) == []


def test_prefixes_of_two_states_share_nothing_and_those_of_the_country_hold_both():
    assert found(prefix("100", area="US-NY"), prefix("100", area="US-CA")) == []
    assert found(prefix("100", area="US-NY"), prefix("100")) == [("US-NY:100", "US:100", True)]


def test_a_place_inside_a_place():
    assert found(Place("US"), Place("US", "US-CA")) == [("US-CA", "US", True)]
    assert found(Place("GB", "GB-LND"), Place("GB", "GB-ENG")) == [("GB-LND", "GB-ENG", True)]
    assert found(prefix("100", area="US-NY"), Place("US", "US-NY")) == [("US-NY:100", "US-NY", True)]
    assert found(Place("DE"), Place("DE")) == [("DE", "DE", True)]


@given(st.lists(st.sampled_from(CODES), unique=True, max_size=12))
def test_single_prefixes_are_told_exactly_when_one_begins_with_another(codes):
    told = {one for one, _, _ in found(*map(prefix, codes))}
    assert told == {f"US:{one}" for one in codes if any(one != other and one.startswith(other) for other in codes)}
