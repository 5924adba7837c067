"""The ladder: who is next, what a rung without anybody does, and that it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.domain.account import Prior
from graph.domain.lead import LATE
from graph.domain.routing import Assignment, PoolState, RoutingFacts
from graph.domain.table import RoutingTable
from graph.rules.escalation import escalate, kept
from graph.rules.routing import route
from tools.routing_file import parse

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)
GENERAL = "general@company.com"


def table_of(
    ladder: list[str] | None = None,
    *,
    people: dict[str, Any] | None = None,
    members: list[str] | None = None,
    **more: Any,
) -> RoutingTable:
    """Dee and Eli share a pool, Rita is their manager."""
    sla: dict[str, Any] = {"accept": "5m", "touch": "15m", "clock": "wall"}
    known = {"dee": {"manager": "rita"}, "eli": {"manager": "rita"}, "rita": {}, **(people or {})}
    file = {
        "DEFAULT": GENERAL,
        "people": {name: {"email": f"{name}@company.com", **given} for name, given in known.items()},
        "pools": {"ent": {"members": members or ["dee", "eli"], "if_none": GENERAL}},
        "slas": {"hot": sla if ladder is None else {**sla, "then": ladder}},
        "rules": [{"id": "ent", "to": "pool:ent", "sla": "hot"}],
        **more,
    }
    return parse(json.dumps(file))


def prior_of(assignment: Assignment, before: Prior | None = None) -> Prior:
    """What the history says of an assignment once it was missed."""
    turns = dict(before.turns) if before else {}
    if assignment.turn is not None:
        turns[assignment.turn.pool] = assignment.turn.member
    return Prior(
        1, assignment.owner, 1, "qualify", "high", NOW, {}, assignment.owner,
        turns=tuple(turns.items()), rule=assignment.rule, sla=assignment.sla, rung=assignment.rung,
    )  # fmt: skip


class Ladder:
    """A lead whose owners never answer."""

    def __init__(self, table: RoutingTable) -> None:
        self.table, self.missed, self.ledgers = table, list[str](), dict[str, PoolState]()
        self.now: Assignment = route(RoutingFacts(), table, {}, NOW)
        self.prior = prior_of(self.now)
        self._keep()

    def miss(self) -> Assignment:
        self.missed.append(self.now.owner)
        self.now = escalate(
            self.prior, RoutingFacts(), self.table, self.ledgers, NOW, open_leads={}, excluded=self.missed
        )
        self.prior = prior_of(self.now, self.prior)
        self._keep()
        return self.now

    def _keep(self) -> None:
        if self.now.turn is not None:
            self.ledgers[self.now.turn.pool] = self.now.turn.after

    def owners(self, misses: int) -> list[str]:
        return [self.now.owner, *(self.miss().owner for _ in range(misses))]


def test_the_ladder_goes_to_the_next_the_manager_and_default_and_stays_there():
    lead = Ladder(table_of())
    assert lead.owners(5) == ["dee@company.com", "eli@company.com", "rita@company.com", GENERAL, GENERAL, GENERAL]


def test_each_step_says_who_missed_it_in_what_time_and_who_is_next():
    lead = Ladder(table_of())
    assert lead.miss().why.startswith(
        "Not accepted by Dee in 5 min, next in the ladder: Eli. All leads go to the pool ent."
    )
    manager = lead.miss()
    assert manager.why == "Not accepted by Eli in 5 min, next in the ladder: manager Rita."
    assert (manager.rule, manager.rung) == ("slas.hot.manager", 2)
    assert lead.miss().why == f"Not accepted by Rita in 5 min, next in the ladder: DEFAULT, {GENERAL}."
    last = lead.miss()
    assert last.why == "Not accepted by General in 5 min, and nobody is left in the ladder."


def test_every_assignment_of_the_ladder_has_times_of_its_own():
    lead = Ladder(table_of())
    for _ in range(3):
        given_to = lead.miss()
        assert given_to.accept_due_at is not None
        assert (given_to.accept_due_at - NOW).total_seconds() == 300
        assert given_to.sla == "hot"


def test_a_missed_turn_was_had_and_the_next_in_the_pool_takes_another():
    lead = Ladder(table_of())
    assert lead.now.turn is not None
    following = lead.miss()
    assert following.turn is not None
    assert following.turn.before.version == 1
    assert following.turn.after.turns == {"dee@company.com": 1, "eli@company.com": 1}


def test_a_rung_without_anybody_falls_to_the_next_and_says_why():
    lead = Ladder(table_of(members=["dee"], people={"dee": {}}))
    found = lead.miss()
    assert (found.owner, found.rung) == (GENERAL, 3)
    assert [line.split(":")[0] for line in found.skipped if line.startswith("slas.")] == [
        "slas.hot.next",
        "slas.hot.manager",
    ]
    assert "slas.hot.manager: dee@company.com has no manager in the file" in found.skipped


def test_a_manager_who_is_gone_is_stepped_over():
    lead = Ladder(table_of(["manager", "DEFAULT"], people={"rita": {"active": False}}))
    assert lead.miss().owner == GENERAL


def test_a_ladder_may_name_people_and_ends_with_default_although_it_does_not_say_so():
    lead = Ladder(table_of(["rita", "outside@partner.com"]))
    assert lead.owners(4) == ["dee@company.com", "rita@company.com", "outside@partner.com", GENERAL, GENERAL]


def test_default_that_misses_early_keeps_the_lead():
    lead = Ladder(table_of(rules=[], default_sla="hot"))
    assert lead.owners(2) == [GENERAL, GENERAL, GENERAL]


def test_an_sla_that_the_file_lost_goes_to_default():
    lead = Ladder(table_of())
    lead.table = table_of(slas={"other": {"accept": "1h"}}, rules=[])
    found = lead.miss()
    assert (found.owner, found.rule, found.sla) == (GENERAL, "slas.hot.DEFAULT", None)
    assert found.why == f"Not accepted by Dee in time, next in the ladder: DEFAULT, {GENERAL}."


def test_who_was_escalated_to_keeps_the_lead_when_it_writes_again():
    lead = Ladder(table_of())
    lead.owners(2)
    again = kept(lead.prior, "submission", RoutingFacts(), lead.table, NOW)
    assert again is not None
    assert (again.owner, again.rule, again.rung) == ("rita@company.com", "slas.hot.manager", 2)
    for cause in ("retry", "approved"):
        assert kept(lead.prior, cause, RoutingFacts(), lead.table, NOW) == again
    for cause in ("pass", "missed"):
        assert kept(lead.prior, cause, RoutingFacts(), lead.table, NOW) is None
    assert kept(replace(lead.prior, closed=True), "submission", RoutingFacts(), lead.table, NOW) is None
    gone = table_of(people={"rita": {"active": False}})
    assert kept(lead.prior, "submission", RoutingFacts(), gone, NOW) is None
    assert (
        kept(prior_of(route(RoutingFacts(), lead.table, {}, NOW)), "submission", RoutingFacts(), lead.table, NOW)
        is None
    )


NAMES = ["dee", "eli", "rita", "uwe", "ana"]
RUNGS = st.lists(st.sampled_from(["next", "manager", "DEFAULT", *NAMES, "outside@partner.com"]), min_size=1, max_size=6)


@pytest.mark.parametrize("cause", sorted(LATE))
def test_what_becomes_known_late_takes_a_lead_from_nobody_who_has_accepted_it(cause: Any):
    table, facts = table_of(people={"dee": {"active": False}}), RoutingFacts()
    prior = replace(prior_of(route(facts, table, {}, NOW)), owner="dee@company.com", accepted_by="dee@company.com")
    held = kept(prior, cause, facts, table, NOW)
    assert held is not None, "not even from who has left"
    assert (held.owner, held.rule, held.sla) == ("dee@company.com", "rules.ent", "hot")
    assert kept(prior, "submission", facts, table, NOW) is None
    assert kept(replace(prior, accepted_by=None), cause, facts, table, NOW) is None
    assert kept(replace(prior, closed=True), cause, facts, table, NOW) is None


@st.composite
def files(draw: st.DrawFn) -> RoutingTable:
    """Any people, managers (in circles too), pools and ladders; somebody may be gone."""
    people: dict[str, Any] = {}
    for name in NAMES:
        given: dict[str, Any] = {"active": draw(st.booleans())}
        manager = draw(st.sampled_from([None, *NAMES]))
        if manager not in {None, name}:
            given["manager"] = manager
        people[name] = given
    default = draw(st.sampled_from([GENERAL, *(f"{name}@company.com" for name in NAMES if people[name]["active"])]))
    slas = {name: {"accept": "5m", "clock": "wall", "then": draw(RUNGS)} for name in ("hot", "standard")}
    targets = st.sampled_from(["pool:ent", *(name for name in NAMES if people[name]["active"])])
    rules = [
        {"id": f"r{n}", "to": draw(targets), "sla": draw(st.sampled_from(["hot", "standard"]))}
        for n in range(draw(st.integers(0, 3)))
    ]
    members = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    return table_of(
        people=people, members=members, DEFAULT=default, slas=slas, rules=rules, default_sla="standard",
    )  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(files(), st.integers(0, 7))
def test_from_any_state_a_lead_moves_at_most_once_a_rung_and_once_more_and_ends_with_an_address(table, rung):
    lead = Ladder(table)
    lead.prior = replace(lead.prior, rung=rung)
    longest = max(len(sla.then) for sla in table.slas.values())
    moves = 0
    while True:
        before, used = lead.now.owner, lead.prior.rung
        after = lead.miss()
        assert "@" in after.owner
        assert after.rung >= used
        if after.owner == before:
            break
        moves += 1
        assert moves <= longest + 1
    assert lead.now.owner == table.default.to.email
    for _ in range(3):
        assert lead.miss().owner == table.default.to.email, "what DEFAULT misses stays there"


def away(cover: str | None = None) -> dict[str, Any]:
    return {"ooo": [{"from": "2026-04-01", "until": "2026-04-30", **({"cover": cover} if cover else {})}]}


def test_a_manager_on_leave_has_their_cover_and_without_one_is_stepped_over():
    ladder = ["manager", "DEFAULT"]
    covered = Ladder(table_of(ladder, people={"rita": away("uwe"), "uwe": {}}))
    found = covered.miss()
    assert (found.owner, found.rung) == ("uwe@company.com", 1)
    assert "Uwe covers" in found.why
    alone = Ladder(table_of(ladder, people={"rita": away()}))
    assert alone.miss().owner == GENERAL
    assert any(line.startswith("slas.hot.manager: ") and "nobody covers" in line for line in alone.now.skipped)


def test_a_cover_who_missed_the_lead_is_not_asked_again():
    lead = Ladder(table_of(["manager", "DEFAULT"], people={"rita": away("dee")}))
    assert lead.miss().owner == GENERAL


def test_the_clock_of_a_manager_starts_at_their_opening():
    hours = {"hours": "mon-fri 09:00-18:00 America/Los_Angeles"}
    slas = {"hot": {"accept": "5m", "remind": "50%", "clock": "business", "then": ["manager"]}}
    lead = Ladder(table_of(people={"rita": hours}, slas=slas))
    found = lead.miss()
    opening = datetime(2026, 4, 7, 16, 0, tzinfo=UTC)  # 9 in the morning there
    assert found.remind_at == opening + timedelta(seconds=150)
    assert found.accept_due_at == opening + timedelta(minutes=5)


def test_default_on_leave_has_their_cover_and_the_lead_stays_with_who_of_them_has_it():
    people = {"gina": {**away("uwe")}, "uwe": {}}
    lead = Ladder(table_of(["manager"], people=people, DEFAULT="gina@company.com"))
    owners = ["dee@company.com", "rita@company.com", "uwe@company.com", "uwe@company.com", "uwe@company.com"]
    assert lead.owners(4) == owners
    taken = Ladder(table_of(["uwe"], people=people, DEFAULT="gina@company.com"))
    assert taken.owners(3) == ["dee@company.com", "uwe@company.com", "uwe@company.com", "uwe@company.com"]
