"""Leads to people who are off, away, covered or full: who gets them, what the reason says, when they are due."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from graph.domain.routing import Assignment, PoolState, RoutingFacts, Spent
from graph.rules.routing import leads_counted, route
from tools.routing_file import parse

AWAY = "Lone is away until 13 March, and nobody covers"
FILE = """{
  "US": "ben",
  "FR": "lone",
  "DEFAULT": "rita",
  "timezone": "Europe/Berlin",
  "people": {
    "ana":  {"email": "ana@company.com", "hours": "mon-fri 09:00-18:00", "manager": "rita", "slack": "U01ANA"},
    "ben":  {"email": "ben@company.com", "hours": "mon-fri 09:00-18:00",
             "ooo": [{"from": "2026-03-09", "until": "2026-03-13", "cover": "ana"}]},
    "cy":   {"email": "cy@company.com", "hours": "tue-sat 12:00-20:00", "max_open": 3},
    "lone": {"email": "lone@company.com", "ooo": [{"from": "2026-03-09", "until": "2026-03-13"}]},
    "gone": {"email": "gone@company.com", "active": false},
    "rita": {"email": "rita@company.com", "ooo": [{"from": "2026-03-12", "until": "2026-03-13", "cover": "uwe"}]},
    "uwe":  {"email": "uwe@company.com", "ooo": [{"from": "2026-03-13", "until": "2026-03-13"}]},
  },
  "pools": {
    "next": {"members": {"ana": 1, "ben": 1, "cy": 1}, "if_none": "desk@company.com"},
    "hold": {"members": {"ana": 1, "cy": 1}, "off_hours": "hold", "holidays": ["2026-03-11"], "if_none": "desk@company.com"},
    "full": {"members": {"ana": 1, "cy": 1}, "cap": ["2/day", "5/open"]},
    "heir": {"members": ["gone@x.com"], "cap": "1/day", "if_none": "lone"},
  },
  "accounts": {"acme.com": {"owner": "ben"}, "lone.com": {"owner": "lone"}, "gone.com": {"owner": "gone"}},
  "account_owner": {"if_inactive": "map"},
  "slas": {"hot": {"accept": "30m", "touch": "4h"}}, "default_sla": "hot",
  "rules": [
    {"id": "next", "if": {"source": "next"}, "to": "pool:next"},
    {"id": "hold", "if": {"source": "hold"}, "to": "pool:hold"},
    {"id": "full", "if": {"source": "full"}, "to": "pool:full"},
    {"id": "heir", "if": {"source": "heir"}, "to": "pool:heir"},
    {"id": "lone", "if": {"source": "lone"}, "to": "lone"},
    {"id": "ana", "if": {"source": ["ana", "lone"]}, "to": "ana"},
  ],
}"""
TABLE = parse(FILE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


BEFORE, TUESDAY, EVENING, SATURDAY = map(
    at, ("2026-03-03T11:30", "2026-03-10T11:30", "2026-03-10T19:30", "2026-03-14T22:00")
)


def give(
    now: datetime, pools: dict[str, PoolState] | None = None, facts: RoutingFacts | None = None, **more: Any
) -> Assignment:
    known = {name: more.pop(name) for name in ("source", "domain", "country", "account_owner") if name in more}
    return route(facts or RoutingFacts(**known), TABLE, pools or {}, now, **more)


def owners(source: str, now: datetime, count: int, **more: Any) -> list[str]:
    states: dict[str, PoolState] = {}
    found = []
    for _ in range(count):
        one = give(now, states, source=source, **more)
        if one.turn is not None:
            states[one.turn.pool] = one.turn.after
        found.append(one.owner.partition("@")[0])
    return found


# One person


def test_a_lead_to_one_person_waits_for_their_opening():
    found = give(EVENING, source="ana")
    assert (found.owner, found.clock, found.skipped) == ("ana@company.com", "business", ())
    assert (found.accept_due_at, found.touch_due_at) == (at("2026-03-11T08:30"), at("2026-03-11T12:00"))
    assert found.why.endswith("Ana begins on Wed 11 Mar 09:00 CET.")


def test_during_their_hours_the_clock_starts_at_once():
    found = give(TUESDAY, source="ana")
    assert found.accept_due_at == at("2026-03-10T12:00")
    assert "begins" not in found.why


@pytest.mark.parametrize("given", [{"country": "US"}, {"domain": "acme.com"}, {"account_owner": "ben@company.com"}])
def test_on_leave_the_cover_takes_the_lead_and_the_reason_says_so(given):
    assert give(BEFORE, **given).owner == "ben@company.com"
    found = give(TUESDAY, **given)
    assert (found.owner, found.slack, found.manager) == ("ana@company.com", "U01ANA", "rita@company.com")
    assert found.why.endswith("Ben is away until 13 March, Ana covers.")


@pytest.mark.parametrize(
    ("given", "rule", "skipped"),
    [
        ({"source": "lone"}, "rules.ana", f"rules.lone: {AWAY}"),
        ({"country": "FR"}, "map.DEFAULT", f"map.FR: {AWAY}"),
        ({"domain": "lone.com", "source": "ana"}, "rules.ana", f"accounts.lone.com: {AWAY}"),
        ({"account_owner": "lone@company.com", "source": "ana"}, "rules.ana", f"account_owner: {AWAY}"),
    ],
)  # fmt: skip
def test_without_a_cover_the_next_step_is_asked_and_the_trace_says_so(given, rule, skipped):
    found = give(TUESDAY, **given)
    assert (found.rule, found.skipped) == (rule, (skipped,))


def test_only_who_is_gone_follows_if_inactive():
    assert give(TUESDAY, domain="gone.com", source="ana", country="DE").rule == "map.DEFAULT"
    assert give(TUESDAY, domain="lone.com", source="ana", country="DE").rule == "rules.ana"


def test_a_cover_who_passed_does_not_get_it_back():
    found = give(TUESDAY, country="US", excluded=["ana@company.com"])
    assert found.owner == "rita@company.com"
    assert found.skipped == ("map.US: Ben is away until 13 March, and ana@company.com, who covers, passed this lead",)


@pytest.mark.parametrize(
    ("now", "owner", "skipped"),
    [
        ("2026-03-11T12:00", "rita", ()),
        ("2026-03-12T12:00", "uwe", ()),
        ("2026-03-13T12:00", "rita", ("map.DEFAULT: Rita is away until 13 March, and nobody covers, but nobody else is left",)),
    ],
)  # fmt: skip
def test_default_always_gives(now, owner, skipped):
    found = give(at(now))
    assert (found.owner, found.skipped) == (f"{owner}@company.com", skipped)


# Pools


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-03T10:00", ["ana", "ben", "ana", "ben"]),  # Cy begins at noon
        ("2026-03-03T11:30", ["cy", "ben", "ana", "cy"]),  # a third of a lead rounds in his favour
        ("2026-03-03T18:30", ["cy", "cy", "cy", "cy"]),
        ("2026-03-03T22:00", ["desk", "desk", "desk", "desk"]),
        ("2026-03-10T10:00", ["ana", "ana", "ana", "ana"]),  # hers and Ben's
    ],
)
def test_with_next_the_turn_goes_to_who_works(now, expected):
    assert owners("next", at(now), 4) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-10T10:00", ["ana", "ana", "ana", "ana"]),
        ("2026-03-10T18:30", ["cy", "cy", "cy", "cy"]),
        ("2026-03-10T22:00", ["ana", "cy", "ana", "cy"]),  # nobody works: all of them
        ("2026-03-11T11:30", ["ana", "cy", "ana", "cy"]),  # a holiday of the pool
    ],
)
def test_with_hold_it_waits_among_all_while_nobody_works(now, expected):
    assert owners("hold", at(now), 4) == expected


def test_a_held_lead_is_due_after_the_openings_of_its_owner_and_the_holidays_of_the_pool():
    found = give(EVENING, source="hold")
    assert (found.owner, found.accept_due_at) == ("ana@company.com", at("2026-03-12T08:30"))
    assert found.why.endswith("Ana begins on Thu 12 Mar 09:00 CET.")


def test_who_passed_does_not_count_as_working():
    found = give(at("2026-03-10T18:30"), source="hold", excluded=["cy@company.com"])
    assert found.owner == "ana@company.com"


def test_the_ledger_is_charged_to_the_seat_and_the_cap_to_who_got_the_lead():
    state = PoolState("next", 1, {"ana@company.com": -500_000, "ben@company.com": 500_000}, {"ana@company.com": 1})
    turn = give(at("2026-03-10T10:00"), {"next": state}, source="next").turn
    assert turn is not None
    assert (turn.member, turn.taker) == ("ben@company.com", "ana@company.com")
    assert turn.after.turns == {"ana@company.com": 1, "ben@company.com": 1}


def test_caps_stop_a_member_and_the_next_rule_is_asked_when_all_are_full():
    day = Spent("2026-03-10", {"ana@company.com": 2, "cy@company.com": 1})
    found = give(TUESDAY, {"full": PoolState("full", 3, {}, {}, {"day": day})}, source="full")
    assert found.owner == "cy@company.com"
    assert found.turn is not None
    assert found.turn.after.spent == {"day": Spent("2026-03-10", {"ana@company.com": 2, "cy@company.com": 2})}
    full = give(TUESDAY, {"full": found.turn.after}, source="full")
    assert (full.rule, full.skipped) == ("map.DEFAULT", ("rules.full: nobody in the pool full may take this lead",))
    assert give(at("2026-03-11T11:30"), {"full": found.turn.after}, source="full").owner == "ana@company.com"


@pytest.mark.parametrize(
    ("opened", "owner"),
    [({}, "ana"), ({"ana": 4, "cy": 2}, "ana"), ({"ana": 5, "cy": 2}, "cy"), ({"ana": 5, "cy": 3}, "rita")],
)
def test_leads_open_at_once_are_limited_by_the_pool_and_by_the_person(opened, owner):
    counts = {f"{name}@company.com": count for name, count in opened.items()}
    assert give(TUESDAY, source="full", open_leads=counts).owner == f"{owner}@company.com"


def test_max_open_limits_the_turns_of_pools_only():
    counts = {"cy@company.com": 3}
    assert give(TUESDAY, source="next", open_leads=counts, excluded=["ana@company.com"]).owner == "desk@company.com"
    assert give(TUESDAY, account_owner="cy@company.com", open_leads=counts).owner == "cy@company.com"


def test_those_are_counted_whose_caps_ask_for_it():
    assert leads_counted(TABLE) == ("ana@company.com", "cy@company.com")
    assert leads_counted(parse('{"DEFAULT": "g@company.com"}')) == ()


def test_an_heir_on_leave_without_cover_is_no_heir():
    spent = {"day": Spent("2026-03-10", {"gone@x.com": 1})}
    found = give(TUESDAY, {"heir": PoolState("heir", 1, {}, {}, spent)}, source="heir")
    assert (found.rule, found.skipped) == (
        "map.DEFAULT",
        (f"rules.heir: {AWAY}",),
    )


# A lead that comes again


def again(
    now: datetime, seat: str, holder: str, pools: dict[str, PoolState] | None = None, source: str = "next", **more: Any
):
    return give(
        now, pools, source=source, prior_turns={source: f"{seat}@company.com"}, holder=f"{holder}@company.com", **more
    )


def test_it_stays_with_its_owner_at_night_and_over_any_cap():
    full = PoolState("full", 1, {}, {}, {"day": Spent("2026-03-10", {"ana@company.com": 9})})
    for found in (again(EVENING, "ana", "ana"), again(TUESDAY, "ana", "ana", {"full": full}, "full")):
        assert found.owner == "ana@company.com"
        assert found.turn is not None
        assert found.turn.reused
        assert found.turn.before == found.turn.after


def test_it_goes_to_the_cover_once_its_owner_is_away_and_is_counted_for_them():
    state = PoolState(
        "next",
        5,
        {"ana@company.com": 250_000, "ben@company.com": -250_000},
        {"ben@company.com": 3, "ana@company.com": 2},
    )
    found = again(TUESDAY, "ben", "ben", {"next": state})
    assert found.turn is not None
    assert (found.owner, found.turn.member, found.turn.reused) == ("ana@company.com", "ben@company.com", False)
    assert (found.turn.after.version, found.turn.after.credits, found.turn.after.turns) == (
        6,
        state.credits,
        state.turns,
    )


def test_it_stays_with_the_cover_when_the_one_away_is_back():
    found = again(SATURDAY, "ben", "ana")
    assert found.turn is not None
    assert (found.owner, found.turn.member, found.turn.reused) == ("ana@company.com", "ben@company.com", True)
    assert "covers" not in found.why


def test_it_goes_back_to_its_member_when_somebody_else_has_it():
    assert again(BEFORE, "ben", "desk").owner == "ben@company.com"


def test_one_that_was_passed_gives_its_turn_back():
    state = PoolState(
        "next",
        2,
        {"ana@company.com": -500_000, "ben@company.com": 500_000},
        {"ana@company.com": 1, "ben@company.com": 1},
    )
    found = again(BEFORE, "ana", "ana", {"next": state}, returned=True, excluded=["ana@company.com"])
    assert found.turn is not None
    assert found.owner == "ben@company.com"
    assert found.turn.after.turns == {"ana@company.com": 0, "ben@company.com": 2}
    assert found.turn.after.credits == {"ana@company.com": 500_000, "ben@company.com": -500_000}
