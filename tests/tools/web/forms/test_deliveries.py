"""POST /webhooks/forms/{vendor} over HTTP: a delivery becomes a decided lead, once; everything else is told apart."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
from pydantic import SecretStr
from redis.asyncio import Redis

from graph.rules.firmographics import source_key
from tests.fixtures.form_leads import LEADS
from tests.fixtures.form_vendors import KEYED, SECRET, SIGNED, TIMED, Sent, headers_of, now_s, sample
from tests.fixtures.front import ADMIN, LEAD, client_of, opened
from tests.fixtures.router import Bench
from tools.settings import Settings
from tools.stream.keys import Partition
from tools.web.forms.registry import vendors

DIRECT = [name for name in LEADS if name.partition("/")[0] not in ("meta", "linkedin")]
ONE_EACH = {name.partition("/")[0]: name for name in DIRECT}
CHECKED = [*SIGNED, *KEYED, "google_ads"]


def one(name: str, query: str = "") -> Sent:
    vendor, _, file = name.partition("/")
    return sample(vendor, file, query)


def first_of(vendor: str) -> Sent:
    """A payload of a vendor, of one that only names its leads too."""
    return sample(vendor, ONE_EACH.get(vendor, f"{vendor}/notification.json").partition("/")[2])


async def waiting(redis: Redis) -> int:
    return int(await redis.xlen(Partition(0).stream))


def changed(sent: Sent, **values: Any) -> Sent:
    """JSON with other values at its top, signed anew."""
    sent.raw = orjson.dumps(orjson.loads(sent.raw) | values)
    return sent.signed()


# -- accepting ---------------------------------------------------------------------------------------------------------


async def test_each_vendors_delivery_becomes_a_decided_lead(client: httpx.AsyncClient, worker: Bench):
    answers = {name: await one(name).to(client) for name in DIRECT}
    assert {answer.status_code for answer in answers.values()} == {202}
    accepted = [answer.json()["lead_id"] for answer in answers.values() if answer.json()["status"] == "accepted"]
    assert len(accepted) == len(DIRECT) - 1, "Gravity's two encodings are one submission"
    assert await worker.drain() == len(accepted)
    for name, answer in answers.items():
        record = (await client.get(f"/admin/leads/{answer.json()['lead_id']}", headers=ADMIN)).json()
        lead, expected = record["lead"], LEADS[name]
        assert record["owner"], name
        assert lead["email"] == expected["email"].lower()
        assert lead["consent"] == expected.get("consent")
        assert lead["source"] == source_key(expected["source"])


async def test_a_delivery_that_comes_again_is_the_same_lead_once(client: httpx.AsyncClient, redis: Redis):
    for number, name in enumerate(ONE_EACH.values(), 1):
        first, second = await one(name).to(client), await one(name).to(client)
        assert (first.json()["status"], second.json()["status"]) == ("accepted", "duplicate"), name
        assert (second.status_code, second.json()["lead_id"]) == (202, first.json()["lead_id"])
        assert await waiting(redis) == number


async def test_ids_of_two_vendors_are_never_taken_for_each_other(client: httpx.AsyncClient, redis: Redis):
    mail = "both@two-vendors.example"
    google = changed(
        one("google_ads/lead.json"), lead_id="7", user_column_data=[{"column_id": "EMAIL", "string_value": mail}]
    )
    gravity = changed(one("gravity/chosen_fields.json"), entry_id="7", email=mail)
    answers = [await google.to(client), await gravity.to(client)]
    assert [answer.json()["status"] for answer in answers] == ["accepted", "accepted"]
    assert answers[0].json()["lead_id"] == answers[1].json()["lead_id"]
    assert await waiting(redis) == 2


async def test_wait_answers_with_the_decision(client: httpx.AsyncClient, worker: Bench):
    first = await one("typeform/demo_request.json").to(client)
    await worker.drain()
    decided = await one("typeform/demo_request.json", "?wait=5").to(client)
    assert decided.status_code == 200
    assert decided.json()["status"] == "decided"
    assert decided.json()["lead_id"] == first.json()["lead_id"]
    assert decided.json()["owner"]


async def test_missing_fields_are_missing_and_extra_ones_are_kept(client: httpx.AsyncClient, worker: Bench):
    sent = changed(
        one("webflow/contact.json"),
        payload={"data": {"Email": "bare@few-fields.example", "Shoe size": "43"}, "id": "x1"},
        something_new={"a": [1]},
    )
    answer = await sent.to(client)
    assert answer.status_code == 202
    await worker.drain()
    record = (await client.get(f"/admin/leads/{answer.json()['lead_id']}", headers=ADMIN)).json()
    assert record["lead"]["full_name"] is None


async def test_a_delivery_without_a_way_to_reach_anybody_is_422(client: httpx.AsyncClient):
    for name in ("webflow/contact.json", "typeform/demo_request.json", "gravity/all_fields.json"):
        sent = one(name)
        held = orjson.loads(sent.raw)
        match sent.vendor:
            case "webflow":
                held["payload"]["data"] = {"First Name": "Nobody"}
            case "typeform":
                held["form_response"]["answers"] = held["form_response"]["answers"][:2]
            case _:
                del held["2"]
        sent.raw = orjson.dumps(held)
        answer = await sent.signed().to(client)
        assert (answer.status_code, answer.json()["error"]) == (422, "unreachable"), name


# -- refusing ----------------------------------------------------------------------------------------------------------


async def test_without_a_signature_or_with_a_wrong_one_nothing_is_stored(client: httpx.AsyncClient, redis: Redis):
    for vendor in CHECKED:
        sent = first_of(vendor)
        bare = Sent(vendor, sent.raw.replace(SECRET.encode(), b""), sent.kind)
        wrong = Sent(vendor, sent.raw.replace(SECRET.encode(), b"another"), sent.kind)
        wrong.headers = headers_of(vendor, wrong.raw, "another-secret")
        for each, code in ((bare, "no_signature"), (wrong, "bad_signature")):
            answer = await each.to(client)
            assert (answer.status_code, answer.json()["error"]) == (401, code), vendor
            assert "FORM_SECRETS" in answer.text or "missing" in answer.text
            assert SECRET not in answer.text
    assert await waiting(redis) == 0


async def test_a_signature_is_that_of_the_very_bytes(client: httpx.AsyncClient):
    for vendor in SIGNED:
        sent = first_of(vendor)
        sent.raw += b" "
        assert (await sent.to(client)).json()["error"] == "bad_signature", vendor


async def test_a_recorded_request_cannot_be_sent_later(client: httpx.AsyncClient, redis: Redis):
    for vendor in TIMED:
        for ahead_s, code in ((-600.0, "old_signature"), (600.0, "early_signature")):
            answer = await one(ONE_EACH[vendor]).signed(at=now_s() + ahead_s).to(client)
            assert (answer.status_code, answer.json()["error"]) == (401, code), vendor
    assert await waiting(redis) == 0


async def test_the_time_is_part_of_what_is_signed(client: httpx.AsyncClient):
    for vendor in TIMED:
        sent = one(ONE_EACH[vendor]).signed(at=now_s() - 900)
        for name, value in headers_of(vendor, b"", at=now_s()).items():
            if "time" in name.lower():
                sent.headers[name] = value
            elif vendor == "calendly":
                sent.headers[name] = value.partition(",")[0] + "," + sent.headers[name].partition(",")[2]
        answer = await sent.to(client)
        assert (answer.status_code, answer.json()["error"]) == (401, "bad_signature"), vendor


async def test_a_time_that_is_none_is_401(client: httpx.AsyncClient):
    for vendor in TIMED:
        for at in ("", "soon", "-5", "1e9", "9" * 40, "\u0663"):
            sent = one(ONE_EACH[vendor])
            for name, value in sent.headers.items():
                if "time" in name.lower():
                    sent.headers[name] = at
                elif vendor == "calendly":
                    sent.headers[name] = f"t={at}," + value.partition(",")[2]
            sent.headers = {name: value.encode("utf-8") for name, value in sent.headers.items()}  # type: ignore[misc]
            assert (await sent.to(client)).status_code == 401, (vendor, at)


async def test_a_key_may_stand_in_the_url_or_in_a_header(client: httpx.AsyncClient):
    for vendor in (*KEYED, "webflow", "hubspot"):
        for query, headers in ((f"?key={SECRET}", {}), ("", {"x-webhook-key": SECRET})):
            sent = one(ONE_EACH[vendor], query)
            sent.headers = headers
            assert (await sent.to(client)).status_code == 202, vendor
        sent.query, sent.headers = "?key=wrong", {}
        assert (await sent.to(client)).status_code == 401, vendor


async def test_hubspots_second_version_is_checked_too(client: httpx.AsyncClient):
    import hashlib

    sent = one("hubspot/workflow_contact.json")
    signed = f"{SECRET}POSThttp://leads.example/webhooks/forms/hubspot".encode() + sent.raw
    sent.headers = {
        "X-HubSpot-Signature-Version": "v2",
        "X-HubSpot-Signature": hashlib.sha256(signed).hexdigest(),
    }
    assert (await sent.to(client)).status_code == 202
    sent.headers["X-HubSpot-Signature"] = "0" * 64
    assert (await sent.to(client)).status_code == 401


async def test_hubspot_signs_the_url_with_its_query_as_people_read_it(client: httpx.AsyncClient):
    sent = one("hubspot/workflow_contact.json")
    sent.query = "?wait=0&team=a%2Cb"
    sent.headers = headers_of("hubspot", sent.raw, query="?wait=0&team=a,b")
    assert (await sent.to(client)).status_code == 202


async def test_two_secrets_serve_while_one_is_being_changed(front_settings: Settings, redis: Redis):
    both = front_settings.model_copy(update={"form_secrets": {"typeform": SecretStr(f"the-new-one {SECRET}")}})
    async with opened(both) as front, client_of(front) as client:
        for secret in (SECRET, "the-new-one"):
            sent = one("typeform/demo_request.json").signed(secret=secret)
            assert (await sent.to(client)).status_code == 202
        assert (await one("typeform/demo_request.json").signed(secret="older").to(client)).status_code == 401


async def test_without_a_secret_a_vendor_is_closed_and_says_what_to_set(front_settings: Settings, redis: Redis):
    async with opened(front_settings.model_copy(update={"form_secrets": {}})) as front, client_of(front) as client:
        for name in vendors():
            sent = first_of(name)
            answer = await sent.to(client)
            if name == "html":
                assert answer.status_code == 202
            else:
                assert (answer.status_code, answer.json()["error"]) == (401, "no_secret")
                assert "FORM_SECRETS" in answer.json()["message"]


async def test_a_vendor_may_be_opened_on_purpose(front_settings: Settings, redis: Redis):
    opening = front_settings.model_copy(update={"form_secrets": {}, "form_open": "gravity, typeform"})
    async with opened(opening) as front, client_of(front) as client:
        assert (await one("gravity/chosen_fields.json").to(client)).status_code == 202
        assert (await one("typeform/demo_request.json").to(client)).status_code == 202
        assert (await one("marketo/demo_request.json").to(client)).status_code == 401


async def test_an_open_form_cannot_speak_for_a_source_that_signs(front_settings: Settings, redis: Redis):
    """WEBHOOK_SECRETS guards a source on every way in."""
    guarded = front_settings.model_copy(update={"webhook_secrets": {"partner": SecretStr("whsec_" + "c2Vj" * 8)}})
    async with opened(guarded) as front, client_of(front) as client:
        form = {"email": "a@spoof-source.example", "lead_source": "Partner"}
        answer = await client.post("/webhooks/forms/html", data=form)
        assert (answer.status_code, answer.json()["error"]) == (401, "bad_signature")
        assert (await client.post("/webhooks/forms/html", data=form | {"lead_source": "web"})).status_code == 202


async def test_five_megabytes_are_413(client: httpx.AsyncClient, redis: Redis):
    for vendor in CHECKED:
        answer = await Sent(vendor, b'{"a":"' + b"x" * 5_000_000 + b'"}', "application/json").signed().to(client)
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large"), vendor
    assert await waiting(redis) == 0


async def test_json_that_is_not_utf8_is_400(client: httpx.AsyncClient):
    for vendor in CHECKED:
        answer = await Sent(vendor, b'{"email": "J\xf6rg"}', "application/json").signed().to(client)
        known = "json" in vendors()[vendor].bodies
        expected = (400, "malformed_json") if known else (415, "unsupported_content_type")
        assert (answer.status_code, answer.json()["error"]) == expected, vendor
        assert "example" not in answer.json(), "an example of another shape would mislead"


async def test_a_form_of_an_old_page_is_read_as_windows_writes_it(client: httpx.AsyncClient, worker: Bench):
    raw = b"email=jorg%40alte-seite.example&full_name=J%F6rg+Gro%DF"
    answer = await Sent("html", raw, "application/x-www-form-urlencoded").to(client)
    await worker.drain()
    record = (await client.get(f"/admin/leads/{answer.json()['lead_id']}", headers=ADMIN)).json()
    assert record["lead"]["full_name"] == "Jörg Groß"


async def test_another_kind_of_body_is_415_and_says_which_is_read(client: httpx.AsyncClient):
    for vendor in CHECKED:
        for kind in ("application/xml", "image/png", "x" * 400):
            answer = await Sent(vendor, b"<a/>", kind).signed().to(client)
            assert answer.status_code == 415, vendor
            assert "Send " in answer.json()["message"]
            assert len(answer.text) < 400


async def test_any_other_body_is_refused_and_says_what_is_missing(client: httpx.AsyncClient, redis: Redis):
    for vendor in CHECKED:
        kind = "application/json" if "json" in vendors()[vendor].bodies else "application/x-www-form-urlencoded"
        for raw in (b"{", b"[]", b"{}", b"5", b'"text"', b'{"payload": 5}', b"", b"\x00"):
            answer = await Sent(vendor, raw, kind).signed().to(client)
            if vendor == "google_ads" and answer.status_code == 401:
                continue  # its key stands in the body
            assert answer.status_code in (400, 422), (vendor, raw)
            assert len(answer.json()["message"]) > 20
    assert await waiting(redis) == 0


async def test_a_multipart_body_without_its_boundary_is_400(client: httpx.AsyncClient):
    for options in ("", "; boundary=", "; boundary=other"):
        sent = one("jotform/quote.multipart")
        sent.kind = "multipart/form-data" + options
        answer = await sent.to(client)
        assert (answer.status_code, answer.json()["error"]) == (400, "malformed_body"), options


async def test_half_a_multipart_body_and_a_flood_of_fields_are_400(client: httpx.AsyncClient):
    sent = one("jotform/quote.multipart")
    for raw in (sent.raw[: len(sent.raw) // 2], b"".join(_part(n) for n in range(600)) + b"--B--\r\n"):
        flood = Sent("jotform", raw, sent.kind if raw[:3] != b"--B" else "multipart/form-data; boundary=B").signed()
        assert (await flood.to(client)).status_code == 400


def _part(number: int) -> bytes:
    return b'--B\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % number


async def test_an_unknown_vendor_is_404_and_names_those_that_there_are(client: httpx.AsyncClient):
    for answer in (
        await client.post("/webhooks/forms/wufoo", json=LEAD),
        await client.get("/webhooks/forms/wufoo"),
    ):
        assert answer.status_code == 404
        assert "typeform" in answer.json()["message"]


async def test_other_events_and_tests_are_answered_200_and_store_nothing(client: httpx.AsyncClient, redis: Redis):
    for sent in (
        changed(one("calendly/invitee_created.json"), event="invitee_no_show.created"),
        changed(one("webflow/contact.json"), triggerType="site_publish"),
        changed(one("typeform/demo_request.json"), event_type="form_response_partial"),
        one("google_ads/test_data.json"),
    ):
        answer = await sent.to(client)
        assert (answer.status_code, answer.json()["status"]) == (200, "ignored"), sent.vendor
        assert answer.json()["reason"]
    assert await waiting(redis) == 0


async def test_a_stream_that_is_away_is_503_so_that_the_vendor_sends_again(front_settings: Settings, redis: Redis):
    away = front_settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    async with opened(away) as front, client_of(front) as client:
        answer = await one("typeform/demo_request.json").to(client)
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"


async def test_only_those_that_ask_first_are_answered_by_get(client: httpx.AsyncClient):
    for vendor in vendors():
        answer = await client.get(f"/webhooks/forms/{vendor}")
        assert answer.status_code == {"meta": 401, "linkedin": 422}.get(vendor, 405)
