"""Whatever the OpenAPI document allows, and what it does not: no request is answered with a server's error."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as conformance
from sqlalchemy import Engine

from tests.fixtures.front import ADMIN, serving, settings_of
from tests.fixtures.router import ROUTING, Bench, person, threads
from tools.embedded.valkey import EmbeddedValkey
from tools.store.dead import bury_lead
from tools.store.engine import open_engine
from tools.store.migrate import migrate
from tools.stream.codec import encode
from tools.stream.connect import connect
from tools.stream.inbox import Inbox
from tools.web.server import FrontDoor

EXAMPLES = 80
CHECKS = [
    not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_schema_conformance,
]
answered: Counter[tuple[str, int]] = Counter()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A running server and worker, with some decided leads and a dead letter."""
    folder = Path(tempfile.mkdtemp(prefix="lead-router-fuzz-"))
    server = EmbeddedValkey(folder / "valkey", "everysec")
    server.start()
    url = f"sqlite:///{folder / 'leads.db'}"
    engine = open_engine(url)
    migrate(engine)
    routing = Path(shutil.copy(ROUTING, folder / "routing.json"))  # an apply or a rollback may well be allowed
    dead = person("dead")
    bury_lead(engine, dead.submission_id, dead.lead_id, encode(dead), "graph: ValueError: oops", 5)
    given = settings_of(folder, server.url, url, routing_file=routing)
    try:
        with working(server.url, engine), serving(FrontDoor(given)) as base:
            until_ready(base)
            yield base
    finally:
        engine.dispose()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def working(url: str, engine: Engine) -> Iterator[None]:
    """A worker in a thread of its own decides what is posted."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def work() -> None:
        client = connect(url, timeout_s=None)
        with threads(2) as executor:
            async with Inbox(client, deadline_s=30.0) as inbox:
                bench = Bench(client, inbox, engine, executor)
                await bench.post(*(person(f"p{n}") for n in range(5)))
                worker = bench.worker()
                running = asyncio.create_task(worker.run())
                await stop.wait()
                worker.stop()
                await running
        await client.aclose()

    thread = threading.Thread(target=lambda: loop.run_until_complete(work()), daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)


def until_ready(base: str) -> None:
    deadline = time.monotonic() + 20
    while not requests.get(f"{base}/health", timeout=5).json()["ready"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def api(address: str) -> Any:
    return schemathesis.openapi.from_url(f"{address}/openapi.json")


def operations(api: Any) -> list[Any]:
    return [found.ok() for found in api.get_all_operations()]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_request_is_a_server_error(api: Any, mode: GenerationMode) -> None:
    """positive: what the document allows; negative: what it forbids."""
    with requests.Session() as session:
        for operation in operations(api):
            ask_all(operation, mode, session)


def ask_all(operation: Any, mode: GenerationMode, session: requests.Session) -> None:
    route = f"{operation.method.upper()} {operation.path}"

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        response = case.call(session=session, headers=ADMIN, timeout=10)
        answered[route, response.status_code] += 1
        case.validate_response(response, checks=CHECKS)
        assert b"Traceback" not in response.content

    try:
        ask()
    except Unsatisfiable:  # a route without anything to get wrong
        assert mode is GenerationMode.NEGATIVE


def test_every_documented_route_was_asked_and_the_good_was_among_it(address: str) -> None:
    document = requests.get(f"{address}/openapi.json", timeout=10).json()
    asked = {route for route, _ in answered}
    assert asked == {f"{m.upper()} {path}" for path, routes in document["paths"].items() for m in routes}
    assert {answered["POST /webhooks/lead", status] > 0 for status in (202, 422)} == {True}
    assert 500 not in {status for _, status in answered}
    for route in asked:
        assert any(status != 401 for name, status in answered if name == route), f"{route} was never let in"
