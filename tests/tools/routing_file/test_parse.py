from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime

import pytest

from graph.domain.routing import RoutingFacts
from graph.domain.table import PRECEDENCE, Place, Range, Target
from graph.rules.routing import route
from tools.routing_file import RoutingFileError, parse

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)


def file(**sections):
    return parse(json.dumps({"DEFAULT": "g@company.com", **sections}))


def test_the_smallest_file_is_default_alone():
    text = '{"DEFAULT": "G@company.com"}'
    table = parse(text)
    assert table.default.to == Target("g@company.com")
    assert (table.version, table.timezone, table.precedence, table.rules) == (1, "UTC", PRECEDENCE, ())
    assert table.text == text
    assert table.digest == hashlib.sha256(text.encode()).hexdigest()


def test_the_digest_is_of_the_exact_text():
    assert parse('{"DEFAULT": "g@company.com"}').digest != parse('{"DEFAULT": "g@company.com"} ').digest


def test_regions_nest_and_remember_how_far_down_a_place_lies():
    table = file(regions={"EMEA": ["UK", "DACH"], "DACH": ["DE", "AT"], "MUNICH": ["DE:80-87"], "ALPS": ["DACH", "AT"]})
    assert [(spot.place.country, spot.depth) for spot in table.regions["EMEA"].spots] == [
        ("GB", 1),
        ("DE", 2),
        ("AT", 2),
    ]
    assert [(spot.place.country, spot.depth) for spot in table.regions["ALPS"].spots] == [("DE", 2), ("AT", 1)]
    assert table.regions["MUNICH"].spots[0].place == Place("DE", None, "80", "87")
    assert table.regions["EMEA"].members == ("UK", "DACH")


def test_regions_that_share_parts_deeply_are_unfolded_once():
    levels = {f"R{at}": [f"R{at + 1}", f"R{at + 1}"] for at in range(40)} | {"R40": ["SE"]}
    assert [spot.place.country for spot in file(regions=levels).regions["R0"].spots] == ["SE"]


@pytest.mark.parametrize(
    ("written", "inside", "outside"),
    [
        (">=1000", [1000, 1001], [999, 999.9]),
        (">1000", [1001], [1000]),
        ("<200", [0, 199], [200]),
        ("<=200", [200], [201]),
        ("200..999", [200, 999], [199, 1000]),
        ("0.2 .. 0.5", [0.2, 0.5], [0.19, 0.51]),
        (500, [500], [499, 501]),
        ("500", [500], [501]),
    ],
)
def test_ranges_mean_what_they_say(written, inside, outside):
    (found,) = file(segments={"s": {"revenue": written}}).segments["s"].condition.revenue
    assert isinstance(found, Range)
    assert all(found.holds(value) for value in inside)
    assert not any(found.holds(value) for value in outside)


def test_people_may_be_named_before_they_come_and_by_address():
    table = file(
        people={"ana": {"email": "Ana@company.com", "manager": "rita"}, "rita": {"email": "rita@company.com"}},
        rules=[{"id": "a", "to": "ana"}, {"id": "b", "to": "RITA@company.com"}, {"id": "c", "to": "x@company.com"}],
    )
    assert table.people["ana"].manager == "rita@company.com"
    assert [rule.to for rule in table.rules] == [
        Target("ana@company.com", "ana"),
        Target("rita@company.com", "rita"),
        Target("x@company.com"),
    ]


def test_members_are_a_list_or_weights_with_days():
    table = file(
        people={"ana": {"email": "ana@company.com"}, "ben": {"email": "ben@company.com", "active": False}},
        pools={
            "list": {"members": ["ana", "x@company.com"]},
            "weights": {"members": {"ana": 2, "ben": {"weight": 3, "until": "2026-06-30"}}},
        },
    )
    assert [(item.email, item.weight) for item in table.pools["list"].members] == [
        ("ana@company.com", 1),
        ("x@company.com", 1),
    ]
    ana, ben = table.pools["weights"].members
    assert (ana.weight, ana.active, ana.window) == (2, True, None)
    assert (ben.weight, ben.active, ben.window.until_day) == (3, False, date(2026, 6, 30))


