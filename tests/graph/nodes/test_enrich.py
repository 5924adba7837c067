"""Enrichment: what is found is told, what is not stays unknown, who is away is named."""

from __future__ import annotations

from graph.domain.account import CompanyProfile, CrmAccount
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
    assert enrichment.asks == [[CompanyAsk("ann-werke.de", "Ann AG"), CompanyAsk(None, None)]]
    assert crm.asks == [
        [
            CrmAsk("ann@ann-werke.de", "+493023125118", "ann-werke.de", "acme.com"),
            CrmAsk("x@gmail.com", None, None, None),
        ]
    ]


async def test_a_company_name_above_a_free_address_is_not_looked_up():
    """Nobody reaches a named account's owner by typing its name."""
    enrichment = Answering(answer=lambda ask: ACME if ask.name else None)
    (done,) = await run(
        enrich, case(email="x@gmail.com", company="Acme Corp"), given=context(ports(enrichment=enrichment))
    )
    assert done.reads.profile.kind == "absent"  # type: ignore[union-attr]


async def test_facts_that_a_replay_brings_are_not_asked_for():
    enrichment, crm = Answering(), Answering()
    held = with_read(with_read(case(), "profile", Found(ACME, "r", NOW)), "crm", Found(CrmAccount(), "r", NOW))
    await run(enrich, held, given=context(ports(enrichment=enrichment, crm=crm)))
    assert (enrichment.asks, crm.asks) == ([], [])
