"""What company facts cost a lead: decisions with a paid provider whose answers are cached, beside decisions with no
enrichment at all, and beside the same facts at hand for nothing.

    none      a port that knows nothing, for no time at all
    facts     a port that gives the same facts out of a dictionary: what the graph does with facts is the graph's time
    cached    the waterfall over a described HTTP provider that answered before: this is what is measured
    default   the waterfall as it is without a key: form and bundled table

One run of the graph carries 32 leads, nothing is committed. The provider is a real server on this machine that counts
what it is asked. Rounds alternate; CPU time of the thread that decides, in microseconds a lead, medians.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.leads import lead
from bench.plan import Plan
from graph.build import build_graph, run_batch
from graph.domain.account import CompanyProfile
from graph.domain.facts import Absent, Fact
from graph.domain.lead import Form, Submission
from graph.domain.values import evolve
from graph.ports import CompanyAsk, Enrichment
from graph.state import Case
from tools.cli.tuning import quiet_collector
from tools.enrichment.building import build_waterfall
from tools.enrichment.waterfall import Waterfall
from tools.settings import Settings
from tools.store.migrate import migrate
from tools.wiring import build_ports, close_ports, context_for, live_routing, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH, BATCHES = 32, 12
ANSWER = {
    "size": 1_200, "revenue": 240_000_000, "industry": "software", "country": "US",
    "stack": ["kubernetes", "kafka", "datadog"], "owner": "northwind.example",
}  # fmt: skip


class Nothing:
    """No enrichment at all."""

    async def profiles(self, asks: Sequence[CompanyAsk], now: datetime) -> Sequence[Fact[CompanyProfile]]:
        return [Absent("none", now)] * len(asks)


class AtHand:
    """The facts that another port gave, by domain."""

    def __init__(self) -> None:
        self.held: dict[str | None, Fact[CompanyProfile]] = {}

    async def profiles(self, asks: Sequence[CompanyAsk], now: datetime) -> Sequence[Fact[CompanyProfile]]:
        return [evolve(self.held[ask.domain], at=now) for ask in asks]


class Watched:
    """Any port, with the time that it took of its thread: what is cached is answered without another one."""

    def __init__(self, port: Enrichment) -> None:
        self.port, self.seconds = port, 0.0

    async def profiles(self, asks: Sequence[CompanyAsk], now: datetime) -> Sequence[Fact[CompanyProfile]]:
        started = time.thread_time()
        found = await self.port.profiles(asks, now)
        self.seconds += time.thread_time() - started
        return found


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    plan.work.mkdir(parents=True, exist_ok=True)
    with provider() as (url, questions):
        found = asyncio.run(_measure(plan, url, questions))
    figures = {f"enrichment_{name}_us": 1e6 * median(rounds) for name, rounds in found.items()}
    figures["enrichment_questions"] = float(questions[0] - questions[1])
    return figures, {
        "leads": BATCH * BATCHES,
        "batch": BATCH,
        "questions_to_fill_the_cache": questions[1],
        "rounds": {name: [round(1e6 * one, 1) for one in rounds] for name, rounds in found.items()},
    }


async def _measure(plan: Plan, url: str, questions: list[int]) -> dict[str, list[float]]:
    settings = Settings(_env_file=None, data_dir=plan.work / "enrichment", port=0)  # type: ignore[call-arg]
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = open_store(settings)
    migrate(store.engine)
    ports, table, graph = build_ports(settings, store), live_routing(settings, store).current(), build_graph()
    cached = build_waterfall(_paid(settings, url), store.engine, store.executor)
    at_hand = AtHand()
    now = datetime.now(UTC)
    batches = [[_submission(BATCH * n + i, now) for i in range(BATCH)] for n in range(BATCHES)]
    contestants = {"none": Nothing(), "facts": at_hand, "cached": cached, "default": build_waterfall(settings)}

    async def decide(port: Enrichment, batch: list[Submission]) -> list[Case]:
        context = context_for(now, table, replace(ports, enrichment=port), settings.base_url)
        done: list[Case] = await run_batch(graph, [Case(one) for one in batch], context)
        return done

    try:
        for batch in batches:  # fills the cache, and tells what the facts are
            for case in await decide(cached, batch):
                assert case.failure is None
                assert case.lead is not None
                assert case.reads.profile is not None
                at_hand.held[case.lead.domain] = case.reads.profile
        questions[1] = questions[0]
        quiet_collector()
        return await _rounds(max(3, plan.rounds), contestants, batches, decide)
    finally:
        await cached.aclose()
        await close_ports(ports)
        store.close()


async def _rounds(
    rounds: int, contestants: dict[str, Any], batches: list[list[Submission]], decide: Callable[..., Any]
) -> dict[str, list[float]]:
    """Seconds a lead, by contestant and round; `port` is what the cached waterfall itself took of its decisions."""
    found: dict[str, list[float]] = {name: [] for name in (*contestants, "port", "default_port")}
    for number in range(rounds + 1):  # the first warms up
        for name, port in contestants.items():
            watched = Watched(port)
            started = time.thread_time()
            for batch in batches:
                await decide(watched, batch)
            if number:
                found[name].append((time.thread_time() - started) / (BATCH * BATCHES))
                if isinstance(port, Waterfall):
                    own = "port" if name == "cached" else "default_port"
                    found[own].append(watched.seconds / (BATCH * BATCHES))
    return found


def _submission(serial: int, now: datetime) -> Submission:
    form = Form(**{key: str(value) if key == "employees" else value for key, value in lead(serial).items()})
    return Submission(f"bench:{serial}", f"ld_{serial:016d}", now, form)


def _paid(settings: Settings, url: str) -> Settings:
    path = Path(settings.data_dir) / "providers.json"
    fields = {
        "employees": "size", "revenue_usd": "revenue", "industry": "industry", "country": "country",
        "technologies": "stack", "parent_domain": "owner",
    }  # fmt: skip
    path.write_text(json.dumps({"providers": [{"name": "counted", "url": f"{url}/{{domain}}", "fields": fields}]}))
    chosen = {"enrichment": "live", "enrichment_providers": "counted", "enrichment_http_file": path}
    return Settings(_env_file=None, **{**settings.model_dump(), **chosen})


@contextmanager
def provider() -> Iterator[tuple[str, list[int]]]:
    """(its address, [questions so far, questions that filled the cache])"""
    questions = [0, 0]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            questions[0] += 1
            body = json.dumps(ANSWER).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", questions
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
