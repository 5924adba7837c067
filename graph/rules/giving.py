"""Hands one lead to what the file names: a person, an address, or a pool's next member. Chooses nothing itself.

Whoever is gone or passed the lead is stepped over, and the trace says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from graph.domain.routing import Assignment, PoolState, RoutingFacts, Turn
from graph.domain.table import Account, RoutingTable, Target
from graph.rules.conditions import ConditionIndex, view_of
from graph.rules.places import MapIndex
from graph.rules.pools import take_turn
from graph.rules.reasons import map_reason, rule_reason
from graph.rules.sla import Due, due

_NO_DUE: Final = Due("wall", None, None)


class Claim(NamedTuple):
    """The place in the file that gives a lead away: its name, line and reason, and the SLA it asks for."""

    rule: str
    line: int | None
    why: str
    sla: str | None


class Plan:
    """What is worth computing once per table."""

    def __init__(self, table: RoutingTable) -> None:
        sla = table.default_sla
        self.if_inactive = 0 if table.if_inactive is None else table.precedence.index(table.if_inactive)
        self.rules = ConditionIndex([rule.condition for rule in table.rules])
        self.rule_claims = [
            Claim(f"rules.{rule.id}", rule.line, rule_reason(rule), rule.sla or sla) for rule in table.rules
        ]
        self.map = MapIndex(table.map)
        self.map_claims = {
            entry.key: Claim(f"map.{entry.key}", entry.line, map_reason(entry), sla) for entry in table.map
        }
        self.named = {account.domain: account for account in table.accounts}
        self.families: dict[str, Account] = {}
        for account in table.accounts:
            if account.family:
                self.families.setdefault(account.registrable, account)
        self.dated_pools = {pool.name for pool in table.pools.values() if any(member.window for member in pool.members)}


@lru_cache(maxsize=64)
def plan_of(table: RoutingTable) -> Plan:
    return Plan(table)


class Run:
    """One lead on its way through the table. skipped: what it passed; owner_gone: the last owner asked is inactive."""

    __slots__ = (
        "excluded", "facts", "now", "owner_gone", "plan", "pools", "prior_turns", "skipped", "table", "view",
    )  # fmt: skip

    def __init__(
        self,
        facts: RoutingFacts,
        table: RoutingTable,
        pools: Mapping[str, PoolState],
        now: datetime,
        *,
        prior_turns: Mapping[str, str],
        excluded: Collection[str],
    ) -> None:
        self.facts, self.table, self.pools, self.now, self.prior_turns = facts, table, pools, now, prior_turns
        self.excluded = frozenset(email.lower() for email in excluded) if excluded else frozenset[str]()
        self.plan, self.view = plan_of(table), view_of(facts)
        self.skipped: list[str] = []
        self.owner_gone = False

    def skip(self, rule: str, why: str) -> None:
        self.skipped.append(f"{rule}: {why}")

    def give(self, to: Target, claim: Claim) -> Assignment | None:
        """The assignment to this target, or None with the reason among the skipped."""
        if to.pool is not None:
            return self._take_turn(to.pool, claim)
        email = to.email or ""
        person = self.table.people_by_email.get(email)
        if person is not None and not person.active:
            self.owner_gone = True
            self.skip(claim.rule, f"{email} is no longer active")
            return None
        if email in self.excluded:
            self.skip(claim.rule, f"{email} passed this lead")
            return None
        return self.assign(email, claim)

    def _take_turn(self, name: str, claim: Claim) -> Assignment | None:
        pool = self.table.pools[name]
        away = self.excluded
        if name in self.plan.dated_pools:
            away |= {member.email for member in pool.members if member.window and not member.window.holds(self.now)}
        turn = take_turn(pool, self.pools.get(name) or PoolState(name), excluded=away, prior=self.prior_turns.get(name))
        if turn is not None:
            return self.assign(turn.member, claim, turn)
        if pool.if_none is None:
            self.skip(claim.rule, f"nobody in the pool {name} may take this lead")
            return None
        why = f"{claim.why} Nobody in the pool {name} may take this one."
        return self.give(pool.if_none, claim._replace(why=why))

    def assign(self, email: str, claim: Claim, turn: Turn | None = None) -> Assignment:
        table, person = self.table, self.table.people_by_email.get(email)
        sla = None if claim.sla is None else table.slas[claim.sla]
        times = _NO_DUE if sla is None else due(sla, self.now)
        why = claim.why
        if turn is not None:
            why = f"{why} {turn.member} {'already had' if turn.reused else 'has'} the turn in the pool {turn.pool}."
        return Assignment(
            owner=email,
            rule=claim.rule,
            why=why,
            line=claim.line,
            pool=None if turn is None else turn.pool,
            turn=turn,
            slack=None if person is None else person.slack,
            manager=None if person is None else person.manager,
            sla=None if sla is None else sla.name,
            clock=None if sla is None else times.clock,
            accept_due_at=times.accept_at,
            touch_due_at=times.touch_at,
            skipped=tuple(self.skipped),
        )
