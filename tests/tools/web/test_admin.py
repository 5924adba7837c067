"""What operators do over HTTP, on both databases."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import Engine

from graph.ports import Ports
from tests.fixtures.effects import due as effects_due
from tests.fixtures.effects import task
from tests.fixtures.front import ADMIN, client_of, opened, settings_of
from tests.fixtures.router import NOW, Bench, person, settle
from tools.embedded.valkey import EmbeddedValkey
from tools.settings import Settings
from tools.store.acts import accept
from tools.store.dead import bury_lead, list_dead
from tools.stream.codec import encode
from tools.stream.outbox import Outcome, claim, record


@pytest.fixture
def admin_settings(tmp_path: Path, shared_valkey: EmbeddedValkey, database_url: str) -> Settings:
    return settings_of(tmp_path, shared_valkey.url, database_url)


@pytest.fixture
async def admin(redis: Redis, admin_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """An operator's client of a front door on the same database as `database`, `ports` and `bench`."""
    async with opened(admin_settings) as front, client_of(front, headers=ADMIN) as speaking:
        yield speaking


async def test_a_record_is_given_bit_for_bit(admin: httpx.AsyncClient, database: Engine, ports: Ports):
    ann = person("ann", message="naïve 😀")
    (one,) = await settle(database, ports, ann)
    (two,) = await settle(database, ports, person("ann", message="again"))
    newest = await admin.get(f"/admin/leads/{ann.lead_id}")
    assert (newest.status_code, newest.content) == (200, two.record)
    assert newest.headers["content-type"] == "application/json"
    first = await admin.get(f"/admin/leads/{ann.lead_id}", params={"revision": 1})
    assert first.content == one.record
    assert (await admin.get(f"/admin/leads/{ann.lead_id}", params={"revision": 3})).status_code == 404


async def test_a_lead_that_nobody_knows_is_404(admin: httpx.AsyncClient):
    for lead_id in ("ld_nobody", "%00", "x" * 5000, "%ff%fe", "..%2fx", "%F0%9F%98%80", "'; DROP TABLE leads"):
        assert (await admin.get(f"/admin/leads/{lead_id}")).status_code == 404, lead_id
        assert (await admin.post(f"/admin/retry/{lead_id}")).status_code == 404, lead_id


async def test_a_revision_that_is_none_is_422(admin: httpx.AsyncClient):
    for revision in ("0", "-1", "x", "2147483648", "1e3", ""):
        assert (await admin.get("/admin/leads/ld_x", params={"revision": revision})).status_code == 422, revision


async def test_leads_are_listed_newest_first_and_pages_hold_each_once(
    admin: httpx.AsyncClient, database: Engine, ports: Ports
):
    people = [person(f"p{n}") for n in range(7)]
    await settle(database, ports, *people)
    seen, query = [], {"limit": "3"}
    while page := (await admin.get("/admin/leads", params=query)).json()["leads"]:
        seen += [row["lead_id"] for row in page]
        query |= {"before": page[-1]["decided_at"], "after_id": page[-1]["lead_id"]}
    assert sorted(seen) == sorted(lead.lead_id for lead in people)
    assert "@" not in str(page)


async def test_a_page_that_cannot_be_is_422(admin: httpx.AsyncClient):
    for query in (
        {"limit": "0"},
        {"limit": "501"},
        {"before": "yesterday"},
        {"before": "2026-01-01T00:00:00"},
        {"before": "0001-01-01T00:00:00+23:59"},
        {"before": "9999-12-31T23:59:59-23:59"},
        {"before": "2026-01-01T00:00:00Z", "after_id": "\x00"},
    ):
        assert (await admin.get("/admin/leads", params=query)).status_code == 422, query


async def test_the_ends_of_the_calendar_are_moments_too(admin: httpx.AsyncClient):
    for before in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "1", "99999999999"):
        assert (await admin.get("/admin/leads", params={"before": before})).status_code == 200, before


async def test_a_retry_becomes_a_new_revision(admin: httpx.AsyncClient, bench: Bench):
    ann = person("ann")
    await bench.post(ann)
    await bench.drain()
    answer = await admin.post(f"/admin/retry/{ann.lead_id}")
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    await bench.drain()
    assert [row.revision for row in bench.rows("decisions", "revision")] == [1, 2]
    assert (await admin.get(answer.json()["decision"])).json()["revision"] == 2


async def test_a_leads_writes_are_listed(admin: httpx.AsyncClient, database: Engine, ports: Ports):
    ann = person("ann")
    (one,) = await settle(database, ports, ann)
    rows = (await admin.get(f"/admin/leads/{ann.lead_id}/effects")).json()["effects"]
    assert [row["kind"] for row in rows] == [effect.kind for effect in one.case.effects]
    assert (await admin.get("/admin/leads/ld_nobody/effects")).json() == {"effects": []}


