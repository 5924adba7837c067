"""Why somebody else has the lead, in sentences that are true of the file, the ledgers and the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graph.domain.routing import PoolState, RoutingFacts
from tools.routing_file import parse
from tools.why import Asked
from tools.why_not import others_asked, why_not

NOW = datetime(2026, 4, 7, 15, tzinfo=UTC)  # a Tuesday
FILE = """{
  "DEFAULT": "desk@x.com", "FR": "fran@x.com", "timezone": "Europe/Berlin",
  "people": {
    "ana": {"email": "ana@x.com", "hours": "mon-fri 09:00-18:00"},
    "ben": {"email": "ben@x.com", "ooo": [{"from": "2026-04-06", "until": "2026-04-10", "cover": "ana"}]},
    "cy": {"email": "cy@x.com"}, "dora": {"email": "dora@x.com", "hours": "mon-fri 07:00-08:00"},
    "gone": {"email": "gone@x.com", "active": false}, "zed": {"email": "zed@x.com"}
  },
  "pools": {"de": {"members": {"ana": 1, "cy": 1, "dora": 1}}},
  "rules": [
    {"id": "fairs", "if": {"source": "event", "employees": ">=1000"}, "to": "ben"},
    {"id": "german", "if": {"where": "DE"}, "to": "pool:de"},
    {"id": "big", "if": {"employees": ">=500"}, "to": "zed"}
  ]
}"""


@pytest.fixture
def asked() -> Asked:
    table = parse(FILE, Path())
    facts = RoutingFacts(country="DE", employees=800, source="event")
    return Asked(facts, table, {"de": PoolState("de")}, NOW, {})


def said_of(asked: Asked, name: str, **held: Any) -> str:
    return " ".join(why_not(Asked(asked.facts, asked.table, asked.pools, asked.now, held), f"{name}@x.com"))


def test_the_owner_has_it(asked: Asked):
    assert said_of(asked, "ana") == "Ana has it."


def test_a_member_of_the_pool_hears_whose_turn_it_was(asked: Asked):
    said = said_of(asked, "cy")
    assert "Both are in the pool de, and it was Ana's turn: Ana was owed +0.50 leads, Cy +0.50." in said
    assert others_asked(asked.explained()) == ["cy@x.com", "dora@x.com"]


def test_a_member_who_does_not_work_now_could_not_take_a_turn(asked: Asked):
    assert "Dora could not take a turn in the pool de: begins Wed 8 Apr 07:00 CEST" in said_of(asked, "dora")


def test_leave_and_its_cover_are_named_and_so_is_what_would_give_it_to_them(asked: Asked):
    said = said_of(asked, "ben")
    assert "Ben is away until 10 April, Ana covers." in said
    assert "employees >=1000" in said or "1,000" in said


def test_a_rule_that_fits_too_but_comes_later_is_named(asked: Asked):
    assert "rules.big (line 13) too, but rules.german comes first." in said_of(asked, "zed")


def test_who_had_it_and_passed_it_is_told_so(asked: Asked):
    assert "Cy had this lead before, and passed it on" in said_of(asked, "cy", excluded=("Cy@x.com",))


def test_who_is_gone_or_in_no_line_is_told_so(asked: Asked):
    assert said_of(asked, "gone") == "Gone is marked as gone in the routing file."
    assert said_of(asked, "stranger") == "No line of the routing file gives leads to Stranger."


def test_a_place_that_is_theirs_is_what_the_lead_would_have_to_be_from(asked: Asked):
    assert "FR" in said_of(asked, "fran")
