"""POST /webhooks/events: what is good is kept before the answer, what is not is named; nothing half, nothing twice."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, select
from standardwebhooks.webhooks import Webhook as SignedWebhook

from tests.fixtures.front import ADMIN, LEAD, client_of, opened
from tests.fixtures.router import NOW, ports_of, settle, threads
from tests.fixtures.told import tell, told
from tools.observe import metrics
from tools.settings import Settings
from tools.store.activities import NewEvent
from tools.store.engine import open_engine
from tools.store.tables import lead_events
from tools.web.event_bodies import AHEAD, EXAMPLE, MOST, MOST_PROPERTIES
from tools.web.event_writer import EventWriter, NotKept
from tools.web.server import FrontDoor

PATH = "/webhooks/events"
AT = "2026-04-07T09:30:00Z"
SECRET = "whsec_" + base64.b64encode(b"s" * 24).decode()
EVENT: dict[str, Any] = {"id": "e1", "type": "page_view", "email": "Maya@Example.org", "at": AT}


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Engine]:
    """The front door's own."""
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


def event(**changed: Any) -> dict[str, Any]:
    return {name: held for name, held in (EVENT | changed).items() if held is not None}


def rows(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(lead_events).order_by(lead_events.c.at, lead_events.c.event_key)))


async def test_one_event_is_kept_before_the_answer(client: httpx.AsyncClient, database: Engine):
    answer = await client.post(PATH, json=event(properties={"url": "/pricing"}, utm_source="ads"))
    assert (answer.status_code, answer.json()) == (
        202,
        {"status": "accepted", "accepted": 1, "duplicates": 0, "refused": []},
    )
    (row,) = rows(database)
    assert (row.type, row.email, row.counts) == ("page_view", "maya@example.org", True)
    assert row.at == datetime(2026, 4, 7, 9, 30, tzinfo=UTC)
    assert json.loads(row.properties) == {"url": "/pricing", "utm_source": "ads"}
    assert row.source == "unsigned"


async def test_an_event_s_lead_is_the_one_that_the_address_has_or_will_have(
    client: httpx.AsyncClient, database: Engine
):
    await client.post(PATH, json=event(email=LEAD["email"].upper()))
    lead_id = (await client.post("/webhooks/lead", json=LEAD)).json()["lead_id"]
    assert [row.lead_id for row in rows(database)] == [lead_id]


async def test_of_a_batch_the_good_are_kept_and_the_others_named(client: httpx.AsyncClient, database: Engine):
    batch = [
        event(),
        event(id="e2", type="dance"),
        event(id="e3", at="2026-04-07T09:30:00"),
        event(id="e4", email="nobody"),
        event(id="e5", email=None),
        event(id="e6", at=None),
        event(id="e7", at="2999-01-01T00:00:00Z"),
        event(id="e8", at="1970-01-01T00:00:00Z"),
        event(id="e9", type="outcome"),
        event(id="e10", properties={"x": "y" * MOST_PROPERTIES}),
        event(id="e11", properties=[1]),
        event(id="e12", lead_id="x" * 41),
        "no event",
        event(id="e13", type="Email Opened"),
    ]
    answer = await client.post(PATH, json={"events": batch})
    body = answer.json()
    assert (answer.status_code, body["accepted"]) == (202, 2)
    assert [(one["index"], one["field"]) for one in body["refused"]] == [
        (1, "type"), (2, "at"), (3, "email"), (4, "email"), (5, "at"), (6, "at"), (7, "at"), (8, "properties.outcome"),
        (9, "properties"), (10, "properties"), (11, "lead_id"), (12, "event"),
    ]  # fmt: skip
    assert all(one["problem"] and one["fix"] for one in body["refused"])
    assert sorted(row.type for row in rows(database)) == ["email_open", "page_view"]


