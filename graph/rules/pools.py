"""Whose turn is it in a pool: Tijdeman's rule, the fairest order there is for fixed weights.

R. Tijdeman, "The chairman assignment problem", Discrete Mathematics 32 (1980): with fixed weights and availability of
k members, nobody is ever more than 1 - 1/(2k - 2) turns away from their share. A turn's entitlement accrues to those
who may take it and to nobody else, so that a member who comes back from leave has nothing to catch up.
Never delays a lead. The ledger is kept by seat: a cover takes the turn of the one away, who is charged for it.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from graph.domain.routing import PoolState, Turn
from graph.rules.calendars import Line, Roster, Seat, line_of
from graph.rules.caps import FREE, Quota

MILLION: Final = 1_000_000


class Before(NamedTuple):
    """The turn that this lead took in this pool before. member: the seat; holder: who has the lead now, where known;
    returned: the lead was passed on for a reason, so that the turn costs that seat nothing."""

    member: str
    holder: str | None = None
    returned: bool = False


def take_turn(
    roster: Roster,
    state: PoolState,
    now: datetime,
    *,
    quota: Quota = FREE,
    excluded: Collection[str] = (),
    before: Before | None = None,
) -> Turn | None:
    """The turn of the next member, or None when nobody may take it.

    excluded: lower-case e-mails that may not get this lead. A lead that comes again stays with who had it, at any hour
    and over any cap, while they are there; if they went on leave meanwhile, their cover goes first. Ties go to the
    earlier member of the file.
    """
    heir = None
    if before is not None:
        keeper = roster.keeper(before.member, before.holder, now)
        if keeper is not None and keeper not in excluded:
            if keeper in (before.member, before.holder):
                return Turn(roster.pool.name, before.member, keeper, state, state, reused=True)
            heir = before.member
    line = roster.line(now, excluded)
    if quota is not FREE and not quota.is_slack():
        allowed = [seat for seat in line.seats if quota.allows(seat.taker)]
        if len(allowed) < len(line.seats):
            line = line_of(allowed)
    if not line.seats:
        return None
    ledger, turns = state.credits.copy(), state.turns.copy()
    chosen = None if heir is None else next((seat for seat in line.seats if seat.member.email == heir), None)
    if chosen is None:
        shares: Sequence[int] = _entitlement(line.weights, sum(turns.values()) % line.total)
        if before is not None and before.returned and turns.get(before.member):
            _charge(ledger, turns, before.member, -1)
            shares = [0] * len(line.seats)
        chosen = _next(line, ledger, shares)
        _charge(ledger, turns, chosen.member.email, 1)
    taker, name = chosen.taker, state.pool
    after = PoolState(name, state.version + 1, ledger, turns, quota.with_lead(taker) if quota.counts else {})
    return Turn(name, chosen.member.email, taker, state, after)


def _charge(ledger: dict[str, int], turns: dict[str, int], email: str, count: int) -> None:
    ledger[email] = ledger.get(email, 0) - count * MILLION
    turns[email] = turns.get(email, 0) + count


def entitlement(weights: tuple[int, ...], number: int) -> tuple[int, ...]:
    """What one turn entitles each member to, in millionths; exactly 1,000,000 together. number: turns before it.

    The remainder of the division moves with the number, so that over any count of turns a member's sum stays within
    one millionth of the exact share.
    """
    return _entitlement(weights, number % sum(weights))


@lru_cache(maxsize=4096)
def _entitlement(weights: tuple[int, ...], phase: int) -> tuple[int, ...]:
    total = sum(weights)
    steps = [
        (phase + 1) * MILLION * below // total - phase * MILLION * below // total
        for below in accumulate(weights, initial=0)
    ]
    return tuple(high - low for low, high in pairwise(steps))


def _next(line: Line, ledger: dict[str, int], shares: Sequence[int]) -> Seat:
    """Add the turn's entitlement to the ledger and make Tijdeman's choice: of those owed at least 1/(2k - 2), who would
    first be owed more than 1 - 1/(2k - 2)."""
    double = 2 * len(line.seats) - 2
    least = -(-MILLION // double) if double else sys.maxsize  # credit x double >= 1,000,000, without the product
    chosen: Seat | None = None
    slack = leading = 0
    for seat, email, weight, share in zip(line.seats, line.emails, line.weights, shares, strict=True):
        try:
            credit = ledger[email] + share
        except KeyError:  # their first turn; to ask with a default takes twice as long
            credit = share
        if share:
            ledger[email] = credit
        if credit >= least:
            # turns until the limit, times `double` and the weight; compared crosswise, so that no division rounds
            waits = MILLION * (double - 1) - credit * double
            if chosen is None or waits * leading < slack * weight:
                chosen, slack, leading = seat, waits, weight
    if chosen is None:  # alone, or others took entitlement away with them: the one owed most
        return max(line.seats, key=lambda seat: ledger.get(seat.member.email, 0))
    return chosen
