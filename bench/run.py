"""The figures of the README: `./start.sh bench` measures all, prints one table and writes bench/results.json.

    ./start.sh bench                 everything, some twenty-five minutes
    ./start.sh bench --quick         everything, too short to quote
    ./start.sh bench --only NAME     one measurement (sustained, acceptance, latency, endurance, cold, routing, scoring,
                                     proof, plan, replay, reload, batch, scores, score_lead, match, dedupe,
                                     similar, enrichment); writes nothing
    ./start.sh bench --only latency --rate 30     the same at 30 leads/s instead of half of the sustained rate

Every server runs on a free port of 127.0.0.1 with data in a folder of its own under var/, and is ended whatever happens.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from bench import (
    acceptance,
    batch,
    cold,
    dedupe,
    edits,
    endurance,
    enrichment,
    latency,
    match,
    proof,
    routing,
    score_lead,
    scores,
    scoring,
    similar,
    sustained,
)
from bench.machine import commit, machine, versions
from bench.plan import Plan, median, say
from bench.servers import ROOT
from bench.table import NAMES, table

WORK = ROOT / "var"  # a real disk: on a file system in memory an fsync costs nothing
RESULTS = ROOT / "bench" / "results.json"
ALONE: dict[str, Callable[[Plan], tuple[dict[str, float], dict[str, Any]]]] = {
    "sustained": sustained.measure,
    "acceptance": acceptance.measure,
    "endurance": endurance.measure,
    "cold": cold.measure,
    "routing": routing.measure,
    "scoring": scoring.measure,
    "proof": proof.measure,
    "plan": edits.measure_plan,
    "replay": edits.measure_replay,
    "reload": edits.measure_reload,
    "batch": batch.measure,
    "scores": scores.measure,
    "score_lead": score_lead.measure,
    "similar": similar.measure,
    "match": match.measure,
    "dedupe": dedupe.measure,
    "enrichment": enrichment.measure,
}
MEASUREMENTS = (
    "sustained",
    "acceptance",
    "latency",
    *(name for name in ALONE if name not in ("sustained", "acceptance")),
)


def one(name: str, plan: Plan, detail: dict[str, Any]) -> tuple[dict[str, float], dict[str, Any]]:
    """The figures of one measurement and what is behind them. detail: of those made before it."""
    if name != "latency":
        return ALONE[name](plan)
    rounds = detail.get("sustained", {}).get("rounds", {}).get(sustained.OURS)
    rates = {name: median(rounds, name) for name in ("leads_per_s", "performed_per_s")} if rounds else None
    return latency.measure(plan, rates)


def measure(plan: Plan, wanted: tuple[str, ...]) -> tuple[dict[str, float], dict[str, Any]]:
    """All that is wanted. One that fails has no figures and stands in `failed`; the others are made all the same."""
    figures: dict[str, float] = {}
    detail: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for name in wanted:
        say(f"{name} ...")
        try:
            found, detail[name] = one(name, plan, detail)
        except (RuntimeError, subprocess.SubprocessError) as error:
            failed[name] = f"{type(error).__name__}: {error}"
            say(f"{name} failed: {failed[name]}")
        else:
            figures |= found
    return figures, {**detail, **({"failed": failed} if failed else {})}


def as_json(results: dict[str, Any]) -> bytes:
    """A figure that does not exist (a slope where all chances are the same) is null: JSON knows no NaN."""
    how = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
    return orjson.dumps(results, default=str, option=how)


def main(argv: list[str] | None = None) -> int:
    """0 when everything was measured, whatever the figures say; 1 when a measurement failed."""
    parser = argparse.ArgumentParser(prog="./start.sh bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="short rounds, for trying")
    parser.add_argument("--rounds", type=int, help="alternating rounds (default: 3; more where others use the machine)")
    parser.add_argument("--rate", type=float, default=0.0, help="latency at so many leads/s, not at half of the load")
    parser.add_argument("--only", choices=MEASUREMENTS, help="one measurement; results.json stays as it is")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the results go (default: bench/results.json)")
    options = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exit runs the `with` blocks, a bare SIGTERM does not
    WORK.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=WORK))
    try:
        context = {
            "at": f"{datetime.now(UTC):%FT%TZ}",
            "machine": machine(work),
            "versions": versions(),
            "commit": commit(),
        }
        plan = Plan.quick(work) if options.quick else Plan(work)
        plan = replace(plan, rounds=options.rounds or plan.rounds, latency_rate=options.rate)
        figures, detail = measure(plan, (options.only,) if options.only else MEASUREMENTS)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    detail = {"quick": options.quick, **context, **detail}
    print(table(figures, detail))
    if not options.only:
        results = {name: figures.get(name) for name in NAMES} | {"detail": detail}
        options.out.write_bytes(as_json(results))
    return 1 if "failed" in detail else 0


if __name__ == "__main__":
    sys.exit(main())
