"""Names as words to compare."""

from __future__ import annotations

import pytest

from graph.rules.matching.tokens import LONGEST_WORD, MOST_WORDS, initials, name_key, name_words
from tests.fixtures.hostile_texts import HOSTILE


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("BorgWarner Cooling Systems (India) Private Limited", "borgwarner cooling systems india"),
        ("GE ENERGY SERVICES-DALLAS, LP", "ge energy services dallas"),
        ("FIRST NATIONAL CORP /VA/", "first national"),
        ("US BANCORP \\DE\\", "us bancorp"),
        ("QUALCOMM INC/DE", "qualcomm"),
        ("Inventure Foods, Inc. and its subsidiaries", "inventure foods"),
        ("AT&T INC.", "att"),
        ("Müller & Söhne GmbH & Co. KG", "muller and sohne"),
        ("Barnes&Noble", "barnes noble"),
        ("O'Reilly Automotive", "oreilly automotive"),
        ("株式会社トヨタ", "株式会社トヨタ"),
    ],
)
def test_a_name_is_its_words_without_form_case_accents_and_marks_of_a_register(name: str, words: str):
    assert name_words(name) == tuple(words.split())


def test_a_name_run_together_has_the_key_of_the_name_apart():
    assert name_key("GTXPro") == name_key("GTX Pro") == name_key("gtx-pro Inc.") == "gtxpro"
    assert name_key("Procter and Gamble") == name_key("Procter & Gamble Co") == name_key("Procter Gamble")


def test_initials_stand_for_a_name_of_three_to_six_words_that_count():
    assert initials(name_words("American Electric Power Company, Inc.")) == "aep"
    assert initials(name_words("Corporate Office Properties Trust")) == "copt"
    assert initials(name_words("General Electric Co")) is None, "two letters are anybody's"
    assert initials(name_words("Bank of New York")) == "bny", "words such as of do not count"


@pytest.mark.parametrize(
    "name", ["", " ", "\x00\x1f", "---", "\u202e", "a" * 10_000, "ab " * 5_000, "(.*)+$", *HOSTILE.values()]
)
def test_whatever_is_typed_gives_bounded_words(name: str):
    found = name_words(name)
    assert len(found) <= MOST_WORDS
    assert all(0 < len(word) <= LONGEST_WORD and word.isprintable() for word in found)
    assert len(name_key(name)) <= MOST_WORDS * LONGEST_WORD
