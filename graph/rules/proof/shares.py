"""How many of real leads a rule loses to those before it: what makes an overlap worth telling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from graph.domain.routing import RoutingFacts
from graph.domain.table import RoutingTable
from graph.rules.conditions import holds, view_of
from graph.rules.giving import plan_of


@dataclass(slots=True)
class Losses:
    """asked: leads that the rule asks for; to: those that a rule before it asks for too, by that rule's id."""

    asked: int = 0
    to: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """0..1"""
        return sum(self.to.values()) / self.asked if self.asked else 0.0


def losses_of(table: RoutingTable, leads: Iterable[RoutingFacts], now: datetime) -> dict[str, Losses]:
    """By the id of the rule, for rules that hold today; a lead counts for the first rule that asks for it."""
    found = {rule.id: Losses() for rule in table.rules}
    index = plan_of(table).rules
    today = [rule.window is None or rule.window.holds(now) for rule in table.rules]
    for facts in leads:
        view = view_of(facts)
        mask, first = index.candidates(facts), None
        while mask:
            lowest = mask & -mask
            mask ^= lowest
            at = lowest.bit_length() - 1
            rule = table.rules[at]
            if today[at] and holds(rule.condition, view):
                found[rule.id].asked += 1
                if first is None:
                    first = rule.id
                else:
                    found[rule.id].to[first] += 1
    return found
