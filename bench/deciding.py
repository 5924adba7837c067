"""What a decision costs, step by step: `./start.sh python -m bench.deciding` runs batches through the graph and the commit in one
process, without HTTP and stream, and prints processor microseconds a lead of each step; then a dispatcher with embedded
vendors performs what the decisions asked for.

    --profile FILE   Python's own profile of the same, for pstats
    --batch N        leads a run carries (default 128)

Its last line is a digest of all decision records. Clock and leads are fixed; left out are the times at which a fact was
known (the bundled table is read when this starts) and the code's own digest: the same digest before and after a change
means that no decision has changed in a single other bit.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import hashlib
import re
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bench.candidates import models
from bench.leads import lead
from graph.build import build_graph, run_batch
from graph.domain.lead import Form, Submission
from graph.state import Case
from tools.cli.tuning import Collector, quiet_collector
from tools.cli.warm_up import migrate_database
from tools.settings import Settings
from tools.store.commit import commit, seal
from tools.store.engine import SMALL_CACHE_KIB
from tools.stream.connect import connect, socket_url
from tools.stream.dispatcher import Dispatcher, DispatcherOptions
from tools.stream.inbox import Inbox
from tools.stream.performers import Performers
from tools.wiring import build_ports, close_ports, context_for, live_models, live_routing, open_store

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
STEP = timedelta(seconds=1)  # of the fixed clock, a batch
WARM_UP = 3  # batches
VENDORS = ("crm", "notifier", "nurture", "steps", "similar")  # the clock is a fixed one: to `sla` all leads are late
NOT_DECIDED = re.compile(rb'"at":"[^"]*"|"versions":{"code":"[^"]*"')


class Clock:
    """Processor seconds of this process by step; `wrap` goes around a node of the graph."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def wrap(self, name: str, node: Any) -> Any:
        async def observed(state: Any, runtime: Any) -> Any:
            started = time.process_time()
            try:
                return await node(state, runtime)
            finally:
                self.seconds[name] += time.process_time() - started

        return observed


def submissions(first: int, number: int, now: datetime) -> list[Case]:
    """Leads as they come out of the stream."""
    cases = []
    for serial in range(first, first + number):
        values: dict[str, Any] = {k: str(v) if k == "employees" else v for k, v in lead(serial).items()}
        cases.append(Case(Submission(f"bench:{serial}", f"ld_{serial:016d}", now, Form(**values))))
    return cases


def settings_in(work: Path) -> Settings:
    return Settings(_env_file=None, data_dir=work / "data", port=0)  # type: ignore[call-arg]


async def decide(work: Path, batches: int, size: int, profile: cProfile.Profile | None) -> tuple[Clock, float, str]:
    """The clock, all processor seconds, and the digest of the records."""
    shutil.copytree(models(work), work / "data" / "models", dirs_exist_ok=True)
    settings = settings_in(work)
    migrate_database(settings)
    store, clock, digest = open_store(settings), Clock(), hashlib.sha256()
    serving = live_models(settings)
    ports, routing = build_ports(settings, store, serving), live_routing(settings, store).current()
    graph = build_graph(None, clock.wrap)
    collect = Collector()
    spent = 0.0
    try:
        for number in range(WARM_UP + batches):
            now = START + STEP * number
            context = context_for(now, routing, ports, settings.base_url)
            cases = submissions(size * number, size, now)
            if number == WARM_UP:
                clock.seconds.clear()
                if profile:
                    profile.enable()
            started = time.process_time()
            done = await run_batch(graph, cases, context)
            middle = time.process_time()
            ready = [seal(case, context) for case in done]
            sealed = time.process_time()
            commit(store.engine, ready, now, context.versions)
            committed = time.process_time()
            for one in ready:
                digest.update(NOT_DECIDED.sub(b"", one.record))
            del cases, done, ready
            between = time.process_time()
            collect(size)
            collected = time.process_time() - between
            if number >= WARM_UP:
                clock.seconds["seal"] += sealed - middle
                clock.seconds["commit"] += committed - sealed
                clock.seconds["collect"] += collected
                spent += committed - started + collected
    finally:
        if profile:
            profile.disable()
        await close_ports(ports)
        store.close()
    return clock, spent, digest.hexdigest()[:16]


async def perform(work: Path) -> tuple[float, int]:
    """Processor seconds and write transactions of a dispatcher, until nothing is due any more."""
    settings = settings_in(work)
    store, written = open_store(settings, threads=4, cache_kib=SMALL_CACHE_KIB), 0

    def count(connection: Any) -> None:
        nonlocal written
        written += connection.get_execution_options().get("immediate", False)

    event.listen(store.engine, "commit", count)
    performers = Performers(settings, store, Inbox(connect(socket_url(settings))))
    asked = {vendor: performers.by_vendor[vendor] for vendor in VENDORS}
    dispatcher = Dispatcher(store.engine, store.executor, asked, "bench", DispatcherOptions(gather_s=0.0))
    quiet_collector()
    started = time.process_time()
    await dispatcher.run(drain=True)
    spent = time.process_time() - started
    await performers.aclose()
    store.close()
    return spent, written


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.deciding", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--profile", type=Path)
    wanted = parser.parse_args(argv)
    profile = cProfile.Profile() if wanted.profile else None
    with tempfile.TemporaryDirectory(prefix="deciding-") as folder:
        clock, spent, digest = asyncio.run(decide(Path(folder), wanted.batches, wanted.batch, profile))
        performing, written = asyncio.run(perform(Path(folder)))
    leads = wanted.batch * wanted.batches
    for name, seconds in sorted(clock.seconds.items(), key=lambda item: -item[1]):
        print(f"{name:<12} {seconds / leads * 1e6:8.0f} us a lead")
    print(f"{'all':<12} {spent / leads * 1e6:8.0f} us a lead, batches of {wanted.batch}")
    everything = leads + wanted.batch * WARM_UP
    print(
        f"{'effects':<12} {performing / everything * 1e6:8.0f} us a lead, {written / everything:.2f} write transactions"
    )
    if profile:
        profile.dump_stats(str(wanted.profile))
    print(f"records      {digest}")


if __name__ == "__main__":
    main()
