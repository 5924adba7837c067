from __future__ import annotations

import pytest

from graph.domain.table import MapEntry, Place, Spot, Target
from graph.rules.map_index import MapIndex
from graph.rules.places import (
    ANY,
    FAILS,
    HOLDS,
    OPEN,
    UNKNOWN,
    clashes,
    country_of,
    place_bits,
    postal_key,
    within,
    written_country,
)

US, CALIFORNIA = Place("US"), Place("US", "US-CA")
NYC, MUNICH = Place("US", "US-NY", "100", "104"), Place("DE", None, "80", "87")


@pytest.mark.parametrize(
    ("place", "lead", "expected"),
    [
        (US, ("US", None, None), HOLDS),
        (US, ("US", "US-CA", "94105"), HOLDS),
        (US, ("CA", None, None), FAILS),
        (US, (None, None, None), UNKNOWN),
        (CALIFORNIA, ("US", "US-CA", None), HOLDS),
        (CALIFORNIA, ("US", "US-OR", None), FAILS),
        (CALIFORNIA, ("US", None, None), UNKNOWN),
        (CALIFORNIA, ("CA", None, None), FAILS),
        (CALIFORNIA, ("DE", "US-CA", None), FAILS),
        (NYC, ("US", "US-NY", "10013"), HOLDS),
        (NYC, ("US", None, "10013"), HOLDS),
        (NYC, ("US", "US-NJ", "10013"), FAILS),
        (NYC, ("US", "US-NY", "10500"), FAILS),
        (NYC, ("US", "US-NY", "10"), FAILS),
        (NYC, ("US", "US-NY", None), UNKNOWN),
        (NYC, ("US", "US-NJ", None), FAILS),
        (NYC, ("US", "US-NY", ANY), OPEN),
        (NYC, ("US", "US-NJ", ANY), FAILS),
        (MUNICH, ("DE", None, "80331"), HOLDS),
        (MUNICH, ("DE", "DE-BY", "87435"), HOLDS),
        (MUNICH, ("DE", None, "88131"), FAILS),
        (Place("GB", None, "SW1", "SW1"), ("GB", None, "SW1A1AA"), HOLDS),
        (Place("US", None, "100", "120"), ("US", None, "10A99"), FAILS),
        (Place("GB", "GB-ENG"), ("GB", "GB-LND", None), HOLDS),
        (Place("GB", "GB-LND"), ("GB", "GB-ENG", None), UNKNOWN),
        (Place("GB", "GB-LND", "EC", "EC"), ("GB", "GB-ENG", "EC1A1BB"), HOLDS),
    ],
)
def test_a_place_holds_fails_or_stays_unknown(place, lead, expected):
    assert place_bits(place, *lead) == expected


def test_a_state_names_its_country_but_never_overrules_one():
    assert country_of(None, "US-CA") == "US"
    assert country_of("DE", "US-CA") == "DE"
    assert country_of(None, None) is None


@pytest.mark.parametrize(
    ("typed", "key"),
    [("10013-4410", "100134410"), ("sw1a 1aa", "SW1A1AA"), ("00-950", "00950"), ("80331", "80331"), (" - ", None)],
)
def test_a_postal_code_is_compared_without_spaces_and_dashes(typed, key):
    assert postal_key(typed) == key


@pytest.mark.parametrize(
    ("written", "code"),
    [("UK", "GB"), ("GB", "GB"), ("USA", "US"), ("XK", "XK"), ("us", None), ("EU", None), ("GBR", None), ("", None)],
)
def test_only_a_code_in_capitals_or_one_of_two_aliases_is_a_country(written, code):
    assert written_country(written) == code


def test_a_subdivision_holds_what_lies_in_it():
    assert {"GB-ENG", "GB-LND"} <= within("GB-ENG")
    assert within("US-CA") == {"US-CA"}


def entry(key: str, *spots: tuple[Place, int], line: int = 1) -> MapEntry:
    return MapEntry(
        key, tuple(Spot(place, depth) for place, depth in spots), Target(f"{key.lower()}@company.com"), line
    )


KEYS = MapIndex(
    [
        entry("US", (US, 0)),
        entry("EMEA", (Place("GB"), 1), (Place("DE"), 2), (Place("AT"), 2)),
        entry("DACH", (Place("DE"), 1), (Place("AT"), 1)),
        entry("AT", (Place("AT"), 0)),
        entry("WEST", (CALIFORNIA, 1), (Place("US", "US-OR"), 1)),
        entry("US-CA", (CALIFORNIA, 0)),
        entry("NYC", (NYC, 1)),
        entry("LOWER", (Place("US", "US-NY", "1000", "1001"), 1)),
    ]
)


@pytest.mark.parametrize(
    ("lead", "keys"),
    [
        (("US", None, None), ["US"]),
        (("US", "US-CA", None), ["US-CA", "WEST", "US"]),
        (("US", "US-OR", None), ["WEST", "US"]),
        (("US", "US-NY", "10013"), ["LOWER", "NYC", "US"]),
        (("US", None, "10200"), ["NYC", "US"]),
        (("US", "US-NJ", "10013"), ["US"]),
        (("AT", None, None), ["AT", "DACH", "EMEA"]),
        (("DE", "US-CA", None), ["DACH", "EMEA"]),
        (("JP", None, None), []),
        ((None, None, None), []),
    ],
)
def test_the_most_specific_key_comes_first(lead, keys):
    assert [found.key for found in KEYS.find(*lead)] == keys


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [
        (entry("A", (Place("SE"), 1)), entry("B", (Place("SE"), 1)), ["SE"]),
        (entry("A", (Place("SE"), 1)), entry("B", (Place("SE"), 2)), []),
        (entry("A", (NYC, 1)), entry("B", (Place("US", "US-NY", "104", "106"), 1)), ["US-NY:104"]),
        (entry("A", (NYC, 1)), entry("B", (Place("US", "US-NJ", "101", "101"), 1)), ["US-NJ:101"]),
        (entry("A", (NYC, 1)), entry("B", (Place("US", "US-NY", "1012", "1013"), 1)), []),
        (entry("A", (NYC, 1)), entry("B", (Place("US", "US-NY", "105", "106"), 1)), []),
        (entry("A", (NYC, 1), (Place("US", "US-NY", "101", "102"), 1)), entry("B", (CALIFORNIA, 1)), []),
        (
            entry("A", (Place("US", None, "100", "199"), 1), (Place("US", None, "104", "104"), 1)),
            entry("B", (Place("US", None, "150", "150"), 1)),
            ["US:150"],
        ),
    ],
)
def test_two_keys_clash_only_where_neither_is_more_specific(one, other, where):
    assert [(first.key, second.key, place) for first, second, place in clashes([one, other])] == [
        ("A", "B", place) for place in where
    ]