async def test_a_clock_some_minutes_ahead_is_tolerated(client: httpx.AsyncClient):
    soon = (datetime.now(UTC) + AHEAD - timedelta(minutes=1)).isoformat()
    assert (await client.post(PATH, json=event(at=soon))).status_code == 202
    late = (datetime.now(UTC) + AHEAD + timedelta(minutes=1)).isoformat()
    assert (await client.post(PATH, json=event(id="e2", at=late))).status_code == 422


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"no json", 400, "malformed_json"),
        (b"", 400, "malformed_json"),
        (b"\xff\xfe", 400, "malformed_json"),
        (b"[]", 422, "invalid_field"),
        (b"{}", 422, "invalid_events"),
        (b'{"events": []}', 422, "invalid_field"),
        (b'{"events": "x"}', 422, "invalid_field"),
        (b"7", 422, "invalid_field"),
        (json.dumps([EVENT] * (MOST + 1)).encode(), 422, "batch_too_large"),
        (b'{"type": "dance", "email": "a@b.io", "at": "2026-04-07T09:30:00Z"}', 422, "invalid_events"),
        (b" " * 3_000_000, 413, "too_large"),
    ],
)
async def test_what_is_no_list_of_events_is_answered_with_an_example(
    client: httpx.AsyncClient, database: Engine, body: bytes, status: int, code: str
):
    answer = await client.post(PATH, content=body)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    if status != 413:
        assert answer.json()["example"] == EXAMPLE
    assert rows(database) == []


async def test_the_same_event_counts_once_however_often_it_is_sent(client: httpx.AsyncClient, database: Engine):
    answers = await asyncio.gather(*(client.post(PATH, json=[event()] * 50) for _ in range(20)))
    assert sum(answer.json()["accepted"] for answer in answers) == 1
    assert sum(answer.json()["duplicates"] for answer in answers) == 999
    assert len(rows(database)) == 1


async def test_an_event_without_an_id_is_known_by_what_it_says(client: httpx.AsyncClient, database: Engine):
    plain = event(id=None, properties={"a": 1, "b": 2})
    again = event(id=None, properties={"b": 2, "a": 1}, at="2026-04-07T11:30:00+02:00", email="maya@example.org")
    other = event(id=None, properties={"a": 1})
    assert (await client.post(PATH, json=[plain, again, other])).json()["accepted"] == 2
    assert len(rows(database)) == 2


async def test_two_senders_that_both_number_from_one_take_nothing_from_each_other(client: httpx.AsyncClient):
    batch = [event(id=1), event(id="1", type="email_open"), event(id="1", email="ben@example.org"), event(id="1")]
    assert (await client.post(PATH, json=batch)).json()["accepted"] == 3


async def test_a_browser_that_leaves_a_page_may_send_text(client: httpx.AsyncClient):
    answer = await client.post(PATH, content=json.dumps(event()), headers={"content-type": "text/plain;charset=UTF-8"})
    assert answer.status_code == 202


async def test_whoever_signs_nothing_hears_what_their_events_do_not_do(client: httpx.AsyncClient):
    answer = await client.post(PATH, json=event(type="outcome", properties={"outcome": "Closed Won"}))
    assert "not signed" in answer.json()["warnings"][0]


async def test_a_database_that_is_away_is_said_and_nothing_is_kept(
    client: httpx.AsyncClient, database: Engine, monkeypatch: pytest.MonkeyPatch
):
    from sqlalchemy.exc import OperationalError

    def away(*_: Any, **__: Any) -> Any:
        raise OperationalError("x", None, Exception("away"))

    with monkeypatch.context() as patch:
        patch.setattr("tools.web.event_writer.keep_events", away)
        answer = await client.post(PATH, json=[event(), event(id="e2")])
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert rows(database) == []
    assert (await client.post(PATH, json=[event(), event(id="e2")])).json()["accepted"] == 2


async def test_as_many_as_may_wait_are_waiting(database: Engine):
    async with EventWriter(database, (), lambda: NOW, waiting=2) as writer:
        first = NewEvent("a", "page_view", NOW, "ld_a", None, "webhook", {})
        assert await writer.keep([first]) == {"a"}
        with pytest.raises(NotKept):
            await writer.keep([first] * 3)


async def test_what_became_of_events_is_counted(client: httpx.AsyncClient):
    def counted(kind: str, outcome: str) -> float:
        return metrics.events.labels(kind, outcome)._value.get()

    before = counted("page_view", "kept"), counted("page_view", "duplicate"), counted("none", "refused")
    await client.post(PATH, json=[event(), event(), event(id="e2", type="dance")])
    after = counted("page_view", "kept"), counted("page_view", "duplicate"), counted("none", "refused")
    assert tuple(b - a for a, b in zip(before, after, strict=True)) == (1.0, 1.0, 1.0)


