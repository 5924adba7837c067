"""Endpoints of outgoing webhooks over HTTP and on their page: a secret once, everything escaped, every button does it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from tests.fixtures.router import threads
from tests.fixtures.webhooks import SEALER, WAY, Receiver, Sending, happened, passed, subscribed, told
from tests.servers.base import Answer
from tools.store.tables import metadata
from tools.store.webhook_deliveries import deliveries
from tools.store.webhooks import endpoints, set_state
from tools.web.webhook_pages import webhook_pages
from tools.web.webhooks_out import Side, webhooks_router

OWN = {"sec-fetch-site": "same-origin"}
API = "/admin/webhooks"
NEW = {"url": "https://hooks.example/leads?key=k", "events": ["lead.decided", "lead.closed"]}


@pytest.fixture
def client(database: Engine) -> Iterator[TestClient]:
    app, side = FastAPI(), Side(database, lambda: SEALER, WAY, lambda: datetime.now(UTC))
    app.include_router(webhooks_router(side))
    app.include_router(webhook_pages(side, lambda: None))
    with TestClient(app) as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def sent(database: Engine) -> None:
    """What is due goes out."""
    with threads() as executor:
        asyncio.run(Sending(database, executor).drain())


def test_a_secret_is_shown_when_it_is_made_and_never_again(client: TestClient, database: Engine):
    made = client.post(API, json=NEW)
    assert made.status_code == 201
    secret, name = made.json()["secret"], made.json()["endpoint"]
    assert secret.startswith("whsec_")
    fresh = client.post(f"{API}/{name}/rotate-secret").json()["secret"]
    assert fresh != secret
    shown = [client.get(path).text for path in (API, f"{API}/{name}", f"{API}/{name}/deliveries")]
    shown += [client.get(path).text for path in ("/inbox/webhooks", f"/inbox/webhooks/{name}")]
    with database.connect() as connection:
        for table in metadata.sorted_tables:
            shown += [str(row) for row in connection.execute(table.select())]
    for text in shown:
        assert secret[6:] not in text
        assert fresh[6:] not in text


def test_an_endpoint_is_listed_paused_resumed_and_removed(client: TestClient, database: Engine):
    name = client.post(API, json=NEW).json()["endpoint"]
    (listed,) = client.get(API).json()["endpoints"]
    assert (listed["url"], listed["events"], listed["state"], listed["personal"], listed["waiting"]) == (
        NEW["url"], ["lead.closed", "lead.decided"], "active", False, 0,
    )  # fmt: skip
    assert client.post(f"{API}/{name}/pause").json()["state"] == "paused"
    assert client.post(f"{API}/{name}/resume").json()["state"] == "active"
    assert client.delete(f"{API}/{name}").json() == {"status": "removed", "dropped": 0}
    assert client.get(API).json() == {"endpoints": []}
    for method, path in (
        ("GET", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/rotate-secret"),
        ("POST", "/test"), ("GET", "/deliveries"), ("POST", "/deliveries/msg_1/send-again"),
    ):  # fmt: skip
        assert client.request(method, f"{API}/{name}{path}").status_code == 404, path
    assert client.post(f"{API}/{name}/replay", json={"since": "2026-01-01T00:00:00Z"}).status_code == 404


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"url": "ftp://x.example"}, 409),
        ({"url": "https://me:pw@x.example/"}, 409),
        ({"events": ["lead.won"]}, 409),
        ({"secret": "whsec_short"}, 409),
        ({"events": []}, 422),
        ({"url": ""}, 422),
        ({"url": "https://x.example/\x00"}, 422),
        ({"more": 1}, 422),
    ],
)
def test_what_is_no_endpoint_is_refused_with_the_reason(client: TestClient, changed: dict[str, Any], status: int):
    refused = client.post(API, json=NEW | changed)
    assert refused.status_code == status
    assert refused.json()["detail"]
    assert client.post(API, json=NEW).status_code == 201
    assert client.post(API, json=NEW).status_code == 409


def test_a_test_says_what_came_back(client: TestClient, receiver: Receiver):
    made = client.post(API, json=NEW | {"url": receiver.url + "/x"}).json()
    receiver.secrets = [made["secret"]]
    answer = client.post(f"{API}/{made['endpoint']}/test").json()
    assert (answer["ok"], answer["status"], answer["answer"]) == (True, 200, "taken")
    receiver.stop()
    answer = client.post(f"{API}/{made['endpoint']}/test").json()
    assert (answer["ok"], answer["status"], answer["error"]) == (False, None, "unreachable: no connection")
    receiver.start()


def test_deliveries_are_shown_and_sent_again_under_their_own_ids(
    client: TestClient, database: Engine, receiver: Receiver
):
    one = asyncio.run(subscribed(database, receiver))
    happened(database, passed(part="1"), passed(part="2"))
    receiver.script(Answer(503, "busy"))
    sent(database)
    rows = client.get(f"{API}/{one.endpoint}/deliveries").json()["deliveries"]
    assert {row["outcome"] for row in rows} == {"delivered", "failed"}
    (failed,) = client.get(f"{API}/{one.endpoint}/deliveries?outcome=failed").json()["deliveries"]
    assert (failed["status"], failed["excerpt"], failed["next_at"] is not None) == (503, "busy", True)
    for row in rows:
        again = client.post(f"{API}/{one.endpoint}/deliveries/{row['event_id']}/send-again")
        assert (again.status_code, again.json()) == (202, {"status": "queued"})
    sent(database)
    assert len(receiver.ids) == 3
    assert len(set(receiver.ids)) == 2
    replayed = client.post(f"{API}/{one.endpoint}/replay", json={"since": "2026-01-01T00:00:00+02:00"})
    assert (replayed.status_code, replayed.json()) == (202, {"status": "queued", "messages": 2})
    sent(database)
    assert len(receiver.ids) == 5
    for bad in ("2026-01-01T00:00:00", "0001-01-01T00:00:00+05:00", "soon"):
        refused = client.post(f"{API}/{one.endpoint}/replay", json={"since": bad})
        assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["body", "since"])


def test_each_event_has_its_schema(client: TestClient):
    schema = client.get(f"{API}/schemas/lead.decided").json()
    assert schema["properties"]["type"] == {"const": "lead.decided"}
    assert client.get(f"{API}/schemas/lead.won").status_code == 404


def test_what_an_endpoint_answers_is_text_on_the_page(client: TestClient, database: Engine, receiver: Receiver):
    one = asyncio.run(subscribed(database, receiver, path="/<b>hook</b>"))
    happened(database)
    receiver.script(Answer(500, "<script>alert(1)</script>" + "x" * 3000))
    sent(database)
    page = client.get(f"/inbox/webhooks/{one.endpoint}").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "<b>hook" not in page + client.get("/inbox/webhooks").text
    assert len(re.findall("x{400,}", page)[0]) < 500
    assert "failing since" in page


def test_every_button_of_the_page_does_what_it_says(client: TestClient, database: Engine, receiver: Receiver):
    added = client.post(
        "/inbox/webhooks", data={"url": receiver.url + "/x", "events": ["lead.passed"], "personal": "true"}, headers=OWN
    )
    (secret,) = re.findall(r"whsec_[\w+/=]+", added.text)
    receiver.secrets = [secret]
    (one,) = endpoints(database)
    assert (one.events, one.personal) == (("lead.passed",), True)
    path = f"/inbox/webhooks/{one.endpoint}"
    assert "came back with 200" in client.post(f"{path}/test", headers=OWN).text
    happened(database)
    sent(database)
    (event_id,) = (row.event_id for row in deliveries(database, one.endpoint) if row.effect_key)
    assert event_id in client.get(path).text
    assert "goes out again" in client.post(f"{path}/send-again", data={"event_id": event_id}, headers=OWN).text
    sent(database)
    assert (
        "1 message goes out again"
        in client.post(f"{path}/replay", data={"since": "2026-01-01T10:00"}, headers=OWN).text
    )
    sent(database)
    assert receiver.ids.count(event_id) == 3
    assert "Paused" in client.post(f"{path}/pause", headers=OWN).text
    assert "told again" in client.post(f"{path}/resume", headers=OWN).text
    assert "whsec_" in client.post(f"{path}/rotate-secret", headers=OWN).text
    set_state(database, one.endpoint, "off", "it answered 410 Gone")
    assert "410 Gone" in client.get("/inbox/webhooks").text
    assert "is removed" in client.post(f"{path}/remove", headers=OWN).text
    assert "Nobody is told yet" in client.get("/inbox/webhooks").text


def test_a_form_of_another_site_presses_nothing(client: TestClient, database: Engine):
    name = client.post(API, json=NEW).json()["endpoint"]
    happened(database)
    foreign = {"sec-fetch-site": "cross-site"}
    for button in ("test", "pause", "resume", "remove", "rotate-secret", "send-again", "replay"):
        form = {"event_id": "msg_1", "since": "2026-01-01T10:00"}
        assert client.post(f"/inbox/webhooks/{name}/{button}", data=form, headers=foreign).status_code == 403
    assert client.post("/inbox/webhooks", data=NEW, headers=foreign).status_code == 403
    assert [one.state for one in endpoints(database)] == ["active"]
    assert client.post(f"/inbox/webhooks/{name}/erase", headers=OWN).status_code == 422
    assert told(database) == []
