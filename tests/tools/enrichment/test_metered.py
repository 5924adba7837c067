"""A source that costs money: asked once for a company, by one process, while there is money for it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from graph.domain.facts import Fact, Found
from tests.fixtures.router import NOW
from tests.servers.base import Answer
from tests.tools.enrichment.conftest import APOLLO, DOMAIN, World
from tools.enrichment.waterfall import Waterfall
from tools.store.enriching import day_of, forget, source_rows, spending
from tools.store.tables import enrichment_answers

TERMS = {"apollo": {"price_cents": 3, "daily_questions": 5}}


def alone(world: World, **terms: Any) -> Waterfall:
    """A process that asks Apollo alone; each call is another process on the same store."""
    return world.waterfall(enrichment_providers="apollo", enrichment_terms={"apollo": terms or {"price_cents": 3}})


def outcome(fact: Fact[Any]) -> str:
    tried = fact.value.tried if isinstance(fact, Found) else fact.tried
    return next(one.outcome for one in tried if one.source == "apollo")


def company(number: int) -> str:
    return f"company{number}.com"


async def test_an_answer_is_kept_for_all_processes_and_for_the_next_start(world: World):
    world.knows(apollo={})
    one, other = alone(world), alone(world)
    first = await world.facts(one, DOMAIN, "nobody.com")
    again = await world.facts(other, DOMAIN, "nobody.com")
    assert [outcome(fact) for fact in first] == ["found", "absent"]
    assert [outcome(fact) for fact in again] == ["cached", "cached absent"]
    assert len(world.apollo.requests) == 2
    assert isinstance(first[0], Found)
    assert isinstance(again[0], Found)
    assert again[0].value.employees == first[0].value.employees


async def test_that_there_is_nothing_is_known_for_a_shorter_time(world: World):
    world.knows(apollo={})
    waterfall = alone(world)
    days = (0, 6.9, 7.1, 29.9, 30.1)
    seen = [
        [outcome(f) for f in await world.facts(waterfall, DOMAIN, "no.com", now=NOW + timedelta(days=day))]
        for day in days
    ]
    assert seen == [
        ["found", "absent"],
        ["cached", "cached absent"],
        ["cached", "absent"],
        ["cached", "absent"],
        ["found", "cached absent"],
    ]


@pytest.mark.parametrize("answer", [Answer(500), Answer(200, "null"), Answer(402), Answer(202)])
async def test_a_failure_is_never_kept(world: World, answer: Answer):
    world.knows(apollo={})
    world.apollo.script(answer)
    waterfall = alone(world)
    facts = [(await world.facts(waterfall, DOMAIN))[0] for _ in range(2)]
    assert [fact.kind for fact in facts] == ["unavailable", "found"]
    with world.engine.connect() as connection:
        kept = connection.execute(select(enrichment_answers.c.outcome)).scalars().all()
    assert kept == ["found"]


async def test_leads_of_the_same_company_at_the_same_time_share_one_question(world: World):
    world.knows(apollo={})
    waterfall = alone(world)
    batches = await asyncio.gather(*(world.facts(waterfall, DOMAIN, DOMAIN) for _ in range(8)))
    assert {fact.kind for facts in batches for fact in facts} == {"found"}
    assert len(world.apollo.requests) == 1
    (spent,) = spending(world.engine, day_of(NOW))
    assert (spent.questions, spent.cents) == (1, 3)


async def test_processes_that_ask_for_the_same_company_at_the_same_time_share_one_question(world: World):
    world.apollo.always(Answer(200, {"organization": APOLLO}, delay_s=0.3))
    facts = await asyncio.gather(*(world.facts(alone(world), DOMAIN) for _ in range(4)))
    assert sorted(outcome(fact) for (fact,) in facts) == ["cached", "cached", "cached", "found"]
    assert len(world.apollo.requests) == 1


async def test_a_process_that_waits_in_vain_for_another_says_so(world: World):
    """The other one died with the question on its way."""
    world.apollo.always(Answer(200, {"organization": APOLLO}, delay_s=30))
    died = asyncio.create_task(world.facts(alone(world), DOMAIN))
    while not world.apollo.requests:
        await asyncio.sleep(0.01)
    (fact,) = await world.facts(world.waterfall(enrichment_providers="apollo", read_deadline_s=0.3), DOMAIN)
    assert outcome(fact) == "busy"
    died.cancel()


async def test_no_day_costs_more_than_its_ceiling_whoever_asks(world: World):
    waterfalls = [alone(world, **TERMS["apollo"]) for _ in range(4)]
    facts = await asyncio.gather(
        *(world.facts(waterfall, *(company(10 * n + i) for i in range(4))) for n, waterfall in enumerate(waterfalls))
    )
    outcomes = [outcome(fact) for batch in facts for fact in batch]
    assert (outcomes.count("absent"), outcomes.count("over budget")) == (5, 11)
    assert len(world.apollo.requests) == 5
    tomorrow = await world.facts(alone(world, **TERMS["apollo"]), company(99), now=NOW + timedelta(days=1))
    assert outcome(tomorrow[0]) == "absent"


async def test_the_ceiling_of_all_providers_together_holds_too(world: World):
    terms = {"apollo": {"price_cents": 3}, "clearbit": {"price_cents": 10}}
    waterfall = world.waterfall(enrichment_terms=terms, enrichment_daily_cents=29)
    await world.facts(waterfall, *(company(n) for n in range(9)))
    spent = {row.source: row.cents for row in spending(world.engine, day_of(NOW))}
    assert sum(spent.values()) <= 29
    assert sum(spent.values()) > 29 - 10, "and what there is may be used"


async def test_what_was_not_charged_comes_back(world: World):
    world.knows(apollo={})
    waterfall = alone(world, price_cents=3, charged="found")
    await world.facts(waterfall, DOMAIN, company(1), company(2))
    (spent,) = spending(world.engine, day_of(NOW))
    assert (spent.questions, spent.cents, spent.filled, spent.empty, spent.failed) == (3, 3, 1, 2, 0)


async def test_an_answer_about_another_company_is_paid_for_once(world: World):
    world.knows(apollo={"primary_domain": "acme.com", "website_url": "http://www.acme.com"})
    waterfall = alone(world)
    facts = [(await world.facts(waterfall, DOMAIN))[0] for _ in range(2)]
    assert [outcome(fact) for fact in facts] == ["another company", "cached another company"]
    assert {fact.kind for fact in facts} == {"absent"}
    assert len(world.apollo.requests) == 1


async def test_a_source_that_keeps_failing_rests_and_nothing_is_reserved_for_it(world: World):
    world.apollo.always(Answer(500))
    waterfall = alone(world)
    outcomes = [outcome((await world.facts(waterfall, company(n)))[0]) for n in range(7)]
    assert outcomes == ["vendor error"] * 5 + ["resting"] * 2
    (spent,) = spending(world.engine, day_of(NOW))
    assert (spent.questions, spent.failed) == (5, 5)


async def test_an_answer_is_kept_although_the_lead_stopped_waiting_for_it(world: World):
    world.apollo.always(Answer(200, {"organization": APOLLO}, delay_s=0.2))
    waterfall = alone(world)
    waiting = asyncio.create_task(world.facts(waterfall, DOMAIN))
    while not world.apollo.requests:
        await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    (fact,) = await world.facts(waterfall, DOMAIN)
    assert outcome(fact) == "found"
    assert len(world.apollo.requests) == 1


async def test_what_another_release_kept_in_another_form_is_asked_for_anew(world: World):
    world.knows(apollo={})
    await world.facts(alone(world), DOMAIN)
    with world.engine.execution_options(immediate=True).begin() as connection:
        connection.execute(update(enrichment_answers).values(value=b'{"company": 1}'))
    (fact,) = await world.facts(alone(world), DOMAIN)
    assert outcome(fact) == "found"


async def test_a_kept_answer_can_be_forgotten(world: World):
    world.knows(apollo={})
    await world.facts(alone(world), DOMAIN, company(1))
    assert forget(world.engine, "apollo", DOMAIN) == 1
    facts = await world.facts(alone(world), DOMAIN, company(1))
    assert [outcome(fact) for fact in facts] == ["found", "cached absent"]


async def test_a_source_whose_fill_rate_collapses_is_switched_off_then_tried_again(world: World):
    """300 companies that it knows, then answers without a company."""
    waterfall = world.waterfall(
        enrichment_providers="apollo", enrichment_terms={"apollo": {"price_cents": 1}}, enrichment_rest_s=600
    )
    full = Answer(200, {"organization": {"name": "Some", "estimated_num_employees": 9}})
    world.apollo.always(full)
    for start in range(0, 300, 50):
        await world.facts(waterfall, *(company(n) for n in range(start, start + 50)))
    world.apollo.always(Answer(200, {}))
    seen = []
    for start in range(300, 500, 50):
        facts = await world.facts(waterfall, *(company(n) for n in range(start, start + 50)))
        seen.append(outcome(facts[0]))
    assert seen[0] == "absent"
    assert seen[-1] == "switched off"
    row = source_rows(world.engine)["apollo"]
    assert (row["state"], row["by"]) == ("off", "rule")
    assert row["reason"] == "filled 0% of the last 100 questions, 100% before"

    world.apollo.always(full)
    later = NOW + timedelta(seconds=601)
    fresh = world.waterfall(enrichment_providers="apollo", enrichment_terms={"apollo": {"price_cents": 1}})
    facts = await world.facts(fresh, *(company(n) for n in range(600, 650)), now=later)
    outcomes = [outcome(fact) for fact in facts]
    assert (outcomes.count("found"), outcomes.count("switched off")) == (20, 30)
    assert source_rows(world.engine)["apollo"]["state"] == "on"
