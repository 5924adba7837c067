"""How a match is said to the one who gets the lead."""

from __future__ import annotations

import pytest

from graph.domain.evidence import AccountMatch, MatchCode
from graph.rules.matched import match_said, sure


def said(code: MatchCode, key: str | None = "acme.com", confidence: float = 0.93, rivals: tuple[str, ...] = ()) -> str:
    return match_said(AccountMatch(key, code, confidence, "Why.", rivals), "acme-ulm.de")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("domain", ""),
        ("domain_family", "another domain of acme.com"),
        ("name", "matched by name to acme.com, 93% sure"),
        ("name_place", "matched by name and place to acme.com, 93% sure"),
        ("name_phone", "matched by name and phone to acme.com, 93% sure"),
        ("phone", "matched by phone to acme.com, 93% sure"),
        ("address", "matched by address to acme.com, 93% sure"),
        ("hierarchy", "listed in the CRM under acme.com"),
    ],
)
def test_each_kind_of_evidence_has_its_words(code: MatchCode, words: str):
    assert said(code) == words


def test_the_account_itself_is_not_named_twice_and_one_without_a_domain_is_called_by_its_name():
    match = AccountMatch("name:acme", "name_place", 0.95, "Why.")
    assert match_said(match, "name:acme") == "matched by name and place, 95% sure"
    assert match_said(match, "acme-ulm.de") == "matched by name and place to acme, 95% sure"


def test_rivals_are_named_and_many_of_them_counted():
    assert said("rivals", None, rivals=("a.com", "name:b")) == "could be a.com or b: nobody decided"
    many = said("rivals", None, rivals=("a.com", "b.com", "c.com", "d.com", "e.com"))
    assert many == "could be a.com or b.com or c.com or one of 2 more: nobody decided"


def test_what_was_turned_down_is_said_and_nothing_where_nothing_came_near():
    assert said("none", None, rivals=("a.com",)) == "may be a.com, which is not sure enough"
    assert said("none", None) == ""
    assert match_said(None, "a.com") == ""


def test_no_match_is_certain():
    assert [sure(AccountMatch("a.com", "name", c, "")) for c in (1.0, 0.999, 0.9, 0.0)] == ["99%", "99%", "90%", "0%"]
