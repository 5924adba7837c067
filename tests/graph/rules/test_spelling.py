"""A proposal is made where the meaning is clear, and none elsewhere."""

from __future__ import annotations

import pytest

from graph.rules.countries import country_names
from graph.rules.firmographics import industry_names
from graph.rules.spelling import clear_meaning
from graph.rules.states import state_names


@pytest.mark.parametrize(
    ("typed", "meaning"),
    [
        ("Germnay", "DE"),
        ("Deutchland", "DE"),
        ("Untied States", "US"),
        ("United Kingdon", "GB"),
        ("Phillipines", "PH"),
        ("Austrlia", None),  # Austria, Australia
        ("Nigerai", None),  # Niger, Nigeria
        ("Irn", None),
        ("Atlantis", None),
        ("EMEA", None),
        ("", None),
        ("—", None),
    ],
)
def test_countries(typed: str, meaning: str | None) -> None:
    assert clear_meaning(typed, country_names()) == meaning


def test_states_are_those_of_one_country() -> None:
    assert clear_meaning("Bavria", state_names("DE")) == "DE-BY"
    assert clear_meaning("Bavria", state_names("US")) is None


@pytest.mark.parametrize(
    ("typed", "meaning"),
    [
        ("Fin Services", "financial_services"),
        ("fin_svcs", "financial_services"),
        ("Helthcare", "healthcare"),
        ("Rental", None),  # not dental
        ("Web", None),
    ],
)
def test_industries(typed: str, meaning: str | None) -> None:
    assert clear_meaning(typed, industry_names()) == meaning


def test_words_of_the_file() -> None:
    words = {word: word for word in ("webinar", "web", "partner_referral", "partner_event")}
    assert clear_meaning("webinars", words) == "webinar"
    assert clear_meaning("Partner-Ref", words) == "partner_referral"
    assert clear_meaning("partner_re", words) == "partner_referral"
    assert clear_meaning("p_e", words) is None
    assert clear_meaning("billboard", words) is None
