"""The routing file is edited while leads flow, well and badly: no lead is lost, and each owner is what the file said."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import count
from pathlib import Path

import orjson

from graph.state import RunContext
from tests.fixtures.router import ROUTING, Bench, context_of, person, the_table
from tools.routing_file import LiveRouting, parse
from tools.saving import write_atomically
from tools.store.past import past_decisions
from tools.store.routing_versions import keep_version, version_text

LEADS, WAVES = 6, 12


def edited(number: int) -> str:
    """Every third edit is bad: half a file, or one whose own test fails."""
    good = the_table().text.replace('"FR": "france@', f'"FR": "france{number}@')
    if number % 6 == 2:
        return good[: len(good) // 2]
    return good.replace('"expect": {"owner": "anz-team@', '"expect": {"owner": "nobody@') if number % 6 == 5 else good


async def test_no_lead_is_lost_or_misrouted_while_the_file_changes(bench: Bench, tmp_path: Path):
    path, ticks = tmp_path / "routing.json", count()
    write_atomically(path, edited(0))
    live = LiveRouting(
        path, lambda: float(next(ticks)), on_load=lambda table: keep_version(bench.engine, table.digest, table.text)
    )

    def context() -> RunContext:
        return context_of(bench.ports, bench.now, live.current())

    worker = bench.worker(context=context, batch=4)
    running = asyncio.create_task(worker.run())
    faults = 0
    for wave in range(WAVES):
        await asyncio.to_thread(write_atomically, path, edited(wave))
        await bench.post(*(person(f"w{wave}x{n}", country="France", employees="20") for n in range(LEADS)))
        await bench.until(lambda wave=wave: bench.count("decisions") >= (wave + 1) * LEADS, 60)
        faults += live.fault is not None
    worker.stop()
    await running
    found = list(past_decisions(bench.engine))
    assert len({past.lead_id for past in found}) == len(found) == LEADS * WAVES
    by_digest = Counter(past.routing_digest for past in found)
    assert (len(by_digest), faults) == (8, 4), "eight good versions decided, four bad ones did not"
    for digest in by_digest:
        text = version_text(bench.engine, digest)
        assert text is not None
        said = next(entry.to.email for entry in parse(text, ROUTING.parent).map if entry.key == "FR")
        assert {past.owner for past in found if past.routing_digest == digest} == {said}
    assert all(orjson.loads(row.record)["versions"]["routing"] == row.routing_digest for row in bench.rows("decisions"))
