"""A described provider over HTTP: what is sent is what the file says, and what comes back is data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from graph.domain.account import CompanyProfile
from graph.domain.facts import Absent, Found, Unavailable
from graph.ports import CompanyAsk
from tests.contract.faults import FAULTS, NOW, meaning
from tests.servers.base import Answer
from tests.servers.described_server import DescribedServer
from tests.tools.enrichment.conftest import ACME, DESCRIBED
from tools.enrichment.described import DescribedEnrichment
from tools.provider_file import Described

KNOWN = {"ACME_API_KEY": "secret"}
Make = Callable[..., DescribedEnrichment]


@pytest.fixture
async def acme() -> AsyncIterator[tuple[DescribedServer, Make]]:
    made: list[DescribedEnrichment] = []
    with DescribedServer("secret") as server:
        server.known["acme.com"] = {**ACME, "company": {**ACME["company"], "site": "acme.com"}}

        def make(deadline_s: float = 2.0, **changes: Any) -> DescribedEnrichment:
            one = Described.model_validate({"url": f"{server.url}/v1/companies/{{domain}}", **DESCRIBED, **changes})
            made.append(DescribedEnrichment(one, KNOWN, deadline_s=deadline_s))
            return made[-1]

        yield server, make
        for adapter in made:
            await adapter.aclose()


async def fact(adapter: DescribedEnrichment, domain: str = "acme.com") -> Any:
    return (await adapter.profiles([CompanyAsk(domain, None)], NOW))[0]


async def test_the_request_is_exactly_this(acme: tuple[DescribedServer, Make]):
    server, make = acme
    await fact(make(query={"fields": "all", "site": "{domain}"}))
    (request,) = server.requests
    assert meaning(request, "authorization", "accept") == {
        "method": "GET",
        "target": "/v1/companies/acme.com?fields=all&site=acme.com",
        "authorization": "Token secret",
        "accept": "application/json",
    }


async def test_a_post_carries_the_domain_in_its_body(acme: tuple[DescribedServer, Make]):
    server, make = acme
    body = {"company": {"web": "{domain}"}, "limit": 1}
    found = await fact(make(url=f"{server.url}/v1/search", method="POST", body=body))
    assert isinstance(found, Found)
    assert server.requests[0].json() == {"company": {"web": "acme.com"}, "limit": 1}


@pytest.mark.parametrize(
    "typed",
    ["acme.com@evil.com", "acme.com/../../admin", "acme.com?x=1&y=2", "evil.com#acme.com", "acme.com%2f..", "127.0.0.1",
     "a\r\nHost: evil.com"],
)  # fmt: skip
async def test_a_leads_domain_reaches_no_other_host_path_or_query(acme: tuple[DescribedServer, Make], typed: str):
    server, make = acme
    await fact(make(), typed)
    for request in server.requests:
        assert request.headers["host"] == server.url.removeprefix("http://")
        head, _, domain = request.target.rpartition("/")
        assert (head, domain) in {("/v1/companies", "acme.com"), ("/v1/companies", "evil.com")}


async def test_a_redirect_is_not_followed(acme: tuple[DescribedServer, Make]):
    server, make = acme
    with DescribedServer("secret") as other:
        server.always(Answer(302, headers={"Location": f"{other.url}/v1/companies/acme.com"}))
        assert await fact(make()) == Unavailable("acme-http", NOW, "refused")
        assert other.requests == []


@pytest.mark.parametrize(("answer", "reason"), FAULTS)
async def test_a_provider_that_fails_is_unavailable_for_a_reason(
    acme: tuple[DescribedServer, Make], answer: Answer, reason: str
):
    server, make = acme
    server.always(answer)
    assert await fact(make()) == Unavailable("acme-http", NOW, reason)


async def test_the_file_says_which_statuses_mean_absent_and_pending(acme: tuple[DescribedServer, Make]):
    server, make = acme
    server.looking.add("new.com")
    assert await fact(make(), "new.com") == Unavailable("acme-http", NOW, "pending")
    assert await fact(make(), "no.com") == Absent("acme-http", NOW)
    server.script(Answer(204), Answer(409))
    adapter = make(absent=[204, 404], pending=[409])
    assert await fact(adapter, "one.com") == Absent("acme-http", NOW)
    assert await fact(adapter, "two.com") == Unavailable("acme-http", NOW, "pending")


@pytest.mark.parametrize("strange", [None, [], "text", 7, {"company": 3, "stack": {"label": 1}, "jobs": "none"}])
async def test_an_answer_of_another_form_fills_nothing(acme: tuple[DescribedServer, Make], strange: Any):
    server, make = acme
    server.always(Answer(200, {"company": strange, "stack": strange, "jobs": strange}))
    assert await fact(make()) == Found(CompanyProfile("acme.com"), "acme-http", NOW)


async def test_facts_of_another_company_are_refused(acme: tuple[DescribedServer, Make]):
    server, make = acme
    server.always(Answer(200, {"company": {"site": "https://other.com", "title": "Other"}}))
    assert await fact(make()) == Unavailable("acme-http", NOW, "another company")


async def test_requests_keep_to_the_rate_that_the_file_allows(acme: tuple[DescribedServer, Make]):
    """Five a second: of ten at once those have a turn whose turn comes in time; the others are not the provider's fault."""
    server, make = acme
    adapter = make(deadline_s=2.0, per_second=5, concurrency=16)
    facts = await adapter.profiles([CompanyAsk(f"company{n}.com", None) for n in range(10)], NOW)
    outcomes = [getattr(one, "reason", one.kind) for one in facts]
    assert set(outcomes) == {"absent", "busy"}
    assert outcomes.count("absent") == len(server.requests) <= 7, "a second's worth, and the first"
    assert adapter.breaker.failures == 0
