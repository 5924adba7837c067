"""Domains of one owner, and those that only look so."""

from __future__ import annotations

import pytest

from graph.rules.matching.labels import label_of, related, stands_alone


@pytest.mark.parametrize(
    ("asked", "known", "relation"),
    [
        ("airbnb", "airbnb", "label"),
        ("kro-ncrv", "kroncrv", "label"),
        ("getbigacme", "bigacme", "affix"),
        ("bigacme", "bigacmehq", "affix"),
        ("bigacme-group", "bigacme", "affix"),
        ("acme-labs", "acme", "subbrand"),
        ("redislabs", "redis", "subbrand"),
        ("xn--mller-kva", "xn--mller-kva", "label"),
    ],
)
def test_labels_of_one_owner_are_related(asked: str, known: str, relation: str):
    found = related(asked, known)
    assert found is not None
    assert found[0] == relation


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("mercadolivre", "mercadolibre"),  # one letter, two companies
        ("acme", "acme-labs"),  # a brand does not speak for its owner
        ("getout", "out"),
        ("theapp", "the"),
        ("xn--mller-kva", "mller"),
        ("acme", "macme"),
        ("amazon", "amaz"),
    ],
)
def test_labels_that_only_look_alike_are_not(asked: str, known: str):
    assert related(asked, known) is None


@pytest.mark.parametrize(
    "label", ["mi", "dan", "ebay", "mail", "global", "bank", "summit", "123456", "canada", "store"]
)
def test_a_short_or_common_label_recognises_nobody(label: str):
    assert not stands_alone(label)


@pytest.mark.parametrize("label", ["airbnb", "check24", "kroncrv", "eventbrite"])
def test_a_long_and_rare_label_does(label: str):
    assert stands_alone(label)


def test_the_label_is_what_the_owner_chose():
    assert label_of("acme.co.uk") == "acme"
    assert label_of("labs.acme.com") == "acme"
    assert label_of("acme.myshopify.com") == "acme", "a shop on a platform is its own"
    assert label_of("gmail.com") is None, "a mailbox says nothing of its owner"
    assert label_of("localhost") is None
