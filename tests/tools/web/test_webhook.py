"""POST /webhooks/lead over HTTP: accepted once and durably, refused with reasons, never broken."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from standardwebhooks.webhooks import Webhook as Signer

from graph.domain.lead import Submission
from tests.fixtures.front import FORM, JSON, LEAD, client_of, opened, serving, settings_of
from tests.fixtures.router import Bench
from tools.embedded.valkey import EmbeddedValkey
from tools.idempotency import Identifier
from tools.secrets_file import load_or_make
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.stream.codec import decode
from tools.stream.connect import connect
from tools.stream.inbox import Inbox
from tools.stream.keys import Partition
from tools.web.server import FrontDoor, intake_options
from tools.web.waiting import Decisions
from tools.web.webhook import Webhook

PATH = "/webhooks/lead"
SECRET = "whsec_" + base64.b64encode(b"s" * 24).decode()
P = Partition(0)


async def waiting(redis: Redis) -> list[Submission]:
    return [decode(fields[b"s"].decode(), fields[b"d"]) for _, fields in await redis.xrange(P.stream)]


async def post(client: httpx.AsyncClient, body: Any = LEAD, query: str = "", **headers: str) -> httpx.Response:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    given = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post(PATH + query, content=raw, headers=given)


# -- accepting ---------------------------------------------------------------------------------------------------------


async def test_a_lead_is_in_the_stream_when_202_is_said(client: httpx.AsyncClient, redis: Redis):
    before = datetime.now(UTC)
    answer = await post(client)
    assert answer.status_code == 202
    body = answer.json()
    assert body.keys() == {"lead_id", "status", "decision"}
    assert body["status"] == "accepted"
    assert body["decision"] == f"http://leads.example/admin/leads/{body['lead_id']}"
    assert answer.headers["content-type"] == "application/json"
    (submission,) = await waiting(redis)
    assert submission.lead_id == body["lead_id"]
    assert (submission.form.email, submission.form.message) == (LEAD["email"], "tracing")
    assert before - timedelta(milliseconds=1) <= submission.received_at <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (orjson.dumps(LEAD), "application/json"),
        (orjson.dumps(LEAD), None),
        (urlencode(LEAD).encode(), "application/x-www-form-urlencoded"),
        (urlencode(LEAD).encode(), None),
        (orjson.dumps({"properties": {k: {"value": v} for k, v in LEAD.items()}}), "application/json"),
    ],
)
async def test_every_spelling_of_one_submission_is_one_submission(
    client: httpx.AsyncClient, redis: Redis, raw: bytes, kind: str | None
):
    first = await post(client)
    answer = await client.post(PATH, content=raw, headers={"content-type": kind} if kind else {})
    assert (answer.status_code, answer.json()["status"]) == (202, "duplicate")
    assert answer.json()["lead_id"] == first.json()["lead_id"]
    assert len(await waiting(redis)) == 1


async def test_fifty_copies_at_once_are_one_submission(client: httpx.AsyncClient, redis: Redis):
    answers = await asyncio.gather(*(post(client) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert sorted(answer.json()["status"] for answer in answers) == ["accepted", *["duplicate"] * 49]
    assert len({answer.json()["lead_id"] for answer in answers}) == 1
    assert len(await waiting(redis)) == 1


async def test_requests_at_once_share_round_trips(client: httpx.AsyncClient, redis: Redis):
    await post(client)
    await redis.config_resetstat()
    answers = await asyncio.gather(*(post(client, LEAD | {"email": f"p{n}@brightwater-werke.de"}) for n in range(60)))
    assert {answer.json()["status"] for answer in answers} == {"accepted"}
    assert (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"] < 30


async def test_an_address_in_other_case_and_white_space_is_one_lead_and_its_new_words_a_new_submission(
    client: httpx.AsyncClient, redis: Redis
):
    spellings = ["Maya@Brightwater-Werke.DE", "  maya@brightwater-werke.de ", "MAYA@BRIGHTWATER-WERKE.DE"]
    answers = [await post(client, LEAD | {"email": email}) for email in spellings]
    assert [answer.json()["status"] for answer in answers] == ["accepted", "duplicate", "duplicate"]
    new = await post(client, LEAD | {"email": spellings[2], "message": "profiling"})
    assert new.json()["status"] == "accepted"
    assert len({answer.json()["lead_id"] for answer in [*answers, new]}) == 1
    assert len(await waiting(redis)) == 2


async def test_a_corrected_resend_after_a_refusal_is_accepted(client: httpx.AsyncClient):
    refused = await post(client, LEAD | {"email": "maya at brightwater"}, idempotency_key="k-1")
    assert (refused.status_code, refused.json()["error"]) == (422, "unreachable")
    assert (await post(client, LEAD | {"consent": "maybe"}, idempotency_key="k-1")).status_code == 422
    accepted = await post(client, idempotency_key="k-1")
    assert (accepted.status_code, accepted.json()["status"]) == (202, "accepted")


async def test_a_phone_is_a_way_to_reach_a_person(client: httpx.AsyncClient):
    assert (await post(client, {"phone": "+49 30 23125118"})).status_code == 202
    nobody = await post(client, {"full_name": "Nobody", "phone": "12"})
    assert nobody.status_code == 422
    assert nobody.json()["fields"][0].keys() == {"field", "problem", "fix"}
    assert "example" in nobody.json()


async def test_a_bot_is_answered_like_anybody(client: httpx.AsyncClient):
    answer = await post(client, LEAD | {"_gotcha": "http://spam", "fill_time_ms": 3})
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")


# -- the same submission -----------------------------------------------------------------------------------------------


async def test_an_event_id_is_one_submission_of_its_lead_whatever_else_it_says(client: httpx.AsyncClient, redis: Redis):
    assert (await post(client, LEAD | {"event_id": "1"})).json()["status"] == "accepted"
    assert (await post(client, LEAD | {"event_id": "1", "message": "other"})).json()["status"] == "duplicate"
    assert (await post(client, LEAD | {"event_id": "2"})).json()["status"] == "accepted"
    other = await post(client, LEAD | {"event_id": "1", "email": "eli@brightwater-werke.de"})
    assert other.json()["status"] == "accepted", "two senders may both count from 1"
    assert len(await waiting(redis)) == 3


async def test_the_same_key_and_body_get_the_first_answer_again(client: httpx.AsyncClient, redis: Redis):
    first = await post(client, idempotency_key="k-1")
    again = await post(client, idempotency_key="k-1")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(await waiting(redis)) == 1


async def test_the_same_key_with_another_body_is_422_and_takes_nothing(client: httpx.AsyncClient, redis: Redis):
    await post(client, idempotency_key="k-1")
    other = await post(client, LEAD | {"message": "other"}, idempotency_key="k-1")
    assert (other.status_code, other.json()["error"]) == (422, "key_reused")
    assert len(await waiting(redis)) == 1
    assert (await post(client, LEAD | {"message": "other"}, idempotency_key="k-2")).status_code == 202


async def test_many_at_once_under_one_key_are_one_submission(client: httpx.AsyncClient, redis: Redis):
    answers = await asyncio.gather(*(post(client, idempotency_key="k-1") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert len(await waiting(redis)) == 1


async def test_a_webhook_id_counts_like_a_key_and_an_empty_key_like_none(client: httpx.AsyncClient):
    assert (await post(client, webhook_id="msg_1")).json()["status"] == "accepted"
    assert (await post(client, webhook_id="msg_1")).headers["idempotency-replayed"] == "true"
    assert (await post(client, idempotency_key="")).json()["status"] == "accepted"
    assert (await post(client, idempotency_key="")).json()["status"] == "duplicate"


async def test_a_key_of_odd_letters_is_a_key_and_one_too_long_is_422(client: httpx.AsyncClient):
    odd = '"8e03978e-40d5-43dd-bc93-6894a57f9324"; ü \t%00'.encode("latin-1")
    headers = [("content-type", "application/json"), (b"idempotency-key", odd)]
    for _ in range(2):
        assert (await client.post(PATH, content=orjson.dumps(LEAD), headers=headers)).status_code == 202
    long = await post(client, idempotency_key="k" * 256)
    assert (long.status_code, long.json()["error"]) == (422, "key_too_long")
    assert (await post(client, idempotency_key="k" * 255)).status_code == 202


async def test_the_same_content_is_a_duplicate_only_within_its_window(client: httpx.AsyncClient, redis: Redis):
    await post(client)
    (key,) = [key async for key in redis.scan_iter("*once:c:*")]
    assert 86_300_000 < await redis.pttl(key) <= 86_400_000
    await redis.delete(key)
    assert (await post(client)).json()["status"] == "accepted"
    await post(client, LEAD | {"event_id": "9"})
    (event,) = [key async for key in redis.scan_iter("*once:e:*")]
    assert 604_000_000 < await redis.pttl(event) <= 604_800_000


# -- limits ------------------------------------------------------------------------------------------------------------


async def test_a_body_beyond_the_limit_is_413_and_one_at_the_limit_is_read(
    redis: Redis, front_settings: Settings, tmp_path: Path
):
    small = front_settings.model_copy(update={"body_limit": 2048})
    async with opened(small) as front, client_of(front) as client:
        room = 2048 - len(orjson.dumps(LEAD | {"x": ""}))
        assert (await post(client, LEAD | {"x": "y" * room})).status_code == 202
        declared = await post(client, LEAD | {"x": "y" * (room + 1)})
        assert (declared.status_code, declared.json()["error"]) == (413, "too_large")
        assert "2,048" in declared.json()["message"]
        assert len(await waiting(redis)) == 1


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_body_in_chunks_is_read_and_given_up_as_soon_as_it_is_too_large(redis: Redis, front_settings: Settings):
    small = front_settings.model_copy(update={"body_limit": 2048})
    with serving(FrontDoor(small)) as url:
        async with httpx.AsyncClient(base_url=url) as client:
            raw = orjson.dumps(LEAD)
            whole = await client.post(PATH, content=chunks(raw[:9], raw[9:40], raw[40:]), headers=JSON)
            assert whole.status_code == 202
            large = await client.post(PATH, content=chunks(*[b"x" * 1000] * 50), headers=JSON)
            assert (large.status_code, large.json()["error"]) == (413, "too_large")
            for declared in (b"999999999999", b"9" * 60):  # said, not sent: nobody waits for it
                assert (await asyncio.to_thread(first_line, url, declared)).split()[1] in (b"413", b"400")


def first_line(url: str, length: bytes) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(b"POST /webhooks/lead HTTP/1.1\r\nhost: x\r\ncontent-length: " + length + b"\r\n\r\n{")
        return line.recv(4096).split(b"\r\n", 1)[0]


async def test_a_sender_that_hangs_up_half_way_leaves_no_half_lead(redis: Redis, front_settings: Settings):
    """Half of a form looks like a whole form."""
    with serving(FrontDoor(front_settings)) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as line:
            line.sendall(
                b"POST /webhooks/lead HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n"
                b"content-length: 500\r\n\r\nemail=maya%40brightwater-werke.de&message=I+do+not+"
            )
        async with httpx.AsyncClient(base_url=url) as client:
            assert (await post(client, LEAD | {"email": "eli@brightwater-werke.de"})).status_code == 202
    assert [s.form.email for s in await waiting(redis)] == ["eli@brightwater-werke.de"]


# -- waiting -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["?wait=soon", "?wait=-1", "?wait=nan", "?wait=inf", "?wait=1e999", "?wait=1,5"])
async def test_a_wait_that_is_no_number_of_seconds_is_422_and_takes_nothing(
    client: httpx.AsyncClient, redis: Redis, query: str
):
    answer = await post(client, query=query)
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "wait"
    assert await waiting(redis) == []


@pytest.mark.parametrize("query", ["?wait=0", "?wait=", "?other=1", "?", "?wait=%30", "?%ff=%00&wait=0"])
async def test_no_wait_is_answered_at_once(client: httpx.AsyncClient, query: str):
    assert (await post(client, query=query)).status_code == 202


async def test_a_wait_is_bounded(redis: Redis, front_settings: Settings):
    hasty = front_settings.model_copy(update={"wait_limit_s": 0.05})
    async with opened(hasty) as front, client_of(front) as client:
        started = time.monotonic()
        answer = await post(client, query="?wait=3600")
        assert time.monotonic() - started < 5
        assert answer.status_code == 202


async def test_who_waits_hears_the_decision(
    client: httpx.AsyncClient, redis: Redis, inbox: Inbox, sqlite_url: str, executor: Any
):
    engine = open_engine(sqlite_url)
    worker = Bench(redis, inbox, engine, executor).worker(context=None)
    running = asyncio.create_task(worker.run())
    first = await post(client, query="?wait=9")
    again = await post(client, query="?wait=9")
    worker.stop()
    await running
    engine.dispose()
    assert (first.status_code, again.status_code) == (200, 200)
    body = first.json()
    assert body.keys() == {"status", "processing_time", "lead_id", "score", "owner", "path", "crm_id"}
    assert (body["status"], body["path"]) == ("decided", "qualify")
    assert body["owner"] in ("maren@company.com", "jonas@company.com")
    assert 0 < body["processing_time"] < 9
    assert again.json()["owner"] == body["owner"]


# -- signatures --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def signed(redis: Redis, front_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A front door that wants the source `partner_portal` signed."""
    strict = settings_of(
        front_settings.data_dir,
        front_settings.redis_url,
        front_settings.database_url,
        webhook_secrets={"partner_portal": SECRET},
    )
    async with opened(strict) as front, client_of(front) as speaking:
        yield speaking


