"""Routing in a batch: turns follow each other, the way is chosen, and everybody has an owner."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph.domain.account import CompanyProfile, CrmAccount, Opportunity
from graph.domain.evidence import AccountMatch, Origin
from graph.domain.lead import Submission
from graph.domain.routing import PoolState, Spent
from graph.nodes.route import facts_of, route
from graph.nodes.shell import with_read
from graph.state import Case
from tests.fixtures.ports import NOW, Answering, Memory, before, case, context, ports, prior, run, through
from tools.routing_file import parse

MID = {"country": "Germany", "employees": "400"}
NURTURE = """{
  "DEFAULT": "general@company.com",
  "default_sla": "standard", "slas": {"standard": {"accept": "30m", "touch": "4h"}},
  "nurture": {"if": {"score": "<1"}, "unless": {"source": ["demo_request"]}, "sequence": "low_score_nurture"}
}"""


def caused(held: Case, cause: str, **changed: Any) -> Case:
    submission: Submission = replace(held.submission, cause=cause, **changed)
    return replace(held, submission=submission)


def nurturing(**given: Any) -> Any:
    return replace(context(ports(**given)), table=parse(NURTURE, Path()))


async def test_the_turns_of_a_batch_follow_each_other():
    memory = Memory()
    done = await run(route, *(case(f"p{n}", **MID) for n in range(6)), given=context(ports(history=memory)))
    turns = [held.assignment.turn for held in done]  # type: ignore[union-attr]
    assert [(turn.before.version, turn.after.version) for turn in turns] == [(n, n + 1) for n in range(6)]  # type: ignore[union-attr]
    assert Counter(held.assignment.owner for held in done) == {"maren@company.com": 3, "jonas@company.com": 3}  # type: ignore[union-attr]
    assert len(memory.pool_asks) == 1
    assert [held.reads.pools for held in done] == [{"dach": turn.before} for turn in turns]  # type: ignore[union-attr]


async def test_the_ledger_goes_on_from_where_it_stands():
    ledger = PoolState(
        "dach", 7, {"maren@company.com": -500_000, "jonas@company.com": 500_000}, {"maren@company.com": 4}
    )
    memory = Memory(ledgers={"dach": ledger})
    (done,) = await run(route, case(**MID), given=context(ports(history=memory)))
    assert done.assignment is not None
    assert done.assignment.turn is not None
    assert (done.assignment.turn.before, done.assignment.turn.after.version) == (ledger, 8)
    assert done.assignment.owner == "jonas@company.com"


async def test_a_replay_sees_the_ledger_that_its_lead_saw_and_reads_none():
    memory = Memory()
    ledger = PoolState("dach", 3, {"maren@company.com": 500_000, "jonas@company.com": -500_000}, {})
    held = with_read(case(**MID), "pools", {"dach": ledger})
    (done,) = await run(route, held, given=context(ports(history=memory)))
    assert memory.pool_asks == []
    assert done.assignment is not None
    assert done.assignment.turn is not None
    assert done.assignment.turn.before == ledger


async def test_a_lead_that_takes_no_turn_records_no_ledger():
    (done,) = await run(route, case(country="France"))
    assert done.reads.pools == {}
    assert (done.assignment.owner, done.assignment.rule) == ("france@company.com", "map.FR")  # type: ignore[union-attr]


async def test_a_turn_that_was_taken_before_is_kept():
    memory = Memory(known={"ld_ann": prior(owner="jonas@company.com", turns=(("dach", "jonas@company.com"),))})
    (done,) = await run(route, case(**MID), given=context(ports(history=memory)))
    assert done.assignment is not None
    assert done.assignment.turn is not None
    assert (done.assignment.owner, done.assignment.turn.reused) == ("jonas@company.com", True)


async def test_who_passed_the_lead_does_not_get_it_again():
    owners = set()
    for passed in ((), ("maren@company.com",), ("jonas@company.com",), ("maren@company.com", "jonas@company.com")):
        memory = Memory(known={"ld_ann": prior(passed_by=passed[:1])})
        held = caused(case(**MID), "pass", excluded=passed[1:])
        (done,) = await run(route, held, given=context(ports(history=memory)))
        assert done.assignment is not None
        assert done.assignment.owner not in passed
        owners.add(done.assignment.owner)
    assert "dach-desk@company.com" in owners, "when nobody of the pool may, somebody still does"


@pytest.mark.parametrize("form", [{}, {"email": "x@gmail.com"}, {"country": "Atlantis"}, {"honeypot": "x"}, MID])
async def test_everybody_has_an_owner_and_a_way(form: dict[str, str]):
    (done,) = await run(route, case(**form))
    assert done.assignment is not None
    assert "@" in done.assignment.owner
    assert done.path in ("qualify", "nurture", "manual_review")
    assert done.trace[-1].sentence.endswith(f"Owner {done.assignment.owner}, way {done.path}.")


async def test_a_suspicious_lead_goes_to_review_until_somebody_approves():
    bot = case(honeypot="x", **MID)
    assert (await run(route, bot))[0].path == "manual_review"
    assert (await run(route, caused(bot, "approved")))[0].path == "qualify"
    assert (await run(route, caused(bot, "retry")))[0].path == "manual_review"
    memory = Memory(known={"ld_ann": prior(accepted_by="maren@company.com", accepted_s=5.0)})
    assert (await run(route, bot, given=context(ports(history=memory))))[0].path == "qualify"


async def test_a_weak_lead_is_nurtured_without_a_deadline_unless_it_asked_or_a_person_did():
    given = nurturing()
    (weak,) = await run(route, case(), given=given)
    assert (weak.path, weak.sequence) == ("nurture", "low_score_nurture")
    assert weak.assignment is not None
    assert (weak.assignment.owner, weak.assignment.sla, weak.assignment.accept_due_at) == (
        "general@company.com",
        None,
        None,
    )
    (asked,) = await run(route, case(source="demo_request"), given=given)
    assert (asked.path, asked.sequence) == ("qualify", None)
    assert asked.assignment is not None
    assert asked.assignment.accept_due_at is not None
    for cause in ("approved", "pass"):
        assert (await run(route, caused(case(), cause), given=given))[0].path == "qualify"
    assert (await run(route, case(honeypot="x"), given=given))[0].path == "manual_review"


async def facts(held: Case, profile: CompanyProfile | None = None, crm: CrmAccount | None = None) -> Any:
    given = context(ports(enrichment=Answering(answer=lambda _: profile), crm=Answering(answer=lambda _: crm)))
    (done,) = await before(route, [held], given)
    return facts_of(done)


async def test_the_place_that_was_typed_wins_over_the_companys():
    seat = CompanyProfile("ann-werke.de", country="US", state="US-CA")
    found = await facts(case(country="Germany"), seat)
    assert (found.country, found.state) == ("DE", None)
    found = await facts(case(), seat)
    assert (found.country, found.state) == ("US", "US-CA")
    found = await facts(case(country="Atlantis"), seat)
    assert (found.country, found.state) == (None, None), "what was typed but not understood must be seen by somebody"


async def test_size_is_the_parents_where_it_is_known_and_unknown_is_never_zero():
    assert (await facts(case(employees="40"))).employees == 40
    own = CompanyProfile("ann-werke.de", employees=300, revenue_usd=9)
    assert (await facts(case(employees="40"), own)).employees == 300
    child = replace(own, parent_employees=31_000, parent_revenue_usd=99)
    found = await facts(case(), child)
    assert (found.employees, found.revenue_usd) == (31_000, 99)
    found = await facts(case())
    assert (found.employees, found.revenue_usd) == (None, None)
    assert (await facts(case(employees="40"), replace(own, employees=0))).employees == 0


async def test_owners_come_from_the_crm():
    deal = Opportunity("1", "deal", 5, "open", "dee@company.com")
    found = await facts(
        case(), None, CrmAccount(owner="own@c.com", parent_owner="par@c.com", open_opportunities=(deal,))
    )
    assert (found.opportunity_owner, found.account_owner, found.parent_owner) == (
        "dee@company.com",
        "own@c.com",
        "par@c.com",
    )
    found = await facts(case())
    assert (found.opportunity_owner, found.account_owner, found.parent_owner) == (None, None, None)


async def test_one_lead_that_cannot_be_routed_takes_no_turn_and_stops_nobody():
    given = context()
    held = await before(route, [case("a", **MID), case("b", **MID), case("c", **MID)], given)
    held[1] = replace(held[1], lead=None)
    done = await through(route, held, given)
    assert done[1].failure is not None
    assert done[1].failure.node == "route"
    assert [d.assignment.turn.before.version for d in (done[0], done[2])] == [0, 1]  # type: ignore[union-attr]


CAPPED = """{
  "DEFAULT": "general@company.com",
  "people": {"ana": {"email": "ana@company.com", "max_open": 2}, "ben": {"email": "ben@company.com"}},
  "pools": {
    "none": {"members": {"x@company.com": 1}, "cap": "1/day", "if_none": "pool:crew"},
    "crew": {"members": ["ana", "ben"], "cap": "3/open"}
  },
  "rules": [{"id": "all", "to": "pool:none"}],
  "nurture": {"if": {"source": "webinar"}, "sequence": "edu"}
}"""


def capped(memory: Memory) -> Any:
    return replace(context(ports(history=memory)), table=parse(CAPPED))


async def test_every_ledger_and_count_that_was_asked_for_stands_among_the_facts():
    spent = PoolState("none", 1, {}, {}, {"day": Spent("2026-04-07", {"x@company.com": 1})})
    memory = Memory(ledgers={"none": spent}, opened={"ana@company.com": 2})
    (done,) = await run(route, case(**MID), given=capped(memory))
    assert done.assignment is not None
    assert (done.assignment.owner, done.assignment.pool) == ("ben@company.com", "crew")
    assert done.reads.pools == {"none": spent, "crew": PoolState("crew")}
    assert done.reads.open == {"ana@company.com": 2, "ben@company.com": 0}
    assert memory.open_asks == [["ana@company.com", "ben@company.com"]]


async def test_open_leads_grow_through_a_batch_and_each_lead_records_what_it_saw():
    spent = PoolState("none", 1, {}, {}, {"day": Spent("2026-04-07", {"x@company.com": 1})})
    memory = Memory(ledgers={"none": spent}, opened={"ana@company.com": 1})
    held = [*(case(f"p{n}", **MID) for n in range(3)), case("nurse", source="webinar", **MID), case("last", **MID)]
    done = await run(route, *held, given=capped(memory))
    assert [one.reads.open["ana@company.com"] for one in done] == [1, 2, 2, 2, 2]  # type: ignore[index]
    assert [one.reads.open.get("ben@company.com") for one in done] == [0, 0, 1, 2, 2]  # type: ignore[union-attr]
    assert done[3].path == "nurture", "one in a sequence is nobody's work, so it is not counted"
    assert len(memory.open_asks) == 1


async def test_a_lead_that_moves_is_one_less_for_who_had_it():
    before_it = prior(owner="ana@company.com", turns=(("crew", "ana@company.com"),), path="qualify")
    moved = replace(case("ann", cause="pass", **MID))
    passed = replace(moved, submission=replace(moved.submission, excluded=("ana@company.com",)))
    memory = Memory(
        known={"ld_ann": before_it},
        ledgers={
            "none": PoolState("none", 1, {}, {}, {"day": Spent("2026-04-07", {"x@company.com": 1})}),
            "crew": PoolState(
                "crew", 1, {"ana@company.com": -500_000, "ben@company.com": 500_000}, {"ana@company.com": 1}
            ),
        },
        opened={"ana@company.com": 2},
    )
    first, second = await run(route, passed, case("bob", **MID), given=capped(memory))
    assert first.assignment is not None
    assert first.assignment.turn is not None
    assert first.assignment.turn.after.turns == {"ana@company.com": 0, "ben@company.com": 1}, "a pass costs no turn"
    assert second.reads.open == {"ana@company.com": 1, "ben@company.com": 1}


async def test_a_replay_brings_the_counts_and_asks_for_none():
    memory = Memory(opened={"ana@company.com": 9})
    seen = with_read(with_read(case(**MID), "pools", {}), "open", {"ana@company.com": 2})
    (done,) = await run(
        route, seen, given=replace(capped(memory), table=parse(CAPPED.replace("pool:none", "pool:crew")))
    )
    assert memory.open_asks == memory.pool_asks == []
    assert done.assignment is not None
    assert done.assignment.owner == "ben@company.com"


DEAL = Opportunity("1", "deal", 5, "open", "dee@company.com")
NOBODYS = replace(DEAL, owner=None)
CHILD = CompanyProfile(
    "ann-werke.de", "Ann AG", parent_domain="acme.com", parent_name="Acme {Corp}", owner="list@c.com",
    parent_owner="plist@c.com", origins=(Origin("owner", "book.csv", NOW),),
)  # fmt: skip


async def test_an_open_opportunity_is_the_companys_own_before_it_is_the_parents():
    parents = replace(DEAL, owner="pia@company.com")
    both = CrmAccount(open_opportunities=(NOBODYS, DEAL), parent_opportunities=(parents,))
    found = await facts(case(), CHILD, both)
    assert (found.opportunity_owner, found.opportunity_of) == ("dee@company.com", None)
    found = await facts(case(), CHILD, replace(both, open_opportunities=(NOBODYS,)))
    assert (found.opportunity_owner, found.opportunity_of) == ("pia@company.com", "Acme {Corp}")
    found = await facts(case(), None, CrmAccount(parent_opportunities=(parents,), parent_domain="acme.com"))
    assert (found.opportunity_owner, found.opportunity_of) == ("pia@company.com", "acme.com")
    found = await facts(case(), CHILD, CrmAccount(parent_opportunities=(NOBODYS,)))
    assert (found.opportunity_owner, found.opportunity_of) == (None, None)


async def test_an_owner_is_the_crms_before_the_one_on_the_list_of_accounts():
    found = await facts(case(), CHILD, CrmAccount(owner="own@c.com", parent_owner="par@c.com"))
    assert (found.account_owner, found.account_owner_by) == ("own@c.com", None)
    assert (found.parent_owner, found.parent_owner_by) == ("par@c.com", None)
    found = await facts(case(), CHILD, CrmAccount(contact_id="1"))
    assert (found.account_owner, found.account_owner_by) == ("list@c.com", "book.csv")
    assert (found.parent_owner, found.parent_owner_by) == ("plist@c.com", "accounts")


OWNED = """{
  "DEFAULT": "general@company.com",
  "people": {"pia": {"email": "pia@company.com"}, "lis": {"email": "list@c.com"}}
}"""


@pytest.mark.parametrize(
    ("crm", "rule", "why"),
    [
        (CrmAccount(parent_opportunities=(replace(DEAL, owner="pia@company.com"),)), "open_opportunity",
         "The company's parent Acme {Corp} has an open opportunity of pia@company.com."),
        (CrmAccount(open_opportunities=(replace(DEAL, owner="pia@company.com"),)), "open_opportunity",
         "The company has an open opportunity of pia@company.com."),
        (CrmAccount(owner="Pia@company.com"), "account_owner", "The company is pia@company.com's account in the CRM."),
        (None, "account_owner",
         "The company is list@c.com's account by the list of known accounts (book.csv)."),
    ],
)  # fmt: skip
async def test_the_reason_says_whose_opportunity_it_is_and_who_names_the_owner(
    crm: CrmAccount | None, rule: str, why: str
):
    given = context(ports(enrichment=Answering(answer=lambda _: CHILD), crm=Answering(answer=lambda _: crm)))
    (done,) = await run(route, case(), given=replace(given, table=parse(OWNED, Path())))
    assert done.assignment is not None
    assert (done.assignment.rule, done.assignment.why) == (rule, why)


async def test_a_profile_that_only_says_what_did_not_fit_leaves_domain_and_account_unknown():
    unsure = CompanyProfile("", match=AccountMatch(None, "rivals", 0.5, "Two fit.", ("a.com", "b.com")))
    found = await facts(case(email="x@gmail.com"), unsure)
    assert (found.host, found.domain, found.family) == (None, None, ())
    (done,) = await run(
        route, case(email="x@gmail.com"), given=context(ports(enrichment=Answering(answer=lambda _: unsure)))
    )
    (plain,) = await run(route, case(email="x@gmail.com"), given=context())
    assert done.account is None
    assert repr(done.vector) == repr(plain.vector)
