"""How two names are alike."""

from __future__ import annotations

import pytest

from graph.rules.matching.names import compare, misspelt
from graph.rules.matching.tokens import name_words
from tests.graph.rules.matching.book import PlainBook
from tools.accounts.known import KnownAccount

BOOK = PlainBook([KnownAccount(f"name:{at}", (name,)) for at, name in enumerate(("Virtu Financial", "Vitru Ltd"))])


@pytest.mark.parametrize(
    ("asked", "known", "kind"),
    [
        ("Acmerobo Inc", "ACMEROBO GmbH", "whole"),
        ("Borg Warner", "BorgWarner Inc", "whole"),
        ("Borgwarnr", "BorgWarner Inc", "spelt"),
        ("BorgWarner Poland Sp. z o.o.", "BorgWarner Inc", "inside"),
        ("Borgwarnr Poland", "BorgWarner Inc", "slipped"),
        ("Kingsway Services", "Kingsway Financial Services", "part"),
        ("Skyworks Ireland Limited", "Skyworks Solutions, Inc.", "brand"),
        ("Heron Holding", "Heron Therapeutics", "begins"),
        ("AEP Texas North", "American Electric Power", "initials"),
        ("American Electric Power", "AEP", "initials"),
    ],
)
def test_names_are_alike_in_one_way(asked: str, known: str, kind: str):
    found = compare(name_words(asked), name_words(known), BOOK)
    assert found is not None
    assert found.kind == kind
    assert 0 < found.strength <= 1


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("Acme II", "Acme III"),
        ("Cardinal Cogen", "Cardinal Health"),  # a second brand on one side
        ("Dental Care", "Rental Care Group"),
        ("System Foods", "Systema Inc"),  # a common word is no misspelt brand
        ("Virtu Holdings", "Vitru Ltd"),  # nor is a word that another account has
        ("", "Acme"),
    ],
)
def test_names_that_only_look_alike_are_not(asked: str, known: str):
    found = compare(name_words(asked), name_words(known), BOOK)
    assert found is None or found.strength < 0.3


def test_more_and_rarer_words_are_stronger():
    def strength(asked: str, known: str) -> float:
        found = compare(name_words(asked), name_words(known), BOOK)
        assert found is not None
        return found.strength

    assert strength("Acmerobo Quatrix", "Acmerobo Quatrix") > strength("Acmerobo", "Acmerobo")
    assert strength("Acmerobo", "Acmerobo") > strength("Solutions", "Solutions")
    assert strength("Acmerobo Poland", "Acmerobo") > strength("Poland Acmerobo", "Acmerobo"), (
        "a name begins with its brand"
    )
    assert strength("Bank First", "Bank First") > strength("First Bank", "Bank First"), "order counts"


@pytest.mark.parametrize(
    ("one", "other"), [("technology", "technolgy"), ("philippines", "philipines"), ("acmee", "acmed")]
)
def test_one_slip_is_a_misspelling(one: str, other: str):
    assert misspelt(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("rental", "dental"), ("acme", "acne"), ("acme", "acme"), ("mediocre", "meridian")]
)
def test_another_first_letter_a_short_word_or_two_slips_are_not(one: str, other: str):
    assert not misspelt(one, other)
