"""Whose turn is it in a pool: Tijdeman's rule, the fairest order there is for fixed weights.

R. Tijdeman, "The chairman assignment problem", Discrete Mathematics 32 (1980): with fixed weights and availability of
k members, nobody is ever more than 1 - 1/(2k - 2) turns away from their share. A turn's entitlement accrues to those
who may take it and to nobody else, so that a member who comes back from leave has nothing to catch up.
Never delays a lead, and never asks who works now: whoever may not get this lead comes in as `excluded`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final

from graph.domain.routing import PoolState, Turn
from graph.domain.table import Member, Pool

MILLION: Final = 1_000_000


def take_turn(pool: Pool, state: PoolState, *, excluded: Collection[str] = (), prior: str | None = None) -> Turn | None:
    """The turn of the next member, or None when nobody may take it.

    excluded: lower-case e-mails that may not get this lead; prior: who had this lead's turn in this pool before, and
    keeps it without a new one while they may. Ties go to the earlier member of the file.
    """
    eligible = []
    for member in pool.members:
        if member.active and member.email not in excluded:
            if member.email == prior:
                return Turn(pool.name, member.email, member.email, state, state, reused=True)
            if member.weight:
                eligible.append(member)
    if not eligible:
        return None
    ledger = dict(state.credits)
    shares = entitlement(tuple(member.weight for member in eligible), state.version)
    for member, share in zip(eligible, shares, strict=True):
        ledger[member.email] = ledger.get(member.email, 0) + share
    chosen = _next(eligible, ledger)
    ledger[chosen] -= MILLION
    turns = dict(state.turns)
    turns[chosen] = turns.get(chosen, 0) + 1
    return Turn(pool.name, chosen, chosen, state, PoolState(pool.name, state.version + 1, ledger, turns))


def entitlement(weights: tuple[int, ...], version: int) -> tuple[int, ...]:
    """What one turn entitles each member to, in millionths; exactly 1,000,000 together.

    The remainder of the division moves with the version, so that over any number of turns a member's sum stays within
    one millionth of the exact share.
    """
    return _entitlement(weights, version % sum(weights))


@lru_cache(maxsize=4096)
def _entitlement(weights: tuple[int, ...], phase: int) -> tuple[int, ...]:
    total = sum(weights)
    steps = [
        (phase + 1) * MILLION * below // total - phase * MILLION * below // total
        for below in accumulate(weights, initial=0)
    ]
    return tuple(high - low for low, high in pairwise(steps))


def _next(eligible: Sequence[Member], owed: dict[str, int]) -> str:
    """Tijdeman's choice: of those owed at least 1/(2k - 2), who would first be owed more than 1 - 1/(2k - 2)."""
    double = 2 * len(eligible) - 2
    if double == 0:
        return eligible[0].email
    due = [member for member in eligible if owed[member.email] * double >= MILLION]
    if not due:  # others took entitlement away with them: the one owed most
        return max(eligible, key=lambda member: owed[member.email]).email
    chosen, slack = due[0], 0
    for member in due:
        # turns until the limit, times `double` and the weight; compared crosswise, so that no division rounds
        waits = MILLION * (double - 1) - double * owed[member.email]
        if member is chosen or waits * chosen.weight < slack * member.weight:
            chosen, slack = member, waits
    return chosen.email
