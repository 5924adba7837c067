"""A pool's ledger as its members may see it: their share, what they had, what they are owed, and whether they can take one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from graph.domain.routing import PoolState
from graph.domain.table import Member, RoutingTable
from graph.rules.caps import Quota
from graph.rules.giving import Plan, plan_of
from graph.rules.local_time import named_zone
from graph.rules.pools import MILLION, take_turn
from graph.rules.reasons import away_reason, window_reason
from graph.rules.wording import day_and_time, first_name


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One member. share: 0..1, by weight among the active members; turns: taken on their seat, also by a cover; credit:
    leads that they are owed, negative for too many; counts: what a cap counts, as "3 of 8 a day"; now: a few words; next:
    the next lead would be theirs."""

    email: str
    share: float
    turns: int
    credit: float
    counts: tuple[str, ...]
    now: str
    next: bool


def ledger_of(
    table: RoutingTable, name: str, state: PoolState, opened: Mapping[str, int], now: datetime
) -> tuple[LedgerRow, ...]:
    """The members of a pool in the order of the file. opened: leads open now, by e-mail."""
    plan, pool = plan_of(table), table.pools[name]
    quota = plan.limits[name].quota(state, opened, now)
    turn = take_turn(plan.rosters[name], state, now, quota=quota)
    total = sum(member.weight for member in pool.members if member.active)
    return tuple(
        LedgerRow(
            email=member.email,
            share=member.weight / total if member.active and total else 0.0,
            turns=state.turns.get(member.email, 0),
            credit=state.credits.get(member.email, 0) / MILLION,
            counts=_counts(quota, member.email),
            now=_now(plan, table, name, member, now),
            next=turn is not None and turn.member == member.email,
        )
        for member in pool.members
    )


def _counts(quota: Quota, email: str) -> tuple[str, ...]:
    said = [
        f"{quota.spent[unit].leads.get(email, 0)} of {count} {'today' if unit == 'day' else 'this week'}"
        for unit, count in quota.counts
    ]
    most = quota.most_open.get(email)
    if most is not None:
        said.append(f"{quota.opened.get(email, 0)} of {most} open")
    return tuple(said)


def _now(plan: Plan, table: RoutingTable, name: str, member: Member, now: datetime) -> str:
    """Whether they work, and if not, until when."""
    if not member.active:
        return "no longer active"
    if member.window is not None and not member.window.holds(now):
        return f"not in the pool: {window_reason(member.window, now)}"
    leave = plan.calendars.away(member.email, now)
    if leave is not None:
        cover = plan.calendars.taker(member.email, now)
        away = away_reason(member.email, leave)
        return f"{away}, {first_name(cover)} covers" if cover else f"{away}, nobody covers"
    calendar = plan.rosters[name].calendar(member.email)
    if calendar.works(now):
        return "works now"
    opening = calendar.opening(now)
    return f"begins {day_and_time(opening, named_zone(table.timezone))}" if opening else "never works"
