"""The `Enrichment` port, over every adapter: the bundled table, Apollo, Clearbit, a described provider, and the waterfall
over all of them."""

from __future__ import annotations

import csv
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from graph.domain.account import CompanyProfile
from graph.domain.facts import Absent, Found, Unavailable
from graph.ports import CompanyAsk, Enrichment
from tests.contract.faults import FAULTS, NOW, meaning
from tests.servers.apollo_server import ApolloServer
from tests.servers.base import Answer
from tests.servers.clearbit_server import ClearbitServer
from tests.servers.described_server import DescribedServer
from tools.apollo import ApolloEnrichment
from tools.cache import MemoryCache
from tools.clearbit import ClearbitEnrichment
from tools.embedded.enrichment import BundledEnrichment
from tools.enrichment.building import build_waterfall
from tools.enrichment.described import DescribedEnrichment
from tools.http_enrichment import HttpEnrichment
from tools.provider_file import Described
from tools.settings import Settings

TABLE = Path(__file__).parents[2] / "tools" / "embedded" / "data" / "companies.csv"
UNKNOWN = "nobody-has-heard-of-this.example.com"

APOLLO: dict[str, Any] = {
    "id": "5e66b6381e05b4008c8331b8",
    "name": "Acme  Rockets",
    "primary_domain": "acme.com",
    "industry": "aviation & aerospace",
    "estimated_num_employees": 420,
    "annual_revenue": 51_000_000.0,
    "annual_revenue_printed": "51M",
    "country": "United States",
    "state": "California",
    "city": "Mojave",
    "technology_names": ["Datadog", "Kubernetes", "Datadog"],
    "owned_by_organization_id": "5e66b6381e05b4008c8331b9",
}
CLEARBIT: dict[str, Any] = {
    "id": "c5a6a9c5-303a-455a-935c-9dffcd2ed756",
    "name": "Acme Rockets",
    "domain": "acme.com",
    "category": {"sector": "Industrials", "industry": "Aerospace & Defense"},
    "geo": {
        "city": "Mojave",
        "state": "California",
        "stateCode": "CA",
        "country": "United States",
        "countryCode": "US",
    },
    "metrics": {"employees": 420, "employeesRange": "251-1K", "annualRevenue": 51_000_000},
    "tech": ["datadog", "kubernetes"],
    "ultimateParent": {"domain": "acme-holding.com"},
}
ACME = {
    "apollo": CompanyProfile(
        "acme.com",
        name="Acme Rockets",
        employees=420,
        revenue_usd=51_000_000,
        industry="manufacturing",
        country="US",
        state="US-CA",
        city="Mojave",
        technologies=("Datadog", "Kubernetes"),
    ),
    "clearbit": CompanyProfile(
        "acme.com",
        name="Acme Rockets",
        employees=420,
        revenue_usd=51_000_000,
        industry="manufacturing",
        country="US",
        state="US-CA",
        city="Mojave",
        technologies=("datadog", "kubernetes"),
        parent_domain="acme-holding.com",
    ),
}


MAKE_SERVER = {"apollo": ApolloServer, "clearbit": ClearbitServer}
MAKE_ADAPTER = {"apollo": ApolloEnrichment, "clearbit": ClearbitEnrichment}
PATH = {"apollo": "/api/v1/organizations/enrich", "clearbit": "/v2/companies/find"}


class Vendor:
    """A vendor of enrichment on this machine that knows acme.com, and live adapters that ask it."""

    def __init__(self, name: str) -> None:
        self.name, self.company = name, APOLLO if name == "apollo" else CLEARBIT
        self.server: ApolloServer | ClearbitServer = MAKE_SERVER[name]("key")
        self.known = self.server.known
        self.known["acme.com"] = self.company
        self.made: list[HttpEnrichment] = []

    def adapter(self, key: str = "key", **settings: Any) -> HttpEnrichment:
        self.made.append(MAKE_ADAPTER[self.name](key, base_url=self.server.url, **settings))
        return self.made[-1]

    async def aclose(self) -> None:
        for adapter in self.made:
            await adapter.aclose()
        self.server.stop()


