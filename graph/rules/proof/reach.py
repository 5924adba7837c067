"""Pools, members and people that no lead can come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from graph.domain.table import Pool, RoutingTable, Step, Target
from graph.rules.proof.presence import Presence
from graph.rules.proof.results import Unreached

# Whoever is among the people of the file may be an owner in the CRM, and gets leads by that.
_BY_CRM: Final[frozenset[Step]] = frozenset({"open_opportunity", "account_owner", "parent_owner"})


def unreached(table: RoutingTable, presence: Presence, targets: Sequence[Target]) -> Iterator[Unreached]:
    """targets: of every line that has leads."""
    reached = _with_heirs(table, targets)
    pools = {target.pool for target in reached}
    named = {
        target.pool
        for target in _with_heirs(table, [*(rule.to for rule in table.rules), *(entry.to for entry in table.map)])
    }
    for pool in table.pools.values():
        if pool.name in pools:
            yield from _members(table, pool, presence)
        else:
            yield Unreached("pool", pool.name, "dead" if pool.name in named else "unnamed")
    if _BY_CRM.isdisjoint(table.precedence):
        yield from _people(table, reached)


def _with_heirs(table: RoutingTable, targets: Sequence[Target]) -> set[Target]:
    """The targets, and who takes what a pool hands on: in any pool all may pass a lead."""
    found: set[Target] = set()
    todo = list(targets)
    while todo:
        target = todo.pop()
        heir = None if target.pool is None else table.pools[target.pool].if_none
        if heir is not None and heir not in found:
            todo.append(heir)
        found.add(target)
    return found


def _members(table: RoutingTable, pool: Pool, presence: Presence) -> Iterator[Unreached]:
    for member in pool.members:
        name = f"{pool.name}.{member.person or member.email}"
        person = table.people_by_email.get(member.email)
        if person is not None and not person.active:
            yield Unreached("member", name, "inactive")
        elif not presence.window(member.window):
            yield Unreached("member", name, "ended")


def _people(table: RoutingTable, reached: set[Target]) -> Iterator[Unreached]:
    owners: set[str | None] = {target.email for target in reached if target.email}
    owners |= {member.email for target in reached if target.pool for member in table.pools[target.pool].members}
    owners |= {rung for sla in table.slas.values() for rung in sla.then}
    for person in table.people.values():
        owners |= {person.manager, *(leave.cover for leave in person.leave)}
    for person in table.people.values():
        if person.active and person.email not in owners:
            yield Unreached("person", person.id, "unnamed")
