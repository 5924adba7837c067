"""Many places are searched, and every answer is the one that looking through them gives."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.domain.table import MapEntry, Place, Spot, Target
from graph.rules.map_index import MapIndex
from graph.rules.place_sets import PlaceSet, either, place_set
from graph.rules.places import ANY, HOLDS, place_bits, rank

AREAS = [("US", None), ("US", "US-NY"), ("US", "US-CA"), ("GB", "GB-ENG"), ("GB", "GB-LND"), ("GB", None), ("DE", None)]
digits = st.integers(1, 3).flatmap(lambda size: st.text("0123", min_size=size, max_size=size))
letters = st.text("0AB", min_size=1, max_size=3)


@st.composite
def places(draw):
    area = draw(st.sampled_from(AREAS))
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return Place(*area)
    low = draw(digits if kind == 1 else letters)
    high = draw(st.text("0123", min_size=len(low), max_size=len(low))) if kind == 1 else low
    return Place(*area, low, max(low, high))


leads = st.tuples(
    st.sampled_from(["US", "GB", "DE", "FR", None]),
    st.sampled_from([None, "US-NY", "US-CA", "GB-ENG", "GB-LND"]),
    st.one_of(st.none(), st.just(ANY), st.text("0123AB", min_size=1, max_size=5)),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(places(), min_size=1, max_size=12), leads)
def test_a_set_answers_as_its_places_do(found, lead):
    country, state, postal = lead
    state = state if state and state[:2] == country else None
    assert PlaceSet(found).bits(country, state, postal) == either(
        place_bits(place, country, state, postal) for place in found
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(places(), min_size=1, max_size=8, unique=True), leads)
def test_the_map_finds_each_postal_key_that_matches_most_specific_first(found, lead):
    country, state, postal = lead
    postal = None if postal is ANY else postal
    state = state if state and state[:2] == country else None
    entries = [MapEntry(str(at), (Spot(place),), Target("x"), at) for at, place in enumerate(found)]
    keys = [int(entry.key) for entry in MapIndex(entries).find(country, state, postal)]
    postal_keys = [key for key in keys if found[key].low is not None]
    expected = {
        at for at, place in enumerate(found) if place.low and place_bits(place, country, state, postal) == HOLDS
    }
    assert set(postal_keys) == expected
    ranks = [rank(Spot(found[key])) for key in postal_keys]
    assert ranks == sorted(ranks)


def test_a_set_is_built_once_for_a_table_s_places():
    own, same = (Place("US", None, "1", "1"),), (Place("US", None, "1", "1"), Place("DE"))
    assert place_set(own) is place_set(own)
    assert place_set(own) is not place_set(same)
