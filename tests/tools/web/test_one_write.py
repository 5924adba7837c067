"""What is written in one turn of the loop leaves at once, in order, whole; and uvicorn serves through it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import uvicorn

from tools.cli.demo import free_port
from tools.web.one_write import MOST_HELD, JoinedWrites, OneWriteProtocol


class Wire:
    """A transport that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.told.append("close")

    def is_closing(self) -> bool:
        return self.told[-1:] == ["close"]


async def test_one_turn_is_one_write():
    wire = Wire()
    joined = JoinedWrites(wire, asyncio.get_running_loop())
    joined.write(b"head ")
    joined.write(b"body")
    assert wire.told == []
    await asyncio.sleep(0)
    joined.write(b"next")
    await asyncio.sleep(0)
    assert wire.told == [b"head body", b"next"]
    await asyncio.sleep(0)
    assert len(wire.told) == 2


async def test_a_close_comes_after_what_was_written():
    wire = Wire()
    joined = JoinedWrites(wire, asyncio.get_running_loop())
    joined.write(b"last")
    joined.close()
    await asyncio.sleep(0)
    assert wire.told == [b"last", "close"]
    assert joined.is_closing(), "what is not written or closed is the transport's own"


async def test_a_large_answer_is_not_held():
    """Or a sender of many parts would never hear that the other side reads slowly."""
    wire = Wire()
    joined = JoinedWrites(wire, asyncio.get_running_loop())
    joined.write(bytes(MOST_HELD))
    joined.write(b"x")
    assert wire.told == [bytes(MOST_HELD) + b"x"]
    joined.write(b"y")
    await asyncio.sleep(0)
    assert wire.told[1:] == [b"y"]


async def test_a_server_answers_through_it_whatever_the_size_and_however_it_ends():
    parts = [b"a" * 10, b"b" * 100_000, b"", b"c" * 3_000_000]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"end"})

    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, http=OneWriteProtocol, ws="none", log_level="error", lifespan="off")
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for headers in ({}, {"connection": "close"}):
            answers = await asyncio.gather(*(client.get("/", headers=headers) for _ in range(3)))
            assert [answer.content for answer in answers] == [b"".join(parts) + b"end"] * 3
    server.should_exit = True
    await serving
