"""Places, addresses and head offices."""

from __future__ import annotations

import pytest

from graph.ports import CompanyAsk
from graph.rules.matching.places import (
    CITY,
    COUNTRY,
    ELSEWHERE,
    POSTAL,
    UNKNOWN,
    address_key,
    nearness,
    one_head_office,
)


def at(country: str | None = None, state: str | None = None, city: str | None = None, postal: str | None = None):
    return CompanyAsk(None, None, country=country, state=state, city=city, postal=postal)


def test_the_smallest_place_that_both_name_alike_counts():
    assert nearness(at("US", postal="94103-1234"), at("US", postal="94103")) == POSTAL
    assert nearness(at("DE", city="MÜNCHEN"), at("DE", city="Munchen")) == CITY
    assert nearness(at("DE", city="Berlin"), at("DE")) == COUNTRY
    assert nearness(at("DE"), at("US", postal="10115")) == ELSEWHERE
    assert (
        nearness(at("US", state="US-CA", city="Springfield"), at("US", state="US-IL", city="Springfield")) == ELSEWHERE
    )
    assert nearness(at(), at("US")) == UNKNOWN


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("100 Main Street", "94103", None), ("100 main st.", "94103-1234", None)),
        (("100 Main St, Suite 500", "94103", None), ("100 Main Street", "94103", "San Francisco")),
        (("Hauptstraße 5", "10115", None), ("Hauptstr. 5", "10115", None)),
        (("5 North Ave", None, "Boston"), ("5 N. Avenue", None, "boston")),
    ],
)
def test_an_address_has_one_spelling(one: tuple[str | None, ...], other: tuple[str | None, ...]):
    assert address_key(*one) == address_key(*other) is not None


@pytest.mark.parametrize(
    "given", [("Main Street", "94103", None), ("100 Main Street", None, None), (None, "94103", None), ("", "", "")]
)
def test_a_street_without_number_or_place_is_no_address(given: tuple[str | None, ...]):
    assert address_key(*given) is None


def test_numbers_of_one_building_differ_in_the_extension_alone():
    assert one_head_office("+14155550100", "+14155550132")
    assert not one_head_office("+14155550100", "+14155560132")
    assert not one_head_office("+14155550100", None)
    assert not one_head_office("+4930123", "+4930124"), "too short to have extensions"
