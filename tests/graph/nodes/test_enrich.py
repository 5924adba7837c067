"""Enrichment: what is found is told, what is not stays unknown, who is away is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from graph.domain.account import CompanyProfile, CrmAccount
from graph.domain.evidence import AccountMatch, Dispute
from graph.domain.facts import Found, Unavailable
from graph.nodes.enrich import enrich
from graph.nodes.shell import with_read
from graph.ports import CompanyAsk, CrmAsk
from tests.fixtures.ports import NOW, Answering, case, context, ports, run

ACME = CompanyProfile("ann-werke.de", "Ann AG", employees=4000, parent_domain="acme.com", parent_name="Acme Corp")


async def test_a_found_company_is_told_with_its_parent():
    (done,) = await run(enrich, case(), given=context(ports(enrichment=Answering(answer=lambda ask: ACME))))
    assert done.reads.profile == Found(ACME, "test", NOW)
    step = done.trace[-1]
    assert (step.node, step.rule) == ("enrich", "found")
    assert step.sentence == "test knows Ann AG: 4,000 people, part of Acme Corp."


async def test_an_unknown_company_stays_unknown():
    (done,) = await run(enrich, case())
    assert (done.trace[-1].rule, done.reads.profile.kind) == ("absent", "absent")  # type: ignore[union-attr]
    assert "stay unknown" in done.trace[-1].sentence


async def test_a_vendor_that_is_away_is_named_with_the_class_of_its_failure_and_the_lead_goes_on():
    away = Answering(answer=lambda ask: Unavailable("apollo", NOW, "timeout"))
    (done,) = await run(enrich, case(), given=context(ports(enrichment=away)))
    assert done.failure is None
    assert done.trace[-1].sentence == "apollo did not answer (timeout); the company's facts are missing."


async def test_each_part_is_asked_once_for_the_batch_and_the_crm_with_what_enrichment_found():
    enrichment, crm = (
        Answering(answer=lambda ask: ACME if ask.domain else None),
        Answering(answer=lambda ask: CrmAccount()),
    )
    await run(
        enrich,
        case("ann", company="Ann AG", phone="+49 30 23125 118"),
        case("free", email="x@gmail.com", company="Acme"),
        given=context(ports(enrichment=enrichment, crm=crm)),
    )
    assert enrichment.asks == [
        [
            CompanyAsk("ann-werke.de", "Ann AG", host="ann-werke.de", phone="+493023125118"),
            CompanyAsk(None, "Acme", claimed=True),
        ]
    ]
    assert crm.asks == [
        [
            CrmAsk("ann@ann-werke.de", "+493023125118", "ann-werke.de", "acme.com"),
            CrmAsk("x@gmail.com", None, None, None),
        ]
    ]


async def test_a_company_name_above_a_free_address_is_passed_as_claimed_and_beside_a_company_address_as_told():
    asked = Answering()
    typed = {"company": "Acme Corp", "city": "Ulm", "postal": "89073", "country": "Germany"}
    held = [case("free", email="x@gmail.com", **typed), case("ann", **typed), case("mute", email="y@gmail.com")]
    await run(enrich, *held, given=context(ports(enrichment=asked)))
    free, own, mute = asked.asks[0]
    assert (free.name, free.claimed, free.domain) == ("Acme Corp", True, None)
    assert (free.country, free.postal, free.city) == ("DE", "89073", "Ulm")
    assert (own.name, own.claimed, own.domain) == ("Acme Corp", False, "ann-werke.de")
    assert (mute.name, mute.claimed) == (None, False)


LINKED = CrmAccount(company_id="7", parent_domain="acme.com", parent_name="Acme Corp")


async def linked(profile: Any, crm: CrmAccount = LINKED, **form: Any) -> Any:
    given = ports(enrichment=Answering(answer=lambda _: profile), crm=Answering(answer=lambda _: crm))
    (done,) = await run(enrich, case(**form), given=context(given))
    return done


async def test_a_parent_that_only_the_crm_links_becomes_the_companys_parent_with_its_source():
    own = CompanyProfile("ann-werke.de", "Ann AG", employees=40)
    done = await linked(own)
    told = done.reads.profile.value
    assert (told.parent_domain, told.parent_name, told.family) == (
        "acme.com", "Acme Corp", ("acme.com", "ann-werke.de"),
    )  # fmt: skip
    assert told.match == AccountMatch("acme.com", "hierarchy", 1.0, "The CRM lists it under Acme Corp.")
    assert {(one.field, one.source) for one in told.origins} == {
        ("parent_domain", "test"), ("parent_name", "test"), ("family", "test"),
    }  # fmt: skip
    assert done.trace[-1].sentence == (
        "test knows Ann AG: 40 people, part of Acme Corp. Listed in the CRM under acme.com."
    )
    unknown = (await linked(None)).reads.profile
    assert (unknown.kind, unknown.source, unknown.value.parent_domain) == ("found", "test", "acme.com")


async def test_a_parent_that_is_known_stays_and_the_crms_other_word_is_a_dispute_noted_once():
    for known in (
        CompanyProfile("ann-werke.de", "Ann AG", parent_domain="zed.com", family=("ann-werke.de", "zed.com")),
        CompanyProfile("ann-werke.de", "Ann AG", family=("ann-werke.de", "daughter.de")),
    ):
        told = (await linked(known)).reads.profile.value
        assert (told.parent_domain, told.family) == (known.parent_domain, known.family)
        assert told.disputes == (Dispute("parent_domain", "test", "acme.com"),)
        assert (await linked(told)).reads.profile.value == told
    same = replace(ACME, family=("acme.com", "ann-werke.de"))
    assert (await linked(same)).reads.profile.value == same


async def test_the_crms_link_changes_nothing_for_a_lead_without_a_company_or_for_enrichment_that_was_silent():
    assert (await linked(None, email="x@gmail.com")).reads.profile.kind == "absent"
    away = Unavailable("apollo", NOW, "timeout")
    assert (await linked(away)).reads.profile == away
    itself = await linked(CompanyProfile("ann-werke.de", "Ann"), replace(LINKED, parent_domain="ann-werke.de"))
    assert itself.reads.profile.value.parent_domain is None


@pytest.mark.parametrize(
    ("match", "rule", "sentence"),
    [
        (AccountMatch(None, "rivals", 0.5, "Two.", ("a.com", "name:b")), "rivals",
         "Nothing is known of this company; its facts stay unknown. Could be a.com or b: nobody decided."),
        (AccountMatch(None, "none", 0.4, "Weak.", ("a.com",)), "none",
         "Nothing is known of this company; its facts stay unknown. May be a.com, which is not sure enough."),
        (None, "none", "Nothing is known of this company; its facts stay unknown."),
    ],
)  # fmt: skip
async def test_a_profile_that_holds_a_verdict_alone_is_told_by_the_verdict(match: Any, rule: str, sentence: str):
    enrichment = Answering(answer=lambda _: CompanyProfile("", match=match))
    given = context(ports(enrichment=enrichment))
    (done,) = await run(enrich, case(email="x@gmail.com", company="A"), given=given)
    assert (done.trace[-1].rule, done.trace[-1].sentence) == (rule, sentence)


async def test_how_a_company_was_matched_is_told_unless_it_was_its_own_domain():
    named = AccountMatch("acme.com", "name_place", 0.937, "Alike.")
    done = await linked(replace(ACME, match=named), CrmAccount())
    assert done.trace[-1].sentence.endswith("Matched by name and place to acme.com, 93% sure.")
    done = await linked(replace(ACME, match=replace(named, code="domain")), CrmAccount())
    assert done.trace[-1].sentence.endswith("part of Acme Corp.")


async def test_facts_that_a_replay_brings_are_not_asked_for():
    enrichment, crm = Answering(), Answering()
    held = with_read(with_read(case(), "profile", Found(ACME, "r", NOW)), "crm", Found(CrmAccount(), "r", NOW))
    await run(enrich, held, given=context(ports(enrichment=enrichment, crm=crm)))
    assert (enrichment.asks, crm.asks) == ([], [])
