"""What a valid file's ladders of escalation leave open: no error, since DEFAULT is always there, but good to know."""

from __future__ import annotations

from collections.abc import Iterator

from graph.domain.table import RoutingTable, Sla, Target
from tools.routing_file.findings import Finding


def without_manager(table: RoutingTable) -> list[Finding]:
    """One for each ladder with a rung `manager` that somebody who can get its leads does not have: for their leads the
    rung is stepped over. Speaks of people of the file, not of shared addresses, which have nobody above them."""
    reached: dict[str, dict[str, None]] = {}
    for sla, to in _targets(table):
        if sla is not None:
            for email in _people(table, to):
                reached.setdefault(sla, {})[email] = None
    return [finding for sla in table.slas.values() if (finding := _finding(table, sla, [*reached.get(sla.name, ())]))]


def _finding(table: RoutingTable, sla: Sla, emails: list[str]) -> Finding | None:
    if "manager" not in sla.then:
        return None
    alone = [person.id for email in emails if (person := table.people_by_email[email]).manager is None]
    if not alone:
        return None
    names = f"{', '.join(alone[:-1])} and {alone[-1]} have" if len(alone) > 1 else f"{alone[0]} has"
    message = f"{names} no manager: what they miss goes past that rung; write a manager for them, or leave the rung out"
    return Finding(f"slas.{sla.name}.then[{sla.then.index('manager')}]", sla.line, 1, message)


def _targets(table: RoutingTable) -> Iterator[tuple[str | None, Target]]:
    """Every target that the file names itself, with the SLA of its leads."""
    for rule in table.rules:
        yield rule.sla or table.default_sla, rule.to
    for account in table.accounts:
        yield table.default_sla, account.owner
    for entry in (*table.map, table.default):
        yield table.default_sla, entry.to


def _people(table: RoutingTable, to: Target) -> Iterator[str]:
    """People of the file behind a target, who are still there."""
    if to.pool is not None:
        pool = table.pools[to.pool]
        emails = [member.email for member in pool.members if member.weight]
        if pool.if_none is not None:
            yield from _people(table, pool.if_none)
    else:
        emails = [to.email or ""]
    for email in emails:
        person = table.people_by_email.get(email)
        if person is not None and person.active:
            yield email
