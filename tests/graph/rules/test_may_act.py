from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from graph.domain.table import RoutingTable
from graph.rules.may_act import Act, named, refusal
from tools.routing_file import parse

FILE = """{
  "DEFAULT": "desk@x.com", "US": "pool:us",
  "people": {
    "ana": {"email": "ana@x.com", "manager": "mo"}, "ben": {"email": "ben@x.com", "manager": "mo"},
    "cy": {"email": "cy@x.com", "active": false}, "mo": {"email": "mo@x.com"}, "zed": {"email": "zed@x.com"}
  },
  "pools": {"us": {"members": {"ana": 1, "ben": 1}, "if_none": "night@x.com"}},
  "accounts": {"acme.com": {"owner": "keeper@y.com"}},
  "rules": [{"id": "r", "if": {"source": "event"}, "to": "fairs@x.com"}]
}"""


@pytest.fixture(scope="module")
def table() -> RoutingTable:
    return parse(FILE, Path())


@pytest.mark.parametrize("act", get_args(Act))
def test_the_owner_and_their_manager_may_do_everything(table: RoutingTable, act: Act):
    for by in ("ana@x.com", "mo@x.com"):
        assert refusal(act, by, "ana@x.com", table, "us") is None


@pytest.mark.parametrize("act", get_args(Act))
def test_the_pool_may_accept_and_nothing_else(table: RoutingTable, act: Act):
    said = refusal(act, "ben@x.com", "ana@x.com", table, "us")
    assert (said is None) == (act == "accept")
    assert refusal(act, "ben@x.com", "ana@x.com", table, None) is not None, "the lead did not come through their pool"


@pytest.mark.parametrize("act", get_args(Act))
def test_whoever_accepted_works_on_it_but_does_not_pass_it(table: RoutingTable, act: Act):
    said = refusal(act, "zed@x.com", "ana@x.com", table, "us", accepted_by="zed@x.com")
    assert (said is None) == (act in ("touch", "close"))


@pytest.mark.parametrize("act", get_args(Act))
def test_a_mailbox_is_worked_on_by_everybody_the_file_names(table: RoutingTable, act: Act):
    assert refusal(act, "zed@x.com", "desk@x.com", table) is None
    assert refusal(act, "stranger@x.com", "desk@x.com", table) is not None


def test_a_refusal_says_who_may(table: RoutingTable):
    said = refusal("accept", "zed@x.com", "ana@x.com", table, "us")
    assert said == "Only Ana, Ben or Mo may accept this lead: it is Ana's."
    assert refusal("pass", "zed@x.com", "zed2@x.com", parse('{"DEFAULT": "a@x.com"}', Path())) is not None


def test_the_file_names_everybody_who_can_get_a_lead_or_manages_them_but_not_who_is_gone(table: RoutingTable):
    people = {"ana@x.com", "ben@x.com", "mo@x.com", "zed@x.com"}
    assert named(table) == people | {"desk@x.com", "night@x.com", "keeper@y.com", "fairs@x.com"}
