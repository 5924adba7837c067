from __future__ import annotations

import pytest

from graph.rules.people.names import Name, alike, name_key, read_name


def likeness(one: str, other: str) -> str:
    first, second = read_name(one), read_name(other)
    assert first is not None
    assert second is not None
    assert alike(first, second) == alike(second, first), "who is asked first does not matter"
    return alike(first, second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maya Ortiz", "maya ORTIZ"),
        ("Maya Ortiz", "Ortiz, Maya"),
        ("Maya Ortiz", "Ortiz Maya"),
        ("José Núñez", "Jose Nunez"),
        ("Søren Łukasik", "Soren Lukasik"),
        ("Robert Smith", "Bob Smith"),
        ("William Jones", "Jones, Bill"),
        ("Dr. Maya Ortiz PhD", "Maya Ortiz"),
        ("Maya B. Ortiz", "Maya Ortiz"),
        ("Maya B. Ortiz", "Maya Beatriz Ortiz"),
        ("Ludwig van der Berg", "Ludwig Berg"),
        ("Maria Garcia", "Maria Garcia Lopez"),
        ("Maya Ortiz (she/her)", "Maya Ortiz"),
        ("John Smith Jr.", "John Smith"),
        ("王小明", "王小明"),
    ],
)
def test_spellings_of_one_name_are_the_same(one: str, other: str):
    assert likeness(one, other) == "same"


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("M. Ortiz", "Maya Ortiz", "initial"),
        ("M Ortiz", "Ortiz, Maya", "initial"),
        ("Maya Ortiz", "Maya Ortis", "typo"),
        ("Maya Orozco", "Maya Orozoc", "typo"),
        ("Katharina Weber", "Kathharina Weber", "typo"),
    ],
)
def test_initials_and_slips_are_told_from_the_same(one: str, other: str, how: str):
    assert likeness(one, other) == how


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("John Smith Jr.", "John Smith Sr."),
        ("John Smith II", "John Smith III"),
        ("John A. Smith", "John B. Smith"),
        ("Mario Rossi", "Maria Rossi"),
        ("Christian Weber", "Christina Weber"),
        ("Jan Novak", "Jana Novak"),
        ("Daniel Costa", "Daniela Costa"),
        ("Peter Smith", "John Smith"),
        ("Maya Ortiz", "Maya Weber"),
        ("J. Smith", "Peter Smith"),
        ("Ann Lee", "Ann Leo"),
    ],
)
def test_fathers_siblings_and_namesakes_are_two_people(one: str, other: str):
    assert likeness(one, other) == "different"


@pytest.mark.parametrize("typed", [None, "", "  ", "Maya", "maya@acme.com", "Dr.", "x" * 500, "!!!", ",", "PhD"])
def test_half_a_name_is_none(typed: str | None):
    assert read_name(typed) is None


def test_a_key_is_one_for_all_orders_and_short_forms_and_none_for_an_initial():
    spellings = ("Bob Ortiz", "Ortiz, Robert", "ROBERT J. ORTÍZ", "rob ortiz jr.")
    assert {name_key(read_name(spelling)) for spelling in spellings} == {"ortiz robert"}
    assert name_key(read_name("R. Ortiz")) is None
    assert name_key(None) is None


def test_a_suffix_behind_a_comma_is_no_first_name():
    assert read_name("John Smith, Jr.") == Name("john", "smith", "john", (), "jr")
