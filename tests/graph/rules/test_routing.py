from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from graph.domain.routing import PoolState, RoutingFacts
from graph.rules.routing import route
from tools.routing_file import parse

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)

FILE = """{
  "US": "us@company.com",
  "UK": "uk@company.com",
  "EMEA": "emea@company.com",
  "DEFAULT": "general@company.com",
  "timezone": "America/New_York",
  "regions": {"EMEA": ["GB", "DE"], "NYC": ["US-NY:100-104"]},
  "segments": {"smb": {"employees": "<200"}},
  "people": {
    "ana":  {"email": "ana@company.com", "slack": "U01ANA", "manager": "rita"},
    "ben":  {"email": "ben@company.com"},
    "gone": {"email": "gone@company.com", "active": false},
    "rita": {"email": "rita@company.com"},
  },
  "pools": {
    "smb":  {"members": {"ana": 2, "ben": 1}, "if_none": "pool:last"},
    "last": {"members": {"rita": 1}, "if_none": "us@company.com"},
    "open": {"members": {"ana": {"until": "2026-03-09"}, "ben": {"from": "2026-03-10"}}},
    "none": {"members": ["gone", "ana"]},
  },
  "accounts": {
    "acme.com":      {"owner": "ana", "family": true, "why": "2026 named list"},
    "labs.acme.com": {"owner": "ben"},
    "globex.de":     {"owner": "ben", "until": "2026-03-09"},
    "initech.com":   {"owner": "gone"},
  },
  "account_owner": {"if_inactive": "rules"},
  "slas": {"hot": {"accept": "5m", "touch": "15m"}, "standard": {"accept": "30m", "touch": "4h", "clock": "wall"}},
  "default_sla": "standard",
  "rules": [
    {"id": "partner", "if": {"source": "partner"}, "to": "rita", "sla": "hot", "why": "partners are answered first"},
    {"id": "pilot", "if": {"where": "NYC"}, "to": "ben", "from": "2026-03-11", "until": "2026-06-30"},
    {"id": "smb", "if": {"where": "US", "segment": "smb"}, "to": "pool:smb"},
    {"id": "gone", "if": {"industry": "energy"}, "to": "gone"},
    {"id": "open", "if": {"industry": "media"}, "to": "pool:open"},
    {"id": "none", "if": {"industry": "farming"}, "to": "pool:none"},
  ],
}"""
TABLE = parse(FILE)


def line_of(text: str) -> int:
    return next(at for at, line in enumerate(FILE.splitlines(), 1) if text in line)


def owner(facts: RoutingFacts, **more):
    found = route(facts, TABLE, {}, NOW, **more)
    return found.owner, found.rule


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (RoutingFacts(), ("general@company.com", "map.DEFAULT")),
        (RoutingFacts(country="US"), ("us@company.com", "map.US")),
        (RoutingFacts(state="US-TX"), ("us@company.com", "map.US")),
        (RoutingFacts(country="GB"), ("uk@company.com", "map.UK")),
        (RoutingFacts(country="DE"), ("emea@company.com", "map.EMEA")),
        (RoutingFacts(country="CA"), ("general@company.com", "map.DEFAULT")),
        (RoutingFacts(country="DE", source="Partner"), ("rita@company.com", "rules.partner")),
        (RoutingFacts(country="US", employees=199), ("ana@company.com", "rules.smb")),
        (RoutingFacts(country="US", employees=200), ("us@company.com", "map.US")),
        (RoutingFacts(domain="acme.com", country="US"), ("ana@company.com", "accounts.acme.com")),
        (RoutingFacts(host="x.acme.com", domain="acme.com"), ("ana@company.com", "accounts.acme.com")),
        (RoutingFacts(host="labs.acme.com", domain="acme.com"), ("ben@company.com", "accounts.labs.acme.com")),
        (RoutingFacts(host="notacme.com", domain="notacme.com"), ("general@company.com", "map.DEFAULT")),
        (
            RoutingFacts(domain="daughter.io", family=("daughter.io", "acme.com")),
            ("ana@company.com", "accounts.acme.com"),
        ),
        (RoutingFacts(domain="other.de", family=("other.de", "globex.de")), ("general@company.com", "map.DEFAULT")),
        (
            RoutingFacts(opportunity_owner="ana@company.com", account_owner="ben@company.com"),
            ("ana@company.com", "open_opportunity"),
        ),
        (RoutingFacts(account_owner="BEN@company.com", source="partner"), ("ben@company.com", "account_owner")),
        (RoutingFacts(parent_owner="ben@company.com", source="partner"), ("ben@company.com", "parent_owner")),
    ],
)
def test_a_lead_goes_to_the_first_that_takes_it(facts, expected):
    assert owner(facts) == expected