def signature(raw: bytes, at: datetime | None = None, secret: str = SECRET, msg_id: str = "msg_1") -> dict[str, str]:
    at = at or datetime.now(UTC)
    return {
        "webhook-id": msg_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Signer(secret).sign(msg_id, at, raw.decode()),
    }


PARTNER = LEAD | {"source": "partner_portal"}


async def test_a_signed_lead_is_accepted_as_json_and_as_a_form(signed: httpx.AsyncClient):
    raw = orjson.dumps(PARTNER)
    assert (await signed.post(PATH, content=raw, headers=JSON | signature(raw))).status_code == 202
    form = urlencode(PARTNER | {"message": "by form"}).encode()
    answer = await signed.post(PATH, content=form, headers=FORM | signature(form, msg_id="msg_2"))
    assert answer.status_code == 202


@pytest.mark.parametrize("age", [timedelta(minutes=6), timedelta(days=400), -timedelta(minutes=6)])
async def test_an_old_or_future_signature_is_401(signed: httpx.AsyncClient, age: timedelta):
    raw = orjson.dumps(PARTNER)
    answer = await signed.post(PATH, content=raw, headers=JSON | signature(raw, datetime.now(UTC) - age))
    assert (answer.status_code, answer.json()["error"]) == (401, "bad_signature")


