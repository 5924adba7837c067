"""A store with a past, made in this process through the real graph and the real commit: what plan and replay are measured on.

The leads are those of the load generator, spread evenly over 30 days. Each is decided alone, at a time of its own, as on
a quiet day: the hardest case for a replay, where no two decisions share a run.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import event

from bench.leads import lead
from graph.build import build_graph, run_batch
from graph.domain.lead import Form, Submission
from graph.state import Case
from tools.cli.warm_up import ready_accounts
from tools.settings import Settings
from tools.store.commit import commit, seal
from tools.store.migrate import migrate
from tools.wiring import Store, build_ports, context_for, live_routing, open_store

DAYS = 30


def fill(settings: Settings, count: int) -> None:
    """So many decisions in the store of these settings, the newest a minute ago."""
    store = open_store(settings)
    event.listen(
        store.engine, "connect", lambda driver, _: driver.execute("PRAGMA synchronous=OFF")
    )  # a past in a hurry
    try:
        migrate(store.engine)
        ready_accounts(settings, store.engine)
        asyncio.run(_decide(settings, store, count))
    finally:
        store.close()


async def _decide(settings: Settings, store: Store, count: int) -> None:
    table, ports, graph = live_routing(settings, store).current(), build_ports(settings, store), build_graph()
    end = datetime.now(UTC) - timedelta(minutes=1)
    step = timedelta(days=DAYS) * 0.99 / count
    for serial in range(count):
        now = end - step * (count - serial)
        form = Form(**{key: str(value) if key == "employees" else value for key, value in lead(serial).items()})
        submission = Submission(f"past:{serial}", f"ld_{serial:016d}", now, form)
        context = context_for(now, table, ports, settings.base_url)
        (case,) = await run_batch(graph, [Case(submission)], context)
        commit(store.engine, [seal(case, context)], now, context.versions)