async def test_dead_letters_are_listed_and_a_lead_is_replayed_once(admin: httpx.AsyncClient, bench: Bench):
    ann = person("ann")
    bury_lead(bench.engine, ann.submission_id, ann.lead_id, encode(ann), "graph: ValueError: oops", 5)
    (letter,) = (await admin.get("/admin/dead-letters")).json()["dead_letters"]
    assert (letter["kind"], letter["lead_id"], letter["attempts"]) == ("lead", ann.lead_id, 5)
    assert letter["reason"] == "graph: ValueError: oops"
    answer = await admin.post(f"/admin/dead-letters/{letter['id']}/replay")
    assert (answer.status_code, answer.json()["ref"]) == (202, ann.submission_id)
    assert (await admin.post(f"/admin/dead-letters/{letter['id']}/replay")).status_code == 404
    assert (await admin.get("/admin/dead-letters")).json() == {"dead_letters": []}
    await bench.drain()
    assert bench.count("decisions") == 1


async def test_an_effect_is_replayed_by_the_dispatcher(admin: httpx.AsyncClient, database: Engine):
    (key,) = effects_due(database, "ld_1", task("1"))
    (claimed,) = claim(database, "crm", "d/crm/1", NOW, limit=1, lease_s=60)
    record(database, [Outcome(claimed, error="400: no")], NOW)
    (letter,) = list_dead(database)
    assert (await admin.post(f"/admin/dead-letters/{letter.id}/replay")).json()["ref"] == key
    rows = (await admin.get("/admin/leads/ld_1/effects")).json()["effects"]
    assert [row["state"] for row in rows] == ["pending"]


async def test_a_letter_that_is_none_is_404_or_422(admin: httpx.AsyncClient):
    for letter in ("0", "-1", "1", "99999999999999999999", "x", "1.5"):
        assert (await admin.post(f"/admin/dead-letters/{letter}/replay")).status_code in (404, 422), letter


async def test_without_the_stream_a_retry_and_a_replay_are_503_and_change_nothing(
    own_valkey: EmbeddedValkey, admin_settings: Settings, database: Engine, ports: Ports
):
    ann = person("ann")
    await settle(database, ports, ann)
    bury_lead(database, "s:x", "ld_x", b"{}", "why", 1)
    alone = admin_settings.model_copy(update={"redis_url": own_valkey.url})
    async with opened(alone) as front, client_of(front, headers=ADMIN) as admin:
        await asyncio.to_thread(own_valkey.stop)
        for path in (f"/admin/retry/{ann.lead_id}", f"/admin/dead-letters/{list_dead(database)[0].id}/replay"):
            answer = await admin.post(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert len(list_dead(database)) == 1


@pytest.mark.parametrize("kind", ["lead", "effect"])
async def test_a_locked_database_holds_up_only_who_needs_it(redis: Redis, front_settings: Settings, kind: str):
    """The event loop serves everybody: no route may wait in it for a lock."""
    from tools.store.engine import open_engine

    engine = open_engine(front_settings.database)
    if kind == "lead":
        bury_lead(engine, "s:x", "ld_x", b"{}", "why", 1)
    else:
        effects_due(engine, "ld_1", task("1"))
        (claimed,) = claim(engine, "crm", "d/crm/1", NOW, limit=1, lease_s=60)
        record(engine, [Outcome(claimed, error="400: no")], NOW)
    (letter,) = list_dead(engine)
    async with opened(front_settings) as front, client_of(front, headers=ADMIN) as admin:
        lock = sqlite3.connect(str(engine.url.database), isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        replaying = asyncio.create_task(admin.post(f"/admin/dead-letters/{letter.id}/replay"))
        await asyncio.sleep(0.05)
        started = time.monotonic()
        assert (await admin.get("/health")).status_code == 200
        assert time.monotonic() - started < 5  # less than the 10 s that the writer waits for the lock
        assert not replaying.done()
        lock.execute("ROLLBACK")
        lock.close()
        assert (await replaying).status_code == 202
    engine.dispose()


async def test_how_owners_keep_their_times_is_reported(admin: httpx.AsyncClient, database: Engine, ports: Ports):
    now = datetime.now(UTC)
    (one,) = await settle(database, ports, person("ann"), now=now)
    owner = one.case.assignment.owner  # type: ignore[union-attr]
    accept(database, one.case.submission.lead_id, 1, owner, now + timedelta(seconds=30))
    (member,) = (await admin.get("/admin/sla")).json()["members"]
    assert (member["owner"], member["accept_met"], member["median_accept_s"]) == (owner, 1, 30.0)
    assert (member["open"], member["accept_missed"], member["touch_met"]) == (1, 0, 0)
    assert (await admin.get("/admin/sla?days=0")).status_code == 422


async def test_accounts_are_ranked_as_json_paged_and_filtered(admin: httpx.AsyncClient, database: Engine, ports: Ports):
    await settle(database, ports, *(person(f"p{number}") for number in range(3)))
    found = (await admin.get("/admin/accounts", params={"limit": 2})).json()
    assert (found["currency"], found["total"], len(found["accounts"])) == ("USD", 3, 2)
    assert [row["rank"] for row in found["accounts"]] == [1, 2]
    (one,) = (await admin.get("/admin/accounts", params={"find": "P1-"})).json()["accounts"]
    assert (one["parent_domain"], one["companies"], one["leads"]) == ("p1-werke.de", 1, 1)
    for wrong in ({"limit": 0}, {"limit": 501}, {"page": 0}, {"least": -1}, {"find": "x" * 81}):
        assert (await admin.get("/admin/accounts", params=wrong)).status_code == 422, wrong
