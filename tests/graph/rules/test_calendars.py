"""Who is there, who stands in, and when nobody is."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from graph.domain.table import RoutingTable
from graph.rules.calendars import calendars_of, person_gaps, pool_gaps
from tools.routing_file import parse

START, END = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 16, tzinfo=UTC)  # two weeks from a Monday on


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def file(people: dict[str, Any], **pools: Any) -> RoutingTable:
    named = {name: {"email": f"{name}@company.com"} | said for name, said in people.items()}
    return parse(json.dumps({"DEFAULT": "g@company.com", "people": named, "pools": pools}))


AWAY = {
    "ana": {},
    "ben": {"ooo": [{"from": "2026-03-03", "until": "2026-03-06", "cover": "ana"}]},
    "cy": {
        "ooo": [
            {"from": "2026-03-05", "until": "2026-03-05", "cover": "ben"},
            {"from": "2026-03-09", "until": "2026-03-10"},
        ]
    },
    "dee": {"ooo": [{"from": "2026-03-05", "until": "2026-03-05", "cover": "gone"}]},
    "eli": {"ooo": [{"from": "2026-03-05", "until": "2026-03-05", "cover": "desk@company.com"}]},
    "gone": {"active": False},
}


@pytest.mark.parametrize(
    ("email", "now", "taker"),
    [
        ("ben", "2026-03-02T23:59", "ben"),
        ("ben", "2026-03-03T00:00", "ana"),
        ("ben", "2026-03-06T23:59", "ana"),
        ("ben", "2026-03-07T00:00", "ben"),
        ("cy", "2026-03-05T12:00", None),  # covers are not chained: Ben is away himself
        ("cy", "2026-03-09T12:00", None),  # nobody is named
        ("dee", "2026-03-05T12:00", None),  # the cover has left the company
        ("eli", "2026-03-05T12:00", "desk"),  # an address that is nobody's of the file
    ],
)
def test_the_cover_stands_in_while_they_are_there_themselves(email, now, taker):
    found = calendars_of(file(AWAY)).taker(f"{email}@company.com", at(now))
    assert found == (None if taker is None else f"{taker}@company.com")


def test_the_seats_of_a_pool_change_with_hours_leave_and_days():
    table = file(
        AWAY | {"ana": {"hours": "mon-fri 09:00-17:00"}},
        crew={"members": {"ana": 1, "ben": 1, "cy": 1, "x@company.com": {"weight": 1, "from": "2026-03-05"}}},
    )
    roster = calendars_of(table).roster("crew")

    def seats(now: str) -> list[tuple[str, str, bool]]:
        return [(seat.member.email[:3], seat.taker[:3], seat.works) for seat in roster.seats(at(now))]

    assert seats("2026-03-02T08:00") == [("ana", "ana", False), ("ben", "ben", True), ("cy@", "cy@", True)]
    assert seats("2026-03-02T09:00") == [("ana", "ana", True), ("ben", "ben", True), ("cy@", "cy@", True)]
    assert seats("2026-03-05T18:00") == [("ana", "ana", False), ("ben", "ana", False), ("x@c", "x@c", True)]
    assert seats("2026-03-02T09:00") == [("ana", "ana", True), ("ben", "ben", True), ("cy@", "cy@", True)]


def test_a_pool_has_gaps_where_nobody_works_and_nobody_stands_in():
    people = {
        "ana": {"hours": "mon-fri 09:00-18:00", "holidays": ["2026-03-04"]},
        "ben": {"hours": "tue 16:00-20:00", "ooo": [{"from": "2026-03-10", "until": "2026-03-10"}]},
    }
    table = file(people, next={"members": ["ana", "ben"]}, hold={"members": ["ana", "ben"], "off_hours": "hold"})
    assert pool_gaps(table, "next", at("2026-03-02T00:00"), at("2026-03-06T12:00")) == (
        (at("2026-03-02T00:00"), at("2026-03-02T09:00")),
        (at("2026-03-02T18:00"), at("2026-03-03T09:00")),
        (at("2026-03-03T20:00"), at("2026-03-05T09:00")),  # the holiday is one gap with the nights around it
        (at("2026-03-05T18:00"), at("2026-03-06T09:00")),
    )
    assert (at("2026-03-10T18:00"), at("2026-03-11T09:00")) in pool_gaps(table, "next", START, END)
    assert pool_gaps(table, "hold", START, END) == ()


def test_a_pool_that_holds_leads_has_gaps_only_while_all_are_on_leave():
    people = {
        "ana": {"hours": "mon 09:00-10:00", "ooo": [{"from": "2026-03-03", "until": "2026-03-06"}]},
        "ben": {"ooo": [{"from": "2026-03-05", "until": "2026-03-09"}]},
    }
    table = file(people, crew={"members": ["ana", "ben"], "off_hours": "hold"})
    assert pool_gaps(table, "crew", START, END) == ((at("2026-03-05T00:00"), at("2026-03-07T00:00")),)


def test_members_without_weight_or_who_have_left_close_no_gap():
    table = file(AWAY, crew={"members": {"gone": 1, "ana": 0, "ben": {"weight": 1, "until": "2026-03-02"}}})
    assert pool_gaps(table, "crew", START, END) == ((at("2026-03-03T00:00"), END),)


def test_a_person_has_gaps_while_nobody_takes_their_leads():
    table = file(AWAY)
    assert person_gaps(table, "ben@company.com", START, END) == ()
    assert person_gaps(table, "cy@company.com", START, END) == (
        (at("2026-03-05T00:00"), at("2026-03-06T00:00")),
        (at("2026-03-09T00:00"), at("2026-03-11T00:00")),
    )
    assert person_gaps(table, "cy@company.com", at("2026-03-10T12:00"), END) == (
        (at("2026-03-10T12:00"), at("2026-03-11T00:00")),
    )
    assert person_gaps(table, "nobody@company.com", START, END) == ()


HOURS = (
    "always",
    "mon-fri 09:00-17:00",
    "mon,wed 22:00-24:00 Asia/Tokyo; sat 00:00-06:00 America/New_York",
    "sun 10:00-11:00",
)


@pytest.mark.parametrize("seed", range(25))
def test_gaps_are_exactly_the_minutes_in_which_nobody_can_take_a_turn(seed):
    draw = random.Random(seed)
    names = ["ana", "ben", "cy"]
    people: dict[str, Any] = {}
    for name in names:
        begin = draw.randint(2, 10)
        leave = {"from": f"2026-03-{begin:02}", "until": f"2026-03-{begin + draw.randint(0, 3):02}"}
        cover = draw.choice([{}, {"cover": draw.choice([other for other in names if other != name])}])
        people[name] = {"hours": draw.choice(HOURS[1:]), "ooo": draw.choice([[], [leave | cover]])}
    pool = {"members": dict.fromkeys(draw.sample(names, 2), 1), "off_hours": draw.choice(["next", "hold"])}
    table = file(people, crew=pool | {"holidays": ["2026-03-06"]})
    calendars = calendars_of(table)
    gaps = pool_gaps(table, "crew", START, END)
    assert all(one[1] < other[0] for one, other in pairwise(gaps))
    now = START
    while now < END:
        takers = [calendars.taker(f"{name}@company.com", now) for name in pool["members"]]
        roster = calendars.roster("crew")
        there = [
            taker for taker in takers if taker and (pool["off_hours"] == "hold" or roster.calendar(taker).works(now))
        ]
        assert any(start <= now < end for start, end in gaps) == (not there), now
        now += timedelta(minutes=20)
