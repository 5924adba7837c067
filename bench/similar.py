"""Similar accounts: 100,000 past accounts searched exactly, 1,000,000 by graphs that pass the gate.

Accounts and queries are drawn by `past_accounts`; each size is written as a snapshot by one process and searched by another,
through the port, one query at a time (k = 10, a won and a lost one among them), as a worker does. Recall at 10 is measured
on other queries than the gate's: an answer counts when it is not farther than the tenth of all accounts, compared with
every one of them. Memory is what a process that searches adds: of files that are mapped, what it has touched.
"""

from __future__ import annotations

import asyncio
import json
import resource
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench.past_accounts import past_accounts, queries
from bench.plan import Plan, say
from bench.servers import ROOT
from tools.account_metadata import ANY
from tools.embedders import STRUCTURED
from tools.similar import graphs, snapshot, writing
from tools.similar.memory import StoredSimilar
from tools.similar.searching import nearest
from tools.store.engine import open_engine
from tools.store.migrate import migrate
from tools.vectors import vector

EXACT, LARGE = 100_000, 1_000_000
ASKED, RECALL_OVER = 1_000, 300


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    large = LARGE if plan.rounds > 1 else LARGE // 20
    figures, detail = {}, {}
    for name, count, exact_up_to in (("exact", EXACT, EXACT), ("graphs", large, 0)):
        folder = plan.work / f"similar-{name}"
        say(f"  {count:,} accounts ...")
        written = _child("build", folder, count, exact_up_to)
        found = _child("search", folder, count, exact_up_to)
        detail[name] = {**written, **found}
        shutil.rmtree(folder)
    exact, graphs = detail["exact"], detail["graphs"]
    figures["similar_exact_p50_ms"], figures["similar_exact_p99_ms"] = exact["p50_ms"], exact["p99_ms"]
    figures["similar_exact_cpu_ms"] = exact["cpu_p50_ms"]
    figures["similar_graphs_recall"] = graphs["recall"]
    figures["similar_graphs_p50_ms"], figures["similar_graphs_p99_ms"] = graphs["p50_ms"], graphs["p99_ms"]
    figures["similar_graphs_build_s"], figures["similar_graphs_disk_gb"] = graphs["graphs_s"], graphs["disk_gb"]
    figures["similar_graphs_memory_mb"] = graphs["memory_mb"]
    return figures, detail


def _child(what: str, folder: Path, count: int, exact_up_to: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.similar", what, str(folder), str(count), str(exact_up_to)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-500:])
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def build(folder: Path, count: int, exact_up_to: int) -> dict[str, Any]:
    root, began = folder / snapshot.slug(STRUCTURED.embedder_id), time.perf_counter()
    accounts = ((past.key, past, vector(past.account)) for past in past_accounts(count))
    of = {"embedder": STRUCTURED.embedder_id, "dimensions": STRUCTURED.dimensions, "number": 1}
    written = writing.write(root, accounts, exact_up_to=exact_up_to, **of)
    told: dict[str, Any] = {"accounts": count, "written_s": round(time.perf_counter() - began, 1)}
    if count > exact_up_to:
        began = time.perf_counter()
        told["gate"] = graphs.build(snapshot.Snapshot(written), graphs.Gate())
        told["graphs_s"] = round(time.perf_counter() - began, 1)
    writing.publish(root, written)
    told["disk_gb"] = round(sum(one.stat().st_size for one in written.iterdir()) / 1e9, 2)
    told["builder_peak_mb"] = round(_peak_mb())
    return told


def search(folder: Path) -> dict[str, Any]:
    engine = open_engine(f"sqlite:///{folder / 'leads.db'}")
    migrate(engine)
    asked, own, now = queries(ASKED), psutil.Process(), datetime.now(UTC)
    memory_before = own.memory_info().rss

    async def times() -> tuple[list[float], list[float], int, float]:
        memory = StoredSimilar(engine, STRUCTURED, folder=folder)
        took, busy, answered = list[float](), list[float](), 0
        for query in asked[:50]:
            await memory.nearest([query], 10, now)
        for query in asked:
            began, used = time.perf_counter(), time.process_time()
            (fact,) = await memory.nearest([query], 10, now)
            took.append(1000 * (time.perf_counter() - began))
            busy.append(1000 * (time.process_time() - used))
            answered += fact.kind == "found"
        memory_mb = (own.memory_info().rss - memory_before) / 1e6
        await memory.aclose()
        return took, busy, answered, memory_mb

    took, busy, answered, memory_mb = asyncio.run(times())
    base = snapshot.current(folder / snapshot.slug(STRUCTURED.embedder_id))
    assert base is not None
    built = graphs.opened(base)
    fresh = queries(RECALL_OVER, seed=99)
    directions = np.stack([vector(query) for query in fresh])
    true = graphs.true_distances(base, directions)
    propose = None if built is None else lambda _block, one, k: built.propose(one, k)
    found = [
        graphs.recall_of(
            [hit.distance for hit in nearest((base,), one, 10, wanted=ANY, reach=2.0, propose=propose, told=False)], of
        )
        for one, of in zip(directions, true, strict=True)
    ]
    return {
        "p50_ms": round(float(np.percentile(took, 50)), 2),
        "p99_ms": round(float(np.percentile(took, 99)), 2),
        "cpu_p50_ms": round(float(np.percentile(busy, 50)), 2),
        "answered": answered,
        "asked": len(asked),
        "recall": round(float(np.mean(found)), 4),
        "memory_mb": round(memory_mb),
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    what, folder, count, exact_up_to = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    folder.mkdir(parents=True, exist_ok=True)
    print(json.dumps(build(folder, count, exact_up_to) if what == "build" else search(folder)))
