"""Batch scoring: one million generated rows through `tools.ml.table.scoring`, without reasons, from CSV to CSV, in a process
of its own. Rows/s of the wall clock; rows per second of processor time, which other users of the machine do not change; and
how far memory grows from the tenth batch to the last.

The model is trained on 20,000 generated rows of the same kind: numbers, categories, a flag and a date, with blanks.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bench.plan import Plan
from bench.servers import ROOT

TRAINED_ON, SCORED, SEED = 20_000, 1_000_000, 30
_SETTLED = 10
"""Batches until all memory that is used again and again has been asked for."""
_CHILD = """
import json, sys, time
from pathlib import Path
from psutil import Process
from tools.ml.table import scoring

model, data, out = map(Path, sys.argv[1:4])
memory, own = [], Process()
started, busy = time.perf_counter(), time.process_time()
told = scoring.score(model, data, out, most=0, progress=lambda _: memory.append(own.memory_info().rss / 1e6))
print(json.dumps({"rows": told.rows, "seconds": time.perf_counter() - started,
                  "cpu_s": time.process_time() - busy, "memory_mb": memory}))
"""


def generated(rows: int, seed: int) -> pl.DataFrame:
    """Leads with odds that rise with visits and time, and for referrals."""
    random = np.random.default_rng(seed)
    visits, seconds = random.poisson(4, rows), random.exponential(300, rows).round()
    source = random.choice(["search", "direct", "referral", "chat"], rows, p=[0.4, 0.3, 0.1, 0.2])
    odds = -2.0 + 0.15 * visits + 0.003 * seconds + 1.2 * (source == "referral")
    created = np.datetime64("2024-01-01") + random.integers(0, 500, rows).astype("timedelta64[D]")
    frame = pl.DataFrame(
        {
            "id": [f"L{place}" for place in range(rows)],
            "visits": visits,
            "seconds on site": seconds,
            "source": source,
            "country": random.choice(["DE", "US", "FR", "GB", "IN", "BR"], rows),
            "pages": random.normal(3, 1, rows).round(2),
            "newsletter": random.choice(["Yes", "No"], rows, p=[0.1, 0.9]),
            "created": created,
            "converted": np.where(random.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no"),
        }
    )
    gone = pl.Series(random.random(rows) < 0.05)
    return frame.with_columns(
        pl.when(gone).then(None).otherwise(pl.col(name)).alias(name) for name in ("pages", "country")
    )


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    from tools.ml.table.outcomes import Asked  # noqa: PLC0415 - the other measurements need neither
    from tools.ml.table.training import Request, train  # noqa: PLC0415

    learnt, scored = plan.work / "learnt.csv", plan.work / "scored.csv"
    generated(TRAINED_ON, SEED).write_csv(learnt)
    generated(SCORED, SEED + 1).drop("converted").write_csv(scored)
    trained = train(Request(Asked("propensity", "converted"), learnt, plan.work / "model", id="id"))
    rounds = [_round(trained.path, scored, plan.work / "answers.csv") for _ in range(plan.rounds)]
    best = min(rounds, key=lambda each: each["seconds"])
    memory = best["memory_mb"]
    figures = {
        "batch_rows_per_s": best["rows"] / best["seconds"],
        "batch_rows_per_cpu_s": max(each["rows"] / each["cpu_s"] for each in rounds),
        "batch_memory_growth_mb": memory[-1] - memory[min(_SETTLED, len(memory) - 1)],
    }
    return figures, {"trees": trained.head.trees, "features": len(trained.card.features), "rounds": rounds}


def _round(model: Path, data: Path, out: Path) -> dict[str, Any]:
    told = subprocess.run(
        [sys.executable, "-c", _CHILD, str(model), str(data), str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found
