"""Meta and LinkedIn only name a lead: its fields are fetched before it is accepted, or the vendor is told to send again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from tests.fixtures.form_leads import LEADS
from tests.fixtures.form_vendors import SECRET, Sent, mac, sample
from tests.fixtures.front import ADMIN, client_of, opened, serving
from tests.fixtures.router import Bench
from tests.fixtures.vendor_api import TOKEN, VendorApi
from tools.settings import Settings
from tools.stream.keys import Partition
from tools.web.forms.registry import HERE

PATHS = {
    "meta": "/123123123123123",
    "linkedin": "/rest/leadFormResponses/8a11f7c0-3e55-4b1c-9d02-7b1f0c2d9e10-5",
}
BOTH = pytest.mark.parametrize("vendor", PATHS)


@pytest.fixture
def api() -> VendorApi:
    return VendorApi(
        {path: orjson.loads((HERE / name / "samples" / "lead.json").read_bytes()) for name, path in PATHS.items()}
    )


@pytest.fixture
def api_url(api: VendorApi) -> Iterator[str]:
    with serving(api) as url:
        yield url


@pytest.fixture
def front_settings(front_settings: Settings, api_url: str) -> Settings:
    return front_settings.model_copy(
        update={
            "form_tokens": dict.fromkeys(PATHS, SecretStr(TOKEN)),
            "form_api_urls": dict.fromkeys(PATHS, api_url),
            "form_deadline_s": 0.5,
        }
    )


@pytest.fixture
async def client(redis: Redis, front_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(front_settings) as front, client_of(front) as speaking:
        yield speaking


def notification(vendor: str) -> Sent:
    return sample(vendor, "notification.json")


async def waiting(redis: Redis) -> int:
    return int(await redis.xlen(Partition(0).stream))


@BOTH
async def test_a_named_lead_is_fetched_and_decided(
    client: httpx.AsyncClient, worker: Bench, api: VendorApi, vendor: str
):
    answer = await notification(vendor).to(client)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted"), answer.text
    assert await worker.drain() == 1
    record = (await client.get(f"/admin/leads/{answer.json()['lead_id']}", headers=ADMIN)).json()
    expected = LEADS[f"{vendor}/lead.json"]
    assert record["lead"]["email"] == expected["email"]
    assert record["lead"]["company"] == expected["company"]
    assert record["lead"]["consent"] is True
    ((path, query, headers),) = api.asked
    assert path == PATHS[vendor]
    assert TOKEN not in query
    if vendor == "meta":
        assert f"appsecret_proof={mac(SECRET, TOKEN.encode()).hex()}" in query
        assert "field_data" in query
    else:
        assert headers["linkedin-version"] == "202606"
        assert headers["x-restli-protocol-version"] == "2.0.0"
        assert "form:(hiddenFields,creationLocale,name,id,content)" in query


@BOTH
async def test_a_notification_that_comes_again_is_a_duplicate(client: httpx.AsyncClient, redis: Redis, vendor: str):
    answers = [await notification(vendor).to(client) for _ in range(2)]
    assert [answer.json()["status"] for answer in answers] == ["accepted", "duplicate"]
    assert await waiting(redis) == 1


@BOTH
async def test_while_the_api_is_away_the_vendor_is_told_to_send_again(
    client: httpx.AsyncClient, redis: Redis, api: VendorApi, vendor: str
):
    api.failing = [500, 503, 429]
    for _ in range(3):
        answer = await notification(vendor).to(client)
        assert (answer.status_code, answer.json()["error"]) == (503, "vendor_unavailable")
        assert answer.headers["retry-after"]
    assert await waiting(redis) == 0
    assert (await notification(vendor).to(client)).status_code == 202
    assert await waiting(redis) == 1


@BOTH
async def test_no_answer_of_the_api_breaks_anything(
    client: httpx.AsyncClient, redis: Redis, api: VendorApi, vendor: str, front_settings: Settings
):
    async def refused(speaking: httpx.AsyncClient) -> None:
        answer = await notification(vendor).to(speaking)
        assert (answer.status_code, answer.json()["error"]) == (503, "vendor_unavailable")

    api.half = True
    await refused(client)
    api.half, api.slow_s = False, 1.5
    await refused(client)
    api.slow_s, api.leads[PATHS[vendor]] = 0.0, [1]
    await refused(client)
    gone = front_settings.model_copy(update={"form_api_urls": dict.fromkeys(PATHS, "http://127.0.0.1:1")})
    async with opened(gone) as front, client_of(front) as other:
        await refused(other)
    assert await waiting(redis) == 0


@BOTH
async def test_a_token_that_the_api_refuses_is_503_and_named(front_settings: Settings, redis: Redis, vendor: str):
    """The vendor keeps sending for hours: time to mend the token, and no lead is lost."""
    for tokens, code in ({vendor: SecretStr("expired")}, "vendor_refused"), ({}, "no_token"):
        bad = front_settings.model_copy(update={"form_tokens": tokens})
        async with opened(bad) as front, client_of(front) as client:
            answer = await notification(vendor).to(client)
        assert (answer.status_code, answer.json()["error"]) == (503, code)
        assert "FORM_TOKENS" in answer.json()["message"]
        assert "expired" not in answer.text
    assert await waiting(redis) == 0


def many(*ids: str) -> Sent:
    held = orjson.loads(notification("meta").raw)
    change = held["entry"][0]["changes"][0]
    held["entry"][0]["changes"] = [change | {"value": change["value"] | {"leadgen_id": one}} for one in ids]
    return Sent("meta", orjson.dumps(held), "application/json").signed()


async def test_a_notification_of_many_takes_each_and_tells_of_each(
    client: httpx.AsyncClient, redis: Redis, api: VendorApi
):
    lead = api.leads[PATHS["meta"]]
    fields = [{"name": "email", "values": ["two@many-leads.example"]}]
    api.leads["/2"] = lead | {"id": "2", "field_data": fields}
    api.leads["/3"] = lead | {"id": "3", "field_data": [{"name": "full_name", "values": ["No Way"]}]}
    api.leads["/4"] = lead | {
        "id": "4",
        "field_data": [{"name": "email", "values": ["<test lead: dummy data for email>"]}],
    }
    answer = await many("123123123123123", "2", "2", "3", "4").to(client)
    assert answer.status_code == 202
    items = answer.json()["items"]
    assert [item.get("status") or item.get("error") for item in items] == [
        "accepted",
        "accepted",
        "unreachable",
        "ignored",
    ]
    assert await waiting(redis) == 2


async def test_where_one_of_many_cannot_be_fetched_the_others_are_taken_and_all_come_again(
    client: httpx.AsyncClient, redis: Redis, api: VendorApi
):
    api.leads["/2"] = api.leads[PATHS["meta"]] | {"id": "2"}
    first = await many("123123123123123", "missing").to(client)
    assert (first.status_code, first.json()["error"]) == (503, "vendor_refused")
    assert await waiting(redis) == 1
    api.leads["/missing"] = api.leads[PATHS["meta"]] | {"id": "missing"}
    second = await many("123123123123123", "missing").to(client)
    assert [item["status"] for item in second.json()["items"]] == ["duplicate", "accepted"]
    assert await waiting(redis) == 2


async def test_what_was_withdrawn_and_tests_are_ignored(client: httpx.AsyncClient, redis: Redis, api: VendorApi):
    deleted = notification("linkedin")
    deleted.raw = orjson.dumps(orjson.loads(deleted.raw) | {"leadAction": "DELETED"})
    other = notification("meta")
    other.raw = orjson.dumps({"object": "page", "entry": [{"changes": [{"field": "feed", "value": {}}]}]})
    for sent in (deleted, other):
        answer = await sent.signed().to(client)
        assert (answer.status_code, answer.json()["status"]) == (200, "ignored")
    assert api.asked == []
    api.leads[PATHS["linkedin"]]["testLead"] = True
    assert (await notification("linkedin").to(client)).json()["status"] == "ignored"
    assert await waiting(redis) == 0


async def test_meta_hears_its_challenge_after_our_word(client: httpx.AsyncClient):
    asked: dict[str, Any] = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "our-own-word"}
    answer = await client.get("/webhooks/forms/meta", params=asked)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    for changed, status in (
        ({"hub.verify_token": "another"}, 401),
        ({"hub.verify_token": ""}, 401),
        ({"hub.mode": "unsubscribe"}, 422),
        ({"hub.challenge": "<script>alert(1)</script>"}, 422),
        ({"hub.challenge": "x" * 1000}, 422),
    ):
        answer = await client.get("/webhooks/forms/meta", params=asked | changed)
        assert answer.status_code == status
        assert "script" not in answer.text


async def test_linkedin_hears_the_hmac_of_its_code(client: httpx.AsyncClient):
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    answer = await client.get("/webhooks/forms/linkedin", params={"challengeCode": code})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"challengeCode": code, "challengeResponse": mac(SECRET, code.encode()).hex()}
    assert (await client.get("/webhooks/forms/linkedin", params={"challengeCode": "a b"})).status_code == 422
