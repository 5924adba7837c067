from __future__ import annotations

from datetime import UTC, datetime

from graph.domain.routing import PoolState, Spent
from graph.rules.ledger import ledger_of
from tools.routing_file import parse

NOW = datetime(2026, 3, 10, 11, 30, tzinfo=UTC)
TABLE = parse("""{
  "DEFAULT": "g@company.com",
  "timezone": "Europe/Berlin",
  "people": {
    "ana":  {"email": "ana@company.com", "hours": "mon-fri 09:00-18:00", "max_open": 30},
    "ben":  {"email": "ben@company.com", "ooo": [{"from": "2026-03-09", "until": "2026-03-13", "cover": "ana"}]},
    "cy":   {"email": "cy@company.com", "hours": "tue-fri 14:00-20:00"},
    "dee":  {"email": "dee@company.com", "ooo": [{"from": "2026-03-10", "until": "2026-03-10"}]},
    "gone": {"email": "gone@company.com", "active": false}
  },
  "pools": {
    "crew": {"members": {"ana": 3, "ben": 1, "cy": 2, "dee": 1, "gone": 5,
                         "new@company.com": {"weight": 1, "from": "2026-04-01"}},
             "cap": ["8/day", "30/week", "40/open"]},
    "plain": {"members": ["ana", "x@company.com"]}
  }
}""")


def test_a_ledger_says_what_each_member_had_is_owed_and_does_now():
    spent = {"day": Spent("2026-03-10", {"ana@company.com": 3}), "week": Spent("2026-03-02", {"ana@company.com": 29})}
    credit = {"ana@company.com": -250_000, "ben@company.com": 250_000}
    state = PoolState("crew", 9, credit, {"ana@company.com": 6, "ben@company.com": 3}, spent)
    rows = ledger_of(TABLE, "crew", state, {"ana@company.com": 12}, NOW)
    assert [row.email[:3] for row in rows] == ["ana", "ben", "cy@", "dee", "gon", "new"]
    assert [round(row.share, 3) for row in rows] == [0.375, 0.125, 0.25, 0.125, 0, 0.125]
    assert [(row.turns, row.credit) for row in rows[:3]] == [(6, -0.25), (3, 0.25), (0, 0)]
    assert rows[0].counts == ("3 of 8 today", "0 of 30 this week", "12 of 30 open"), "last week's count is over"
    assert [row.now for row in rows] == [
        "works now",
        "Ben is away until 13 March, Ana covers",
        "begins Tue 10 Mar 14:00 CET",
        "Dee is away until 10 March, nobody covers",
        "no longer active",
        "not in the pool: it starts on 2026-04-01",
    ]
    assert [row.email[:3] for row in rows if row.next] == ["ana"]


def test_a_pool_without_caps_counts_nothing_and_an_address_always_works():
    rows = ledger_of(TABLE, "plain", PoolState("plain"), {}, datetime(2026, 3, 14, tzinfo=UTC))
    assert [(row.counts, row.now, row.next) for row in rows] == [
        (("0 of 30 open",), "begins Mon 16 Mar 09:00 CET", False),
        ((), "works now", True),
    ]
