"""POST /webhooks/hubspot: who may post, what is kept, and what is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import Engine, func, select

from tests.fixtures.front import client_of, opened
from tests.servers.hubspot_server import APP_ID, CLIENT_SECRET, event, signed
from tools.settings import Settings
from tools.store.crm_changes import changes_page
from tools.store.engine import open_engine
from tools.store.tables import outbox
from tools.web.answers import Refused
from tools.web.forms.hubspot import VENDOR
from tools.web.forms.vendor import Access, Incoming
from tools.web.hubspot import PATH, change_of
from tools.web.hubspot_signature import verify

URL = "https://router.example/webhooks/hubspot"
NOW = datetime(2026, 4, 7, 14, 0, tzinfo=UTC)
MS = round(NOW.timestamp() * 1000)
BODY = b'[{"eventId":1}]'


def check(headers: dict[str, str], *, url: str = URL, body: bytes = BODY, secret: str = CLIENT_SECRET) -> None:
    """As both doors check: the one for events of the CRM, and the one for forms, where version 3 is given."""
    if "x-hubspot-signature-v3" in headers:
        incoming = Incoming("POST", url, headers, {}, body, NOW)
        try:
            VENDOR.check(incoming, Access(secrets=(secret,)))
        except Refused as refused:
            with pytest.raises(Refused) as other:
                verify(headers, "POST", url, body, secrets=(secret,), now=NOW, setting="HUBSPOT_CLIENT_SECRET")
            assert other.value.code == refused.code
            raise
    verify(headers, "POST", url, body, secrets=(secret,), now=NOW, setting="HUBSPOT_CLIENT_SECRET")


def test_a_signature_over_method_url_body_and_time_is_taken() -> None:
    check(signed(URL, BODY, MS))


def test_the_signature_is_the_one_the_sdk_makes() -> None:
    from hubspot.utils.signature import Signature

    made = Signature.get_signature(CLIENT_SECRET, BODY.decode(), "v3", URL, "POST", str(MS))
    assert signed(URL, BODY, MS)["x-hubspot-signature-v3"] == made


@pytest.mark.parametrize(
    ("away_s", "code"), [(-301, "old_signature"), *((ahead, "early_signature") for ahead in (6, 3600, 10**9))]
)
def test_a_request_that_is_old_or_from_the_future_is_refused(away_s: int, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check(signed(URL, BODY, MS + away_s * 1000))
    assert (refused.value.status, refused.value.code) == (401, code)


@pytest.mark.parametrize("away_s", [-299, 0, 4])
def test_clocks_may_differ_a_little_and_deliveries_take_their_time(away_s: int) -> None:
    check(signed(URL, BODY, MS + away_s * 1000))


@pytest.mark.parametrize(
    ("missing", "code"), [("x-hubspot-signature-v3", "no_signature"), ("x-hubspot-request-timestamp", "no_timestamp")]
)
def test_a_missing_header_is_refused(missing: str, code: str) -> None:
    headers = signed(URL, BODY, MS)
    for without in ({n: v for n, v in headers.items() if n != missing}, headers | {missing: ""}):
        with pytest.raises(Refused) as refused:
            check(without)
        assert (refused.value.status, refused.value.code) == (401, code)


@pytest.mark.parametrize("time", ["soon", "-1", "1e15", "٣", "9" * 40, "1775570400000.5"])
def test_a_time_that_is_none_is_refused(time: str) -> None:
    with pytest.raises(Refused) as refused:
        check(signed(URL, BODY, MS) | {"x-hubspot-request-timestamp": time})
    assert refused.value.code == "no_timestamp"


@pytest.mark.parametrize(
    "changed", [{"url": "http://router.example/webhooks/hubspot"}, {"body": BODY + b" "}, {"secret": "another"}]
)
def test_a_signature_over_anything_else_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        check(signed(URL, BODY, MS), **changed)
    assert (refused.value.status, refused.value.code) == (401, "bad_signature")


def test_what_hubspot_decodes_of_a_url_before_it_signs_is_decoded() -> None:
    check(signed(f"{URL}?of=a@b:c", BODY, MS), url=f"{URL}?of=a%40b%3ac")


def test_a_signature_of_the_older_versions_does_not_open_the_door() -> None:
    headers = signed(URL, BODY, MS)
    old = {"x-hubspot-signature": headers["x-hubspot-signature-v3"], "x-hubspot-signature-version": "v1"}
    with pytest.raises(Refused):
        check(old | {"x-hubspot-request-timestamp": str(MS)})


OWNER = {"propertyName": "hubspot_owner_id", "propertyValue": "12"}


@pytest.mark.parametrize(
    ("told", "kind", "value"),
    [
        (event(1, "contact.propertyChange", "101", MS, **OWNER), "owner", "12"),
        (event(1, "object.propertyChange", "101", MS, objectTypeId="0-1", **OWNER), "owner", "12"),
        (event(1, "contact.propertyChange", "101", MS, **(OWNER | {"propertyValue": ""})), "owner", None),
        (event(1, "deal.propertyChange", "7", MS, propertyName="dealstage", propertyValue="x"), "deal", "dealstage"),
        (event(1, "deal.creation", "7", MS), "deal", "creation"),
        (event(1, "contact.deletion", "101", MS), "gone", None),
        (event(1, "contact.privacyDeletion", "101", MS), "gone", None),
        (event(1, "contact.merge", "1", MS, primaryObjectId=1, mergedObjectIds=[2], newObjectId=3), "merged", "3"),
    ],
)
def test_events_that_matter_are_understood(told: dict[str, Any], kind: str, value: str | None) -> None:
    change = change_of(told)
    assert change is not None
    assert (change.kind, change.value, change.occurred_at) == (kind, value, NOW)


@pytest.mark.parametrize(
    "told",
    [
        event(1, "contact.propertyChange", "101", MS, propertyName="firstname", propertyValue="x"),
        event(1, "company.propertyChange", "101", MS, **OWNER),
        event(1, "contact.creation", "101", MS),
        event(1, "contact.propertyChange", "101", MS, **OWNER, changeSource="INTEGRATION", sourceId=str(APP_ID)),
    ],
)
def test_other_events_and_our_own_writes_are_left_alone(told: dict[str, Any]) -> None:
    assert change_of(told) is None


def test_another_integrations_write_counts_like_a_persons() -> None:
    assert change_of(event(1, "contact.propertyChange", "1", MS, **OWNER, changeSource="INTEGRATION", sourceId="5"))


def test_deliveries_of_one_event_have_one_id_and_different_changes_have_others() -> None:
    first = event(1, "contact.propertyChange", "101", MS, **OWNER)
    again = first | {"attemptNumber": 3, "subscriptionId": 9, "eventId": 2}
    later = first | {"occurredAt": MS + 1}
    ids = [change.change_id for told in (first, again, later) if (change := change_of(told))]
    assert ids[0] == ids[1] != ids[2]


@pytest.fixture
async def posting(front_settings: Settings) -> AsyncIterator[tuple[httpx.AsyncClient, Engine]]:
    told = {"crm": "live", "hubspot_access_token": "pat-test", "hubspot_client_secret": CLIENT_SECRET}
    settings = Settings(
        _env_file=None, **{**front_settings.model_dump(), **told, "public_url": "https://router.example"}
    )
    engine = open_engine(settings.database)
    async with opened(settings) as front, client_of(front) as client:
        yield client, engine
    engine.dispose()


async def post(client: httpx.AsyncClient, body: Any, *, at: datetime | None = None, **headers: str) -> httpx.Response:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    ms = round((at or datetime.now(UTC)).timestamp() * 1000)
    return await client.post(PATH, content=raw, headers=signed(URL, raw, ms) | headers)


async def test_events_are_kept_once_in_their_order_whatever_is_sent_again(
    posting: tuple[httpx.AsyncClient, Engine],
) -> None:
    client, engine = posting
    late = event(1, "contact.propertyChange", "101", MS + 2000, **OWNER)
    early = event(2, "contact.propertyChange", "101", MS, **(OWNER | {"propertyValue": "11"}))
    first = await post(client, [late, early, event(3, "contact.creation", "5", MS), {"eventId": 4}])
    again = await post(client, [late | {"attemptNumber": 1}])
    assert (first.status_code, first.json()) == (200, {"taken": 2, "known": 0, "ignored": 1, "unreadable": 1})
    assert (again.status_code, again.json()) == (200, {"taken": 0, "known": 1, "ignored": 0, "unreadable": 0})
    kept = sorted(changes_page(engine), key=lambda row: row.occurred_at)
    assert [(row.value, row.state, row.author) for row in kept] == [
        ("11", "waiting", "userId:45678"),
        ("12", "waiting", "userId:45678"),
    ]
    with engine.connect() as connection:
        queued = connection.execute(select(outbox.c.key).where(outbox.c.vendor == "changes").order_by(outbox.c.id))
        assert [key for (key,) in queued] == [f"take_change/{row.change_id}" for row in kept]


@pytest.mark.parametrize(
    ("body", "status", "code"), [(b"{", 400, "not_json"), (b"{}", 422, "no_events"), (b"\xff[]", 400, "not_json")]
)
async def test_a_signed_body_that_is_no_list_of_events_is_refused(
    posting: tuple[httpx.AsyncClient, Engine], body: bytes, status: int, code: str
) -> None:
    answer = await post(posting[0], body)
    assert (answer.status_code, answer.json()["error"]) == (status, code)


async def test_an_unsigned_or_replayed_or_huge_body_is_refused_and_nothing_is_kept(
    posting: tuple[httpx.AsyncClient, Engine],
) -> None:
    client, engine = posting
    told = [event(1, "contact.propertyChange", "101", MS, **OWNER)]
    unsigned = await client.post(PATH, json=told)
    replayed = await post(client, told, at=datetime.now(UTC) - timedelta(minutes=6))
    huge = await post(client, b"[" + b" " * 1_100_000 + b"]")
    assert [answer.status_code for answer in (unsigned, replayed, huge)] == [401, 401, 413]
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(outbox)) == 0


async def test_without_the_apps_secret_there_is_no_such_route(client: httpx.AsyncClient) -> None:
    assert (await client.post(PATH, json=[])).status_code in {404, 405}
