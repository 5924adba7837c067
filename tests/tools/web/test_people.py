"""Duplicates over HTTP and on their page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from graph.ports import Ports
from tests.fixtures.router import NOW, settle
from tests.tools.store.test_people import HOME, NAMESAKE, WORK, wrote
from tools.store.tables import person_edges
from tools.web.people import duplicates_router, people_router

OWN = {"sec-fetch-site": "same-origin"}
DOUBTFUL = wrote('Maya "<b>" Ortiz', "maya77@gmail.com", company="Acme Werke GmbH")
PAIR = {"one": WORK.lead_id, "other": NAMESAKE.lead_id, "by": "ana@company.com", "why": "she moved"}


@pytest.fixture
def client(database: Engine) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(people_router(database, lambda: datetime(2026, 4, 8, tzinfo=UTC)))
    app.include_router(duplicates_router(database, lambda: None, lambda: datetime(2026, 4, 8, tzinfo=UTC)))
    with TestClient(app) as client:
        yield client


async def test_a_merge_is_said_shown_and_taken_back(client: TestClient, database: Engine, ports: Ports):
    await settle(database, ports, WORK, NAMESAKE)
    assert client.post("/admin/people/merge", json=PAIR).json() == {"status": "merged"}
    assert client.post("/admin/people/merge", json=PAIR).json() == {"status": "stood already"}
    person = client.get(f"/admin/leads/{WORK.lead_id}/person").json()
    assert {lead["lead_id"] for lead in person["leads"]} == {WORK.lead_id, NAMESAKE.lead_id}
    assert person["golden"]["fields"]["full_name"]["value"] == "Maya Ortiz"
    assert (person["edges"][0]["made_by"], person["edges"][0]["why"]) == ("ana@company.com", "she moved")
    assert client.post("/admin/people/undo", json=PAIR).json() == {"status": "undone: same"}
    assert len(client.get(f"/admin/leads/{WORK.lead_id}/person").json()["leads"]) == 1


async def test_what_contradicts_is_409_and_what_is_no_pair_422(client: TestClient, database: Engine, ports: Ports):
    await settle(database, ports, WORK, NAMESAKE)
    assert client.post("/admin/people/different", json=PAIR).json() == {"status": "different"}
    refused = client.post("/admin/people/merge", json=PAIR)
    assert refused.status_code == 409
    assert "undo that first" in refused.json()["detail"]
    assert client.post("/admin/people/merge", json=PAIR | {"other": "ld_nobody"}).status_code == 409
    for bad in ({"other": "a b"}, {"by": ""}, {"more": 1}, {"one": "x" * 41}):
        assert client.post("/admin/people/merge", json=PAIR | bad).status_code == 422, bad
    assert client.get("/admin/leads/ld_nobody/person").status_code == 404


async def test_a_pair_waits_with_buttons_and_each_button_settles_it(client: TestClient, database: Engine, ports: Ports):
    await settle(database, ports, WORK)
    await settle(database, ports, DOUBTFUL)
    (pair,) = client.get("/admin/people/candidates").json()["candidates"]
    assert pair["code"] == "typed_name"
    page = client.get("/inbox/duplicates").text
    assert "&lt;b&gt;" in page, "a stranger's text is text"
    form = {"one": pair["one"]["lead_id"], "other": pair["other"]["lead_id"]}
    assert (
        client.post("/inbox/duplicates/merge", data=form, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    )
    assert client.post("/inbox/duplicates/erase", data=form, headers=OWN).status_code == 422
    assert "Merged:" in client.post("/inbox/duplicates/merge", data=form, headers=OWN).text
    page = client.get("/inbox/duplicates").text
    assert "No pair waits" in page
    assert "Merged lately" in page
    assert "The merge is undone" in client.post("/inbox/duplicates/undo", data=form, headers=OWN).text
    assert "Kept apart" in client.post("/inbox/duplicates/different", data=form, headers=OWN).text
    assert client.get("/admin/people/candidates").json() == {"total": 0, "candidates": []}
    with database.connect() as connection:
        assert len(connection.execute(select(person_edges)).all()) == 2


async def test_the_person_behind_a_lead_has_a_page(client: TestClient, database: Engine, ports: Ports):
    await settle(database, ports, WORK)
    await settle(database, ports, HOME, now=NOW)
    page = client.get(f"/inbox/duplicates/{HOME.lead_id}").text
    assert "One record from 2 leads" in page
    assert "maya.ortiz@acme-werke.de" in page
    assert "the same phone" in page.lower()
    assert client.get("/inbox/duplicates/ld_nobody").status_code == 404
