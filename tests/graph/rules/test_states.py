from __future__ import annotations

import pycountry
import pytest

from graph.rules.states import _EVERYDAY, state_code


@pytest.mark.parametrize(
    ("typed", "country", "code"),
    [
        ("CA", "US", "US-CA"), ("ca", "US", "US-CA"), ("Calif.", "US", "US-CA"), ("california", "US", "US-CA"),
        ("US-CA", "US", "US-CA"), ("N.Y.", "US", "US-NY"), ("New York State", "US", "US-NY"),
        ("Georgia", "US", "US-GA"),
        ("State of New York", "US", "US-NY"), ("Washington, DC", "US", "US-DC"), ("Washington", "US", "US-WA"),
        ("ON", "CA", "CA-ON"), ("Québec", "CA", "CA-QC"), ("quebec", "CA", "CA-QC"), ("B.C.", "CA", "CA-BC"),
        ("Bayern", "DE", "DE-BY"), ("Bavaria", "DE", "DE-BY"), ("BY", "DE", "DE-BY"), ("Thueringen", "DE", "DE-TH"),
        ("NRW", "DE", "DE-NW"), ("Wien", "AT", "AT-9"), ("Zurich", "CH", "CH-ZH"), ("Île-de-France", "FR", "FR-IDF"),
        ("Lombardia", "IT", "IT-25"), ("Provincia di Milano", "IT", "IT-MI"), ("Catalunya", "ES", "ES-CT"),
        ("La Rioja", "ES", "ES-RI"), ("Barcelona", "ES", "ES-B"), ("Comunidad de Madrid", "ES", "ES-MD"),
        ("nsw", "AU", "AU-NSW"), ("Osaka Prefecture", "JP", "JP-27"), ("Guangdong", "CN", "CN-GD"),
        ("Maharashtra", "IN", "IN-MH"), ("São Paulo", "BR", "BR-SP"), ("Sao Paulo", "BR", "BR-SP"),
        ("CDMX", "MX", "MX-CMX"),
        ("County Cork", "IE", "IE-CO"), ("England", "GB", "GB-ENG"), ("Dubai", "AE", "AE-DU"),
        ("Stockholm", "SE", "SE-AB"),
    ],
)  # fmt: skip
def test_states_are_understood_within_their_country(typed: str, country: str, code: str) -> None:
    assert state_code(typed, country) == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [("California", "US-CA"), ("new york", "US-NY"), ("Calif.", "US-CA"), ("US-CA", "US-CA"), ("DE-BY", "DE-BY")],
)
def test_without_a_country_only_what_leaves_no_doubt_is_understood(typed: str, code: str) -> None:
    assert state_code(typed, None) == code


@pytest.mark.parametrize("typed", ["CA", "ca", "NY", "Cal.", "Georgia", "Ontario", "Bayern", "Limburg", "1", ""])
def test_without_a_country_a_state_says_nothing(typed: str) -> None:
    assert state_code(typed, None) is None


@pytest.mark.parametrize(
    ("typed", "country"),
    [("Texass", "US"), ("Bavaria", "US"), ("US-CA", "DE"), ("XX", "US"), ("Hsinchu", "TW"), ("", "US"), ("...", "US")],
)
def test_what_is_not_sure_stays_unknown(typed: str, country: str) -> None:
    assert state_code(typed, country) is None


def test_every_subdivision_is_known_by_its_code() -> None:
    for place in pycountry.subdivisions:
        assert state_code(place.code, place.country_code) == place.code
        assert state_code(place.code.partition("-")[2], place.country_code) == place.code


def test_everyday_names_belong_to_codes_that_exist_and_mean_one_place() -> None:
    codes = {place.code for place in pycountry.subdivisions}
    for code, names in _EVERYDAY.items():
        assert code in codes, code
        for name in names:
            assert state_code(name, code[:2]) == code, name
