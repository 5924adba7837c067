"""A booking is a lead and a meeting of that lead; one that is given up does not count any more."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
from redis.asyncio import Redis
from sqlalchemy import select

from tests.fixtures.form_vendors import Sent, sample
from tests.fixtures.front import client_of, opened
from tests.fixtures.router import Bench
from tools.settings import Settings
from tools.store.tables import lead_events
from tools.web.server import FrontDoor


def events(front: FrontDoor) -> list[Any]:
    with front._store.engine.connect() as connection:
        return list(connection.execute(select(lead_events)))


def changed(name: str, **values: Any) -> Sent:
    sent = sample("calendly", name)
    held = orjson.loads(sent.raw)
    held["payload"] |= values
    sent.raw = orjson.dumps(held)
    return sent.signed()


async def test_a_booking_is_a_lead_and_a_meeting(client: httpx.AsyncClient, front: FrontDoor, worker: Bench):
    answer = await sample("calendly", "invitee_created.json").to(client)
    assert answer.status_code == 202
    (row,) = events(front)
    assert (row.type, row.source, row.counts, row.reason) == ("meeting", "calendly", True, None)
    assert (row.lead_id, row.email) == (answer.json()["lead_id"], "cato.vermeer@zeelandpumps.example")
    assert row.at.isoformat() == "2026-11-24T12:30:02.114000+00:00", "when it was booked"
    assert orjson.loads(row.properties)["start_time"] == "2026-12-01T09:00:00.000000Z"
    assert await worker.drain() == 1


async def test_a_booking_that_is_told_twice_is_one_meeting(client: httpx.AsyncClient, front: FrontDoor):
    for _ in range(2):
        await sample("calendly", "invitee_created.json").to(client)
    assert len(events(front)) == 1


async def test_a_meeting_that_is_given_up_does_not_count(client: httpx.AsyncClient, front: FrontDoor):
    booked = await sample("calendly", "invitee_created.json").to(client)
    answer = await sample("calendly", "invitee_canceled.json").to(client)
    assert (answer.status_code, answer.json()["status"]) == (200, "noted")
    (row,) = events(front)
    assert not row.counts
    assert row.reason == "cancelled by invitee: We are moving the project to January"
    assert row.lead_id == booked.json()["lead_id"]


async def test_a_cancellation_that_comes_first_stays(client: httpx.AsyncClient, front: FrontDoor):
    await sample("calendly", "invitee_canceled.json").to(client)
    assert (await sample("calendly", "invitee_created.json").to(client)).status_code == 202
    (row,) = events(front)
    assert not row.counts


async def test_a_meeting_that_was_moved_is_a_new_one_and_the_old_does_not_count(
    client: httpx.AsyncClient, front: FrontDoor
):
    old, new = "https://api.calendly.com/e/1/invitees/old", "https://api.calendly.com/e/2/invitees/new"
    await changed("invitee_created.json", uri=old).to(client)
    await changed("invitee_canceled.json", uri=old, rescheduled=True, new_invitee=new).to(client)
    await changed("invitee_created.json", uri=new, old_invitee=old).to(client)
    found = {row.counts: row for row in events(front)}
    assert found[False].reason == "moved to another time"
    assert orjson.loads(found[True].properties)["moved_from"] == old


async def test_without_a_uri_it_is_no_booking(client: httpx.AsyncClient, front: FrontDoor):
    answer = await changed("invitee_created.json", uri=None).to(client)
    assert (answer.status_code, answer.json()["error"]) == (422, "unexpected_payload")
    assert events(front) == []


async def test_where_the_meeting_cannot_be_written_calendly_sends_again(front_settings: Settings, redis: Redis):
    """The lead is in already, and the second time it is a duplicate."""
    async with opened(front_settings) as front, client_of(front) as client:
        with front._store.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE lead_events RENAME TO away")
        answer = await sample("calendly", "invitee_created.json").to(client)
        assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
        with front._store.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO lead_events")
        assert (await sample("calendly", "invitee_created.json").to(client)).json()["status"] == "duplicate"
        assert len(events(front)) == 1
