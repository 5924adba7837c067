"""Edits in the text say what the same edits in the table say, and leave comments alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from graph.domain.explanation import Edit
from graph.domain.routing import RoutingFacts
from graph.rules.counterfactuals import outcome_of
from graph.rules.explaining import explain as explained
from graph.rules.routing import route
from tests.fixtures.routing_files import files, leads
from tools.routing_file import parse
from tools.routing_file.edits import edited_text, with_alias
from tools.routing_file.explaining import explain

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
TEXT = """{
  "US": "us@x.com",
  "DEFAULT": "default@x.com",
  "accounts": {"ACME.com": {"owner": "ana@x.com"}, "globex.de": {"owner": "ben@x.com"}},
  "rules": [
    // the coast
    {"id": "west", "if": {"where": "US-CA", "employees": [5, ">=1000"]}, "to": "west@x.com"}, // Ana's wish
    {"id": "partner", "if": {"source": ["partner"]}, "to": "pia@x.com"},
    {"id": "last", "if": {"source": "partner"}, "to": "last@x.com"}
  ]
}
"""


@pytest.mark.parametrize(
    ("edit", "gone", "came"),
    [
        (Edit("add", "rules.west", 7, "where", "US-OR"), '"where": "US-CA"', '"where": ["US-CA", "US-OR"]'),
        (Edit("add", "rules.partner", 8, "source", "event"), '["partner"]', '["partner", "event"]'),
        (Edit("widen", "rules.west", 7, "employees", ">=400", ">=1000"), '[5, ">=1000"]', '[5, ">=400"]'),
        (Edit("widen", "rules.west", 7, "employees", "5..7", "5"), '[5, ">=1000"]', '["5..7", ">=1000"]'),
        (Edit("drop", "rules.last", 9), '"id": "last"', ""),
        (Edit("drop", "accounts.acme.com", 4), '"ACME.com"', ""),
        (Edit("drop", "map.US", 2), '"US": ', ""),
    ],
)
def test_an_edit_changes_its_place_and_keeps_the_comments(edit: Edit, gone: str, came: str) -> None:
    text = edited_text(TEXT, edit)
    assert gone in TEXT
    assert gone not in text
    assert came in text
    assert "// the coast" in text
    assert "// Ana's wish" in text
    parse(text)


@pytest.mark.parametrize(
    ("rule", "before", "order"),
    [
        ("last", "west", ["last", "west", "partner"]),
        ("last", "partner", ["west", "last", "partner"]),
        ("partner", "west", ["partner", "west", "last"]),
    ],
)
def test_a_rule_moves_before_another(rule: str, before: str, order: list[str]) -> None:
    text = edited_text(TEXT, Edit("move", f"rules.{rule}", 1, value=before))
    assert [one.id for one in parse(text).rules] == order


@settings(max_examples=100, deadline=None)
@given(file=files, facts=leads)
def test_every_edit_that_is_shown_does_in_the_text_what_it_says(file: dict, facts: RoutingFacts) -> None:
    table = parse(json.dumps(file))
    shown = explain(table, facts, {}, NOW)
    for one in shown.other_files:
        again = parse(edited_text(table.text, one.edit))
        gives = outcome_of(route(facts, again, {}, NOW))
        assert (gives.to, gives.rule) == (one.gives.to, one.gives.rule)
        assert one.patch
    pure = explained(facts, table, {}, NOW)
    assert [one.edit for one in shown.other_files] == [one.edit for one in pure.other_files]


def test_an_edit_that_leaves_a_file_nobody_can_read_is_not_shown() -> None:
    """The alias needs the word of the rule."""
    file = {
        "DEFAULT": "default@x.com",
        "rules": [{"id": "r", "if": {"source": "partner"}, "to": "r@x.com"}],
        "aliases": {"source": {"ptnr": "partner"}},
    }
    facts = RoutingFacts(source="partner")
    table = parse(json.dumps(file))
    assert [one.edit.kind for one in explained(facts, table, {}, NOW).other_files] == ["drop"]
    assert explain(table, facts, {}, NOW).other_files == ()


def test_an_alias_is_added_with_everything_that_it_needs() -> None:
    text = with_alias(TEXT, "country", "Germnay", "DE")
    text = with_alias(text, "country", "Frnace", "FR")
    text = with_alias(text, "country", "GERMNAY", "AT")
    assert parse(text).aliases == {"country": {"germnay": "AT", "frnace": "FR"}}
    assert "// Ana's wish" in text
