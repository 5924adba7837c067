"""Places as few classes: the leads that stand for them tell apart whatever `place_bits` tells apart."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.domain.table import Place
from graph.rules.places import FAILS, HOLDS, place_bits
from graph.rules.proof.place_atoms import PlaceAtoms

DIGITS = "019"
CODES = ["".join(code) for length in (1, 2, 3) for code in product(DIGITS, repeat=length)] + ["A", "A1", "1A", "Ø"]
STATES = {"US": (None, "US-CA", "US-NY"), "GB": (None, "GB-ENG", "GB-LND", "GB-MAN", "GB-SCT")}


@st.composite
def places(draw: st.DrawFn) -> Place:
    country = draw(st.sampled_from(list(STATES)))
    state = draw(st.sampled_from(STATES[country]))
    low = draw(st.sampled_from([None, "A", "A1", "1A", *CODES]))
    high = low
    if low is not None and low.isdecimal():
        high = draw(
            st.sampled_from([code for code in CODES if len(code) == len(low) and code.isdecimal() and code >= low])
        )
    return Place(country, state, low, high)


def bits(place: Place, lead: tuple[str | None, str | None, str | None]) -> int:
    return place_bits(place, *lead)


@settings(max_examples=150, deadline=None)
@given(st.lists(places(), min_size=1, max_size=5))
def test_every_place_of_a_little_world_is_like_exactly_one_atom(written):
    atoms = PlaceAtoms(written)
    seen = {tuple(bits(place, lead) for place in written) for lead in atoms.leads}
    world = [(None, None, None), ("BR", None, None)]
    world += [(country, state, code) for country in STATES for state in STATES[country] for code in (None, *CODES)]
    assert {tuple(bits(place, lead) for place in written) for lead in world} <= seen


@settings(max_examples=150, deadline=None)
@given(st.lists(places(), min_size=1, max_size=5))
def test_the_masks_say_what_place_bits_says_of_the_lead_of_each_atom(written):
    atoms = PlaceAtoms(written)
    for at, lead in enumerate(atoms.leads):
        for place in written:
            found = bits(place, lead)
            assert bool(atoms.holds[place] >> at & 1) == (found == HOLDS)
            assert bool(atoms.fails[place] >> at & 1) == (found == FAILS)


def test_the_first_atom_knows_nothing_and_the_last_is_elsewhere():
    atoms = PlaceAtoms([Place("US"), Place("BR")], ["BR", "NL"])
    assert atoms.leads == [(None, None, None), ("US", None, None), ("BR", None, None), ("NL", None, None)]
    assert atoms.of_country == {"US": 0b10, "BR": 0b100}


@pytest.mark.parametrize(
    ("place", "code"),
    [
        (Place("US", None, "100", "104"), "10000"),
        (Place("CH", None, "80", "87"), "8000"),
        (Place("GB", None, "SW1", "SW1"), "SW1"),
    ],
)
def test_a_postal_code_is_as_long_as_a_person_writes_it(place, code):
    assert (place.country, None, code) in PlaceAtoms([place]).leads


def test_a_territory_of_thousands_of_prefixes_has_an_atom_for_each_and_few_more():
    written = [Place("US", "US-NY", f"{code:05}", f"{code:05}") for code in range(10000, 14000, 2)]
    atoms = PlaceAtoms(written)
    assert len(written) < len(atoms.leads) < len(written) + 20
