"""A plan says who would move and why, and nothing else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.domain.routing import PoolState, RoutingFacts
from graph.domain.table import RoutingTable
from tests.fixtures.router import the_table
from tools.planning.guards import approvals_needed, stops
from tools.planning.plan import Plan, flows, plan_of
from tools.planning.showing import as_csv, as_json, as_text, plain
from tools.planning.world import as_it_began
from tools.routing_file import parse
from tools.store.past import Given, Past

AT = datetime(2026, 4, 6, 15, tzinfo=UTC)
FILE: dict[str, Any] = {
    "US": "us@company.com",
    "DEFAULT": "general@company.com",
    "timezone": "America/New_York",
    "people": {"ana": {"email": "ana@company.com"}, "ben": {"email": "ben@company.com"}},
    "pools": {"smb": {"members": {"ana": 2, "ben": 1}}},
    "slas": {"hot": {"accept": "5m", "clock": "wall"}},
    "rules": [{"id": "smb", "if": {"where": "US", "employees": "<200"}, "to": "pool:smb", "sla": "hot"}],
}


def table(**changed: Any) -> RoutingTable:
    return parse(json.dumps(FILE | changed, indent=1))


def lead(number: int, *, at: datetime | None = None, lead_id: str | None = None, **facts: Any) -> Given:
    return Given(
        lead_id=lead_id or f"ld_{number:03d}",
        decided_at=at or AT + timedelta(minutes=number),
        facts=RoutingFacts(**facts),
        company=f"Company {number}",
    )


def small(count: int) -> list[Given]:
    return [lead(n, country="US", employees=50) for n in range(count)]


def owners(changes: Sequence[Any]) -> list[tuple[str, str]]:
    return [(change.before.owner, change.after.owner) for change in changes]


facts = st.builds(
    RoutingFacts,
    country=st.sampled_from([None, "US", "DE", "GB", "CA"]),
    state=st.sampled_from([None, "US-CA", "US-NY"]),
    employees=st.sampled_from([None, 10, 300, 5000, 30000]),
    source=st.sampled_from([None, "webinar", "demo_request", "partner_referral"]),
    score=st.sampled_from([None, 0.05, 0.8]),
    domain=st.sampled_from([None, "acme.com", "globex.de"]),
)
leads = st.lists(
    st.builds(
        Given,
        lead_id=st.sampled_from([f"ld_{n}" for n in range(8)]),
        decided_at=st.integers(0, 100_000).map(lambda n: AT + timedelta(minutes=n)),
        facts=facts,
        cause=st.sampled_from(["submission", "retry", "pass"]),
        prior_turns=st.sampled_from([{}, {"dach": "maren@company.com"}]),
        excluded=st.sampled_from([(), ("maren@company.com",)]),
        pools=st.sampled_from([{}, {"dach": PoolState("dach", 3, {"maren@company.com": -200_000})}]),
        review=st.booleans(),
    ),
    max_size=40,
).map(lambda found: sorted(found, key=lambda one: one.decided_at))


@given(leads)
@settings(deadline=None)
def test_an_unchanged_file_moves_nobody(found: list[Given]):
    same = parse(the_table().text.replace("\n", "\n// a comment\n", 1))
    plan = plan_of(found, the_table(), same)
    assert (plan.moved, plan.turn_order, plan.ways) == ((), (), ())
    assert plan.loads_before == plan.loads_after
    assert plan.leads == len({one.lead_id for one in found})


def test_each_moved_lead_is_told_with_its_lines_before_and_after():
    draft = table(rules=[{"id": "tiny", "if": {"employees": "<60"}, "to": "kim@company.com"}, *FILE["rules"]])
    plan = plan_of([*small(6), lead(7, country="DE")], table(), draft)
    (flow,) = flows(plan)
    line = draft.rules[0].line
    assert (flow.source, flow.target, len(flow.changes)) == ("pool:smb", "kim@company.com", 6)
    assert (flow.was, flow.because) == (f"rules.smb (line {table().rules[0].line})", f"rules.tiny (line {line})")
    assert plan.moved_share == 6 / 7
    said = as_text(plan, [])
    assert f"6  pool:smb  kim@company.com  rules.tiny (line {line})" in said
    assert said.count("Company") == 3, "up to three examples"


def test_a_turn_that_fell_otherwise_in_the_same_pool_is_no_move():
    plan = plan_of(small(6), table(), table(pools={"smb": {"members": {"ana": 1, "ben": 1}}}))
    assert plan.moved == ()
    assert ("ana@company.com", "ben@company.com") in owners(plan.turn_order)
    assert plan.loads_after["ben@company.com"].leads == 3
    assert "not counted as moved" in as_text(plan, [])


def test_both_worlds_begin_with_the_ledger_that_the_first_decision_saw():
    ahead = PoolState("smb", 2, {"ana@company.com": -666_667, "ben@company.com": 666_667}, {"ana@company.com": 2})
    first = Given(lead_id="a", decided_at=AT, facts=RoutingFacts(country="US", employees=5), pools={"smb": ahead})
    later = Given(
        lead_id="b", decided_at=AT, facts=RoutingFacts(country="US", employees=5), pools={"smb": PoolState("smb", 9)}
    )
    assert plan_of([first], table(), table()).loads_after.keys() == {"ben@company.com"}
    assert plan_of([first, later], table(), table()).loads_after.keys() == {"ben@company.com", "ana@company.com"}


def test_the_clock_is_each_leads_own():
    summer = table(rules=[FILE["rules"][0] | {"from": "2026-04-07"}])
    plan = plan_of(
        [lead(1, at=AT, country="US", employees=9), lead(2, at=AT + timedelta(days=1), country="US", employees=9)],
        table(),
        summer,
    )
    assert [change.lead_id for change in plan.moved] == ["ld_001"]
    assert plan.moved[0].after.rule == "map.US"


def test_a_lead_that_comes_again_counts_once_and_keeps_the_turn_it_took_in_this_world():
    again = [lead(n, lead_id="same", country="US", employees=50) for n in range(5)]
    plan = plan_of(again, table(), table())
    assert (plan.leads, plan.decisions) == (1, 5)
    assert plan.loads_after["ana@company.com"].leads == 1


def test_a_turn_taken_before_the_period_is_kept():
    known = Given(
        lead_id="known",
        decided_at=AT,
        facts=RoutingFacts(country="US", employees=5),
        prior_turns={"smb": "ben@company.com"},
    )
    assert plan_of([known], table(), table()).loads_after.keys() == {"ben@company.com"}


def test_leads_that_go_another_way_are_counted_by_way():
    nurture = {"if": {"score": "<0.15"}, "sequence": "edu"}
    plan = plan_of([lead(1, country="US", score=0.1), lead(2, country="US")], table(), table(nurture=nurture))
    assert plan.moved == ()
    assert [(change.before.path, change.after.sequence) for change in plan.ways] == [("qualify", "edu")]
    assert "1 would go the way nurture (edu) instead of qualify" in as_text(plan, [])


def test_a_members_load_names_the_busiest_day_of_the_files_calendar():
    evening = datetime(2026, 4, 7, 2, tzinfo=UTC)  # still the 6th in New York
    found = [lead(n, at=AT + timedelta(minutes=n), country="US") for n in range(3)] + [
        lead(9, at=evening, country="US")
    ]
    load = plan_of(found, table(), table()).loads_after["us@company.com"]
    assert (load.leads, load.busiest, load.accept_s) == (4, 4, None)
    hot = plan_of(small(3), table(), table()).loads_after["ana@company.com"]
    assert hot.accept_s == 300


def test_an_empty_period_says_that_it_compares_nothing():
    assert "no leads in this period" in as_text(plan_of([], table(), table()), [])


GUARDS = {"max_moved": "20%", "max_default_share": "30%", "approvals": {"accounts": 1, "rules": 2}}


def planned(before: dict[str, Any], after: dict[str, Any], found: list[Given]) -> Plan:
    return plan_of(found, table(**before), table(**after))


def test_the_guards_of_the_live_file_stop_and_those_of_the_draft_do_not():
    moving = {"rules": []}
    mixed = [*small(3), lead(9, country="US", employees=900)]
    plan = planned({"guards": GUARDS}, moving, mixed)
    (stop,) = stops(plan, plan.before.guards)
    assert stop.guard == "max_moved"
    assert "75.0% of the leads would move (3 of 4), the limit is 20.0%" in stop.message
    assert "--override REASON" in stop.message
    assert stops(planned({}, moving | {"guards": GUARDS}, mixed), table().guards) == []


def test_a_share_to_default_stops_only_an_edit_that_raises_it():
    found = [lead(1, country="DE"), lead(2, country="DE"), lead(3, country="US")]
    raised = planned({"guards": {"max_default_share": "30%"}}, {"US": "us2@company.com"}, found)
    assert stops(raised, raised.before.guards) == [], "two of three, as before"
    file = {key: value for key, value in FILE.items() if key != "US"}
    fallen = plan_of(found, table(guards={"max_default_share": "80%"}), parse(json.dumps(file)))
    (stop,) = stops(fallen, fallen.before.guards)
    assert (stop.guard, "100.0% of the leads would fall through to DEFAULT (3 of 3, 2 today)" in stop.message) == (
        "max_default_share",
        True,
    )


def test_as_many_approve_as_the_strictest_section_asks_and_guards_ask_for_the_most():
    guards = table(guards=GUARDS).guards
    assert [approvals_needed(found, guards) for found in ([], ["map"], ["accounts"], ["accounts", "rules"])] == [
        0,
        0,
        1,
        2,
    ]
    assert approvals_needed(["guards"], guards) == 2
    assert approvals_needed(["guards", "rules"], table().guards) == 0


def test_a_prospects_text_is_no_formula_and_no_terminal_code():
    evil = Given(
        lead_id="=1+1", decided_at=AT, facts=RoutingFacts(country="US", employees=5), company='=HYPERLINK("x")\x1b[2J\n'
    )
    plan = plan_of([evil], table(), table(rules=[]))
    (kept,) = csv.DictReader(io.StringIO(as_csv(plan)))
    assert kept["lead_id"].startswith("'=")
    assert kept["company"].startswith("'=HYPERLINK")
    assert (kept["from"], kept["to"], kept["from_rule"]) == ("ana@company.com", "us@company.com", "rules.smb")
    assert "\x1b" not in as_text(plan, [])
    assert plain("x" * 99) == "x" * 39 + "…"


def test_the_json_holds_every_lead_and_the_figures():
    plan = plan_of(small(5), table(), table(rules=[]))
    found = as_json(plan, stops(plan, plan.before.guards))
    assert (found["moved"], len(found["changes"]), found["flows"][0]["leads"]) == (5, 5, 5)
    assert len(as_json(plan, [], most=2)["changes"]) == 2
    assert found["members"]["ana@company.com"]["after"]["leads"] == 0


def past(given: Given, **known: Any) -> Past:
    """The lead as it was decided: by the map, unless `known` says otherwise."""
    held = {field.name: getattr(given, field.name) for field in fields(Given)}
    decided: dict[str, Any] = {"revision": 1, "owner": "ana@company.com", "rule": "map.DE", "line": 1, "pool": None}
    way = {"sla": None, "path": "qualify", "routing_digest": "", "unknown": ()}
    return Past(**(held | decided | way | known))


def test_a_draft_that_only_adds_an_alias_moves_the_leads_nobody_understood():
    lost = [past(lead(number), unknown=(("country", "Stated United"),)) for number in range(3)]
    draft = table(aliases={"country": {"stated united": "US"}})
    plan = plan_of([*lost, lead(9, country="FR")], table(), draft)
    assert owners(plan.moved) == [("general@company.com", "us@company.com")] * 3
    assert not plan_of(lost, draft, draft).moved


def test_open_leads_are_counted_from_what_the_period_began_with():
    """A cap of two open leads: Ana begins with one, whatever the decision saw that asked first."""
    capped = {"pools": {"smb": {"members": {"ana": 2, "ben": 1}, "cap": "2/open"}}}
    known = past(replace(lead(0, country="DE"), company=None))
    asking = replace(lead(1, country="US", employees=5), open={"ana@company.com": 2, "ben@company.com": 0})
    assert as_it_began([known, asking]).open["ana@company.com"] == 1
    plan = plan_of([asking, *small(9)[2:5]], table(**capped), table(**capped))
    assert plan.loads_after["ben@company.com"].leads == 2
    assert "ana@company.com" not in plan.loads_after, "both of her places were taken when the period began"