@pytest.fixture(params=["apollo", "clearbit"])
async def vendor(request: pytest.FixtureRequest) -> AsyncIterator[Vendor]:
    found = Vendor(request.param)
    found.server.start()
    yield found
    await found.aclose()


@dataclass
class Adapter:
    """Any adapter, a domain that it knows, and what it calls itself."""

    port: Enrichment
    known: str
    source: str


@pytest.fixture(params=["bundled", "apollo", "clearbit", "described", "waterfall"])
async def any_adapter(request: pytest.FixtureRequest) -> AsyncIterator[Adapter]:
    if request.param == "bundled":
        yield Adapter(BundledEnrichment(TABLE), first_domain(), "bundled")
        return
    if request.param == "waterfall":
        plain = Settings(_env_file=None)
        yield Adapter(build_waterfall(plain), first_domain(), "bundled")
        return
    if request.param == "described":
        with DescribedServer("key") as server:
            server.known["acme.com"] = {"title": "Acme"}
            one = Described.model_validate(
                {"name": "acme-http", "url": f"{server.url}/v1/companies/{{domain}}", "fields": {"name": "title"}}
                | {"headers": {"Authorization": "Token ${K}"}}
            )
            described = DescribedEnrichment(one, {"K": "key"}, deadline_s=2.0)
            yield Adapter(described, "acme.com", "acme-http")
            await described.aclose()
        return
    vendor = Vendor(request.param)
    vendor.server.start()
    yield Adapter(vendor.adapter(), "acme.com", request.param)
    await vendor.aclose()


def first_domain() -> str:
    with TABLE.open(encoding="utf-8") as table:
        return next(csv.DictReader(table))["domain"]


def ask(domain: str | None, name: str | None = None) -> CompanyAsk:
    return CompanyAsk(domain, name)


# Every adapter


async def test_every_ask_gets_one_fact_in_its_order(any_adapter: Adapter) -> None:
    asks = [ask(UNKNOWN), ask(any_adapter.known), ask(None), ask(any_adapter.known), ask(UNKNOWN)]
    facts = await any_adapter.port.profiles(asks, NOW)
    assert [fact.kind for fact in facts] == ["absent", "found", "absent", "found", "absent"]
    assert facts[1] == facts[3]


async def test_no_ask_gets_no_fact(any_adapter: Adapter) -> None:
    assert list(await any_adapter.port.profiles([], NOW)) == []


async def test_every_fact_says_where_it_is_from_and_when(any_adapter: Adapter) -> None:
    facts = await any_adapter.port.profiles([ask(any_adapter.known), ask(UNKNOWN), ask(None)], NOW)
    assert {fact.at for fact in facts} == {NOW}
    assert {fact.source for fact in facts} == {any_adapter.source}


async def test_a_profile_is_of_the_domain_that_was_asked_for(any_adapter: Adapter) -> None:
    (fact,) = await any_adapter.port.profiles([ask(any_adapter.known)], NOW)
    assert isinstance(fact, Found)
    assert fact.value.domain == any_adapter.known
    assert fact.value.name


async def test_the_same_asks_give_the_same_facts_in_any_batch(any_adapter: Adapter) -> None:
    asks = [ask(any_adapter.known), ask(UNKNOWN), ask(None)]
    together = await any_adapter.port.profiles(asks, NOW)
    alone = [(await any_adapter.port.profiles([one], NOW))[0] for one in asks]
    assert list(together) == alone


# Live adapters


async def test_what_the_vendor_knows_becomes_a_profile(vendor: Vendor) -> None:
    assert list(await vendor.adapter().profiles([ask("acme.com")], NOW)) == [
        Found(ACME[vendor.name], source=vendor.name, at=NOW)
    ]


async def test_the_request_is_exactly_this(vendor: Vendor) -> None:
    await vendor.adapter().profiles([ask("acme.com", "Acme & Söhne")], NOW)
    (request,) = vendor.server.requests
    secret = {"x-api-key": "key"} if vendor.name == "apollo" else {"authorization": "Bearer key"}
    assert meaning(request, "accept", "user-agent", *secret) == {
        "method": "GET",
        "target": f"{PATH[vendor.name]}?domain=acme.com",
        "accept": "application/json",
        "user-agent": "lead-router",
        **secret,
    }
    assert request.body == b""


