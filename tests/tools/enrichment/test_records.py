"""What a lead's decision record says of a source that is down, slow, wrong or out of money, and of sources that disagree.
Each lead goes through the whole graph, each vendor is a real server."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from graph.domain.facts import Found
from tests.fixtures.router import NOW
from tests.servers.base import DROP, Answer
from tests.tools.enrichment.conftest import ACME, APOLLO, DOMAIN, World, origins, tried


async def test_the_first_good_value_of_each_field_counts_and_every_field_says_where_it_is_from(world: World):
    world.knows(apollo={}, clearbit={})
    record = await world.record(world.waterfall())
    assert record["kind"] == "found"
    assert record["source"] == "apollo"
    assert record["value"]["employees"] == 400
    assert record["value"]["parent_domain"] == "werke-holding.de"
    assert origins(record) == {
        **dict.fromkeys(("name", "employees", "revenue_usd", "industry", "country", "technologies"), "apollo"),
        **dict.fromkeys(("city", "parent_domain"), "clearbit"),
    }
    assert {one["at"] for one in record["value"]["origins"]} == {"2026-04-07T14:02:00Z"}
    assert tried(record) == {"form": "found", "apollo": "found", "clearbit": "found"}
    assert record["value"]["disputes"] == [], "400 and 450 people do not contradict each other, nor do AG and none"


async def test_nobody_is_asked_for_what_is_known_already(world: World):
    world.knows(apollo={}, clearbit={})
    record = await world.record(world.waterfall(enrichment_needed="name, employees"))
    assert tried(record) == {"form": "found", "apollo": "found", "clearbit": "not needed"}
    assert world.clearbit.requests == []


async def test_a_source_that_is_down_leaves_its_fields_to_the_next_one(world: World):
    world.knows(clearbit={})
    world.apollo.always(DROP)
    record = await world.record(world.waterfall())
    assert tried(record) == {"form": "found", "apollo": "unreachable", "clearbit": "found"}
    assert set(origins(record).values()) == {"clearbit"}


async def test_when_every_source_is_down_the_record_says_who_and_why_and_the_lead_is_decided(world: World):
    world.apollo.always(Answer(500))
    world.clearbit.always(DROP)
    record = await world.record(world.waterfall())
    assert (record["kind"], record["source"], record["reason"]) == ("unavailable", "apollo", "vendor error")
    assert tried(record) == {"form": "found", "apollo": "vendor error", "clearbit": "unreachable"}


async def test_a_slow_source_costs_its_deadline_and_is_told_as_such(world: World):
    world.knows(clearbit={})
    world.apollo.always(Answer(200, {"organization": APOLLO}, delay_s=30))
    record = await world.record(world.waterfall(read_deadline_s=0.3))
    assert tried(record)["apollo"] == "timeout"
    assert record["value"]["employees"] == 450


WRONG = [
    pytest.param(Answer(200, "<html>captive portal</html>"), "invalid answer", id="nonsense"),
    pytest.param(Answer(200, b"\xff\xfe"), "invalid answer", id="bytes"),
    pytest.param(Answer(200, [1, 2, 3]), "invalid answer", id="a list"),
    pytest.param(Answer(200, {"organization": "Ann Werke"}), "invalid answer", id="a text for a company"),
    pytest.param(Answer(200, "[" * 100_000), "invalid answer", id="nested without end"),
    pytest.param(Answer(200, b"{" + b" " * 3_000_000 + b"}"), "invalid answer", id="larger than any answer"),
    pytest.param(Answer(302, headers={"Location": "http://127.0.0.1:1/elsewhere"}), "refused", id="sent elsewhere"),
    pytest.param(
        Answer(200, {"organization": {**APOLLO, "primary_domain": "acme.com"}}), "another company", id="another company"
    ),
    pytest.param(
        Answer(
            200,
            {
                "organization": {
                    "name": ["Ann"],
                    "estimated_num_employees": "many",
                    "annual_revenue": True,
                    "country": 7,
                    "industry": {"is": "no text"},
                    "technology_names": {"a": 1},
                }
            },
        ),
        "empty",
        id="wrong types",
    ),
]


@pytest.mark.parametrize(("answer", "outcome"), WRONG)
async def test_a_source_that_answers_nonsense_fills_nothing(world: World, answer: Answer, outcome: str):
    world.knows(clearbit={})
    world.apollo.always(answer)
    record = await world.record(world.waterfall())
    assert tried(record) == {"form": "found", "apollo": outcome, "clearbit": "found"}
    assert set(origins(record).values()) == {"clearbit"}
    assert record["value"]["name"] == "Ann Werke AG"


@pytest.mark.parametrize("absurd", [10**14, -400, 0, 3.5, 5 * 10**8])
async def test_an_absurd_number_is_not_taken_and_the_next_source_is_asked_for_it(world: World, absurd: Any):
    world.knows(apollo={"estimated_num_employees": absurd}, clearbit={})
    record = await world.record(world.waterfall())
    assert record["value"]["employees"] == 450
    assert (origins(record)["employees"], origins(record)["revenue_usd"]) == ("clearbit", "apollo")


async def test_a_source_without_money_left_is_told_and_not_asked(world: World):
    world.knows(apollo={}, clearbit={})
    terms = {"apollo": {"price_cents": 3, "daily_questions": 1}, "clearbit": {"price_cents": 10}}
    waterfall = world.waterfall(enrichment_terms=terms)
    first, second = await world.record(waterfall), await world.record(waterfall, "bob")
    assert tried(first)["apollo"] == "found"
    assert (second["kind"], second["source"], second["reason"]) == ("unavailable", "apollo", "over budget")
    assert tried(second) == {"form": "found", "apollo": "over budget", "clearbit": "absent"}
    assert len(world.apollo.requests) == 1


async def test_a_lead_costs_no_more_than_it_may(world: World):
    world.knows(apollo={}, clearbit={})
    terms = {"apollo": {"price_cents": 3}, "clearbit": {"price_cents": 10}}
    record = await world.record(world.waterfall(enrichment_terms=terms, enrichment_lead_cents=12))
    assert tried(record) == {"form": "found", "apollo": "found", "clearbit": "over budget"}
    assert world.clearbit.requests == []


async def test_a_source_that_is_still_looking_is_pending_and_asked_again_by_the_next_lead(world: World):
    world.clearbit.looking.add(DOMAIN)
    waterfall = world.waterfall(enrichment_providers="clearbit")
    record = await world.record(waterfall)
    assert (record["kind"], record["reason"], tried(record)["clearbit"]) == ("unavailable", "pending", "pending")
    world.clearbit.looking.clear()
    world.knows(clearbit={})
    assert tried(await world.record(waterfall))["clearbit"] == "found"


async def test_sources_that_disagree_are_both_in_the_record(world: World):
    world.knows(
        apollo={"annual_revenue": None, "country": "Austria"},
        clearbit={"name": "Bob Fabriken", "metrics": {"employees": 9_000, "annualRevenue": 95_000_000}},
    )
    record = await world.record(world.waterfall())
    assert record["value"]["employees"] == 400
    assert record["value"]["disputes"] == [
        {"field": "name", "source": "clearbit", "said": "Bob Fabriken"},
        {"field": "employees", "source": "clearbit", "said": "9000"},
        {"field": "country", "source": "clearbit", "said": "DE"},
    ]
    assert record["value"]["city"] is None, "a city of Germany is not put into Austria"


async def test_the_form_contradicts_too_and_never_makes_a_company_known(world: World):
    waterfall = world.waterfall(enrichment_providers="apollo")
    assert (await world.record(waterfall))["kind"] == "absent"
    world.apollo.known["bob-werke.de"] = {**APOLLO, "primary_domain": "bob-werke.de", "name": "Quite Another"}
    record = await world.record(waterfall, "bob")
    assert record["value"]["name"] == "Quite Another"
    assert record["value"]["disputes"] == [{"field": "name", "source": "form", "said": "Bob Werke"}]


async def test_a_cached_answer_keeps_the_time_at_which_it_was_said(world: World):
    world.knows(apollo={})
    waterfall = world.waterfall(enrichment_providers="apollo")
    await world.facts(waterfall, DOMAIN)
    (fact,) = await world.facts(waterfall, DOMAIN, now=NOW + timedelta(days=9))
    assert isinstance(fact, Found)
    assert fact.at == NOW + timedelta(days=9)
    assert {origin.at for origin in fact.value.origins} == {NOW}
    assert [(one.source, one.outcome) for one in fact.value.tried][-1] == ("apollo", "cached")
    assert len(world.apollo.requests) == 1


async def test_the_family_comes_from_one_source_as_a_whole(world: World):
    """Never the parent of one source with the size that another gave of its own."""
    described = world.described(
        fields={"employees": "company.size.heads", "parent_domain": "up.web", "parent_employees": "up.heads"}
    )
    world.acme.known[DOMAIN] = {**ACME, "up": {"web": "other-holding.de", "heads": 70_000}}
    world.knows(clearbit={})
    providers = "clearbit, acme-http"
    first = await world.record(
        world.waterfall(
            enrichment_providers=providers, enrichment_http_file=described, enrichment_needed="job_posts,parent"
        )
    )
    assert first["value"]["parent_domain"] == "werke-holding.de"
    second = await world.record(
        world.waterfall(
            enrichment_providers=providers,
            enrichment_http_file=described,
            enrichment_order="accounts, *; parent: acme-http, clearbit",
            enrichment_needed="industry,parent",
        )
    )
    assert (second["value"]["parent_domain"], second["value"]["parent_employees"]) == ("other-holding.de", 70_000)
    assert {"field": "parent", "source": "clearbit", "said": "werke-holding.de"} in second["value"]["disputes"]


async def test_another_order_for_one_field_asks_the_other_source_first(world: World):
    world.knows(apollo={}, clearbit={})
    order = "*; employees: clearbit, apollo"
    record = await world.record(world.waterfall(enrichment_order=order, enrichment_needed="employees"))
    assert record["value"]["employees"] == 450
    assert world.apollo.requests == []


async def test_a_described_provider_brings_hiring_and_technology_signals(world: World):
    world.acme.known[DOMAIN] = ACME
    providers = {"enrichment_providers": "acme-http", "enrichment_http_file": world.described()}
    record = await world.record(world.waterfall(**providers))
    value = record["value"]
    assert value["technologies"] == ["Kafka", "OpenTelemetry"]
    assert value["job_posts"] == [
        {"title": "Site Reliability Engineer", "posted_at": "2026-03-20T00:00:00Z", "text": "OpenTelemetry, on call"},
        {"title": "Accountant", "posted_at": None, "text": None},
    ]
    assert (value["employees"], value["revenue_usd"]) == (201, 90_000_000)
    assert origins(record)["job_posts"] == "acme-http"


async def test_without_a_domain_nobody_is_paid(world: World):
    facts = await world.facts(world.waterfall(), None, "localhost")
    assert [fact.kind for fact in facts] == ["absent", "absent"]
    assert world.apollo.requests == world.clearbit.requests == []