@pytest.mark.parametrize(
    ("zone", "starts", "ends"),
    [
        ("UTC", "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"),
        ("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        ("America/New_York", "2026-03-29T04:00:00Z", "2026-03-30T04:00:00Z"),
        ("Africa/Cairo", "2026-03-28T22:00:00Z", "2026-03-29T22:00:00Z"),
    ],
)
def test_a_day_is_as_long_as_it_is_in_the_zone(zone, starts, ends):
    table = file(timezone=zone, rules=[{"id": "r", "to": "a@company.com", "from": "2026-03-29", "until": "2026-03-29"}])
    window = table.rules[0].window
    assert (window.starts_at, window.ends_at) == (datetime.fromisoformat(starts), datetime.fromisoformat(ends))


def test_a_day_without_a_midnight_begins_when_the_clock_says_one():
    table = file(timezone="Africa/Cairo", rules=[{"id": "r", "to": "a@company.com", "from": "2026-04-24"}])
    assert table.rules[0].window.starts_at == datetime(2026, 4, 23, 22, tzinfo=UTC)


def test_accounts_are_kept_as_hosts_with_the_domain_a_company_registers():
    table = file(accounts={"Labs.ACME.co.uk": {"owner": "a@company.com", "family": True}})
    (account,) = table.accounts
    assert (account.domain, account.registrable, account.family) == ("labs.acme.co.uk", "acme.co.uk", True)
    assert route(RoutingFacts(domain="z.io", family=("acme.co.uk",)), table, {}, NOW).rule == "accounts.labs.acme.co.uk"


def test_slas_have_seconds_a_clock_and_a_ladder():
    table = file(
        people={"rita": {"email": "rita@company.com"}},
        slas={
            "hot": {"accept": "1h30m", "touch": "2d", "clock": "wall", "remind": "50%", "then": ["next", "rita"]},
            "plain": {"touch": "30s"},
        },
    )
    hot, plain = table.slas["hot"], table.slas["plain"]
    assert (hot.accept_s, hot.touch_s, hot.clock, hot.remind) == (5400, 172_800, "wall", 0.5)
    assert hot.then == ("next", "rita@company.com")
    assert (plain.accept_s, plain.touch_s, plain.then) == (None, 30, ("next", "manager", "DEFAULT"))


def test_guards_are_carried_along():
    guards = file(guards={"max_default_share": "5%", "max_moved": "20%", "approvals": {"rules": 2}}).guards
    assert (guards.max_default_share, guards.max_moved, guards.approvals) == (0.05, 0.2, (("rules", 2),))


def test_a_capital_key_may_be_a_place_a_postal_range_or_a_region():
    table = file(
        **{
            "regions": {"WEST": ["US-CA"]},
            "US-NY:100-104": "n@company.com",
            "WEST": "w@company.com",
            "XK": "x@company.com",
        }
    )
    for facts, rule in [
        (RoutingFacts(country="US", postal="10013"), "map.US-NY:100-104"),
        (RoutingFacts(state="US-CA"), "map.WEST"),
        (RoutingFacts(country="XK"), "map.XK"),
    ]:
        assert route(facts, table, {}, NOW).rule == rule


def test_a_schema_and_a_version_are_allowed():
    assert file(**{"$schema": "./routing.schema.json", "version": 41}).version == 41


def test_a_table_is_itself_and_nobody_else():
    one, other = parse('{"DEFAULT": "g@company.com"}'), parse('{"DEFAULT": "g@company.com"}')
    assert one != other
    assert len({one, other}) == 2


def test_a_file_that_is_wrong_gives_no_table():
    with pytest.raises(RoutingFileError):
        file(US="nobody")
