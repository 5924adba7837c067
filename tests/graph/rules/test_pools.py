from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from graph.domain.routing import PoolState
from graph.domain.table import MapEntry, Member, Pool, RoutingTable, Target
from graph.rules.calendars import Calendars, Roster
from graph.rules.pools import MILLION, Before, entitlement
from graph.rules.pools import take_turn as next_turn

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
NOBODY = Calendars(RoutingTable("", "", 1, "UTC", MapEntry("DEFAULT", (), Target("g@company.com"), 1)))


def pool(**weights: int) -> Pool:
    return Pool("team", tuple(Member(name, weight) for name, weight in weights.items()))


def take_turn(team: Pool, state: PoolState, *, prior: str | None = None, **away):
    """Of members who are always there: the file says nothing of them."""
    before = None if prior is None else Before(prior)
    return next_turn(Roster(team, NOBODY), state, NOW, before=before, **away)


def many(count: int, draw: random.Random) -> Pool:
    return Pool("team", tuple(Member(f"m{at}", draw.choice([1, 1, 2, 3, 5, 17, 100])) for at in range(count)))


def turns(team: Pool, number: int, state: PoolState | None = None, **away) -> tuple[list[str], PoolState]:
    state = state or PoolState(team.name)
    taken = []
    for _ in range(number):
        turn = take_turn(team, state, **away)
        assert turn is not None
        taken.append(turn.member)
        state = turn.after
    return taken, state


@pytest.mark.parametrize("seed", range(60))
def test_nobody_is_ever_further_from_their_share_than_tijdemans_bound(seed):
    draw = random.Random(seed)
    team = many(draw.randint(2, 18), draw)
    k, total = len(team.members), sum(member.weight for member in team.members)
    bound = 1 - Fraction(1, 2 * k - 2) + Fraction(2, MILLION)
    state, taken = PoolState(team.name), Counter()
    for number in range(1, 1001):
        turn = take_turn(team, state)
        state = turn.after
        taken[turn.member] += 1
        for member in team.members:
            distance = Fraction(number * member.weight, total) - taken[member.email]
            assert abs(distance) <= bound
            assert abs(distance * MILLION - state.credits[member.email]) <= 1


@pytest.mark.parametrize("seed", range(20))
def test_entitlement_adds_up_to_one_turn_and_never_drifts(seed):
    draw = random.Random(seed)
    weights = tuple(draw.randint(1, 1000) for _ in range(draw.randint(1, 20)))
    sums = [0] * len(weights)
    for version in range(500):
        shares = entitlement(weights, version)
        assert sum(shares) == MILLION
        sums = [before + share for before, share in zip(sums, shares, strict=True)]
        for found, weight in zip(sums, weights, strict=True):
            assert abs(found - Fraction((version + 1) * MILLION * weight, sum(weights))) < 1


def test_two_to_one_weights_share_six_leads_four_to_two():
    taken, _ = turns(pool(ana=2, ben=1), 6)
    assert Counter(taken) == {"ana": 4, "ben": 2}


def test_a_turn_writes_the_ledger_and_leaves_the_one_before_alone():
    before = PoolState("team", 7, {"ana": 0, "ben": 0}, {"ana": 3})
    turn = take_turn(pool(ana=1, ben=1), before)
    assert turn.before is before
    assert before.credits == {"ana": 0, "ben": 0}
    assert turn.after.version == 8
    assert sum(turn.after.credits.values()) == 0
    assert turn.after.turns[turn.member] == before.turns.get(turn.member, 0) + 1


def test_the_lead_that_had_a_turn_keeps_its_member_without_a_new_one():
    state = PoolState("team", 3)
    turn = take_turn(pool(ana=1, ben=1), state, prior="ben")
    assert (turn.member, turn.reused, turn.before, turn.after) == ("ben", True, state, state)


@pytest.mark.parametrize(
    ("team", "away"),
    [
        (pool(ana=1, ben=1), {"prior": "zoe"}),
        (pool(ana=1, ben=1), {"prior": "ben", "excluded": {"ben"}}),
        (Pool("team", (Member("ana", 1), Member("ben", 1, active=False))), {"prior": "ben"}),
    ],
)
def test_a_prior_member_who_left_or_passed_does_not_keep_the_lead(team, away):
    turn = take_turn(team, PoolState("team"), **away)
    assert (turn.member, turn.reused) == ("ana", False)


def test_only_members_who_may_take_the_turn_are_entitled_to_it():
    turn = take_turn(pool(ana=1, ben=1, carl=1), PoolState("team"), excluded={"ben"})
    assert "ben" not in turn.after.credits


def test_nobody_catches_up_after_leave():
    team = pool(ana=1, ben=1, carl=1)
    _, state = turns(team, 10)
    _, state = turns(team, 300, state, excluded={"ben"})
    back, _ = turns(team, 30, state)
    assert 9 <= Counter(back)["ben"] <= 11
    assert all(back[at : at + 2] != ["ben", "ben"] for at in range(len(back)))


@pytest.mark.parametrize(
    "team",
    [
        Pool("team", ()),
        pool(ana=0),
        Pool("team", (Member("ana", 1, active=False),)),
        pool(gone=1),
    ],
)
def test_there_is_no_turn_when_nobody_may_take_it(team):
    assert take_turn(team, PoolState("team"), excluded={"gone"}) is None


def test_one_member_takes_every_turn_and_owes_nothing():
    taken, state = turns(pool(ana=3), 5)
    assert taken == ["ana"] * 5
    assert state.credits == {"ana": 0}


@pytest.mark.parametrize("seed", range(20))
def test_with_changing_availability_credits_stay_small_and_sum_to_zero(seed):
    draw = random.Random(seed)
    team = many(draw.randint(3, 8), draw)
    state = PoolState("team")
    for _ in range(600):
        away = {member.email for member in team.members if draw.random() < 0.3}
        turn = take_turn(team, state, excluded=away)
        if turn is None:
            continue
        assert turn.member not in away
        state = turn.after
        assert sum(state.credits.values()) == 0
        assert max(map(abs, state.credits.values())) < 3 * MILLION


def test_the_same_ledger_gives_the_same_turn():
    first, _ = turns(pool(ana=2, ben=1, carl=4), 50)
    again, _ = turns(pool(ana=2, ben=1, carl=4), 50)
    assert first == again
