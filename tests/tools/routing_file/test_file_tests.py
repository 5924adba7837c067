from __future__ import annotations

import json

import pytest

from tools.routing_file import parse, run_tests

FILE = {
    "US": "us@company.com",
    "UK": "uk@company.com",
    "DEFAULT": "general@company.com",
    "timezone": "America/New_York",
    "people": {"ana": {"email": "ana@company.com"}, "ben": {"email": "ben@company.com"}},
    "pools": {"smb": {"members": {"ana": 2, "ben": 1}}},
    "accounts": {"acme.com": {"owner": "ana", "family": True}},
    "slas": {"hot": {"accept": "5m"}, "standard": {"accept": "30m"}},
    "default_sla": "standard",
    "rules": [
        {
            "id": "nyc",
            "if": {"where": "US-NY:100-104", "tier": "top"},
            "to": "ben",
            "sla": "hot",
            "until": "2026-06-30",
        },
        {"id": "smb", "if": {"where": "US", "employees": "<200"}, "to": "pool:smb"},
    ],
    "nurture": {"if": {"score": "<0.15"}, "sequence": "edu"},
}


def results(*tests, **more):
    named = [{"name": f"t{at}", **test} for at, test in enumerate(tests)]
    return run_tests(parse(json.dumps({**FILE, **more, "tests": named})))


PASSING = [
    {"lead": {}, "expect": {"owner": "general@company.com", "by": "map.DEFAULT", "pool": None, "nurture": None}},
    {"lead": {"country": "uk"}, "expect": {"by": "map.UK", "sla": "standard"}},
    {"lead": {"country": "GB"}, "expect": {"by": "map.UK"}},
    {"lead": {"country": "USA", "state": "CA"}, "expect": {"by": "map.US"}},
    {"lead": {"state": "US-NY", "postal": "10013", "tier": "top"}, "expect": {"owner": "ben", "sla": "hot"}},
    {
        "lead": {"country": "US", "postal": "10013-4410", "tier": "top"},
        "at": "2026-07-01T03:00:00Z",
        "expect": {"by": "rules.nyc"},
    },
    {
        "lead": {"country": "US", "postal": "10013", "tier": "top"},
        "at": "2026-07-01T00:00:00",
        "expect": {"by": "map.US"},
    },
    {
        "lead": {"email": "x@labs.acme.com", "country": "DE"},
        "expect": {"owner": "ana@company.com", "by": "accounts.acme.com"},
    },
    {"lead": {"domain": "daughter.io", "family": ["acme.com", "daughter.io"]}, "expect": {"by": "accounts.acme.com"}},
    {"lead": {"email": "x@gmail.com"}, "expect": {"by": "map.DEFAULT"}},
    {"lead": {"account_owner": "ana"}, "expect": {"by": "account_owner"}},
    {"lead": {"country": "US", "employees": 50}, "expect": {"pool": "smb", "by": "rules.smb"}},
    {"lead": {"country": "US", "employees": 50}, "repeat": 6, "expect": {"owners": {"ana": 4, "ben@company.com": 2}}},
    {"lead": {"country": "US", "employees": None}, "expect": {"by": "map.US"}},
    {"lead": {"score": 0.04}, "expect": {"nurture": "edu", "owner": "general@company.com", "sla": None}},
]


@pytest.mark.parametrize("test", PASSING, ids=[json.dumps(test["lead"]) for test in PASSING])
def test_a_lead_typed_by_a_person_is_routed_like_a_real_one(test):
    (result,) = results(test)
    assert result.problems == ()
    assert result.passed


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        (
            {"lead": {}, "expect": {"owner": "us@company.com"}},
            "owner is general@company.com (by map.DEFAULT, line 1), expected us@company.com",
        ),
        ({"lead": {"country": "US"}, "expect": {"by": "map.UK"}}, "by is map.US, expected map.UK"),
        ({"lead": {"country": "US"}, "expect": {"pool": "smb"}}, "pool is none (by map.US, line 1), expected smb"),
        ({"lead": {}, "expect": {"sla": "hot"}}, "sla is standard (by map.DEFAULT, line 1), expected hot"),
        ({"lead": {}, "expect": {"nurture": "edu"}}, "nurture is none, expected edu"),
        ({"lead": {"score": 0.1}, "expect": {"nurture": None}}, "nurture is edu, expected none"),
        (
            {"lead": {"country": "US", "employees": 5}, "repeat": 3, "expect": {"owner": "ana"}},
            "lead 2: owner is ben@company.com (by rules.smb, line 1), expected ana@company.com",
        ),
        (
            {"lead": {"country": "US", "employees": 5}, "repeat": 3, "expect": {"owners": {"ben": 3}}},
            "ana@company.com got 2 leads, expected 0",
        ),
    ],
)
def test_a_test_that_fails_says_what_came_out(test, problem):
    (result,) = results(test)
    assert not result.passed
    assert result.problems[0] == problem
    assert str(result.findings()[0]).startswith(f'tests[0] "t0": the test fails: {problem} (line 1, column ')


def test_every_test_begins_with_empty_pools():
    turn = {"lead": {"country": "US", "employees": 5}, "expect": {"owner": "ana"}}
    assert [result.passed for result in results(turn, turn, turn)] == [True, True, True]


def test_tests_run_at_the_time_of_the_file_unless_they_name_their_own():
    pilot = {"lead": {"country": "US", "postal": "10013", "tier": "top"}, "expect": {"by": "rules.nyc"}}
    assert results(pilot)[0].passed
    assert not results(pilot, tests_at="2026-07-02T00:00:00Z")[0].passed
    assert results({**pilot, "at": "2026-01-01T00:00:00Z"}, tests_at="2026-07-02T00:00:00Z")[0].passed
