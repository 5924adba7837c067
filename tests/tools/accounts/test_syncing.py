"""The CRM's companies in the book: from the embedded CRM and from HubSpot over its real SDK."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from graph.ports import VendorError
from tests.fixtures.books import ORDER, account, head, tell
from tests.servers.base import Answer
from tests.servers.hubspot_server import TOKEN, HubSpotServer
from tools.accounts.changing import Refused
from tools.accounts.syncing import embedded_companies, sync
from tools.hubspot.companies import companies
from tools.store.tables import crm_companies

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)


def test_the_embedded_crm_tells_companies_parents_and_owners(database: Engine):
    rows = [
        {"domain": "acme.com", "name": "Acme", "country": "US", "state": "US-CA", "city": "Austin", "industry": "software",
         "employees": 12, "parent_domain": None, "owner": "ann@us.example", "updated_at": NOW},
        {"domain": "labs.io", "name": "Labs", "country": None, "state": None, "city": None, "industry": None,
         "employees": None, "parent_domain": "acme.com", "owner": None, "updated_at": NOW},
    ]  # fmt: skip
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(insert(crm_companies), rows)
    result = sync(database, embedded_companies(database), "the embedded CRM", "ana", ORDER)
    found = account(database, "acme.com")
    assert found is not None
    assert (result.new, found.fields["owner"], found.said_by["owner"].source) == (2, "ann@us.example", "crm")
    assert head(database, "labs.io") == "acme.com"
    assert sync(database, embedded_companies(database), "the embedded CRM", "ana", ORDER).version is None


def test_hubspot_is_read_page_by_page_with_its_parents_and_owners(database: Engine):
    with HubSpotServer() as server:
        server.page = 2
        server.owners["11"] = "Dee@US.example"
        top = server.add("companies", name="Acme", domain="acme.com", hubspot_owner_id="11", annualrevenue="1200000.0")
        for n in range(3):
            server.add("companies", name=f"Daughter {n}", domain=f"d{n}.com", hs_parent_company_id=top)
        server.add("companies", name="No Domain Works", hs_parent_company_id=top, numberofemployees="40")
        result = sync(database, companies(TOKEN, server.url), "hubspot", "ana", ORDER)
        pages = [request for request in server.requests if request.path.endswith("/objects/companies")]
    assert (result.new, len(pages)) == (5, 3)
    assert {head(database, key) for key in ("d0.com", "d1.com", "d2.com", "name:nodomainworks")} == {"acme.com"}
    found = account(database, "acme.com")
    assert found is not None
    assert (found.fields["owner"], found.fields["revenue_usd"]) == ("dee@us.example", 1_200_000)


def test_a_hubspot_that_fails_on_a_later_page_leaves_the_book_as_it_was(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain\nAcme,acme.com\n", "crm")
    with HubSpotServer() as server:
        server.page = 1
        for n in range(3):
            server.add("companies", name=f"C {n}", domain=f"c{n}.com")
        server.script(Answer(503, {}), matching=lambda request: bool(request.query.get("after")))
        with pytest.raises(VendorError):
            sync(database, companies(TOKEN, server.url), "hubspot", "ana", ORDER)
    assert account(database, "acme.com") is not None
    assert account(database, "c0.com") is None


def test_what_cannot_be_used_is_left_out_and_named_and_the_rest_counts(database: Engine):
    told = [
        {"id": "1", "name": "Acme", "domain": "gmail.com", "employees": "many"},
        {"id": "2", "domain": "no domain"},
        {"id": "3", "name": "Bee", "domain": "bee.com", "parent_id": "99", "city": "Oslo"},
        {"id": "4", "name": "Bee", "domain": "bee.com", "city": "Rome"},
    ]
    result = sync(database, told, "a CRM", "ana", ORDER)
    assert result.new == 2
    assert account(database, "name:acme") is not None
    bee = account(database, "bee.com")
    assert bee is not None
    assert bee.fields["city"] == "Oslo"
    assert len(result.dropped) == 6
    assert any("parent_id '99'" in one for one in result.dropped)


def test_a_circle_in_the_crm_is_left_open_and_said(database: Engine):
    told = [{"name": "A", "domain": "a.com", "parent": "b.com"}, {"name": "B", "domain": "b.com", "parent": "a.com"}]
    result = sync(database, told, "a CRM", "ana", ORDER)
    assert [[one for one, _, _ in ring] for ring in result.derived.circles] == [["a.com", "b.com"]]
    assert head(database, "a.com") == "a.com"


def test_a_crm_without_companies_is_rather_a_wrong_key(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain\nAcme,acme.com\n", "crm")
    with pytest.raises(Refused, match="named no company"):
        sync(database, [], "a CRM", "ana", ORDER)
    assert account(database, "acme.com") is not None
