"""The past under another routing file: what each recorded decision would have been.

The leads come one after the other with ledgers that begin as the period began, so that turns follow each other as they
would have. Compared is what was recorded with what comes out, decision by decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graph.domain.table import RoutingTable
from tools.planning.world import Outcome, World, as_it_began, routed
from tools.store.past import Past


@dataclass(frozen=True, slots=True)
class WouldDiffer:
    """One decision: as it was recorded, and as it would have been."""

    past: Past
    after: Outcome

    def __str__(self) -> str:
        past, after = self.past, self.after
        parts = (
            ("owner", past.owner, after.owner),
            ("rule", _by(past.rule, past.line), after.by),
            ("way", past.path, after.path),
            ("sla", past.sla or "none", after.sla or "none"),
        )
        told = [f"{name} {was} -> {becomes}" for name, was, becomes in parts if was != becomes]
        return f"{past.lead_id}@{past.revision} {past.decided_at:%Y-%m-%d %H:%M}: {', '.join(told)}"


def differences_under(decisions: Sequence[Past], table: RoutingTable) -> tuple[int, list[WouldDiffer]]:
    """(decisions, those that would differ in owner, rule, way or SLA). A line that only moved in the file is no difference.

    decisions: in the order of their time.
    """
    world = World(table, as_it_began(decisions))
    found = [WouldDiffer(past, world.decide(past)) for past in routed(decisions)]
    return len(found), [each for each in found if _differs(each.past, each.after)]


def _differs(past: Past, after: Outcome) -> bool:
    if (past.owner, past.rule, past.path) != (after.owner, after.rule, after.path):
        return True
    return past.sla != after.sla and past.holder != past.owner  # who had the lead already kept their old times


def _by(rule: str, line: int | None) -> str:
    return rule if line is None else f"{rule} (line {line})"
