"""A lead whose owner a person chose in the CRM."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from graph.domain.account import Prior
from graph.domain.routing import RoutingFacts
from graph.domain.table import RoutingTable
from graph.rules.chosen import RULE, chosen, stays_chosen
from graph.rules.escalation import kept
from graph.rules.nurture import stays
from tools.routing_file import parse

NOW = datetime(2026, 4, 7, 14, 0, tzinfo=UTC)
DEE, GONE, STRANGER = "dee@company.com", "gone@company.com", "new@elsewhere.example"
FILE = {
    "DEFAULT": "general@company.com",
    "people": {
        "dee": {"email": DEE, "slack": "U0DEE", "manager": "rita"},
        "gone": {"email": GONE, "active": False},
        "rita": {"email": "rita@company.com"},
    },
    "slas": {"hot": {"accept": "5m", "touch": "15m", "clock": "wall"}},
    "rules": [{"id": "all", "to": "dee", "sla": "hot"}],
}
PRIOR = Prior(
    revision=2, owner=DEE, assignment=2, path="qualify", tier="hot", decided_at=NOW, form={}, alert_owner=DEE, rule=RULE
)


@pytest.fixture
def table() -> RoutingTable:
    return parse(json.dumps(FILE))


def test_who_was_chosen_gets_it_without_a_deadline_and_the_reason_names_who_chose(table: RoutingTable) -> None:
    given = chosen(DEE, "rita@company.com", RoutingFacts(), table, NOW)
    assert (given.owner, given.rule, given.slack, given.manager) == (DEE, RULE, "U0DEE", "rita@company.com")
    assert (given.sla, given.accept_due_at, given.touch_due_at, given.turn) == (None, None, None, None)
    assert given.why == "rita@company.com made Dee the owner in the CRM."


def test_who_was_chosen_need_not_stand_in_the_file(table: RoutingTable) -> None:
    given = chosen(STRANGER, None, RoutingFacts(), table, NOW)
    assert (given.owner, given.slack) == (STRANGER, None)
    assert given.why.startswith("Somebody made New the owner")


def test_the_choice_holds_when_the_lead_is_decided_again(table: RoutingTable) -> None:
    for cause in ("submission", "retry", "approved", "judged", "enriched"):
        again = kept(PRIOR, cause, RoutingFacts(), table, NOW)  # type: ignore[arg-type]
        assert again is not None, cause
        assert (again.owner, again.rule) == (DEE, RULE)


def test_a_choice_ends_with_a_pass_with_an_outcome_and_with_an_owner_who_left(table: RoutingTable) -> None:
    assert kept(PRIOR, "pass", RoutingFacts(), table, NOW) is None
    assert kept(replace(PRIOR, closed=True), "submission", RoutingFacts(), table, NOW) is None
    assert stays_chosen(replace(PRIOR, owner=GONE), RoutingFacts(), table, NOW) is None


def test_other_leads_are_not_kept_by_it(table: RoutingTable) -> None:
    assert stays_chosen(replace(PRIOR, rule="map.US"), RoutingFacts(), table, NOW) is None


def test_a_choice_brings_no_alerted_lead_back_into_a_sequence() -> None:
    assert stays("reassigned", accepted=False, path="qualify")
    assert not stays("reassigned", accepted=False, path="nurture")
