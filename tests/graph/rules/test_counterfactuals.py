"""Every "if it were otherwise" that is said is true, and none that is smaller was left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from math import log1p

from hypothesis import given, settings

from graph.domain.explanation import OtherFacts
from graph.domain.routing import RoutingFacts
from graph.domain.table import RoutingTable
from graph.rules.candidates import ABROAD, LEARNT, LOST, MOVED, NEARBY, REWORDED
from graph.rules.counterfactuals import other_facts, outcome_of
from graph.rules.file_changes import edited, other_files
from graph.rules.routing import route
from tests.fixtures.routing_files import POSTALS, STATES, WORDS, files, leads
from tools.routing_file import parse

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)


def table_of(file: dict) -> RoutingTable:
    return parse(json.dumps(file))


def to(facts: RoutingFacts, table: RoutingTable) -> str:
    return outcome_of(route(facts, table, {}, NOW)).to


def found_in(facts: RoutingFacts, table: RoutingTable) -> tuple[OtherFacts, ...]:
    return other_facts(facts, table, lambda other: route(other, table, {}, NOW))[0]


def size(before: RoutingFacts, after: RoutingFacts) -> tuple[int, float]:
    """The documented order, worked out once more from the two leads."""
    if before.employees != after.employees:
        if before.employees is None:
            return LEARNT, 0
        if after.employees is None:
            return LOST, 0
        return MOVED, abs(log1p(after.employees) - log1p(before.employees))
    if before.industry != after.industry:
        return (LEARNT if before.industry is None else LOST if after.industry is None else REWORDED), 0
    if before.country != after.country:
        return (LEARNT if before.country is None else LOST if after.country is None else ABROAD), 0
    if after.state is None and before.state is not None:
        return LOST, 0
    if after.postal is None and before.postal is not None and after.state == before.state:
        return LOST, 0
    known = [old for old, new in ((before.state, after.state), (before.postal, after.postal)) if old != new]
    return (LEARNT if known.count(None) == len(known) else NEARBY), 0


def grid(facts: RoutingFacts) -> Iterator[RoutingFacts]:
    """Every lead that differs in one fact, the place being one."""
    yield from (replace(facts, employees=number) for number in (None, *range(10)))
    yield from (replace(facts, industry=word) for word in WORDS)
    yield replace(facts, country=None, state=None, postal=None)
    for country, states in STATES.items():
        for state in states:
            for postal in POSTALS:
                moved = facts.state is not None and state != facts.state
                if postal is None or not (moved and postal == facts.postal):
                    yield replace(facts, country=country, state=state, postal=postal)


@settings(max_examples=150, deadline=None)
@given(file=files, facts=leads)
def test_what_is_said_of_the_facts_is_true_and_nothing_smaller_was_left_out(file: dict, facts: RoutingFacts) -> None:
    table = table_of(file)
    said = found_in(facts, table)
    own = to(facts, table)
    for one in said:
        assert to(one.facts, table) == one.gives.to != own
    best: dict[str, tuple[int, float]] = {}
    for other in grid(facts):
        if other != facts and (owner := to(other, table)) != own:
            best[owner] = min(size(facts, other), best.get(owner, (99, 0)))
    single = {one.gives.to: size(facts, one.facts) for one in said if one.count == 1}
    assert single.keys() >= best.keys()
    for owner, smallest in best.items():
        assert single[owner] <= smallest


@settings(max_examples=150, deadline=None)
@given(file=files, facts=leads)
def test_what_is_said_of_the_file_is_true(file: dict, facts: RoutingFacts) -> None:
    table = table_of(file)
    own = to(facts, table)
    for one in other_files(facts, table, lambda by: route(facts, by, {}, NOW)):
        assert to(facts, edited(table, one.edit)) == one.gives.to != own


SMALL = {
    "US": "us@x.com",
    "UK": "uk@x.com",
    "DEFAULT": "default@x.com",
    "segments": {"smb": {"employees": "<200"}, "mid": {"employees": "200..999"}},
    "people": {"ana": {"email": "ana@x.com"}, "ben": {"email": "ben@x.com"}},
    "pools": {"west": {"members": ["ana", "ben"]}},
    "accounts": {"acme.com": {"owner": "ana"}},
    "rules": [
        {"id": "west", "if": {"where": ["US-CA", "US-OR"], "employees": ">=1000"}, "to": "pool:west"},
        {"id": "partner", "if": {"source": "partner"}, "to": "ben"},
        {"id": "nyc", "if": {"where": "US-NY:100-104", "industry": ["insurance"], "segment": "smb"}, "to": "nyc@x.com"},
        {"id": "late", "if": {"source": "partner", "where": "UK"}, "to": "late@x.com"},
    ],
}


def said(facts: RoutingFacts, file: dict = SMALL) -> dict[str, list[tuple[str, object, object]]]:
    return {
        one.gives.to: [(change.field, change.before, change.after) for change in one.changes]
        for one in found_in(facts, table_of(file))
    }


def test_a_number_moves_to_the_nearest_value_on_the_other_side_of_the_bound() -> None:
    assert said(RoutingFacts(country="US", state="US-CA", employees=400))["pool:west"] == [("employees", 400, 1000)]


def test_a_state_moves_within_its_country_and_loses_the_postal_code() -> None:
    facts = RoutingFacts(country="US", state="US-TX", postal="78701", employees=2000)
    assert said(facts)["pool:west"] == [("state", "US-TX", "US-CA")]
    west = next(one for one in found_in(facts, table_of(SMALL)) if one.gives.to == "pool:west")
    assert (west.facts.state, west.facts.postal) == ("US-CA", None)


def test_a_company_that_is_no_named_account_is_the_smallest_change_away_from_one() -> None:
    facts = RoutingFacts(country="US", host="acme.com", domain="acme.com")
    assert said(facts) == {"us@x.com": [("company", "acme.com", None)]}


def test_two_facts_change_only_where_one_gives_nobody_else() -> None:
    file = {
        "DEFAULT": "default@x.com",
        "rules": [{"id": "r", "if": {"where": "US", "employees": ">=5"}, "to": "r@x.com"}],
    }
    assert said(RoutingFacts(country="DE", employees=4), file) == {
        "r@x.com": [("employees", 4, 5), ("country", "DE", "US")]
    }
    assert said(RoutingFacts(country="US", employees=4), file) == {"r@x.com": [("employees", 4, 5)]}


def edits(facts: RoutingFacts, file: dict = SMALL) -> dict[str, tuple[str, str, str, str]]:
    table = table_of(file)
    found = other_files(facts, table, lambda by: route(facts, by, {}, NOW))
    return {one.gives.to: (one.edit.kind, one.edit.path, one.edit.key, one.edit.value) for one in found}


def test_the_file_is_changed_by_a_list_a_range_the_order_or_a_line() -> None:
    facts = RoutingFacts(country="US", state="US-CA", employees=400)
    assert edits(facts) == {
        "pool:west": ("widen", "rules.west", "employees", ">=400"),
        "default@x.com": ("drop", "map.US", "", ""),
    }
    assert edits(RoutingFacts(country="US", state="US-TX", employees=2000))["pool:west"] == (
        "add", "rules.west", "where", "US-TX",
    )  # fmt: skip
    partner = RoutingFacts(country="GB", source="Partner")
    assert edits(partner) == {"late@x.com": ("move", "rules.late", "", "partner")}
    assert edits(replace(partner, country="FR")) == {"default@x.com": ("drop", "rules.partner", "", "")}
    nyc = RoutingFacts(country="US", state="US-NY", postal="10013", industry="insurance", employees=300)
    assert edits(nyc)["nyc@x.com"] == ("add", "rules.nyc", "segment", "mid")
    near = replace(nyc, postal="11201", employees=10)
    assert edits(near)["nyc@x.com"] == ("add", "rules.nyc", "where", "US-NY:11201")


def test_of_a_large_territory_some_places_are_tried_and_it_is_said() -> None:
    file = {
        "DEFAULT": "default@x.com",
        "regions": {"BIG": [f"US:{n}" for n in range(10_000, 14_000)]},
        "BIG": "big@x.com",
    }
    table = table_of(file)
    found, all_tried = other_facts(RoutingFacts(), table, lambda other: route(other, table, {}, NOW))
    assert [(one.gives.to, one.facts.postal) for one in found] == [("big@x.com", "10000")]
    assert not all_tried
