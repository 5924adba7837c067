"""The parts put together: what a click in the inbox becomes, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from redis.asyncio import Redis

from tests.fixtures.front import ADMIN, LEAD, client_of, opened, settings_of
from tests.fixtures.router import NOW, Bench, context_of, person
from tools.embedded.valkey import EmbeddedValkey
from tools.routing_file import parse
from tools.settings import Settings

LONG = "a-very-long-name-of-a-person-who-is-the-owner-of-every-lead-of-this-installation@sales.company.com"


@pytest.fixture
def inbox_settings(tmp_path: Path, shared_valkey: EmbeddedValkey, database_url: str) -> Settings:
    return settings_of(tmp_path, shared_valkey.url, database_url)


@pytest.fixture
async def clicking(redis: Redis, inbox_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(inbox_settings) as front, client_of(front, headers=ADMIN) as speaking:
        yield speaking


def one_owner(bench: Bench) -> Any:
    table = parse(f'{{"DEFAULT": "{LONG}"}}', Path())
    return lambda: context_of(bench.ports, NOW, table)


async def click(clicking: httpx.AsyncClient, what: str, lead_id: str, number: int = 1, **form: str) -> httpx.Response:
    return await clicking.post(f"/inbox/{what}", data={"value": f"{lead_id}:{number}"} | form)


async def test_a_pass_gives_the_lead_to_somebody_else(clicking: httpx.AsyncClient, bench: Bench):
    ann = person("ann")
    await bench.post(ann)
    await bench.drain()
    first = bench.rows("leads")[0].owner
    running = asyncio.create_task((worker := bench.worker()).run())
    answer = await click(clicking, "pass", ann.lead_id, reason="time", detail="until Monday")
    worker.stop()
    await running
    assert answer.status_code == 303
    now = bench.rows("leads")[0].owner
    assert now != first
    assert [row.state for row in bench.rows("assignments", "number")] == ["passed", "offered"]
    assert "until Monday" in bench.rows("assignments", "number")[0].reason


async def test_a_held_lead_that_its_owner_accepts_goes_on_to_the_crm(clicking: httpx.AsyncClient, bench: Bench):
    """The owner's address may be longer than a submission's id."""
    bot = person("ann", honeypot="x")
    await bench.post(bot)
    await bench.drain(context=one_owner(bench))
    assert [row.path for row in bench.rows("decisions")] == ["manual_review"]
    assert bench.rows("leads")[0].owner == LONG
    assert (await click(clicking, "accept", bot.lead_id)).status_code == 303
    assert (await click(clicking, "accept", bot.lead_id)).status_code == 303, "a second click is nothing new"
    await bench.drain(context=one_owner(bench))
    assert [(row.revision, row.path) for row in bench.rows("decisions", "revision")] == [
        (1, "manual_review"),
        (2, "qualify"),
    ]
    assert bench.count("dead_letters") == 0
    assert "upsert_contact" in {row.kind for row in bench.rows("outbox") if row.revision == 2}
    assert [row.state for row in bench.rows("assignments")] == ["accepted"]


async def test_without_the_stream_a_click_says_that_nothing_has_changed(
    own_valkey: EmbeddedValkey, inbox_settings: Settings, bench: Bench
):
    ann = person("ann")
    await bench.post(ann)
    await bench.drain()
    alone = inbox_settings.model_copy(update={"redis_url": own_valkey.url})
    async with opened(alone) as front, client_of(front, headers=ADMIN) as clicking:
        await asyncio.to_thread(own_valkey.stop)
        answer = await click(clicking, "pass", ann.lead_id, reason="time")
        assert answer.status_code == 303
        assert "nothing%20has%20changed" in answer.headers["set-cookie"]
    assert [row.state for row in bench.rows("assignments")] == ["offered"]


async def test_the_root_leads_to_the_inbox_and_the_document_shows_the_webhook(clicking: httpx.AsyncClient):
    assert (await clicking.get("/")).headers["location"] == "/inbox"
    document = (await clicking.get("/openapi.json")).json()
    webhook = document["paths"]["/webhooks/lead"]["post"]
    body = webhook["requestBody"]["content"]
    assert body.keys() == {"application/json", "application/x-www-form-urlencoded"}
    assert {"email", "message", "consent"} <= body["application/json"]["schema"]["properties"].keys()
    assert {"200", "202", "400", "413", "415", "422", "503"} <= webhook["responses"].keys()
    for status, body in ((202, LEAD), (422, {"email": 5})):
        answer = await clicking.post("/webhooks/lead", json=body)
        assert answer.status_code == status
        told = webhook["responses"][str(status)]["content"]["application/json"]["schema"]
        jsonschema_rs.validate(told | {"additionalProperties": False}, answer.json())
    assert {parameter["name"] for parameter in webhook["parameters"]} == {"wait", "Idempotency-Key"}