@pytest.mark.parametrize(
    "wrong", ["420", "many", True, -5, 0, 3.5, [420], {"n": 420}, 10**18, None], ids=lambda value: repr(value)[:12]
)
async def test_a_value_of_the_wrong_type_stays_unknown(vendor: Vendor, wrong: object) -> None:
    broken = {"employees": wrong, "annualRevenue": wrong}
    vendor.known["odd.com"] = {
        "id": "1",
        "name": {"no": "text"},
        "estimated_num_employees": wrong,
        "annual_revenue": wrong,
        "metrics": broken,
        "industry": 7,
        "category": "Industrials",
        "country": "Atlantis",
        "geo": {"countryCode": "XX", "stateCode": 5, "city": "\x00\x1b"},
        "technology_names": "Datadog",
        "tech": [1, None, ""],
        "ultimateParent": {"domain": "not a domain"},
    }
    (fact,) = await vendor.adapter().profiles([ask("odd.com")], NOW)
    assert fact == Found(CompanyProfile("odd.com"), source=vendor.name, at=NOW)


@pytest.mark.parametrize(("answer", "reason"), FAULTS)
async def test_a_vendor_that_fails_is_unavailable_for_a_reason(vendor: Vendor, answer: Answer, reason: str) -> None:
    vendor.server.always(answer)
    (fact,) = await vendor.adapter().profiles([ask("acme.com")], NOW)
    assert fact == Unavailable(vendor.name, NOW, reason)


async def test_a_wrong_key_is_unauthorised(vendor: Vendor) -> None:
    (fact,) = await vendor.adapter("another").profiles([ask("acme.com")], NOW)
    assert fact == Unavailable(vendor.name, NOW, "unauthorised")


async def test_a_vendor_that_is_gone_is_unreachable(vendor: Vendor) -> None:
    adapter = vendor.adapter()
    vendor.server.stop()
    (fact,) = await adapter.profiles([ask("acme.com")], NOW)
    assert fact == Unavailable(vendor.name, NOW, "unreachable")


async def test_a_stalled_vendor_is_unavailable_within_the_deadline(vendor: Vendor) -> None:
    vendor.server.always(Answer(delay_s=30))
    adapter = vendor.adapter(deadline_s=0.3, concurrency=2)
    began = time.monotonic()
    facts = await adapter.profiles([ask(f"company{number}.com") for number in range(8)], NOW)
    assert time.monotonic() - began < 5  # of the 30 s that it stalls
    assert [fact.reason for fact in facts if isinstance(fact, Unavailable)] == ["timeout"] * 2 + ["busy"] * 6


async def test_one_that_fails_does_not_fail_its_batch(vendor: Vendor) -> None:
    vendor.server.always(Answer(500), matching=lambda request: request.query["domain"] == "bad.com")
    facts = await vendor.adapter().profiles([ask("bad.com"), ask("acme.com")], NOW)
    assert [fact.kind for fact in facts] == ["unavailable", "found"]


async def test_no_more_requests_are_under_way_than_allowed(vendor: Vendor) -> None:
    vendor.server.always(Answer(404, delay_s=0.05))
    await vendor.adapter(concurrency=3).profiles([ask(f"company{number}.com") for number in range(12)], NOW)
    assert len(vendor.server.requests) == 12
    assert vendor.server.peak == 3


async def test_an_answer_is_paid_for_once(vendor: Vendor) -> None:
    adapter = vendor.adapter()
    first = await adapter.profiles([ask("acme.com"), ask("ACME.com"), ask(UNKNOWN)], NOW)
    again = await adapter.profiles([ask(UNKNOWN), ask("acme.com")], NOW)
    assert len(vendor.server.requests) == 2
    assert list(again) == [first[2], first[0]]


async def test_a_failure_is_not_remembered(vendor: Vendor) -> None:
    adapter = vendor.adapter()
    vendor.server.script(Answer(500))
    kinds = [(await adapter.profiles([ask("acme.com")], NOW))[0].kind for _ in range(2)]
    assert kinds == ["unavailable", "found"]


