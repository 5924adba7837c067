"""/health and /metrics. A probe in the background asks each part once a second with a deadline; /health answers at once
with what the probe last saw, so that a part which hangs cannot make it hang."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from fastapi import APIRouter, Response
from redis.asyncio import Redis
from sqlalchemy import Engine, text

from tools.ml.standing import models_state
from tools.observe import metrics
from tools.routing_file import LiveRouting
from tools.store.past_state import state_of
from tools.store.webhooks import endpoints
from tools.stream.connect import persistence
from tools.stream.ending import ended
from tools.stream.keys import GROUP, Partition
from tools.stream.outbox import TIMER, depth

EVERY_S, DEADLINE_S = 1.0, 2.0
SHARE, LONGEST_PAUSE_S = 50.0, 5.0  # a check may use a fiftieth of the time; two pauses are not yet stale
STALE_S = 10.0  # a part that was not seen for this long is not known to be well
WORKER_IDLE_MS = 15_000


@dataclass(slots=True)
class Part:
    """What the probe last saw of one part."""

    ok: bool = False
    detail: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0

    def shown(self) -> dict[str, Any]:
        age = time.monotonic() - self.at
        fresh = age < STALE_S
        return {"ok": self.ok and fresh, **self.detail, **({} if fresh else {"not_seen_for_s": round(age, 1)})}


def pause_after(took_s: float) -> float:
    """Seconds until a part is asked again: a check that takes long, as counting a large backlog does, is not to become
    a load itself."""
    return min(LONGEST_PAUSE_S, max(EVERY_S, SHARE * took_s))


class Probe:
    """Asks stream, database, workers, outbox and routing file about themselves. Start and stop with `async with`."""

    def __init__(
        self,
        redis: Redis,
        partitions: int,
        engine: Engine,
        routing: LiveRouting,
        embedded: bool,
        refused: Callable[[], str | None] = lambda: None,
        models: Path | None = None,
    ) -> None:
        """refused: says so when a scheduled change of the routing file could not go live. models: their folder."""
        self._redis, self._partitions, self._engine = redis, partitions, engine
        self._routing, self._embedded, self._refused = routing, embedded, refused
        self._threads = ThreadPoolExecutor(
            2, thread_name_prefix="probe"
        )  # its own: a stuck store must not block intake
        self._models = models
        names = (
            "stream",
            "database",
            "workers",
            "outbox",
            "routing",
            "similar",
            "webhooks",
            *(("models",) if models else ()),
        )
        self.parts = {name: Part() for name in names}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        checks = {
            "stream": self._stream,
            "database": self._database,
            "workers": self._workers,
            "outbox": self._outbox,
            "routing": self._routing_file,
            "similar": self._similar,
            "webhooks": self._webhooks,
        }
        if self._models is not None:
            checks["models"] = self._chosen_models
        self._tasks = [asyncio.create_task(self._watch(name, check)) for name, check in checks.items()]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            await ended(task)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _watch(self, name: str, check: Callable[[], Awaitable[tuple[bool, dict[str, Any]]]]) -> None:
        while True:
            asked = time.monotonic()
            try:
                async with asyncio.timeout(DEADLINE_S):
                    ok, detail = await check()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this part's state
                ok, detail = False, {"error": type(error).__name__}
            self.parts[name] = Part(ok, detail, time.monotonic())
            # one that failed is asked again soon: its recovery must show
            await asyncio.sleep(pause_after(time.monotonic() - asked) if ok else EVERY_S)

    async def _stream(self) -> tuple[bool, dict[str, Any]]:
        await self._redis.ping()
        kept = await persistence(self._redis)
        detail: dict[str, Any] = {"kind": "embedded" if self._embedded else "configured", "persistence": kept.level}
        if kept.warning:
            detail["warning"] = kept.warning
        backlog = 0
        for n in range(self._partitions):
            backlog += await self._redis.xlen(Partition(n).stream) + await self._redis.zcard(Partition(n).later)
        metrics.stream_backlog.set(backlog)
        return True, {**detail, "backlog": backlog}

    async def _workers(self) -> tuple[bool, dict[str, Any]]:
        alive = 0
        for n in range(self._partitions):
            for info in await self._redis.xinfo_consumers(Partition(n).stream, GROUP):
                alive += info["idle"] < WORKER_IDLE_MS
        return alive >= self._partitions, {"alive": alive}

    async def _database(self) -> tuple[bool, dict[str, Any]]:
        await self._in_thread(self._select_one)
        return True, {"kind": self._engine.dialect.name}

    def _select_one(self) -> None:
        with self._engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    async def _outbox(self) -> tuple[bool, dict[str, Any]]:
        rows = await self._in_thread(depth, self._engine, datetime.now(UTC))
        detail: dict[str, dict[str, int]] = {}
        timers = sum(rows.pop(row) for row in [row for row in rows if row[1] == TIMER])
        metrics.timers.set(timers)
        for (vendor, state), count in rows.items():
            metrics.outbox_depth.labels(vendor, state).set(count)
            detail.setdefault(vendor, {})[state] = count
        return True, {"waiting": detail, "timers": timers}

    async def _routing_file(self) -> tuple[bool, dict[str, Any]]:
        # In a thread: a version that is new is kept in the database first, and that may wait for its lock.
        table = await self._in_thread(self._routing.current)
        detail: dict[str, Any] = {"version": table.version, "digest": table.digest[:12]}
        fault = self._routing.fault or self._refused()
        if fault:
            detail["fault"] = fault
        return fault is None, detail

    async def _similar(self) -> tuple[bool, dict[str, Any]]:
        """How far the past accounts are embedded and how they are searched, as their keeper noted it last."""
        state = await self._in_thread(state_of, self._engine, "similar")
        return state is None or "waits_for" not in state, state or {}

    async def _webhooks(self) -> tuple[bool, dict[str, Any]]:
        """How many endpoints are told; those that the router has switched off are a fault, those that fail are named. No
        URL: this page is open to everybody, and a URL may hold a secret of its owner's."""
        found = await self._in_thread(endpoints, self._engine)
        off = [{"endpoint": one.endpoint, "why": one.why} for one in found if one.state == "off"]
        failing = [
            {"endpoint": one.endpoint, "since": one.failing_since}
            for one in found
            if one.state == "active" and one.failing_since is not None
        ]
        named = {name: rows for name, rows in (("off", off), ("failing", failing)) if rows}
        return not off, {"active": sum(one.state == "active" for one in found), **named}

    async def _chosen_models(self) -> tuple[bool, dict[str, Any]]:
        assert self._models is not None
        state = await self._in_thread(models_state, self._models)
        metrics.drift_findings.set(len(state.get("drift", {}).get("findings", ())))
        return "fault" not in state, state

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    def state(self) -> dict[str, Any]:
        """status: this process is alive; ready: it can take and decide leads; a bad routing file degrades, no more."""
        parts = {name: part.shown() for name, part in self.parts.items()}
        ready = all(parts[name]["ok"] for name in ("stream", "database", "workers"))
        return {"status": "ok", "ready": ready, "parts": parts}


def health_router(probe: Probe) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/health")
    async def health() -> dict[str, Any]:
        """Liveness (this answer) and readiness (`ready`), with each part's state. Always 200 while the process lives."""
        return probe.state()

    @router.get("/health/ready", responses={503: {"description": "Leads cannot be taken, or not decided, now."}})
    async def ready(response: Response) -> dict[str, Any]:
        """The same, with 503 while leads cannot be taken or decided: for load balancers."""
        state = probe.state()
        response.status_code = 200 if state["ready"] else 503
        return state

    @router.get("/metrics", response_class=Response)
    def exposition() -> Response:
        """Prometheus' text format, over all processes of this host."""
        return Response(metrics.exposition(), media_type="text/plain; version=0.0.4")

    return router
