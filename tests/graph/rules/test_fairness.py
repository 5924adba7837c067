"""Years of leads through pools, with seeds: nobody is further from their share than the bound, nobody catches up, no cap
breaks. Sums are exact; what the ledger rounds is a millionth of a lead."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from graph.domain.routing import Assignment, PoolState, RoutingFacts
from graph.domain.table import RoutingTable
from graph.rules.pools import MILLION
from graph.rules.routing import route
from tools.routing_file import parse

START = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDING = Fraction(2, MILLION)


def file(people: dict[str, Any], pool: dict[str, Any], zone: str = "UTC") -> RoutingTable:
    named = {name: {"email": f"{name}@company.com"} | said for name, said in people.items()}
    rules = [{"id": "all", "to": "pool:crew"}]
    settings = {"timezone": zone, "people": named, "pools": {"crew": pool}, "rules": rules}
    return parse(json.dumps({"DEFAULT": "desk@company.com", **settings}))


def arrivals(draw: random.Random, count: int, days: int) -> list[datetime]:
    """Instants at random, in order."""
    return sorted(START + timedelta(seconds=draw.randrange(days * 86_400)) for _ in range(count))


def decided(table: RoutingTable, instants: list[datetime]) -> Iterator[tuple[datetime, Assignment]]:
    state = PoolState("crew")
    for now in instants:
        found = route(RoutingFacts(), table, {"crew": state}, now)
        if found.turn is not None:
            state = found.turn.after
        yield now, found


def seats(table: RoutingTable, instants: list[datetime]) -> list[str]:
    return [found.turn.member[:3] for _, found in decided(table, instants) if found.turn is not None]


@pytest.mark.parametrize("seed", range(16))
def test_over_years_nobody_is_further_from_their_share_than_tijdemans_bound(seed):
    """All keep the same hours and holidays, so that whoever is there is fixed: everybody or nobody."""
    draw = random.Random(seed)
    count = draw.randint(2, 9)
    hours = draw.choice(["always", "mon-fri 09:00-18:00 Europe/Berlin", "mon-sat 00:00-24:00 America/New_York"])
    weights = {f"m{at}": draw.choice([1, 1, 2, 3, 5, 17, 100]) for at in range(count)}
    pool = {"members": weights, "off_hours": draw.choice(["next", "hold"]), "holidays": draw.choice(["US", "DE-BY"])}
    table = file({name: {"hours": hours} for name in weights}, pool)
    total, bound = sum(weights.values()), 1 - Fraction(1, 2 * count - 2) + ROUNDING
    taken: Counter[str] = Counter()
    for _, found in decided(table, arrivals(draw, 2500, 3 * 365)):
        if found.turn is None:
            assert found.owner == "desk@company.com"
            continue
        taken[found.owner.partition("@")[0]] += 1
        for name, weight in weights.items():
            assert abs(Fraction(taken.total() * weight, total) - taken[name]) <= bound
    assert taken.total() > 500


@pytest.mark.parametrize("seed", range(8))
def test_nobody_comes_back_from_leave_to_a_burst(seed):
    draw = random.Random(seed)
    weights = {name: draw.choice([1, 2, 3]) for name in ("ana", "ben", "cy")}
    table = file(
        {"ana": {}, "ben": {"ooo": [{"from": "2026-02-01", "until": "2026-04-30"}]}, "cy": {}}, {"members": weights}
    )
    instants = arrivals(draw, 3000, 240)
    back = datetime(2026, 5, 1, tzinfo=UTC)
    away = [now for now in instants if datetime(2026, 2, 1, tzinfo=UTC) <= now < back]
    owners = [(now, found.owner[:3]) for now, found in decided(table, instants)]
    assert not [owner for now, owner in owners if now in away and owner == "ben"]
    after = [owner for now, owner in owners if now >= back]
    share = Fraction(weights["ben"], sum(weights.values()))
    for number in range(1, 200):
        assert abs(after[:number].count("ben") - number * share) < 2
    runs = [len(list(run)) for owner, run in groupby(after) if owner == "ben"]
    usual = [
        len(list(run))
        for owner, run in groupby(seats(file({}, {"members": mails(weights)}), instants))
        if owner == "ben"
    ]
    assert max(runs) <= max(usual) + 1


def mails(weights: dict[str, int]) -> dict[str, int]:
    return {f"{name}@company.com": weight for name, weight in weights.items()}


@pytest.mark.parametrize("seed", range(8))
def test_hours_that_differ_make_no_debts_that_grow(seed):
    """Over two years of mornings, nights, clock changes and days off, in five zones."""
    draw = random.Random(seed)
    zones = ["Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Australia/Sydney"]
    people = {
        f"m{at}": {"hours": f"mon-fri 0{draw.randint(7, 9)}:00-1{draw.randint(5, 8)}:30 {draw.choice(zones)}"}
        for at in range(draw.randint(3, 7))
    }
    table = file(people, {"members": dict.fromkeys(people, 1), "off_hours": draw.choice(["next", "hold"])})
    largest = 0
    for _, found in decided(table, arrivals(draw, 3000, 730)):
        if found.turn is not None:
            credits_now = found.turn.after.credits.values()
            assert sum(credits_now) == 0
            largest = max(largest, *map(abs, credits_now))
    assert largest < 3 * MILLION


@pytest.mark.parametrize("seed", range(12))
def test_caps_are_never_exceeded(seed):
    draw = random.Random(seed)
    zone = draw.choice(["America/New_York", "Asia/Kolkata", "Europe/Berlin"])
    per_day, per_week, at_once = draw.randint(2, 4), draw.randint(6, 12), draw.randint(3, 6)
    leave = [{"from": "2026-02-01", "until": "2026-03-15", "cover": "ana"}]
    people = {"ana": {"max_open": draw.randint(2, 4)}, "ben": {"ooo": leave}, "cy": {}}
    caps = [f"{per_day}/day", f"{per_week}/week", f"{at_once}/open"]
    table = file(people, {"members": {"ana": 1, "ben": 2, "cy": 3}, "cap": caps}, zone)
    state, opened = PoolState("crew"), Counter[str]()
    days, weeks, refused = Counter[tuple[str, date]](), Counter[tuple[str, date]](), 0
    for now in arrivals(draw, 2500, 150):
        for email in list(opened):
            opened[email] -= opened[email] > 0 and draw.random() < 0.2
        found = route(RoutingFacts(), table, {"crew": state}, now, open_leads=opened)
        if found.turn is None:
            refused += 1
            continue
        state = found.turn.after
        day = now.astimezone(ZoneInfo(zone)).date()
        opened[found.owner] += 1
        days[found.owner, day] += 1
        weeks[found.owner, day - timedelta(days=day.weekday())] += 1
        limit = at_once if found.owner[:3] != "ana" else min(at_once, table.people["ana"].max_open or 0)
        assert opened[found.owner] <= limit
    assert max(days.values()) <= per_day
    assert max(weeks.values()) <= per_week
    assert refused > 100, "the caps were felt"
    assert per_day in days.values()


def test_a_cap_of_a_day_begins_anew_at_midnight_in_the_files_zone():
    table = file({"ana": {}}, {"members": ["ana"], "cap": "1/day"}, "America/New_York")
    texts = ["2026-03-10T05:00", "2026-03-10T12:00", "2026-03-11T03:59", "2026-03-11T04:00", "2026-03-11T04:01"]
    instants = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in texts]
    assert [found.turn is not None for _, found in decided(table, instants)] == [True, False, False, True, False]


def test_a_cap_of_a_week_begins_anew_on_monday():
    table = file({"ana": {}}, {"members": ["ana"], "cap": "1/week"})
    instants = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in (6, 7, 8, 9, 10)]  # Friday to Tuesday
    assert [found.turn is not None for _, found in decided(table, instants)] == [True, False, False, True, False]


@pytest.mark.parametrize("seed", range(6))
def test_a_cover_takes_exactly_the_turns_that_the_one_away_would_have_had(seed):
    draw = random.Random(seed)
    weights = {name: draw.choice([1, 2, 5]) for name in ("ana", "ben", "cy")}
    leave = {"ooo": [{"from": "2026-01-10", "until": "2026-02-20", "cover": "ana"}]}
    instants = arrivals(draw, 600, 90)
    there, away = (
        file({"ana": {}, "ben": said, "cy": {}}, {"members": weights, "cap": "500/day"}) for said in ({}, leave)
    )
    assert seats(there, instants) == seats(away, instants)
    days: Counter[str] = Counter()
    for now, found in decided(away, instants):
        on_leave = date(2026, 1, 10) <= now.date() <= date(2026, 2, 20)
        covered = found.turn.member == "ben@company.com" and on_leave
        assert found.owner == found.turn.taker == ("ana@company.com" if covered else found.turn.member)
        if now.date() == date(2026, 1, 20):
            days[found.owner] += 1
            assert found.turn.after.spent["day"].leads == days, "counted by who got the lead"
    assert days


@pytest.mark.parametrize("seed", range(8))
def test_a_lead_that_is_passed_on_costs_no_turn(seed):
    """Ana passes every third of hers. What she keeps is within a lead of her share of all that is kept."""
    draw = random.Random(seed)
    weights = {f"m{at}": draw.choice([1, 2, 3]) for at in range(draw.randint(2, 6))} | {"ana": 2}
    table = file({name: {} for name in weights}, {"members": weights})
    state, kept = PoolState("crew"), Counter[str]()
    for number in range(1, 601):
        found = route(RoutingFacts(), table, {"crew": state}, START)
        state = found.turn.after
        if found.owner == "ana@company.com" and draw.random() < 0.33:
            turn = {"crew": found.turn.member}
            found = route(
                RoutingFacts(), table, {"crew": state}, START,
                prior_turns=turn, holder=found.owner, returned=True, excluded=[found.owner],
            )  # fmt: skip
            assert found.owner != "ana@company.com"
            state = found.turn.after
        kept[found.owner.partition("@")[0]] += 1
        assert sum(state.turns.values()) == number
        assert sum(state.credits.values()) == 0
        share = Fraction(number * weights["ana"], sum(weights.values()))
        assert abs(share - kept["ana"] - Fraction(state.credits["ana@company.com"], MILLION)) <= 2 * ROUNDING * number
    assert abs(Fraction(600 * weights["ana"], sum(weights.values())) - kept["ana"]) < 2


def test_a_lead_that_nobody_returned_costs_the_turn():
    table = file({"ana": {}, "ben": {}}, {"members": {"ana": 1, "ben": 1}})
    first = route(RoutingFacts(), table, {}, START)
    second = route(
        RoutingFacts(), table, {"crew": first.turn.after}, START,
        prior_turns={"crew": "ana@company.com"}, holder="ana@company.com", excluded=["ana@company.com"],
    )  # fmt: skip
    assert second.turn.after.turns == {"ana@company.com": 1, "ben@company.com": 1}
