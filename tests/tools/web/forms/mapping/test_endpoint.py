"""Forms of one's own over HTTP: proposed, saved, sent to, changed, and nothing that was sent is lost."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from redis.asyncio import Redis
from standardwebhooks.webhooks import Webhook as Signer

from graph.domain.lead import Submission
from tests.fixtures.front import ADMIN, client_of, opened
from tools.settings import Settings
from tools.store import form_mappings as store
from tools.stream.codec import decode
from tools.stream.keys import Partition
from tools.web.server import FrontDoor

MAPPINGS = "/admin/forms/mappings"
PAYLOAD: dict[str, Any] = {
    "fields": [
        {"label": "Name", "value": "Maya Ortiz"},
        {"label": "E-Mail-Adresse", "value": "maya@acme-werke.de"},
        {"label": "Einwilligung", "value": "Ja"},
        {"label": "Budget", "value": "10k"},
    ]
}
MAPPING: dict[str, Any] = {
    "fields": {
        "full_name": {"pick": ["Name"]},
        "email": {"pick": ["E-Mail-Adresse"]},
        "consent": {"pick": ["Einwilligung"], "values": {"Ja": True, "Nein": False}},
    },
    "source": "webinar",
}


async def waiting(redis: Redis) -> list[Submission]:
    return [decode(fields[b"s"].decode(), fields[b"d"]) for _, fields in await redis.xrange(Partition(0).stream)]


async def saved(client: httpx.AsyncClient, name: str = "webinar", **changed: Any) -> dict[str, Any]:
    body = {"mapping": MAPPING, "by": "ana@company.com", "note": "first"} | changed
    answer = await client.post(f"{MAPPINGS}/{name}", json=body, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def signed(secret: str, raw: bytes, at: datetime | None = None, key: str = "msg_1") -> dict[str, str]:
    at = at or datetime.now(UTC)
    signature = Signer(secret).sign(key, at, raw.decode())
    return {"webhook-id": key, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature} | {
        "content-type": "application/json"
    }


async def test_a_payload_is_proposed_shown_saved_and_taken(client: httpx.AsyncClient, redis: Redis):
    told = (
        await client.post(f"{MAPPINGS}/propose", json={"payload": orjson.dumps(PAYLOAD).decode()}, headers=ADMIN)
    ).json()
    assert {one["name"]: one["field"] for one in told["values"]} == {
        "Name": "full_name", "E-Mail-Adresse": "email", "Einwilligung": "consent", "Budget": None,
    }  # fmt: skip
    tried = {"payload": PAYLOAD, "mapping": told["mapping"]}
    lead = (await client.post(f"{MAPPINGS}/preview", json=tried, headers=ADMIN)).json()["lead"]
    assert (lead["email"], lead["given_name"], lead["consent"]) == ("maya@acme-werke.de", "Maya", True)
    made = await saved(client)
    assert made["version"] == 1
    assert made["secret"].startswith("whsec_")
    raw = orjson.dumps(PAYLOAD)
    answer = await client.post("/webhooks/forms/webinar", content=raw, headers=signed(made["secret"], raw))
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    (submission,) = await waiting(redis)
    form = submission.form
    assert (form.email, form.full_name, form.consent, form.source) == (
        "maya@acme-werke.de",
        "Maya Ortiz",
        True,
        "webinar",
    )
    assert form.extra == {"Budget": "10k"}


async def test_form_encoded_and_with_the_key_in_the_address_it_is_the_same(client: httpx.AsyncClient, redis: Redis):
    made = await saved(client)
    path = made["url_with_key"].removeprefix("http://leads.example")
    body = {"Name": "Maya Ortiz", "E-Mail-Adresse": "maya@acme-werke.de", "Einwilligung": "nein"}
    assert (await client.post(path, data=body)).status_code == 202
    assert (await client.post(path, files={k: (None, v) for k, v in body.items()})).json()["status"] == "duplicate"
    (submission,) = await waiting(redis)
    assert submission.form.consent is False


@pytest.mark.parametrize("given", ["", "?key=", "?key=wrong", "?key=%ff", "?key=a&key=b"])
async def test_without_its_secret_nothing_is_taken_and_nothing_kept(
    client: httpx.AsyncClient, redis: Redis, front: FrontDoor, given: str
):
    await saved(client)
    answer = await client.post(f"/webhooks/forms/webinar{given}", json=PAYLOAD)
    assert (answer.status_code, answer.json()["error"]) == (401, "bad_key")
    assert await waiting(redis) == []
    assert store.rejected(front._store.engine, "webinar") == []


async def test_a_wrong_an_old_and_another_bodys_signature_are_refused(client: httpx.AsyncClient):
    secret = (await saved(client))["secret"]
    raw = orjson.dumps(PAYLOAD)
    for headers in (
        signed("whsec_" + base64.b64encode(b"x" * 24).decode(), raw),
        signed(secret, raw, datetime.now(UTC) - timedelta(minutes=10)),
        signed(secret, raw + b" "),
    ):
        answer = await client.post("/webhooks/forms/webinar", content=raw, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "bad_signature")


async def test_a_replayed_delivery_is_the_same_lead(client: httpx.AsyncClient, redis: Redis):
    secret = (await saved(client))["secret"]
    raw = orjson.dumps(PAYLOAD)
    headers = signed(secret, raw)
    first = await client.post("/webhooks/forms/webinar", content=raw, headers=headers)
    second = await client.post("/webhooks/forms/webinar", content=raw, headers=headers)
    assert first.json()["lead_id"] == second.json()["lead_id"]
    assert len(await waiting(redis)) == 1


async def test_the_secret_is_shown_once_and_another_one_stops_the_old(client: httpx.AsyncClient):
    first = await saved(client)
    again = await saved(client, note="second")
    assert (again["version"], again["secret"], again["url_with_key"]) == (2, None, None)
    shown = (await client.get(f"{MAPPINGS}/webinar", headers=ADMIN)).text
    assert first["secret"].removeprefix("whsec_") not in shown
    other = (await client.post(f"{MAPPINGS}/webinar/secret", json={"by": "ana"}, headers=ADMIN)).json()
    old, new = (made["url_with_key"].removeprefix("http://leads.example") for made in (first, other))
    assert (await client.post(old, json=PAYLOAD)).status_code == 401
    assert (await client.post(new, json=PAYLOAD)).status_code == 202


async def test_a_payload_that_has_changed_is_taken_and_what_is_new_is_shown(client: httpx.AsyncClient, redis: Redis):
    path = (await saved(client))["url_with_key"].removeprefix("http://leads.example")
    changed = {"E-Mail-Adresse": "maya@acme-werke.de", "Team": "Platform", "Einwilligung": "unter Umständen"}
    assert (await client.post(path, json=changed)).status_code == 202
    shown = (await client.get(f"{MAPPINGS}/webinar", headers=ADMIN)).json()
    assert shown["payloads"] == 1
    assert [one["field"] for one in shown["unmapped"]] == ["Team"]
    assert [one["field"] for one in shown["missing"]] == ["Name"]
    (submission,) = await waiting(redis)
    assert submission.form.consent is None
    assert submission.form.extra == {"Team": "Platform", "form_consent": "unter Umständen"}
    await saved(client, mapping=MAPPING | {"ignore": ["Team"]})
    assert (await client.get(f"{MAPPINGS}/webinar", headers=ADMIN)).json()["unmapped"] == []


async def test_what_cannot_become_a_lead_is_answered_422_kept_and_taken_later(client: httpx.AsyncClient, redis: Redis):
    path = (await saved(client))["url_with_key"].removeprefix("http://leads.example")
    other = {"Name": "Maya Ortiz", "Kontakt": "maya@acme-werke.de"}
    for _ in range(2):  # its sender tries again: one copy is kept
        answer = await client.post(path, json=other)
        assert (answer.status_code, answer.json()["error"]) == (422, "unreachable")
    (kept,) = (await client.get(f"{MAPPINGS}/webinar/rejected", headers=ADMIN)).json()["rejected"]
    assert kept["status"] == 422
    assert "maya" not in orjson.dumps(kept).decode().lower()
    one = f"{MAPPINGS}/webinar/rejected/{kept['id']}"
    payload = await client.get(one, headers=ADMIN)
    assert payload.json() == other
    assert payload.headers["cache-control"] == "no-store"
    assert (await client.post(f"{one}/again", headers=ADMIN)).status_code == 409
    fields = MAPPING["fields"] | {"email": {"pick": ["E-Mail-Adresse", "Kontakt"]}}
    await saved(client, mapping=MAPPING | {"fields": fields})
    assert (await client.post(f"{one}/again", headers=ADMIN)).json()["status"] == "accepted"
    assert len(await waiting(redis)) == 1
    assert (await client.get(f"{MAPPINGS}/webinar/rejected", headers=ADMIN)).json()["rejected"] == []
    assert (await client.get(one, headers=ADMIN)).status_code == 404


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{oops", "application/json", 400),
        (b"", "application/json", 400),
        (b"x", "image/png", 415),
        (b"\xff\xfe", "", 400),
    ],
)
async def test_a_body_that_cannot_be_read_is_kept_as_it_came(
    client: httpx.AsyncClient, raw: bytes, kind: str, status: int
):
    path = (await saved(client))["url_with_key"].removeprefix("http://leads.example")
    assert (await client.post(path, content=raw, headers={"content-type": kind})).status_code == status
    (kept,) = (await client.get(f"{MAPPINGS}/webinar/rejected", headers=ADMIN)).json()["rejected"]
    assert (await client.get(f"{MAPPINGS}/webinar/rejected/{kept['id']}", headers=ADMIN)).content == raw
    assert (await client.delete(f"{MAPPINGS}/webinar/rejected/{kept['id']}", headers=ADMIN)).status_code == 200


async def test_undo_brings_back_what_was_in_use_before(client: httpx.AsyncClient):
    await saved(client)
    await saved(client, mapping=MAPPING | {"source": "fair"})
    assert (await client.post(f"{MAPPINGS}/webinar/undo", json={"by": "bo"}, headers=ADMIN)).json() == {"version": 3}
    shown = (await client.get(f"{MAPPINGS}/webinar", headers=ADMIN)).json()
    assert shown["mapping"]["source"] == "webinar"
    assert [(v["version"], v["author"], v["undoes"]) for v in shown["versions"]] == [
        (3, "bo", 2), (2, "ana@company.com", None), (1, "ana@company.com", None),
    ]  # fmt: skip


async def test_a_retired_form_is_404_until_undo(client: httpx.AsyncClient):
    path = (await saved(client))["url_with_key"].removeprefix("http://leads.example")
    await client.post(f"{MAPPINGS}/webinar/retire", json={"by": "bo"}, headers=ADMIN)
    assert (await client.post(path, json=PAYLOAD)).status_code == 404
    await client.post(f"{MAPPINGS}/webinar/undo", json={"by": "bo"}, headers=ADMIN)
    assert (await client.post(path, json=PAYLOAD)).status_code == 202


async def test_two_people_who_change_it_at_once_hear_of_each_other(client: httpx.AsyncClient):
    await saved(client, base=0)
    answer = await client.post(f"{MAPPINGS}/webinar", json={"mapping": MAPPING, "by": "bo", "base": 0}, headers=ADMIN)
    assert answer.status_code == 409
    assert "ana@company.com saved version 1" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"mapping": {"fields": {}}, "by": "a"}, ["body", "mapping"]),
        ({"mapping": {"fields": {"email": {"pick": "a", "eval": "1"}}}, "by": "a"}, ["body", "mapping", "fields"]),
        ({"mapping": MAPPING}, ["body", "by"]),
    ],
)
async def test_a_mapping_that_cannot_be_used_names_the_place(client: httpx.AsyncClient, body: Any, where: list[str]):
    answer = await client.post(f"{MAPPINGS}/webinar", json=body, headers=ADMIN)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][: len(where)] == where


@pytest.mark.parametrize("name", ["Webinar", "a b", "-a", "x" * 61, "propose"])
async def test_a_name_that_could_not_stand_in_an_address_is_refused(client: httpx.AsyncClient, name: str):
    answer = await client.post(f"{MAPPINGS}/{name}", json={"mapping": MAPPING, "by": "a"}, headers=ADMIN)
    assert answer.status_code == 422


async def test_a_saved_mapping_outlives_a_restart_and_its_secret_too(front_settings: Settings, redis: Redis):
    async with opened(front_settings) as front, client_of(front) as client:
        path = (await saved(client))["url_with_key"].removeprefix("http://leads.example")
    async with opened(front_settings) as front, client_of(front) as client:
        assert (await client.post(path, json=PAYLOAD)).status_code == 202
    assert len(await waiting(redis)) == 1


async def test_a_mapping_under_a_vendors_name_goes_before_the_vendors_own_and_needs_no_secret(
    client: httpx.AsyncClient, redis: Redis
):
    body = {"Kontakt": "maya@acme-werke.de", "Name": "Maya Ortiz", "email": "other@acme-werke.de"}
    assert (await client.post("/webhooks/forms/html", json=body)).status_code == 202
    made = await saved(client, "html", mapping={"fields": {"email": {"pick": ["Kontakt"]}}, "source": "webinar"})
    assert (made["secret"], made["url_with_key"]) == (None, None)
    assert (await client.post("/webhooks/forms/html", json=body)).status_code == 202
    before, after = [submission.form for submission in await waiting(redis)]
    assert (before.email, after.email, after.source) == ("other@acme-werke.de", "maya@acme-werke.de", "webinar")
    assert after.extra["Name"] == "Maya Ortiz"
    shown = (await client.get(f"{MAPPINGS}/html", headers=ADMIN)).json()
    assert (shown["vendor"], shown["payloads"]) == (True, 1)
    await client.post(f"{MAPPINGS}/html/retire", json={"by": "bo"}, headers=ADMIN)
    answer = await client.post("/webhooks/forms/html", json=body | {"message": "once more"})
    assert answer.status_code == 202
    assert (await waiting(redis))[-1].form.email == "other@acme-werke.de"
