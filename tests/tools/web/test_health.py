"""/health says what is true of each part, at once, whatever that part is doing."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from graph.domain.effects import AcceptMissed, RemindOwner
from tests.fixtures.effects import alert, due
from tests.fixtures.front import client_of, opened
from tests.fixtures.router import ROUTING, Bench, person
from tools.embedded.valkey import EmbeddedValkey
from tools.ml.registry.reports import Seen, write_seen
from tools.ml.registry.roles import change_roles
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.store.webhooks import add_endpoint, set_state
from tools.stream.consumer import Consumer
from tools.stream.inbox import Inbox
from tools.stream.keys import Partition
from tools.web import health as probing
from tools.web.health import DEADLINE_S, STALE_S, pause_after


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe looks every few milliseconds instead of every second."""
    monkeypatch.setattr(probing, "EVERY_S", 0.005)
    monkeypatch.setattr(probing, "DEADLINE_S", 0.2)


@asynccontextmanager
async def watched(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(settings) as front, client_of(front) as client:
        yield client


async def until(client: httpx.AsyncClient, true: Any) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while not true(state := (await client.get("/health")).json()):
            await asyncio.sleep(0.003)
    return dict(state)


async def test_with_every_part_well_it_is_ready_and_says_what_it_stands_on(redis: Redis, front_settings: Settings):
    await Consumer(redis, Partition(0), "w1").prepare()
    await Consumer(redis, Partition(0), "w1").read(1, 1)
    async with watched(front_settings) as client:
        state = await until(client, lambda state: state["ready"] and all(p["ok"] for p in state["parts"].values()))
        assert state["status"] == "ok"
        parts = state["parts"]
        assert parts["stream"] == {"ok": True, "kind": "configured", "persistence": "always", "backlog": 0}
        assert parts["database"]["kind"] == "sqlite"
        assert parts["workers"]["alive"] == 1
        assert parts["routing"]["version"] == 2
        assert parts["models"] == {"ok": True, "champion": None}
        assert (await client.get("/health/ready")).status_code == 200


async def test_a_chosen_model_that_does_not_load_is_named_and_leads_are_still_taken(
    redis: Redis, front_settings: Settings
):
    await Consumer(redis, Partition(0), "w1").prepare()
    await Consumer(redis, Partition(0), "w1").read(1, 1)
    change_roles(front_settings.models_dir, lambda roles: roles.model_copy(update={"champion": "0123456789abcdef"}))
    seen = Seen(at=datetime(2026, 4, 7, tzinfo=UTC), model="0123456789abcdef", findings=(("score", "score: PSI 0.40"),))
    write_seen(front_settings.models_dir, seen)
    async with watched(front_settings) as client:
        state = await until(client, lambda state: state["ready"] and "fault" in state["parts"]["models"])
        assert "0123456789abcdef" in state["parts"]["models"]["fault"]
        assert not state["parts"]["models"]["ok"]
        assert state["parts"]["models"]["drift"]["findings"] == ["score: PSI 0.40"]
        assert "lead_drift_findings 1.0" in (await client.get("/metrics")).text


async def test_before_anything_was_seen_nothing_is_called_well(front_settings: Settings, redis: Redis):
    async with watched(front_settings) as client:
        state = (await client.get("/health")).json()
        assert state["status"] == "ok"
        assert not state["ready"]


async def test_without_a_worker_it_is_alive_and_not_ready(redis: Redis, front_settings: Settings):
    async with watched(front_settings) as client:
        state = await until(client, lambda state: state["parts"]["database"]["ok"] and state["parts"]["stream"]["ok"])
        assert not state["parts"]["workers"]["ok"]
        assert not state["ready"]
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["status"] == "ok"


async def test_what_waits_is_counted(redis: Redis, inbox: Inbox, front_settings: Settings, executor: Executor):
    engine = open_engine(front_settings.database)
    bench = Bench(redis, inbox, engine, executor)
    await bench.post(person("ann"), person("bob"))
    due(engine, "ld_1", alert())
    async with watched(front_settings) as client:
        state = await until(client, lambda state: state["parts"]["outbox"]["ok"] and state["parts"]["stream"]["ok"])
        assert state["parts"]["stream"]["backlog"] == 2
        assert state["parts"]["outbox"]["waiting"] == {"notifier": {"pending": 1}}
        await bench.drain()
        await until(client, lambda state: state["parts"]["stream"]["backlog"] == 0)
    engine.dispose()


async def test_a_weaker_stream_server_is_reported(own_valkey: EmbeddedValkey, front_settings: Settings):
    from tools.stream.connect import connect

    client = connect(own_valkey.url)
    await client.config_set("appendfsync", "everysec")
    await client.aclose()
    async with watched(front_settings.model_copy(update={"redis_url": own_valkey.url})) as speaking:
        state = await until(speaking, lambda state: state["parts"]["stream"]["ok"])
        assert state["parts"]["stream"]["persistence"] == "everysec"
        assert "last second" in state["parts"]["stream"]["warning"]


async def test_a_hung_stream_server_makes_it_unready_and_no_slower(
    own_valkey: EmbeddedValkey, front_settings: Settings
):
    async with watched(front_settings.model_copy(update={"redis_url": own_valkey.url})) as client:
        await until(client, lambda state: state["parts"]["stream"]["ok"])
        assert own_valkey.process is not None
        own_valkey.process.send_signal(signal.SIGSTOP)
        try:
            await until(client, lambda state: not state["parts"]["stream"]["ok"])
            started = time.monotonic()
            for _ in range(20):
                assert (await client.get("/health")).status_code == 200
            assert (time.monotonic() - started) / 20 < 0.1
        finally:
            own_valkey.process.send_signal(signal.SIGCONT)
        await until(client, lambda state: state["parts"]["stream"]["ok"])


async def test_a_stream_server_that_is_gone_is_named_by_its_error_and_it_heals(
    own_valkey: EmbeddedValkey, front_settings: Settings
):
    async with watched(front_settings.model_copy(update={"redis_url": own_valkey.url})) as client:
        await until(client, lambda state: state["parts"]["stream"]["ok"])
        await asyncio.to_thread(own_valkey.stop)
        state = await until(client, lambda state: not state["parts"]["stream"]["ok"])
        assert "error" in state["parts"]["stream"]
        assert str(own_valkey.socket) not in str(state)
        await asyncio.to_thread(own_valkey.start)
        await until(client, lambda state: state["parts"]["stream"]["ok"])


async def test_a_part_that_was_not_seen_for_long_is_not_called_well():
    part = probing.Part(ok=True, detail={"kind": "x"}, at=time.monotonic() - probing.STALE_S - 1)
    shown = part.shown()
    assert shown["ok"] is False
    assert shown["not_seen_for_s"] > probing.STALE_S
    assert probing.Part(ok=True, at=time.monotonic()).shown() == {"ok": True}


async def test_a_bad_edit_of_the_routing_file_is_shown_and_leaves_it_ready(
    redis: Redis, front_settings: Settings, tmp_path: Path
):
    await Consumer(redis, Partition(0), "w1").prepare()
    await Consumer(redis, Partition(0), "w1").read(1, 1)
    own = tmp_path / "routing.json"
    own.write_text(ROUTING.read_text())
    async with watched(front_settings.model_copy(update={"routing_file": own})) as client:
        good = (await until(client, lambda state: state["ready"]))["parts"]["routing"]
        own.write_text("{ nothing of the kind")
        state = await until(client, lambda state: not state["parts"]["routing"]["ok"])
        assert state["ready"], "the last good version still routes"
        assert state["parts"]["routing"]["digest"] == good["digest"]
        assert state["parts"]["routing"]["fault"]


async def test_metrics_are_prometheus_text_and_hold_no_person(redis: Redis, front_settings: Settings):
    from tests.fixtures.front import LEAD

    async with watched(front_settings) as client:
        await client.post("/webhooks/lead", json=LEAD)
        await client.post("/webhooks/lead", json={})
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert any(line.startswith('lead_accepted_total{form="content"}') for line in lines)
    assert any(line.startswith('lead_rejected_total{status="422"}') for line in lines)
    assert any(line.startswith("lead_accept_seconds_bucket") for line in lines)
    assert "maya" not in answer.text.lower()


async def test_closing_is_prompt_while_the_probe_is_busy_connecting(front_settings: Settings):
    """A cancellation that the Redis client takes for a failure to connect must not keep the server from ending."""
    for pause in (0.0, 0.0, 0.001, 0.002, 0.003):
        async with asyncio.timeout(3):
            async with watched(front_settings):
                await asyncio.sleep(pause)


def test_a_check_that_takes_long_is_made_less_often_but_before_its_answer_is_stale():
    assert pause_after(0.001) == max(probing.EVERY_S, 0.05)
    assert pause_after(0.04) == 2.0
    assert pause_after(0.2) == probing.LONGEST_PAUSE_S
    assert pause_after(DEADLINE_S) + DEADLINE_S < STALE_S


async def test_timers_are_shown_apart_from_what_waits(redis: Redis, inbox: Inbox, front_settings: Settings):
    engine = open_engine(front_settings.database)
    later = datetime.now(UTC) + timedelta(minutes=5)
    due(engine, "ld_1", RemindOwner("dee@us.example", 1, later), at=later)
    due(engine, "ld_2", AcceptMissed("dee@us.example", 1, later), at=later - timedelta(hours=1))
    async with watched(front_settings) as client:
        state = await until(client, lambda state: state["parts"]["outbox"]["ok"])
        assert state["parts"]["outbox"] == {"ok": True, "waiting": {"sla": {"pending": 1}}, "timers": 1}
    engine.dispose()


async def test_an_endpoint_of_webhooks_that_was_switched_off_is_a_fault_without_its_address(front_settings: Settings):
    engine = open_engine(front_settings.database)
    for name in ("ep_aaaaaaaa", "ep_bbbbbbbb"):
        url = f"https://hooks.example/{name}?key=secret"
        add_endpoint(engine, name, url, ["lead.decided"], "sealed", personal=False, now=datetime.now(UTC))
    async with watched(front_settings) as client:
        state = await until(client, lambda state: state["parts"]["webhooks"]["ok"])
        assert state["parts"]["webhooks"] == {"ok": True, "active": 2}
        set_state(engine, "ep_bbbbbbbb", "off", "it answered 410 Gone")
        state = await until(client, lambda state: "off" in state["parts"]["webhooks"])
        why = [{"endpoint": "ep_bbbbbbbb", "why": "it answered 410 Gone"}]
        assert state["parts"]["webhooks"] == {"ok": False, "active": 1, "off": why}
        assert "secret" not in (await client.get("/health")).text
    engine.dispose()
