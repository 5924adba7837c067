"""Sources in memory, in order: who is asked, whose value is taken, and what the book of accounts brings along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from graph.domain.account import CompanyProfile
from graph.domain.evidence import AccountMatch, Dispute, Origin, Tried
from graph.domain.facts import Absent, Fact, Found, Unavailable
from graph.ports import CompanyAsk
from tests.fixtures.ports import NOW, Answering
from tools.enrichment.form import FILLS, FormFacts
from tools.enrichment.source import Free
from tools.enrichment.waterfall import Waterfall
from tools.provider_order import DEFAULT, NEEDED, parse_order

EARLIER = NOW - timedelta(days=40)
FULL = CompanyProfile(
    "acme.com", "Acme", 420, 51_000_000, "software", "US", technologies=("kafka",), parent_domain="up.com"
)
Answer = Callable[[CompanyAsk], Any]


def falling(needed: Sequence[str] = NEEDED, order: str = DEFAULT, **answers: Answer) -> Waterfall:
    sources = [Free(name, Answering(answer=answer)) for name, answer in answers.items()]
    return Waterfall([Free("form", FormFacts(), FILLS), *sources], parse_order(order, list(answers)), needed)


async def one(waterfall: Waterfall, ask: CompanyAsk | None = None, now: datetime = NOW) -> Fact[CompanyProfile]:
    return (await waterfall.profiles([ask or CompanyAsk("acme.com", "Acme")], now))[0]


def asked(waterfall: Waterfall, name: str) -> list[Any]:
    (source,) = [source for source in waterfall.sources if source.name == name]
    assert isinstance(source, Free)
    assert isinstance(source.port, Answering)
    return source.port.asks


async def test_the_next_source_is_asked_only_for_leads_that_still_miss_something():
    waterfall = falling(accounts=lambda ask: FULL if ask.domain == "acme.com" else None, bundled=lambda _: None)
    asks = [CompanyAsk("acme.com", None), CompanyAsk("globex.de", None)]
    facts = await waterfall.profiles(asks, NOW)
    assert asked(waterfall, "bundled") == [[asks[1]]]
    assert isinstance(facts[0], Found)
    assert facts[0].value.tried == (
        Tried("accounts", "found"), Tried("bundled", "not needed"), Tried("form", "not needed"),
    )  # fmt: skip
    assert facts[1] == Absent("enrichment", NOW, tried=(Tried("accounts", "absent"), Tried("bundled", "absent")))


async def test_what_somebody_needs_is_data():
    waterfall = falling(["name"], accounts=lambda _: CompanyProfile("acme.com", "Acme"), bundled=lambda _: FULL)
    fact = await one(waterfall)
    assert asked(waterfall, "bundled") == []
    assert isinstance(fact, Found)
    assert fact.value.employees is None


async def test_a_gap_is_filled_by_the_next_and_each_field_keeps_its_source_and_time():
    book = CompanyProfile("acme.com", "Acme Corp", owner="ana@us.com", origins=(Origin("owner", "import", EARLIER),))
    fact = await one(falling(accounts=lambda _: Found(book, "accounts", EARLIER), bundled=lambda _: FULL))
    assert isinstance(fact, Found)
    assert (fact.value.name, fact.value.employees, fact.value.owner) == ("Acme Corp", 420, "ana@us.com")
    assert {(o.field, o.source, o.at) for o in fact.value.origins} >= {
        ("name", "accounts", EARLIER), ("owner", "import", EARLIER), ("employees", "bundled", NOW),
    }  # fmt: skip
    filled = {
        name
        for name, value in fact.value.__dict__.items()
        if value and name not in ("domain", "origins", "disputes", "tried", "match")
    }
    assert filled == {origin.field for origin in fact.value.origins}


async def test_the_match_and_the_disputes_of_the_book_come_along():
    match = AccountMatch("acme.com", "domain", 1.0, "its own domain")
    held = Dispute("employees", "crm-sync", "9000")
    book = CompanyProfile("acme.com", "Acme", 420, match=match, disputes=(held, Dispute("city", "x", "Ulm")))
    fact = await one(falling(accounts=lambda _: book, bundled=lambda _: CompanyProfile("acme.com", "Globex")))
    assert isinstance(fact, Found)
    assert fact.value.match == match
    assert fact.value.disputes == (held, Dispute("name", "bundled", "Globex"))


async def test_a_source_that_does_not_answer_is_told_and_the_others_fill():
    away = Unavailable("accounts", NOW, "unreachable")
    fact = await one(falling(accounts=lambda _: away, bundled=lambda _: FULL))
    assert isinstance(fact, Found)
    assert fact.value.tried[0] == Tried("accounts", "unreachable")
    nothing = await one(falling(accounts=lambda _: away, bundled=lambda _: None))
    assert isinstance(nothing, Unavailable)
    assert (nothing.source, nothing.reason) == ("accounts", "unreachable")


async def test_the_form_fills_a_gap_of_a_known_company_and_alone_makes_none_known():
    ask = CompanyAsk("acme.com", "Acme", employees=51, industry="software", country="DE")
    fact = await one(falling(bundled=lambda _: CompanyProfile("acme.com", "Acme AG")), ask)
    assert isinstance(fact, Found)
    assert (fact.value.name, fact.value.employees, fact.value.country) == ("Acme AG", 51, "DE")
    assert fact.source == "bundled"
    assert (await one(falling(bundled=lambda _: None), ask)).kind == "absent"


async def test_a_claimed_name_is_no_fact():
    ask = CompanyAsk("acme.com", "Globex", claimed=True)
    fact = await one(falling(bundled=lambda _: CompanyProfile("acme.com", None, 420)), ask)
    assert isinstance(fact, Found)
    assert fact.value.name is None
    assert fact.value.disputes == ()


async def test_the_order_of_one_field_is_its_own():
    waterfall = falling(
        order="accounts, bundled; employees: bundled, accounts",
        accounts=lambda _: FULL,
        bundled=lambda _: CompanyProfile("acme.com", "Other", 5),
    )
    fact = await one(waterfall)
    assert isinstance(fact, Found)
    assert (fact.value.name, fact.value.employees) == ("Acme", 5)
    assert {(d.field, d.source) for d in fact.value.disputes} == {("name", "bundled"), ("employees", "accounts")}


@pytest.mark.parametrize("country", ["DE", None])
async def test_a_state_or_city_of_another_country_is_not_taken(country: str | None):
    other = CompanyProfile("acme.com", "Acme", country=country, city="Ulm")
    fact = await one(
        falling(accounts=lambda _: CompanyProfile("acme.com", "Acme", country="US"), bundled=lambda _: other)
    )
    assert isinstance(fact, Found)
    assert (fact.value.country, fact.value.city) == ("US", None)
    assert "city" not in {origin.field for origin in fact.value.origins}


async def test_a_bad_value_of_a_free_source_is_not_shown():
    fact = await one(falling(bundled=lambda _: CompanyProfile("acme.com", "Acme", employees=-4, country="XX")))
    assert isinstance(fact, Found)
    assert (fact.value.employees, fact.value.country) == (None, None)


async def test_the_same_asks_give_the_same_facts_in_any_batch():
    waterfall = falling(accounts=lambda ask: FULL if ask.domain == "acme.com" else None, bundled=lambda _: None)
    asks = [CompanyAsk(domain, "N") for domain in ("acme.com", "globex.de", None, "acme.com")]
    assert list(await waterfall.profiles(asks, NOW)) == [await one(waterfall, ask) for ask in asks]