def test_a_flat_map_is_a_whole_file():
    table = parse(
        '{"US": "us@company.com", "CA": "ca@company.com", "UK": "uk@company.com", "DEFAULT": "g@company.com"}'
    )
    found = [route(RoutingFacts(country=code), table, {}, NOW) for code in ("US", "CA", "GB", "DE")]
    assert [item.rule for item in found] == ["map.US", "map.CA", "map.UK", "map.DEFAULT"]
    assert [item.line for item in found] == [1, 1, 1, 1]
    assert all(item.sla is None and item.clock is None and item.accept_due_at is None for item in found)


def test_an_assignment_names_the_line_the_reason_and_the_person():
    found = route(RoutingFacts(source="partner"), TABLE, {}, NOW)
    assert found.line == line_of('"id": "partner"')
    assert found.why == "partners are answered first."
    assert (found.sla, found.clock, found.accept_s) == ("hot", "business", 300)
    assert found.accept_due_at == NOW + timedelta(minutes=5)
    assert found.touch_due_at == NOW + timedelta(minutes=15)
    ana = route(RoutingFacts(domain="acme.com"), TABLE, {}, NOW)
    assert (ana.slack, ana.manager, ana.sla) == ("U01ANA", "rita@company.com", "standard")
    assert ana.why == "acme.com is a named account of ana@company.com: 2026 named list."


def test_a_reason_is_a_sentence_without_one_in_the_file():
    found = route(RoutingFacts(country="US", employees=10), TABLE, {}, NOW)
    assert found.why == (
        "Leads from US in the segment smb go to the pool smb. ana@company.com has the turn in the pool smb."
    )
    assert route(RoutingFacts(country="DE"), TABLE, {}, NOW).why == "Leads from EMEA go to emea@company.com."
    family = route(RoutingFacts(domain="daughter.io", family=("acme.com",)), TABLE, {}, NOW)
    assert family.why.startswith("daughter.io belongs to the family of acme.com, a named account of ana@company.com")


@pytest.mark.parametrize(
    ("at", "rule"),
    [
        ("2026-03-11T03:59:59Z", "map.US"),
        ("2026-03-11T04:00:00Z", "rules.pilot"),
        ("2026-07-01T03:59:59Z", "rules.pilot"),
        ("2026-07-01T04:00:00Z", "map.US"),
    ],
)
def test_dates_are_whole_days_in_the_zone_of_the_file(at, rule):
    facts = RoutingFacts(country="US", state="US-NY", postal="10013")
    assert route(facts, TABLE, {}, datetime.fromisoformat(at)).rule == rule


def test_what_was_passed_over_is_told_with_its_reason():
    found = route(RoutingFacts(country="US", postal="10013"), TABLE, {}, NOW)
    assert found.skipped == ("rules.pilot: it starts on 2026-03-11",)
    late = route(RoutingFacts(domain="globex.de", country="DE"), TABLE, {}, NOW)
    assert (late.rule, late.skipped) == ("map.EMEA", ("accounts.globex.de: it ended on 2026-03-09",))
    gone = route(RoutingFacts(industry="energy"), TABLE, {}, NOW)
    assert gone.skipped == ("rules.gone: gone@company.com is no longer active",)


def test_who_passed_a_lead_does_not_get_it_again():
    assert owner(RoutingFacts(country="GB"), excluded=["UK@company.com"]) == ("emea@company.com", "map.EMEA")
    assert owner(RoutingFacts(source="partner", country="DE"), excluded=["rita@company.com"])[1] == "map.EMEA"
    assert owner(RoutingFacts(domain="acme.com", country="DE"), excluded=["ana@company.com"])[1] == "map.EMEA"
    facts = RoutingFacts(country="US", employees=5)
    assert owner(facts, excluded=["ana@company.com"]) == ("ben@company.com", "rules.smb")


def test_default_gets_even_what_it_passed():
    found = route(RoutingFacts(), TABLE, {}, NOW, excluded=["general@company.com"])
    assert (found.owner, found.rule) == ("general@company.com", "map.DEFAULT")
    assert found.skipped == ("map.DEFAULT: general@company.com passed this lead, but nobody else is left",)


def test_an_owner_who_is_gone_or_unknown_goes_on_where_the_file_says():
    found = route(RoutingFacts(account_owner="gone@company.com", parent_owner="ben@company.com"), TABLE, {}, NOW)
    assert found.rule == "map.DEFAULT"
    assert found.skipped == ("account_owner: gone@company.com is no longer active",)
    stranger = route(RoutingFacts(account_owner="x@other.com", source="partner"), TABLE, {}, NOW)
    assert stranger.rule == "rules.partner"
    assert stranger.skipped == ("account_owner: x@other.com is not among the people of the file",)
    account = route(RoutingFacts(domain="initech.com", account_owner="ben@company.com"), TABLE, {}, NOW)
    assert account.rule == "map.DEFAULT"


def test_without_if_inactive_the_next_in_the_precedence_is_asked():
    table = parse(FILE.replace('"account_owner": {"if_inactive": "rules"},', ""))
    facts = RoutingFacts(account_owner="gone@company.com", parent_owner="ben@company.com")
    assert route(facts, table, {}, NOW).rule == "parent_owner"


