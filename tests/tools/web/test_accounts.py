"""An account as a page and as JSON: the same view, with who says what, escaped, bounded, and a clear word where it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import Engine

from graph.domain.account import CompanyProfile, CrmAccount, Opportunity
from graph.domain.evidence import Origin
from graph.ports import Ports
from tests.fixtures.ports import Answering
from tests.fixtures.router import NOW, person, settle
from tools.store.accounts import Currency
from tools.web.account_view import Listed, Member, Told
from tools.web.accounts import MEMBERS, account_answers, account_pages
from tools.web.pages import Pages

EVIL = "<script>alert(1)</script>"
DEAL = Opportunity("d1", f"Group {EVIL}", 1_200_000, "proposal", "pia@company.com")
LABS = CompanyProfile(
    "ann-werke.de", "Ann Werke", employees=300, parent_domain="acme.com", parent_name=f"Acme {EVIL}",
    parent_employees=31_000, parent_revenue_usd=9_800_000_000, parent_owner="ana@company.com",
    family=("acme.com", "ann-werke.de", "silent.io"), origins=(Origin("parent_owner", "sales.csv", NOW),),
)  # fmt: skip
BOB = replace(LABS, domain="bob-werke.de", name="Bob Werke")
FAMILY = {
    "ann-werke.de": LABS,
    "bob-werke.de": BOB,
    "acme.com": CompanyProfile("acme.com", "Acme", industry="software"),
}


def knowing(ports: Ports, crm: CrmAccount | None = None) -> Ports:
    return replace(
        ports,
        enrichment=Answering(answer=lambda ask: FAMILY.get(ask.domain)),
        crm=Answering(answer=lambda _: crm),
    )


def client(database: Engine, listed: Any = None) -> httpx.AsyncClient:
    app, pages, answers = FastAPI(), APIRouter(prefix="/inbox"), APIRouter(prefix="/admin")
    account_pages(pages, database, Pages(), Currency(), listed)
    account_answers(answers, database, Currency(), listed)
    app.include_router(pages)
    app.include_router(answers)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://desk")


async def page(database: Engine, path: str, listed: Any = None) -> str:
    async with client(database, listed) as http:
        answer = await http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def json(database: Engine, path: str, listed: Any = None) -> Any:
    async with client(database, listed) as http:
        answer = await http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def family(database: Engine, ports: Ports) -> None:
    crm = CrmAccount(parent_opportunities=(DEAL,))
    await settle(database, knowing(ports, crm), person("ann", full_name=f"Ann {EVIL}"), now=NOW)
    await settle(database, knowing(ports, crm), person("bob"), now=NOW + timedelta(days=2))


async def test_an_account_says_who_told_what_of_it_and_lists_family_leads_deals_and_scores(
    database: Engine, ports: Ports
):
    await family(database, ports)
    view = await json(database, "/admin/accounts/acme.com")
    facts = {fact["field"]: (fact["value"], fact["by"]) for fact in view["facts"]}
    assert facts["owner"] == ("ana@company.com", "sales.csv")
    assert facts["employees"] == (31_000, "test")
    assert facts["revenue_usd"] == (9_800_000_000, "test")
    assert [(one["domain"], one["leads"], one["score"] is None) for one in view["members"]] == [
        ("bob-werke.de", 1, False), ("ann-werke.de", 1, False), ("silent.io", 0, True),
    ]  # fmt: skip
    assert [lead["domain"] for lead in view["leads"]] == ["bob-werke.de", "ann-werke.de"]
    assert [(deal["company"], deal["amount_usd"], deal["owner"]) for deal in view["deals"]] == [
        ("acme.com", 1_200_000, "pia@company.com")
    ]
    assert [one["lead_id"] for one in view["history"]] == [lead["lead_id"] for lead in view["leads"]][::-1]
    assert (view["ranked"]["rank"], view["ranked"]["leads"], view["leads_total"]) == (1, 2, 2)


async def test_the_page_draws_the_same_and_escapes_what_strangers_typed(database: Engine, ports: Ports):
    await family(database, ports)
    text = await page(database, "/inbox/accounts/acme.com")
    assert EVIL not in text
    assert "Acme &lt;script&gt;" in text
    assert "Ann &lt;script&gt;" in text
    assert "Group &lt;script&gt;" in text
    assert '<polyline class="line" points="' in text
    assert text.count("<circle") == 2
    assert "31,000" in text
    assert "$9,800M a year" in text
    assert "by sales.csv, 2026-04-07" in text
    assert "silent.io" in text
    assert "style=" not in text, "the content security policy forbids it"


async def test_the_ranking_links_each_account(database: Engine, ports: Ports):
    await family(database, ports)
    assert '<a href="/inbox/accounts/acme.com">' in await page(database, "/inbox/accounts")


async def test_the_crm_names_the_owner_before_the_list(database: Engine, ports: Ports):
    await settle(database, knowing(ports, CrmAccount(parent_owner="dee@company.com")), person("ann"))
    view = await json(database, "/admin/accounts/acme.com")
    assert next((f["value"], f["by"]) for f in view["facts"] if f["field"] == "owner") == (
        "dee@company.com", "the CRM",
    )  # fmt: skip


async def test_an_account_that_is_its_own_parent_shows_its_own_facts_and_deals_once(database: Engine, ports: Ports):
    own = CrmAccount(owner="dee@company.com", open_opportunities=(DEAL,))
    await settle(database, knowing(ports, own), person("ann", domain="acme.com"))
    view = await json(database, "/admin/accounts/acme.com")
    assert (view["name"], [deal["opportunity_id"] for deal in view["deals"]]) == ("Acme", ["d1"])
    assert {fact["field"]: fact["value"] for fact in view["facts"]}["owner"] == "dee@company.com"
    assert [(one["domain"], one["depth"]) for one in view["members"]] == [("acme.com", 0)]


async def test_a_daughter_leads_to_her_account_and_an_unknown_one_is_said_to_be_unknown(database: Engine, ports: Ports):
    await family(database, ports)
    async with client(database) as http:
        moved = await http.get("/inbox/accounts/ann-werke.de")
        assert (moved.status_code, moved.headers["location"]) == (303, "/inbox/accounts/acme.com")
        daughter = await http.get("/admin/accounts/ann-werke.de")
        assert daughter.status_code == 404
        assert "belongs to acme.com" in daughter.json()["detail"]
        for path in ("/admin/accounts/nobody.example", "/inbox/accounts/nobody.example"):
            unknown = await http.get(path)
            assert (unknown.status_code, "list of known accounts" in unknown.json()["detail"]) == (404, True)
        for path in (f"/admin/accounts/{'x' * 301}", "/admin/accounts/a%00b", "/inbox/accounts/acme.com?page=0"):
            assert (await http.get(path)).status_code == 422, path


async def test_leads_are_paged_and_a_page_too_far_says_so(database: Engine, ports: Ports):
    people = [person(f"p{n}", domain="ann-werke.de") for n in range(51)]
    await settle(database, knowing(ports), *people)
    first, second = [await json(database, f"/admin/accounts/acme.com?page={n}") for n in (1, 2)]
    assert (len(first["leads"]), len(second["leads"]), second["leads_total"]) == (50, 1, 51)
    assert {lead["lead_id"] for lead in first["leads"]}.isdisjoint({lead["lead_id"] for lead in second["leads"]})
    assert 'href="/inbox/accounts/acme.com?page=2"' in await page(database, "/inbox/accounts/acme.com")
    assert "There is no such page" in await page(database, "/inbox/accounts/acme.com?page=3")


def the_list(key: str, number: int, size: int) -> Listed | None:
    if key not in ("acme.com", "quiet.com"):
        return None
    every = [Member(f"m{n:03}.com", None, "acme.com" if n % 2 else "m000.com", 1 + n % 2) for n in range(MEMBERS + 5)]
    facts = [Told("owner", "list@company.com", "import", NOW), Told("industry", "retail", "import", NOW)]
    return Listed(facts, every[(number - 1) * size : number * size], len(every))


async def test_the_list_of_accounts_adds_its_facts_and_the_tree_and_is_paged(database: Engine, ports: Ports):
    await family(database, ports)
    view = await json(database, "/admin/accounts/acme.com", the_list)
    facts = {fact["field"]: fact["value"] for fact in view["facts"]}
    assert (facts["owner"], facts["industry"]) == ("ana@company.com", "retail")
    assert (len(view["members"]), view["members_total"]) == (MEMBERS, MEMBERS + 5)
    second = await json(database, "/admin/accounts/acme.com?members=2", the_list)
    assert [one["domain"] for one in second["members"]][:2] == ["m100.com", "m101.com"]
    text = await page(database, "/inbox/accounts/acme.com", the_list)
    assert "/inbox/accounts/acme.com?members=2" in text


async def test_an_account_without_a_lead_is_shown_from_the_list_alone(database: Engine):
    text = await page(database, "/inbox/accounts/quiet.com", the_list)
    assert "not ranked: no lead yet" in text
    assert "No lead of this account yet." in text
    assert "<svg" not in text
    view = await json(database, "/admin/accounts/quiet.com", the_list)
    assert (view["ranked"], view["leads"], view["history"], view["name"]) == (None, [], [], "quiet.com")


@pytest.mark.parametrize("key", ["name:acme", "ACME.com "])
async def test_a_key_made_of_a_name_and_another_case_are_found(database: Engine, ports: Ports, key: str):
    known = replace(LABS, parent_domain="name:acme") if key.startswith("name:") else LABS
    await settle(database, replace(knowing(ports), enrichment=Answering(answer=lambda _: known)), person("ann"))
    assert (await json(database, f"/admin/accounts/{key}"))["leads_total"] == 1