# Signed


@pytest.fixture
async def signed(front_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    secrets = Settings(_env_file=None, webhook_secrets={"events": SECRET}).webhook_secrets
    changed = front_settings.model_copy(update={"webhook_secrets": secrets})
    async with opened(changed) as front, client_of(front) as client:
        yield client


def signature(body: bytes, at: datetime | None = None) -> dict[str, str]:
    at = at or datetime.now(UTC)
    return {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": SignedWebhook(SECRET).sign("m1", at, body.decode()),
    }


async def test_where_events_have_a_secret_only_its_holder_is_heard(signed: httpx.AsyncClient, database: Engine):
    body = json.dumps(event(type="outcome", properties={"outcome": "won"})).encode()
    for headers in ({}, signature(b"another"), signature(body, datetime.now(UTC) - timedelta(hours=1))):
        assert (await signed.post(PATH, content=body, headers=headers)).status_code == 401
    assert rows(database) == []
    answer = await signed.post(PATH, content=body, headers=signature(body))
    assert answer.status_code == 202
    assert "warnings" not in answer.json()
    assert [row.source for row in rows(database)] == ["webhook"]


async def test_a_page_may_be_let_in_beside_the_secret_with_what_a_page_knows(
    front_settings: Settings, database: Engine
):
    secrets = Settings(_env_file=None, webhook_secrets={"events": SECRET}).webhook_secrets
    changed = front_settings.model_copy(update={"webhook_secrets": secrets, "events_open_to_browsers": True})
    async with opened(changed) as front, client_of(front) as client:
        answer = await client.post(PATH, json=[event(), event(id="e2", type="outcome", properties={"outcome": "won"})])
        assert [one["field"] for one in answer.json()["refused"]] == ["type"]
        body = json.dumps(event()).encode()
        assert (await client.post(PATH, content=body, headers=signature(body))).json()["accepted"] == 1, (
            "what a stranger told takes nothing from who signs"
        )
        assert (await client.post(PATH, content=body, headers=signature(b"x"))).status_code == 401
    assert sorted(row.source for row in rows(database)) == ["unsigned", "webhook"]


def test_a_network_that_is_none_is_named_at_start():
    with pytest.raises(ValidationError, match="no network such as"):
        Settings(_env_file=None, event_networks="17.0.0.0/8,apple")


# What admins see


async def test_an_admin_pages_through_a_lead_s_events(client: httpx.AsyncClient, front: FrontDoor, database: Engine):
    tell(database, *[told(f"k{n}", "ld_x", NOW + timedelta(minutes=n // 2), "open", bot=n == 0) for n in range(5)])
    seen: list[Any] = []
    page: dict[str, Any] = {}
    while True:
        answer = await client.get("/admin/leads/ld_x/events", params={"limit": 2, **page}, headers=ADMIN)
        found = answer.json()["events"]
        seen += found
        if len(found) < 2:
            break
        page = {"before": found[-1]["at"], "after_key": found[-1]["event_key"]}
    assert [one["event_key"] for one in seen] == ["k4", "k2", "k3", "k0", "k1"]
    assert [one["reason"] for one in seen if not one["counts"]] == ["The sender says that no person did it."]
    assert (await client.get("/admin/leads/ld_x/events")).status_code == 401


async def test_a_lead_s_page_shows_what_they_did_and_what_does_not_count(client: httpx.AsyncClient, database: Engine):
    from tests.fixtures.router import person

    submission = person("ann")
    with threads() as executor:
        await settle(database, ports_of(database, executor), submission)
    page = await client.get(f"/inbox/crm/{submission.lead_id}", headers=ADMIN)
    assert "Nothing was told of them yet" in page.text
    tell(
        database,
        told("a", submission.lead_id, NOW, "click", url="https://x.example/<script>"),
        told("b", submission.lead_id, NOW, "open", bot=True),
    )
    page = await client.get(f"/inbox/crm/{submission.lead_id}", headers=ADMIN)
    assert "email click" in page.text
    assert "x.example/&lt;script&gt;" in page.text
    assert page.text.count('class="doubted"') == 1
    assert "does not count. The sender says that no person did it." in page.text
