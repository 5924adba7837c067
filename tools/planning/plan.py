"""The plan of an edit: the leads of a period under the live file and under the draft, and what differs.

A lead has moved when another pool or another person gets it. One that another member of the same pool gets, because the
turns before it fell otherwise, is counted apart: it says nothing about the edit. A lead counts once, by its newest
decision of the period.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from graph.domain.routing import RoutingFacts
from graph.domain.table import RoutingTable
from tools.planning.loads import Load, LoadBook
from tools.planning.world import Outcome, World, as_it_began, routed
from tools.store.past import Given

DEFAULT = "map.DEFAULT"


@dataclass(frozen=True, slots=True)
class Change:
    """One lead that comes out otherwise."""

    lead_id: str
    at: datetime
    company: str | None
    facts: RoutingFacts
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Plan:
    """moved, turn_order: leads with another owner; ways: leads that get a sequence or a review in one world and not in the
    other, or another sequence; default_before, default_after: leads that nothing but DEFAULT took.
    first_at, last_at: times of the first and last decision; None without any."""

    before: RoutingTable
    after: RoutingTable
    leads: int = 0
    decisions: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    moved: tuple[Change, ...] = ()
    turn_order: tuple[Change, ...] = ()
    ways: tuple[Change, ...] = ()
    default_before: int = 0
    default_after: int = 0
    loads_before: dict[str, Load] = field(default_factory=dict)
    loads_after: dict[str, Load] = field(default_factory=dict)

    @property
    def moved_share(self) -> float:
        return self._share(len(self.moved))

    @property
    def default_share_before(self) -> float:
        return self._share(self.default_before)

    @property
    def default_share_after(self) -> float:
        return self._share(self.default_after)

    def _share(self, leads: int) -> float:
        return leads / self.leads if self.leads else 0.0


@dataclass(frozen=True, slots=True)
class Flow:
    """Moved leads that go the same way for the same reason."""

    source: str
    target: str
    was: str
    because: str
    changes: tuple[Change, ...]


def plan_of(leads: Sequence[Given], before: RoutingTable, after: RoutingTable) -> Plan:
    """leads: in the order of their time. Both worlds begin with the pools as the period began."""
    begun, leads = as_it_began(leads), routed(leads)
    worlds = World(before, begun), World(after, begun)
    books = LoadBook(before), LoadBook(after)
    newest: dict[str, tuple[Given, Outcome, Outcome]] = {}
    for given in leads:
        was, becomes = worlds[0].decide(given), worlds[1].decide(given)
        books[0].add(given.lead_id, given.decided_at, was)
        books[1].add(given.lead_id, given.decided_at, becomes)
        newest[given.lead_id] = given, was, becomes
    defaults = Counter[str]()
    found: dict[str, list[Change]] = {"moved": [], "turn_order": [], "ways": []}
    for given, was, becomes in newest.values():
        defaults["before"] += was.rule == DEFAULT
        defaults["after"] += becomes.rule == DEFAULT
        for kind in _kinds(was, becomes):
            found[kind].append(Change(given.lead_id, given.decided_at, given.company, given.facts, was, becomes))
    return Plan(
        before,
        after,
        leads=len(newest),
        decisions=len(leads),
        first_at=leads[0].decided_at if leads else None,
        last_at=leads[-1].decided_at if leads else None,
        moved=tuple(found["moved"]),
        turn_order=tuple(found["turn_order"]),
        ways=tuple(found["ways"]),
        default_before=defaults["before"],
        default_after=defaults["after"],
        loads_before=books[0].loads(),
        loads_after=books[1].loads(),
    )


def _kinds(was: Outcome, becomes: Outcome) -> list[str]:
    kinds = []
    if was.owner != becomes.owner and was.target != becomes.target:
        kinds.append("moved")
    elif was.owner != becomes.owner:
        kinds.append("turn_order")
    if (was.path, was.sequence) != (becomes.path, becomes.sequence):
        kinds.append("ways")
    return kinds


def flows(plan: Plan) -> list[Flow]:
    """The moved leads by from, to and the lines before and after; the largest first."""
    grouped: dict[tuple[str, str, str, str], list[Change]] = {}
    for change in plan.moved:
        key = (change.before.target, change.after.target, change.before.by, change.after.by)
        grouped.setdefault(key, []).append(change)
    return sorted(
        (Flow(*key, tuple(changes)) for key, changes in grouped.items()),
        key=lambda flow: (-len(flow.changes), flow.source, flow.target, flow.because),
    )
