"""The book of accounts at 1,000,000 rows: one generated CSV file imported into an empty SQLite book in a process of its own,
the same file again, and a batch of leads asked of it. Rows/s, the peak of memory, microseconds a lead.

Generated: nine in ten with a domain, a third with a parent (by domain, by name, or far up a line), some with a share, all with
owner, country, city, employees and revenue. By itself: `./start.sh python -m bench.book [ROWS]`.
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.plan import Plan
from bench.servers import ROOT

ROWS, SEED = 1_000_000, 41
_CHILD = """
import asyncio, json, resource, sys, time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from graph.ports import CompanyAsk
from tools.accounts.changing import Change
from tools.accounts.enrichment import BookEnrichment
from tools.accounts.importing import import_file
from tools.store.engine import open_engine
from tools.store.migrate import migrate

file, folder = Path(sys.argv[1]), Path(sys.argv[2])
engine = open_engine(f"sqlite:///{folder / 'book.db'}")
migrate(engine)
told = {}
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
told["memory_before_mb"] = peak()
for name in ("first", "again"):
    started, busy = time.perf_counter(), time.process_time()
    result = import_file(engine, file, Change("import", "import", file.name, "bench"), ("import", "crm", "bundled")).result
    told[name] = {"seconds": time.perf_counter() - started, "cpu_s": time.process_time() - busy, **result.figures(),
                  "peak_mb": peak()}
book, now = BookEnrichment(engine, ThreadPoolExecutor(2), refresh_s=60.0), datetime.now(UTC)
asks = [CompanyAsk(f"c{n * 97}.example.com", None) for n in range(256)]
async def ask():
    spans = []
    for _ in range(200):
        began = time.perf_counter()
        await book.profiles(asks, now)
        spans.append((time.perf_counter() - began) / len(asks) * 1e6)
    return spans
spans = asyncio.run(ask())
told["cold_us"], told["cached_us"] = spans[0], sorted(spans[1:])[len(spans) // 2]
print(json.dumps(told))
"""


def generate(path: Path, rows: int, seed: int = SEED) -> None:
    """Companies as a CRM's export has them, the same for the same seed."""
    dice = random.Random(seed)
    header = (
        "Company",
        "Website",
        "Parent Account",
        "Ownership %",
        "Account Owner",
        "Country",
        "City",
        "Employees",
        "Revenue",
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for n in range(rows):
            parent, share = "", ""
            if n and dice.random() < 0.33:
                up = dice.randrange(n) if dice.random() < 0.5 else n - 1
                parent = f"c{up}.example.com" if up % 10 else _name(up)
                share = dice.choice(("", "", "", "100", "75", "40"))
            domain = f"https://www.c{n}.example.com/" if n % 10 else ""
            writer.writerow(
                (
                    _name(n), domain, parent, share, f"rep{n % 200}@us.example", dice.choice(("US", "Germany", "U.K.", "FR")),
                    dice.choice(("Austin", "Berlin", "Leeds", "Lyon")), dice.randrange(1, 50_000), dice.randrange(10**7, 10**10),
                )
            )  # fmt: skip


def _name(n: int) -> str:
    return f"Works {n} {('Inc', 'GmbH', 'Ltd', 'SA')[n % 4]}"


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    rows = ROWS // 20 if plan.quick else ROWS
    told = _measured(plan.work, rows)
    figures = {
        "book_rows_per_s": rows / told["first"]["seconds"],
        "book_again_rows_per_s": rows / told["again"]["seconds"],
        "book_peak_mb": told["again"]["peak_mb"],
        "book_cached_us": told["cached_us"],
    }
    return figures, {"rows": rows, **told}


def _measured(folder: Path, rows: int) -> dict[str, Any]:
    file = folder / "accounts.csv"
    generate(file, rows)
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(file), str(folder)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    (ROOT / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "var") as work:  # a real disk, and no file of the repository
        print(json.dumps(_measured(Path(work), int(sys.argv[1]) if len(sys.argv) > 1 else ROWS), indent=2))
