from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nameparser import Lexicon

from graph.rules.person_names import PersonName, parsed_name, person_name


@pytest.mark.parametrize(
    ("typed", "country", "full", "given_name", "family_name"),
    [
        ("Maya Ortiz", None, "Maya Ortiz", "Maya", "Ortiz"),
        ("ORTIZ, MAYA", None, "Maya Ortiz", "Maya", "Ortiz"),
        ("Ortiz,Maya", None, "Maya Ortiz", "Maya", "Ortiz"),
        ("maya ortiz", None, "Maya Ortiz", "Maya", "Ortiz"),
        ("MCDONALD, RONALD", None, "Ronald McDonald", "Ronald", "McDonald"),
        ("O'BRIEN, SEÁN", "IE", "Seán O'Brien", "Seán", "O'Brien"),
        ("Dr. Anna van der Berg", None, "Dr. Anna van der Berg", "Anna", "van der Berg"),
        ("ludwig van beethoven", None, "Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Mag. Michael Hochleitner", "AT", "Mag. Michael Hochleitner", "Michael", "Hochleitner"),
        ("Frau Anna Schmidt", "DE", "Frau Anna Schmidt", "Anna", "Schmidt"),
        ("John Smith PhD", None, "John Smith PhD", "John", "Smith"),
        ("Maya Ortiz, PhD", None, "Maya Ortiz, PhD", "Maya", "Ortiz"),
        ("Smith, John, MBA", None, "John Smith MBA", "John", "Smith"),
        ("maya ortiz (acme)", None, "Maya Ortiz (Acme)", "Maya", "Ortiz"),
        ("Maya Ortiz-Lopez", None, "Maya Ortiz-Lopez", "Maya", "Ortiz-Lopez"),
        ("Lopez Garcia, Maria del Carmen", "ES", "Maria del Carmen Lopez Garcia", "Maria", "Lopez Garcia"),
        ("Juan Carlos de la Cruz", "MX", "Juan Carlos de la Cruz", "Juan", "de la Cruz"),
        ("hans-peter von und zu der tann", "DE", "Hans-Peter von und zu der Tann", "Hans-Peter", "von und zu der Tann"),
        ("Tanaka, Hiroshi", "JP", "Hiroshi Tanaka", "Hiroshi", "Tanaka"),
        ("Jean DUPONT", "FR", "Jean DUPONT", "Jean", "DUPONT"),
    ],
)
def test_names_are_tidied_and_split(
    typed: str, country: str | None, full: str, given_name: str, family_name: str
) -> None:
    assert person_name(typed, country) == PersonName(full, given_name, family_name)


@pytest.mark.parametrize(
    ("typed", "country", "full"),
    [
        ("Maya", None, "Maya"), ("maya", None, "Maya"), ("JP", None, "JP"), ("J Smith", None, "J Smith"),
        ("Mr Smith", None, "Mr Smith"), ("Al Green", None, "Al Green"), ("Judge Reinhold", None, "Judge Reinhold"),
        ("王小明", "CN", "王小明"), ("山田 太郎", "JP", "山田 太郎"), ("Владимир Щербаков", "RU", "Владимир Щербаков"),
        ("محمد العلي", None, "محمد العلي"), ("Nguyễn Thị Hồng", None, "Nguyễn Thị Hồng"),
        ("Nagy István", "HU", "Nagy István"), ("Kim Minjun", "KR", "Kim Minjun"), ("DUPONT Jean", "FR", "DUPONT Jean"),
        ("Gabriel García Márquez", "CO", "Gabriel García Márquez"), ("John and Jane Doe", None, "John and Jane Doe"),
        ("Smith & Sons", None, "Smith & Sons"), ("<b>Maya</b>", None, "<b>Maya</b>"), ("maya123", None, "maya123"),
    ],
)  # fmt: skip
def test_where_the_order_is_in_doubt_nothing_is_split(typed: str, country: str | None, full: str) -> None:
    assert person_name(typed, country) == PersonName(full)


@pytest.mark.parametrize("typed", ["12345", "???", "maya@acme.com", "https://acme.com/x", "www.acme.com"])
def test_what_is_no_name_is_none(typed: str) -> None:
    assert person_name(typed) == PersonName(None)


@pytest.mark.parametrize("typed", ["Acme Labs GmbH", "Acme, Inc.", "ACME LTD", "Acme B.V."])
def test_a_company_is_no_person_and_stays_as_typed(typed: str) -> None:
    assert person_name(typed) == PersonName(typed, company=True)


@pytest.mark.parametrize("typed", ["Maria Sá", "Henry Co", "Anna Ag", "Li Se"])
def test_a_family_name_that_is_also_a_legal_form_is_a_family_name(typed: str) -> None:
    assert not person_name(typed).company


def _lexicon() -> list[str]:
    lexicon = Lexicon.default()
    held = (lexicon.titles, lexicon.suffix_acronyms, lexicon.suffix_words, lexicon.particles, lexicon.conjunctions,
            lexicon.bound_given_names, lexicon.maiden_markers, lexicon.given_name_titles)  # fmt: skip
    return sorted({word for entries in held for entry in entries for word in entry.split()})


def test_the_quick_way_and_the_parser_agree_on_every_word_that_means_something() -> None:
    for word in _lexicon():
        for typed in (f"{word.capitalize()} Ortiz", f"Maya {word.capitalize()}"):
            for country in (None, "HU", "ES"):
                assert person_name(typed, country) == parsed_name(typed, country), typed


_NAME = st.from_regex(r"[A-ZÄÖÉ][a-zäöüßéñ]{2,9}", fullmatch=True)


@given(_NAME, _NAME, st.sampled_from([None, "DE", "HU", "ES"]))
@settings(max_examples=300, deadline=None)
def test_the_quick_way_and_the_parser_agree(first: str, last: str, country: str | None) -> None:
    assert person_name(f"{first} {last}", country) == parsed_name(f"{first} {last}", country)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_an_answer_that_is_as_tidy_the_second_time(typed: str) -> None:
    found = person_name(typed)
    assert found.given is None or found.family is not None


def test_a_plain_name_enters_no_parser() -> None:
    program = (
        "import graph.rules.person_names as names\n"
        "names.person_name('Maya Ortiz')\n"
        "def entered(*_): raise AssertionError('entered')\n"
        "names.parsed_name = entered\n"
        "assert names.person_name('Fiona Drummond').family == 'Drummond'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