async def test_what_a_cache_holds_outlives_the_adapter(vendor: Vendor) -> None:
    cache = MemoryCache()
    first = await vendor.adapter(cache=cache).profiles([ask("acme.com"), ask(UNKNOWN)], NOW)
    vendor.server.stop()
    assert list(await vendor.adapter(cache=cache).profiles([ask("acme.com"), ask(UNKNOWN)], NOW)) == list(first)


async def test_a_domain_that_is_none_is_not_sent(vendor: Vendor) -> None:
    asks = [ask("localhost"), ask("acme.com/?x=1&domain=evil.com"), ask("a b.com"), ask("")]
    facts = await vendor.adapter().profiles(asks, NOW)
    assert [request.query for request in vendor.server.requests] == [{"domain": "acme.com"}]
    assert [fact.kind for fact in facts] == ["absent", "found", "absent", "absent"]


async def test_a_company_is_never_looked_up_by_its_name_alone(vendor: Vendor) -> None:
    assert list(await vendor.adapter().profiles([ask(None, "Acme Rockets")], NOW)) == [Absent(vendor.name, NOW)]
    assert vendor.server.requests == []


async def test_an_industry_that_we_have_no_word_for_keeps_the_vendors(vendor: Vendor) -> None:
    vendor.known["odd.com"] = {"id": "1", "industry": "alpacas", "category": {"industry": "alpacas"}}
    vendor.known["odd.com"]["name"] = "Odd"
    (fact,) = await vendor.adapter().profiles([ask("odd.com")], NOW)
    assert fact == Found(CompanyProfile("odd.com", name="Odd", industry="alpacas"), source=vendor.name, at=NOW)


# One vendor's own ways


async def test_clearbit_that_is_still_looking_is_unavailable_for_now() -> None:
    with ClearbitServer("key") as server:
        server.looking.add("new.com")
        adapter = ClearbitEnrichment("key", base_url=server.url)
        (fact,) = await adapter.profiles([ask("new.com")], NOW)
        await adapter.aclose()
    assert fact == Unavailable("clearbit", NOW, "pending")


async def test_a_company_that_is_its_own_ultimate_parent_has_none() -> None:
    with ClearbitServer("key") as server:
        server.known["acme.com"] = {**CLEARBIT, "ultimateParent": {"domain": "www.acme.com"}}
        adapter = ClearbitEnrichment("key", base_url=server.url)
        (fact,) = await adapter.profiles([ask("acme.com")], NOW)
        await adapter.aclose()
    assert isinstance(fact, Found)
    assert fact.value.parent_domain is None


async def test_clearbits_range_of_revenue_gives_no_figure() -> None:
    with ClearbitServer("key") as server:
        server.known["acme.com"] = {**CLEARBIT, "metrics": {"estimatedAnnualRevenue": "$10M-$50M"}}
        adapter = ClearbitEnrichment("key", base_url=server.url)
        (fact,) = await adapter.profiles([ask("acme.com")], NOW)
        await adapter.aclose()
    assert isinstance(fact, Found)
    assert fact.value.revenue_usd is None


async def test_apollo_says_in_two_ways_that_it_knows_no_company() -> None:
    with ApolloServer("key") as server:
        server.script(Answer(200, {"organization": None}), Answer(404, {"error": "not found"}))
        adapter = ApolloEnrichment("key", base_url=server.url)
        facts = [(await adapter.profiles([ask(domain)], NOW))[0] for domain in ("one.com", "two.com")]
        await adapter.aclose()
    assert facts == [Absent("apollo", NOW)] * 2


@pytest.mark.parametrize("name", ["apollo", "clearbit"])
async def test_a_company_known_by_another_of_its_domains_is_the_same_company(name: str) -> None:
    vendor = Vendor(name)
    vendor.known["acme.io"] = {**vendor.company, "website_url": "https://acme.io/en", "domainAliases": ["acme.io"]}
    vendor.known["acme.dev"] = vendor.company
    with vendor.server:
        facts = await vendor.adapter().profiles([ask("acme.io"), ask("acme.dev")], NOW)
        assert [getattr(fact, "reason", fact.kind) for fact in facts] == ["found", "another company"]
        await vendor.made[0].aclose()
