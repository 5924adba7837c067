"""The local vendor server itself: what it records, and how it fails when told to."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from tests.servers.base import DROP, LOSE, Answer, LocalServer, Request


class Counter(LocalServer):
    def __init__(self) -> None:
        super().__init__()
        self.counted = 0

    def handle(self, request: Request) -> Answer:
        if request.path == "/broken":
            raise ZeroDivisionError
        self.counted += 1
        return Answer(201, {"counted": self.counted})


def test_a_request_is_recorded_as_it_arrived() -> None:
    with Counter() as server, httpx.Client(base_url=server.url) as client:
        assert client.post("/a%20b?x=1&x=2&y=", json={"z": "ü"}, headers={"X-Key": "k"}).json() == {"counted": 1}
        client.put("/form", data={"text": "a b"})
        first, second = server.requests
    assert (first.method, first.target, first.query, first.json()) == (
        "POST",
        "/a%20b?x=1&x=2&y=",
        {"x": "2", "y": ""},
        {"z": "ü"},
    )
    assert first.headers["x-key"] == "k"
    assert second.form == {"text": "a b"}


def test_scripted_answers_come_first_then_the_standing_one_then_the_vendors_own() -> None:
    with Counter() as server, httpx.Client(base_url=server.url) as client:
        server.script(Answer(429, headers={"Retry-After": "2"}), Answer(500, "oops"))
        server.always(Answer(503), matching=lambda request: request.path == "/down")
        assert [client.get(path).status_code for path in ("/", "/", "/down", "/", "/down")] == [429, 500, 503, 201, 503]
        server.always(None)
        assert client.get("/down").status_code == 201


def test_a_dropped_request_did_nothing_and_a_lost_one_did() -> None:
    with Counter() as server, httpx.Client(base_url=server.url) as client:
        for fault, counted in ((DROP, 0), (LOSE, 1), (Answer(500, handled=True), 2)):
            server.script(fault)
            try:
                assert client.get("/").status_code == 500
            except httpx.RemoteProtocolError:
                assert fault.drop
            assert server.counted == counted


def test_a_stall_holds_up_neither_other_requests_nor_the_end() -> None:
    began = time.monotonic()
    with Counter() as server, httpx.Client(base_url=server.url, timeout=0.1) as client:
        server.script(Answer(delay_s=60))
        with pytest.raises(httpx.ReadTimeout):
            client.get("/")
        assert client.get("/").status_code == 201
    assert time.monotonic() - began < 5


def test_a_stopped_server_refuses_and_comes_back_at_the_same_address() -> None:
    server = Counter().start()
    address = server.url
    assert httpx.get(address).status_code == 201
    server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)
    with server:
        assert httpx.get(address).json() == {"counted": 2}


def test_a_fault_of_the_server_itself_is_shown_at_the_end() -> None:
    server = Counter().start()
    assert httpx.get(f"{server.url}/broken").status_code == 500
    with pytest.raises(ZeroDivisionError):
        server.stop()


async def test_it_counts_how_many_requests_were_under_way_at_once() -> None:
    with Counter() as server:
        server.always(Answer(delay_s=0.05))
        async with httpx.AsyncClient(base_url=server.url) as client:
            await asyncio.gather(*(client.get("/") for _ in range(5)))
        assert server.peak == 5
