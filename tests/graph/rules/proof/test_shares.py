from __future__ import annotations

from datetime import UTC, datetime

from graph.domain.routing import RoutingFacts
from graph.rules.proof.shares import losses_of
from tools.routing_file import parse

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TABLE = parse(
    '{"DEFAULT": "g@company.com", "rules": ['
    '{"id": "over", "if": {"where": "US"}, "to": "o@company.com", "until": "2026-02-28"},'
    '{"id": "partner", "if": {"source": "partner"}, "to": "p@company.com"},'
    '{"id": "us", "if": {"where": "US"}, "to": "u@company.com"},'
    '{"id": "small", "if": {"employees": "<200"}, "to": "s@company.com"}]}'
)


def test_a_lead_counts_for_the_first_rule_that_holds_today_and_is_lost_by_the_others():
    leads = [
        RoutingFacts(country="US", source="partner", employees=50),
        RoutingFacts(country="US", employees=50),
        RoutingFacts(country="US"),
        RoutingFacts(country="FR"),
    ]
    found = losses_of(TABLE, leads, NOW)
    assert {name: (lost.asked, dict(lost.to)) for name, lost in found.items()} == {
        "over": (0, {}),
        "partner": (1, {}),
        "us": (3, {"partner": 1}),
        "small": (2, {"partner": 1, "us": 1}),
    }
    assert found["small"].share == 1.0
    assert found["over"].share == 0.0
