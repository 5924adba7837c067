"""The door is open for leads before the other routes are made, and those who ask for them wait."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis

from tests.fixtures.front import LEAD, serving
from tools.settings import Settings
from tools.web.auth import Login
from tools.web.server import FrontDoor
from tools.web.webhook import PATH

Make = Callable[[FrontDoor, Login], FastAPI]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[[Make], None]:
    """Has the routes made in another way."""
    return lambda made: monkeypatch.setattr(FrontDoor, "_api", made)


def test_a_lead_is_taken_while_the_other_routes_are_made(
    redis: Redis, front_settings: Settings, make: Callable[[Make], None]
):
    go_on, usual, made = threading.Event(), FrontDoor._api, []

    def late(self: FrontDoor, login: Login) -> FastAPI:
        assert go_on.wait(20)
        made.append(1)
        return usual(self, login)

    make(late)
    with serving(FrontDoor(front_settings)) as url, ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(httpx.get, f"{url}/health", timeout=20) for _ in range(3)]
        assert httpx.post(url + PATH, json=LEAD, timeout=20).status_code == 202
        assert not any(one.done() for one in asking)
        go_on.set()
        assert {one.result().json()["parts"]["database"]["ok"] for one in asking} == {True}
        assert made == [1], "once, for all who asked"


def test_a_process_that_cannot_make_them_ends(
    redis: Redis, front_settings: Settings, make: Callable[[Make], None], monkeypatch: pytest.MonkeyPatch
):
    def fail(self: FrontDoor, login: Login) -> FastAPI:
        raise ValueError("no such template")

    raised, told = [], threading.Event()
    monkeypatch.setattr(signal, "raise_signal", lambda number: (raised.append(number), told.set()))
    make(fail)
    with serving(FrontDoor(front_settings)):
        assert told.wait(20)
    assert raised == [signal.SIGTERM]
