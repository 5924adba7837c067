from __future__ import annotations

import pycountry
import pytest

from graph.rules.countries import country_code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("us", "US"), ("US", "US"), ("usa", "US"), ("U.S.", "US"), ("U.S.A.", "US"), ("United States", "US"),
        ("the United States of America", "US"), ("United States of America", "US"), ("United States (US)", "US"),
        ("Estados Unidos", "US"), ("Vereinigte Staaten", "US"), ("États-Unis", "US"), ("アメリカ合衆国", "US"),
        ("美国", "US"),
        ("uk", "GB"), ("U.K.", "GB"), ("England", "GB"), ("Scotland", "GB"), ("Great Britain", "GB"), ("GB", "GB"),
        ("United Kingdom", "GB"), ("Royaume-Uni", "GB"), ("Vereinigtes Königreich", "GB"),
        ("Deutschland", "DE"), ("DEUTSCHLAND", "DE"), ("Allemagne", "DE"), ("ドイツ", "DE"), ("Германия", "DE"),
        ("🇩🇪", "DE"), ("GER", "DE"), ("SUI", "CH"),
        ("Brasil", "BR"), ("Österreich", "AT"), ("Oesterreich", "AT"), ("osterreich", "AT"), ("Schweiz", "CH"),
        ("Suisse", "CH"), ("Korea", "KR"), ("South Korea", "KR"), ("Korea, Republic of", "KR"), ("대한민국", "KR"),
        ("España", "ES"), ("espana", "ES"), ("Holland", "NL"), ("The Netherlands", "NL"), ("Nederland", "NL"),
        ("Türkiye", "TR"), ("Turkey", "TR"), ("Czechia", "CZ"), ("Czech Republic", "CZ"), ("Česko", "CZ"),
        ("Viet Nam", "VN"), ("Việt Nam", "VN"), ("Россия", "RU"), ("中国", "CN"), ("日本", "JP"), ("भारत", "IN"),
        ("ca", "CA"), ("Canada", "CA"), ("na", "NA"), ("Georgia", "GE"), ("Ireland", "IE"), ("Éire", "IE"),
        ("UAE", "AE"), ("Côte d’Ivoire", "CI"), ("Polska", "PL"), ("Sverige", "SE"), ("Suomi", "FI"), ("Ελλάδα", "GR"),
    ],
)  # fmt: skip
def test_countries_are_understood_as_people_write_them(typed: str, code: str) -> None:
    assert country_code(typed) == code


@pytest.mark.parametrize(
    "typed",
    ["Germnay", "Untied States", "Europe", "EMEA", "California", "Atlanta, Georgia", "XX", "N/A", "", "🇽🇽", "1", "Y"],
)
def test_what_is_not_sure_stays_unknown(typed: str) -> None:
    assert country_code(typed) is None


def test_every_country_is_known_by_its_codes_and_its_name() -> None:
    for country in pycountry.countries:
        for typed in (country.alpha_2, country.alpha_2.lower(), country.alpha_3, country.name):
            assert country_code(typed) == country.alpha_2, typed
