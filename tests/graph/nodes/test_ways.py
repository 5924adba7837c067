"""The three ways after routing: what each tells its owner, and what it asks to be written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from graph.domain.account import CompanyProfile, SimilarAccount
from graph.domain.facts import Found, Unavailable
from graph.domain.telling import LogNote
from graph.nodes.nurture import nurture
from graph.nodes.review import review
from graph.nodes.shell import with_read
from graph.nodes.summarize import summarize
from graph.state import Case
from tests.fixtures.ports import NOW, Answering, Memory, before, case, context, ports, prior, through

MID = {"country": "Germany", "employees": "400", "source": "demo_request", "full_name": "Ann Other"}
WON = SimilarAccount("a-1", "Northwind", "won", "tracing", 140_000, 61, 0.08)


async def after(node: Any, held: Case, way: str, **given: Any) -> Case:
    """The case on this way, through its node."""
    used = context(ports(**given))
    routed = (await before(None, [held], used))[0]
    on_way = replace(routed, path=way, sequence="low_score_nurture" if way == "nurture" else None)  # type: ignore[arg-type]
    return (await through(node, [on_way], used))[0]


def kinds(held: Case) -> list[str]:
    return [effect.kind for effect in held.effects]


async def test_a_qualified_lead_is_written_to_the_crm_in_order_and_alerted():
    known = CompanyProfile("ann-werke.de", "Ann AG", employees=400)
    done = await after(summarize, case(**MID), "qualify", enrichment=Answering(answer=lambda _: known))
    assert kinds(done) == [
        "upsert_company",
        "upsert_contact",
        "assign_owner",
        "create_task",
        "log_note",
        "remember_account",
        "post_alert",
        "accept_missed",
        "touch_missed",
    ]
    assert done.alert is not None
    assert done.trace[-1].node == "summarize"
    assert "9 writes to perform" in done.trace[-1].sentence
    owners = {getattr(effect, "owner", None) for effect in done.effects} - {None}
    assert owners == {done.assignment.owner}  # type: ignore[union-attr]


async def test_the_note_in_the_crm_tells_what_the_owner_is_told_a_fact_a_line():
    known = CompanyProfile("ann-werke.de", "Ann AG", employees=400)
    done = await after(summarize, case(**MID), "qualify", enrichment=Answering(answer=lambda _: known))
    (note,) = [effect for effect in done.effects if isinstance(effect, LogNote)]
    header, *lines = note.text.split("\n")
    assert "Ann AG" in header
    assert any(line.startswith("Next step: ") for line in lines)
    assert (note.owner, note.at) == (done.assignment.owner, NOW)  # type: ignore[union-attr]


async def test_a_free_mail_sender_has_no_company_to_write_or_to_remember():
    done = await after(summarize, case(email="x@gmail.com", company="Acme"), "qualify")
    assert "upsert_company" not in kinds(done)
    assert "remember_account" not in kinds(done)


async def test_the_writers_note_is_asked_with_safe_facts_and_shown():
    writer = Answering(answer=lambda ask: "They resemble Northwind.")
    similar = Answering(answer=lambda ask: (WON,))
    done = await after(summarize, case(**MID), "qualify", writer=writer, similar=similar)
    ((ask,),) = writer.asks
    assert ask.lead_id == "ld_ann"
    assert all(isinstance(value, str) for value in ask.facts.values())
    assert "They resemble Northwind." in str(done.alert)
    assert "1 similar accounts" in done.trace[-1].sentence


async def test_without_a_note_or_neighbours_the_alert_stands_and_says_what_is_missing():
    away = Answering(answer=lambda ask: Unavailable("pinecone", NOW, "timeout"))
    done = await after(summarize, case(**MID), "qualify", similar=away, writer=away)
    assert done.failure is None
    assert done.alert is not None
    assert "post_alert" in kinds(done)
    assert "similar" in str(done.alert).lower()


async def test_a_lead_under_review_asks_its_owner_and_writes_nothing_to_the_crm():
    done = await after(review, case(honeypot="x", **MID), "manual_review")
    assert kinds(done) == ["post_alert", "accept_missed", "touch_missed"]
    assert done.trace[-1].node == "review"


async def test_a_nurtured_lead_is_enrolled_and_alerts_nobody():
    done = await after(nurture, case(**MID), "nurture")
    assert kinds(done) == ["upsert_company", "upsert_contact", "assign_owner", "enrol_nurture"]
    assert done.alert is None
    assert (done.trace[-1].rule, done.trace[-1].node) == ("low_score_nurture", "nurture")


async def test_a_nurtured_lead_without_a_sequence_is_a_failure_not_a_silence():
    used = context()
    routed = (await before(None, [case(**MID)], used))[0]
    (done,) = await through(nurture, [replace(routed, path="nurture", sequence=None)], used)
    assert done.failure is not None


@pytest.mark.parametrize("node", [summarize, review, nurture])
async def test_a_node_leaves_other_ways_and_failed_leads_alone(node: Any):
    similar = Answering()
    used = context(ports(similar=similar))
    routed = (await before(None, [case(**MID)], used))[0]
    ways = {"qualify", "manual_review", "nurture"} - {
        {summarize: "qualify", review: "manual_review", nurture: "nurture"}[node]
    }
    others = [replace(routed, path=way) for way in sorted(ways)]  # type: ignore[arg-type]
    assert await through(node, others, used) == others
    assert similar.asks == []


async def test_the_owners_first_alert_is_posted_and_later_ones_update_it():
    memory = Memory(known={"ld_ann": prior(turns=(("dach", "maren@company.com"),), form={"title": "CTO"})})
    done = await after(summarize, case(message="me again", **MID), "qualify", history=memory)
    update = done.effects[-1]
    assert update.kind == "update_alert"
    assert (update.owner, update.closed) == ("maren@company.com", False)
    assert "Wrote again: me again" in update.note


async def test_an_owner_who_lost_the_lead_has_their_alert_closed_and_the_new_one_is_alerted():
    memory = Memory(known={"ld_ann": prior(owner="eli@company.com", alert_owner="eli@company.com", assignment=3)})
    done = await after(summarize, case(**MID), "qualify", history=memory)
    closing, post = (effect for effect in done.effects if effect.kind in {"update_alert", "post_alert"})
    assert (closing.kind, closing.owner, closing.closed, closing.assignment) == (
        "update_alert",
        "eli@company.com",
        True,
        3,
    )  # type: ignore[union-attr]
    assert (post.kind, post.owner, post.assignment) == ("post_alert", done.assignment.owner, 4)  # type: ignore[union-attr]
    assert "Moved to" in closing.note  # type: ignore[union-attr]


async def test_who_accepted_the_lead_sees_that_it_stays_theirs():
    held = {"turns": (("dach", "maren@company.com"),), "accepted_by": "maren@company.com", "accepted_s": 42.0}
    memory = Memory(known={"ld_ann": prior(**held)})
    done = await after(summarize, case(**MID), "qualify", history=memory)
    assert "Accepted by" in str(done.alert)
    assert "lead.accept" not in str(done.alert)


async def test_facts_that_a_replay_brings_are_not_asked_for():
    similar, writer = Answering(), Answering()
    held = with_read(with_read(case(**MID), "similar", Found((WON,), "r", NOW)), "note", Found("A note.", "r", NOW))
    done = await after(summarize, held, "qualify", similar=similar, writer=writer)
    assert (similar.asks, writer.asks) == ([], [])
    assert "A note." in str(done.alert)


async def test_one_lead_whose_brief_breaks_does_not_break_its_neighbours():
    used = context()
    routed = await before(None, [case("a", **MID), case("b", **MID)], used)
    assert routed[0].assignment is not None
    broken = replace(routed[0], path="qualify", score=None)
    bad, good = await through(summarize, [broken, replace(routed[1], path="qualify")], used)
    assert bad.failure is not None
    assert bad.failure.node == "summarize"
    assert good.alert is not None