BAD = {
    "none at all": {},
    "another secret": signature(orjson.dumps(PARTNER), secret="whsec_" + base64.b64encode(b"t" * 24).decode()),
    "another body": signature(b"{}"),
    "not base64": {"webhook-signature": "v1,%%%"},
    "no version": {"webhook-signature": "abc"},
    "another version": {"webhook-signature": "v2,abc"},
    "empty": {"webhook-signature": "", "webhook-id": "", "webhook-timestamp": ""},
    "no time": {"webhook-timestamp": "soon"},
    "odd time": {"webhook-timestamp": "nan"},
    "endless time": {"webhook-timestamp": "1e400"},
    "latin letters": {"webhook-signature": "v1,ü"},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_a_bad_signature_is_401_and_takes_nothing(signed: httpx.AsyncClient, redis: Redis, bad: dict[str, str]):
    raw = orjson.dumps(PARTNER)
    whole = (signature(raw) | bad) if bad and "webhook-id" not in bad else bad
    headers = [(k, v.encode("latin-1")) for k, v in (JSON | whole).items()]
    answer = await signed.post(PATH, content=raw, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (401, "bad_signature")
    assert await waiting(redis) == []


@pytest.mark.parametrize(
    "source", ["partner_portal", "Partner Portal", "PARTNER-PORTAL", " partner_portal ", "partnerPortal"]
)
async def test_a_source_in_another_spelling_does_not_slip_by_unsigned(signed: httpx.AsyncClient, source: str):
    """The router takes all of these for the same source."""
    assert (await post(signed, LEAD | {"source": source})).status_code == 401


async def test_another_source_needs_no_signature_unless_all_do(signed: httpx.AsyncClient, front_settings: Settings):
    assert (await post(signed, LEAD | {"source": "website"})).status_code == 202
    strict = settings_of(
        front_settings.data_dir, front_settings.redis_url, front_settings.database_url, webhook_secrets={"*": SECRET}
    )
    async with opened(strict) as front, client_of(front) as client:
        assert (await post(client, LEAD | {"source": "website"})).status_code == 401
        assert (await post(client, {"email": "a@b.de"})).status_code == 401
        raw = orjson.dumps({"email": "a@b.de"})
        assert (await client.post(PATH, content=raw, headers=JSON | signature(raw))).status_code == 202


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!", ""])
async def test_a_secret_that_is_none_stops_the_start_and_names_the_setting(front_settings: Settings, secret: str):
    wrong = settings_of(
        front_settings.data_dir, "redis://x", front_settings.database_url, webhook_secrets={"web": secret}
    )
    with pytest.raises(ValueError, match="WEBHOOK_SECRETS"):
        FrontDoor(wrong)


# -- the stream away ---------------------------------------------------------------------------------------------------


async def test_without_the_stream_the_answer_is_503_within_a_second_and_it_heals(
    own_valkey: EmbeddedValkey, front_settings: Settings
):
    alone = front_settings.model_copy(update={"redis_url": own_valkey.url})
    async with opened(alone) as front, client_of(front) as client:
        assert (await post(client)).status_code == 202
        await asyncio.to_thread(own_valkey.stop)
        started = time.monotonic()
        answers = await asyncio.gather(*(post(client, LEAD | {"message": str(n)}) for n in range(20)))
        assert time.monotonic() - started < 1.0
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.headers["retry-after"] for answer in answers} == {"1"}
        assert "redis" not in answers[0].text.lower()
        await asyncio.to_thread(own_valkey.start)
        assert (await post(client, LEAD | {"message": "0"})).json()["status"] == "accepted"
        assert (await post(client)).json()["status"] == "duplicate", "what was accepted before is still known"


async def test_a_full_stream_is_503(redis: Redis, front_settings: Settings):
    tiny = front_settings.model_copy(update={"stream_longest": 1})
    async with opened(tiny) as front, client_of(front) as client:
        assert (await post(client)).status_code == 202
        full = await post(client, LEAD | {"message": "no room"})
        assert (full.status_code, full.headers["retry-after"]) == (503, "1")
        assert (await post(client)).status_code == 202


# -- any request -------------------------------------------------------------------------------------------------------

HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "content-type",
            "idempotency-key",
            "webhook-id",
            "webhook-signature",
            "webhook-timestamp",
            "content-length",
            "x",
        ]
    ),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=300),
    max_size=4,
)
BODIES = st.binary(max_size=300) | st.dictionaries(
    st.sampled_from(["email", "phone", "source", "event_id", "consent", "message", "properties", "fill_time_ms", "x"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.just("a@b.de"),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=6,
).map(lambda body: json.dumps({"email": "a@b.de"} | body).encode("utf-8", "surrogatepass"))
QUERIES = st.sampled_from(["", "wait=0", "wait=x", "wait=-0"]) | st.text(
    st.characters(min_codepoint=33, max_codepoint=126), max_size=20
).filter(lambda text: "wait" not in text)


def test_no_request_is_answered_with_an_internal_error(shared_valkey: EmbeddedValkey, front_settings: Settings):
    """Any bytes under any headers: an answer of the catalogue, in the one shape that all errors have."""
    strict = settings_of(
        front_settings.data_dir, shared_valkey.url, front_settings.database_url, webhook_secrets={"partner": SECRET}
    )
    seen: set[int] = set()
    with asyncio.Runner() as runner:
        redis = connect(shared_valkey.url, timeout_s=None)
        inbox = Inbox(redis)
        options = intake_options(strict)
        identifier = Identifier(load_or_make(front_settings.data_dir).lead_key)
        webhook = Webhook(inbox, identifier, Decisions(redis, 1, None, None), options)  # type: ignore[arg-type]
        runner.run(inbox.__aenter__())

        @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(HEADERS, QUERIES, BODIES)
        def any_request(headers: dict[str, str], query: str, raw: bytes) -> None:
            answer = runner.run(webhook.answer(headers, query, raw))
            seen.add(answer.status)
            body = orjson.loads(answer.body)
            assert answer.status in (202, 400, 401, 413, 415, 422)
            if answer.status == 202:
                assert body["status"] in ("accepted", "duplicate")
                return
            assert body.keys() <= {"error", "message", "fields", "example"}
            assert body["message"]
            for word in ("Traceback", "pydantic", "Error(", "Exception", "orjson", 'File "'):
                assert word not in answer.body.decode()

        any_request()
        runner.run(inbox.__aexit__())
        runner.run(redis.aclose())
    assert {202, 400, 422} <= seen, "the generator reaches the good and the bad"


# -- the two routes ----------------------------------------------------------------------------------------------------

LONG = "x" * 300_000
REQUESTS: list[tuple[str, bytes, dict[str, str]]] = [
    *(("", raw, JSON) for raw in (
        orjson.dumps(LEAD), orjson.dumps(LEAD), orjson.dumps(LEAD | {"email": "MAYA@brightwater-werke.de"}),
        orjson.dumps(LEAD | {"message": "again"}), orjson.dumps({"phone": "+493023125118"}), orjson.dumps({"email": "x"}),
        b"", b" ", b"{", b"[]", b"null", b'"x"', b"5", b"{}", b"\xff", b'{"email": "\\ud800"}', b"[" * 900 + b"]" * 900,
        b'{"email":"a@b.de","x":123456789012345678901234567890}', orjson.dumps({"email": []}),
        orjson.dumps({"consent": "maybe", "email": "a@b.de"}), orjson.dumps({"properties": {"email": {"value": "h@b.de"}}}),
        orjson.dumps(LEAD | {"event_id": "e1"}), orjson.dumps(LEAD | {"event_id": "e1", "message": "other"}),
        orjson.dumps(LEAD | {"x": LONG}), b"\xef\xbb\xbf" + orjson.dumps({"email": "bom@b.de"}),
        b'{"email": "a@b.de", "email": "c@d.de"}', orjson.dumps({"email": "n@b.de", "message": "\x00"}),
        orjson.dumps({"email": "e@b.de", "message": "y" * 20_001}),
    )),
    *(("", raw, FORM) for raw in (
        urlencode(LEAD | {"message": "form"}).encode(), b"email=f%40b.de&consent=on", b"email=f%40b.de&consent=maybe",
        b"nothing", b"", b"a=1", b"full_name=J%F6rg&email=l%40b.de", b"&".join(b"a%d=1" % n for n in range(600)),
    )),
    *(("", orjson.dumps({"email": f"k{n}@b.de"}), JSON | headers) for n, headers in enumerate((
        {"idempotency-key": "k1"}, {"idempotency-key": "k1"}, {"idempotency-key": "k" * 256}, {"idempotency-key": ""},
        {"webhook-id": "w1"}, {"idempotency-key": "k2", "webhook-id": "w2"}, {"content-length": "7"},
    ))),
    *(("", orjson.dumps({"email": "same@b.de"}), JSON | {"idempotency-key": "same"}) for _ in range(2)),
    *(("", orjson.dumps({"email": "kind@b.de"}), {"content-type": kind} if kind else {}) for kind in (
        "", "text/plain", "APPLICATION/JSON; charset=utf-8", "application/xml", "multipart/form-data; boundary=b",
        "application/problem+json", "x" * 400,
    )),
    *((query, orjson.dumps({"email": "q@b.de", "message": query}), JSON) for query in (
        "?wait=0", "?wait=x", "?wait=-1", "?wait=nan", "?wait=", "?wait=0&wait=x", "?%ff=1", "?wait=0.01", "?a=b&c",
    )),
]  # fmt: skip


async def test_the_plain_function_and_the_documented_route_answer_alike(front: FrontDoor, redis: Redis):
    assert len(REQUESTS) >= 60
    answers = []
    for app in (front, front.api):
        await redis.flushdb()
        async with client_of(app) as client:
            answers.append([await client.post(PATH + q, content=raw, headers=headers) for q, raw, headers in REQUESTS])
    for (query, raw, headers), plain, documented in zip(REQUESTS, *answers, strict=True):
        what = f"{query} {raw[:80]!r} {headers}"
        assert plain.status_code == documented.status_code, what
        assert plain.content == documented.content, what
        assert dict(plain.headers) == dict(documented.headers), what
    seen = {answer.status_code for answer in answers[0]}
    assert seen == {202, 400, 413, 415, 422}


async def test_the_two_routes_are_two_ways_through_the_code(front: FrontDoor, monkeypatch: pytest.MonkeyPatch):
    """Else the comparison above would compare a thing with itself."""
    calls: list[str] = []
    original = Webhook.asgi

    async def counted(self: Webhook, *given: Any) -> None:
        calls.append("plain")
        await original(self, *given)

    monkeypatch.setattr(Webhook, "asgi", counted)
    for app in (front, front.api):
        async with client_of(app) as client:
            assert (await post(client)).status_code == 202
    assert calls == ["plain"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_other_methods_are_405(client: httpx.AsyncClient, method: str):
    assert (await client.request(method, PATH)).status_code == 405