def test_the_precedence_is_the_one_written():
    written = '"account_owner": {"if_inactive": "map"}, "precedence": ["rules", "account_owner", "accounts", "map"],'
    table = parse(FILE.replace('"account_owner": {"if_inactive": "rules"},', written))
    facts = RoutingFacts(
        domain="acme.com", account_owner="ben@company.com", source="partner", opportunity_owner="ana@company.com"
    )
    assert route(facts, table, {}, NOW).rule == "rules.partner"
    assert (
        route(RoutingFacts(domain="acme.com", account_owner="ben@company.com"), table, {}, NOW).rule == "account_owner"
    )
    gone = route(RoutingFacts(domain="acme.com", account_owner="gone@company.com", country="US"), table, {}, NOW)
    assert gone.rule == "map.US"


def test_a_rule_to_somebody_who_is_gone_leads_to_the_next_step_not_to_if_inactive():
    written = '"account_owner": {"if_inactive": "map"}, "precedence": ["accounts", "rules", "account_owner", "map"],'
    table = parse(FILE.replace('"account_owner": {"if_inactive": "rules"},', written))
    facts = RoutingFacts(country="US", industry="energy", account_owner="ben@company.com")
    assert route(facts, table, {}, NOW).rule == "account_owner"


def test_an_account_covers_its_family_only_where_the_file_says_so():
    table = parse('{"DEFAULT": "g@company.com", "accounts": {"solo.com": {"owner": "a@company.com"}}}')
    daughter = RoutingFacts(domain="daughter.io", family=("daughter.io", "solo.com"))
    assert route(daughter, table, {}, NOW).rule == "map.DEFAULT"
    assert route(RoutingFacts(domain="solo.com"), table, {}, NOW).rule == "accounts.solo.com"


def test_a_pool_takes_turns_from_the_ledger_it_is_given():
    pools, owners = {}, Counter()
    for _ in range(6):
        found = route(RoutingFacts(country="US", employees=10), TABLE, pools, NOW)
        assert found.turn.before == pools.get("smb", PoolState("smb"))
        pools["smb"] = found.turn.after
        owners[found.owner] += 1
    assert owners == {"ana@company.com": 4, "ben@company.com": 2}
    assert found.pool == "smb"


def test_a_lead_keeps_the_turn_it_had():
    facts = RoutingFacts(country="US", employees=10)
    found = route(facts, TABLE, {}, NOW, prior_turns={"smb": "ben@company.com"})
    assert (found.owner, found.turn.reused) == ("ben@company.com", True)
    assert "already had the turn" in found.why


def test_a_pool_without_anybody_hands_over_as_the_file_says():
    facts = RoutingFacts(country="US", employees=10)
    away = ["ana@company.com", "ben@company.com"]
    found = route(facts, TABLE, {}, NOW, excluded=away)
    assert (found.owner, found.rule, found.pool, found.sla) == ("rita@company.com", "rules.smb", "last", "standard")
    last = route(facts, TABLE, {}, NOW, excluded=[*away, "rita@company.com"])
    assert (last.owner, last.rule, last.pool) == ("us@company.com", "rules.smb", None)
    assert "Nobody in the pool smb may take this one." in last.why


def test_a_pool_without_anybody_and_without_if_none_is_passed_over():
    found = route(RoutingFacts(industry="farming", country="DE"), TABLE, {}, NOW, excluded=["ana@company.com"])
    assert found.rule == "map.EMEA"
    assert found.skipped == ("rules.none: nobody in the pool none may take this lead",)


@pytest.mark.parametrize(("at", "member"), [("2026-03-09T23:00:00Z", "ana"), ("2026-03-10T23:00:00Z", "ben")])
def test_members_take_turns_on_their_own_days_only(at, member):
    for _ in range(3):
        found = route(RoutingFacts(industry="media"), TABLE, {}, datetime.fromisoformat(at))
        assert found.owner == f"{member}@company.com"


def test_the_same_input_gives_the_same_assignment():
    facts = RoutingFacts(country="US", employees=10, postal="10013")
    again = parse(FILE)
    assert route(facts, TABLE, {}, NOW) == route(facts, again, {}, NOW)


def test_no_lead_is_ever_without_an_owner():
    everybody = [person.email for person in TABLE.people.values()] + [entry.to.email for entry in TABLE.map]
    for country in ("US", "GB", "DE", "JP", None):
        for industry in ("energy", "media", "farming", None):
            facts = RoutingFacts(country=country, industry=industry, employees=10, domain="acme.com")
            assert route(facts, TABLE, {}, NOW, excluded=everybody).owner


def test_a_lead_may_hold_anything_a_stranger_typed():
    odd = 'a.b.\u0000"{}%s{owner}' + "x." * 200
    facts = RoutingFacts(
        country=odd, state=odd, postal=odd, source=odd, industry=odd, host=odd, domain=odd, account_owner="{x}@{0}.com"
    )
    assert route(facts, TABLE, {}, NOW).rule == "map.DEFAULT"
    json.dumps(route(facts, TABLE, {}, NOW).skipped)
