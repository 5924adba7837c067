"""Hands one lead to what the file names: a person, an address, or a pool's next member. Chooses nothing itself.

Whoever is gone, away without a cover, or passed the lead is stepped over, and the trace says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from graph.domain.routing import Assignment, PoolState, RoutingFacts, Turn
from graph.domain.table import Account, RoutingTable, Target
from graph.domain.working import Leave
from graph.rules.calendars import calendars_of
from graph.rules.caps import Limits
from graph.rules.conditions import ConditionIndex, View, is_exact, view_of
from graph.rules.local_time import named_zone
from graph.rules.map_index import MapIndex
from graph.rules.pools import Before, take_turn
from graph.rules.reasons import away_reason, map_reason, rule_reason
from graph.rules.sla import due
from graph.rules.wording import day_and_time, first_name
from graph.rules.working import Calendar

_NOBODY: Final[frozenset[str]] = frozenset()
_LISTS: Final = frozenset(("accounts", "rules", "map"))


class Claim(NamedTuple):
    """The place in the file that gives a lead away: its name, line and reason, and the SLA it asks for."""

    rule: str
    line: int | None
    why: str
    sla: str | None


class Held(NamedTuple):
    """How the lead is held already. turns: the member whose turn it took, by pool; owner: who has it; returned: they
    passed it on for a reason."""

    turns: Mapping[str, str]
    owner: str | None = None
    returned: bool = False


class Plan:
    """What is worth computing once per table. steps: the precedence, numbered, without lists that are empty; own_steps: the
    same for a lead of which the CRM names no owner; certain: whether a rule holds when the index lets it through; counted:
    those whose open leads the caps of pools ask for."""

    def __init__(self, table: RoutingTable) -> None:
        sla = table.default_sla
        empty = {
            name
            for name, listed in (("accounts", table.accounts), ("rules", table.rules), ("map", table.map))
            if not listed
        }
        self.steps = tuple((at, name) for at, name in enumerate(table.precedence) if name not in empty)
        self.own_steps = tuple((at, name) for at, name in self.steps if name in _LISTS)
        self.if_inactive = 0 if table.if_inactive is None else table.precedence.index(table.if_inactive)
        self.rules = ConditionIndex([rule.condition for rule in table.rules])
        self.certain = [is_exact(rule.condition) for rule in table.rules]
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
        self.calendars = calendars_of(table)
        self.rosters = {name: self.calendars.roster(name) for name in table.pools}
        self.limits = {name: Limits(table.pools[name], roster.takers(), table) for name, roster in self.rosters.items()}
        self.counted = tuple(sorted(frozenset[str]().union(*(limits.asks for limits in self.limits.values()))))


@lru_cache(maxsize=64)
def plan_of(table: RoutingTable) -> Plan:
    return Plan(table)


class Run:
    """One lead on its way through the table. skipped: what it passed; owner_gone: the last owner asked is inactive."""

    __slots__ = (
        "_view", "excluded", "facts", "held", "now", "open_leads", "owner_gone", "plan", "pools", "skipped", "table",
    )  # fmt: skip

    def __init__(
        self,
        facts: RoutingFacts,
        table: RoutingTable,
        pools: Mapping[str, PoolState],
        now: datetime,
        *,
        held: Held,
        open_leads: Mapping[str, int],
        excluded: Collection[str],
    ) -> None:
        self.facts, self.table, self.pools, self.now = facts, table, pools, now
        self.held, self.open_leads = held, open_leads
        self.excluded = frozenset(email.lower() for email in excluded) if excluded else _NOBODY
        self.plan = plan_of(table)
        self._view: View | None = None
        self.skipped: list[str] = []
        self.owner_gone = False

    def view(self) -> View:
        """The facts as conditions compare them; most leads need none."""
        if self._view is None:
            self._view = view_of(self.facts)
        return self._view

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
        leave = None if person is None else self.plan.calendars.away(email, self.now)
        if leave is not None:
            return self._stand_in(email, leave, claim)
        if email in self.excluded:
            self.skip(claim.rule, f"{email} passed this lead")
            return None
        return self.assign(email, claim, claim.why)

    def _stand_in(self, email: str, leave: Leave, claim: Claim) -> Assignment | None:
        """To the cover of somebody on leave."""
        cover, away = self.plan.calendars.taker(email, self.now), away_reason(email, leave)
        if cover is None or cover in self.excluded:
            why = "nobody covers" if cover is None else f"{cover}, who covers, passed this lead"
            self.skip(claim.rule, f"{away}, and {why}")
            return None
        return self.assign(cover, claim, f"{claim.why} {away}, {first_name(cover)} covers.")

    def _take_turn(self, name: str, claim: Claim) -> Assignment | None:
        plan, roster, member = self.plan, self.plan.rosters[name], self.held.turns.get(name)
        state = self.pools.get(name) or PoolState(name)
        turn = take_turn(
            roster,
            state,
            self.now,
            quota=plan.limits[name].quota(state, self.open_leads, self.now),
            excluded=self.excluded,
            before=None if member is None else Before(member, self.held.owner, self.held.returned),
        )
        if turn is not None:
            return self.assign(turn.taker, claim, self._turn_reason(claim, turn), turn, roster.calendar(turn.taker))
        heir = roster.pool.if_none
        if heir is None:
            self.skip(claim.rule, f"nobody in the pool {name} may take this lead")
            return None
        why = f"{claim.why} Nobody in the pool {name} may take this one."
        return self.give(heir, claim._replace(why=why))

    def _turn_reason(self, claim: Claim, turn: Turn) -> str:
        had = "already had" if turn.reused else "has"
        said = f"{claim.why} {turn.taker} {had} the turn in the pool {turn.pool}."
        leave = None if turn.taker == turn.member else self.plan.calendars.away(turn.member, self.now)
        if leave is None:
            return said
        return f"{said} {away_reason(turn.member, leave)}, {first_name(turn.taker)} covers."

    def assign(
        self, email: str, claim: Claim, why: str, turn: Turn | None = None, calendar: Calendar | None = None
    ) -> Assignment:
        """calendar: with the holidays of the pool that the lead came through."""
        table, person = self.table, self.table.people_by_email.get(email)
        if person is None:
            calendar = None
        elif calendar is None:
            calendar = self.plan.calendars.of(email)
        name = clock = accept_s = accept_at = touch_at = remind_at = None
        if claim.sla is not None:
            sla = table.slas[claim.sla]
            name, accept_s = sla.name, sla.accept_s
            clock, accept_at, touch_at, remind_at = due(sla, self.now, calendar)
        opening = None if calendar is None else calendar.begins(self.now)
        # by position: with fifteen names Python takes three times as long
        return Assignment(
            email,
            claim.rule,
            why if opening is None else f"{why} {_begins(email, opening, table.timezone)}",
            claim.line,
            None if turn is None else turn.pool,
            turn,
            None if person is None else person.slack,
            None if person is None else person.manager,
            name,
            clock,
            accept_s,
            accept_at,
            touch_at,
            remind_at,
            0,
            tuple(self.skipped),
            opening,
        )


@lru_cache(maxsize=4096)
def _begins(email: str, opening: datetime, zone: str) -> str:
    """What is said of somebody outside of their hours. zone: IANA name."""
    return f"{first_name(email)} begins on {day_and_time(opening, named_zone(zone))}."
