"""Bulk duplicates: one million generated records with known truth through `app.py dedupe --data`, in a process of its own.
Records/s of the wall clock from the CSV to pairs and clusters; peak memory of the process; pairwise precision and recall of
the groups (sure pairs) and of all pairs that are written. Recall is of all pairs of one person's records, however little they
share. Beside it the online look-up: a batch of 32 new leads asked of a store of 20,000 leads.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

from bench.plan import Plan
from bench.servers import ROOT

RECORDS, QUICK, SEED = 1_000_000, 50_000, 11
STORED, BATCH, ROUNDS = 20_000, 32, 50
_CHILD = """
import json, resource, sys, time
from argparse import Namespace
from pathlib import Path
import app

data, out, clusters = sys.argv[1:4]
started, busy = time.perf_counter(), time.process_time()
code = app.main(["dedupe", "--data", data, "--out", out, "--clusters", clusters])
print("figures " + json.dumps({
    "code": code, "seconds": time.perf_counter() - started, "cpu_s": time.process_time() - busy,
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
}))
"""


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    records = QUICK if plan.rounds == 1 else RECORDS
    data, truth = plan.work / "people.csv", {}
    truth = _written(records, data)
    told = _round(data, plan.work / "pairs.csv", plan.work / "clusters.csv")
    whole = sum(size * (size - 1) // 2 for size in Counter(truth.values()).values())
    pairs = _pairs(plan.work / "pairs.csv")
    grouped = _grouped(plan.work / "clusters.csv")
    right, found = _right(pairs, truth), _right(grouped, truth)
    looked_up = online(plan.work / "people.db")
    figures = {
        "dedupe_per_s": len(truth) / told["seconds"],
        "dedupe_peak_mb": told["peak_mb"],
        "dedupe_precision": found / max(1, len(grouped)),
        "dedupe_recall": found / whole,
        "dedupe_all_precision": right / max(1, len(pairs)),
        "dedupe_all_recall": right / whole,
        "person_lookup_us": looked_up,
    }
    return figures, {"records": len(truth), "true_pairs": whole, "pairs": len(pairs), "grouped": len(grouped), **told}


def _written(records: int, path: Path) -> dict[str, int]:
    """The file, and the person of each record."""
    from tools.people.generator import generate  # noqa: PLC0415 - the other measurements need none of it

    people = generate(records, SEED)
    columns = (people.record_id, people.full_name, people.email, people.phone, people.company, people.city)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("id", "name", "email", "phone", "company", "city"))
        out.writerows(zip(*columns, strict=True))
    return dict(zip(people.record_id, people.person, strict=True))


def _round(data: Path, out: Path, clusters: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(data), str(out), str(clusters)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.rpartition("figures ")[2])
    if figures["code"]:
        raise RuntimeError(f"dedupe ended with {figures['code']}: {done.stderr[-500:]}")
    return figures


def _pairs(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["one"], row["other"]) for row in csv.DictReader(file)]


def _grouped(path: Path) -> list[tuple[str, str]]:
    groups: dict[str, list[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            groups.setdefault(row["cluster"], []).append(row["id"])
    return [pair for group in groups.values() for pair in combinations(group, 2)]


def _right(pairs: list[tuple[str, str]], truth: dict[str, int]) -> int:
    return sum(truth[one] == truth[other] for one, other in pairs)


def online(path: Path) -> float:
    """Microseconds a lead for the look-up of a batch, the median of ROUNDS: keys made, one question or a few, judged."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from sqlalchemy import insert  # noqa: PLC0415

    from graph.rules.people.traits import keys_of, traits_of  # noqa: PLC0415
    from tools.people.generator import generate  # noqa: PLC0415
    from tools.people.normalising import who_of  # noqa: PLC0415
    from tools.store.engine import open_engine  # noqa: PLC0415
    from tools.store.people import read_people  # noqa: PLC0415
    from tools.store.people_commit import stored_name_key  # noqa: PLC0415
    from tools.store.tables import leads, metadata, person_keys  # noqa: PLC0415

    people = generate(STORED + BATCH * ROUNDS, SEED)
    rows = zip(people.record_id, people.full_name, people.email, people.phone, people.company, strict=True)
    whos = [who_of(*row) for row in rows]
    engine, now = open_engine(f"sqlite:///{path}"), datetime(2026, 4, 7, tzinfo=UTC)
    metadata.create_all(engine)
    fixed = {
        "revision": 1, "assignment": 1, "owner": "ana@company.com", "path": "qualify", "tier": "high", "score": 50.0,
        "propensity": 0.5, "form": "{}", "created_at": now, "decided_at": now,
    }  # fmt: skip
    with engine.execution_options(immediate=True).begin() as connection:
        for who in whos[:STORED]:
            own = {
                "lead_id": who.lead_id, "full_name": who.full_name, "name_key": stored_name_key(who.full_name),
                "phone": who.phone, "email": who.email, "domain": who.domain, "parent_domain": who.domain,
            }  # fmt: skip
            connection.execute(insert(leads).values(**fixed, **own))
            for key in keys_of(traits_of(who)):
                connection.execute(insert(person_keys).values(key=key, lead_id=who.lead_id))
    times = []
    with engine.connect() as connection:
        for start in range(STORED, STORED + BATCH * ROUNDS, BATCH):
            began = time.thread_time()  # of this thread: what others do on the machine does not count
            read_people(connection, whos[start : start + BATCH])
            times.append((time.thread_time() - began) / BATCH * 1e6)
    engine.dispose()
    return sorted(times)[len(times) // 2]
