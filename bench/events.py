"""POST /webhooks/events at 32 connections: events a second that are durable when they are answered, one a request and 100 a
request, on SQLite with a sync at each commit. `./start.sh python -m bench.events [--seconds 5]` prints one JSON object.

The web process runs alone; the sender shares the machine with it. Every event is a new one, of 5,000 people.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import orjson
from sqlalchemy import func, select

from bench.candidates import environment
from bench.servers import Server, answers, free_port, redis_url, start_valkey
from tools.store.engine import open_engine
from tools.store.migrate import migrate
from tools.store.tables import lead_events

CONNECTIONS, PEOPLE = 32, 5_000
PATH = "/webhooks/events"
_numbers = count()


@contextmanager
def web(folder: Path) -> Iterator[Server]:
    with start_valkey(folder) as valkey:
        port = free_port()
        env = environment(folder, port) | {"REDIS_URL": redis_url(valkey)}
        engine = open_engine(f"sqlite:///{folder / 'leads.db'}")
        migrate(engine)
        engine.dispose()
        with Server("api", [sys.executable, "app.py", "api"], port, folder / "api.log", env) as server:
            yield server.wait(lambda: answers(port, "/health"))


async def send(url: str, batch: int, seconds: float) -> dict[str, float]:
    """Closed loop: each connection sends its next request when the one before was answered."""
    took: list[float] = []
    end = 0.0

    async def one(client: httpx.AsyncClient) -> None:
        while time.perf_counter() < end:
            started = time.perf_counter()
            await post(client)
            took.append(time.perf_counter() - started)

    async def post(client: httpx.AsyncClient) -> None:
        body = orjson.dumps({"events": [event() for _ in range(batch)]})
        answer = await client.post(url, content=body)
        if answer.status_code != 202 or answer.json()["accepted"] != batch:
            raise RuntimeError(f"{answer.status_code}: {answer.text[:200]}")

    limits = httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=2.0)  # the server closes after 5 s
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:
        await asyncio.gather(*(post(client) for _ in range(CONNECTIONS)))  # connections and imports are made before
        started = time.perf_counter()
        end = started + seconds
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(one(client))
    took.sort()
    return {
        "events_per_s": round(len(took) * batch / (time.perf_counter() - started)),
        "p50_ms": round(1e3 * took[len(took) // 2], 1),
        "p99_ms": round(1e3 * took[int(len(took) * 0.99)], 1),
    }


def event() -> dict[str, Any]:
    number = next(_numbers)
    at = 1_760_000_000 + number // 50
    return {"id": number, "type": "page_view", "email": f"p{number % PEOPLE}@bench.example.org", "at": at}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.events", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="a measurement's length (default: 5)")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-events-") as work:
        folder = Path(work)
        with web(folder) as server:
            found = {
                f"{batch}_a_request": asyncio.run(send(server.url + PATH, batch, wanted.seconds)) for batch in (1, 100)
            }
        engine = open_engine(f"sqlite:///{folder / 'leads.db'}")
        with engine.connect() as connection:
            stored = connection.scalar(select(func.count()).select_from(lead_events))
        engine.dispose()
    print(json.dumps({**found, "stored": stored, "sent": next(_numbers)}))


if __name__ == "__main__":
    main()
