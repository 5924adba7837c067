"""The matcher over a million known accounts: building its index, opening it, one lead at a time, and what the hot path pays.

generate  companies of a seed into a file, and leads of them (in a process of its own, outside of every figure)
build     the index from that file, read account by account: seconds, and the most memory the process had
ask       in a fresh process that opens the index: memory that is its own and memory that it shares (the mapped files),
          then each kind of lead one at a time: an account's own domain, another domain of it, its name misspelt, its name
          alone, and companies that are not in the book; then 256 leads at once that all have an account's own domain
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any, Final

from bench.companies import BRANDS, MIXES, World, ask
from bench.plan import Plan, say
from bench.servers import ROOT
from graph.ports import CompanyAsk
from tools.accounts.matching import AccountIndex
from tools.accounts.matching.records import packed, unpacked

ACCOUNTS, QUICK_ACCOUNTS, SEED = 1_000_000, 50_000, 41
LEADS, BATCH, BATCHES = 1_000, 256, 50
WARM_UP: Final = 50
FIGURES: Final = (
    "match_build_s", "match_index_mb", "match_own_mb", "match_shared_mb", "match_p50_ms", "match_p99_ms", "match_batch_us",
)  # fmt: skip


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    """Each part in a process of its own."""
    count = QUICK_ACCOUNTS if plan.rounds == 1 else ACCOUNTS
    folder = plan.work / "match"
    folder.mkdir(exist_ok=True)
    told: dict[str, Any] = {"accounts": count}
    for part in ("generate", "build", "ask"):
        say(f"{part}: {count:,} accounts")
        command = [sys.executable, "-m", "bench.match", part, str(folder), str(count)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{part}: {done.stderr[-500:]}")
        told |= json.loads(done.stdout)
    return {name: told[name] for name in FIGURES}, told


def generate(folder: Path, count: int) -> dict[str, Any]:
    """Every company that comes after the known ones is unknown; leads are drawn evenly from all of them."""
    draw, world = Random(SEED), World(SEED, count * BRANDS)
    chosen = {*draw.sample(range(count), LEADS * len(MIXES) + BATCH * BATCHES)}
    kept = []
    with (folder / "accounts").open("wb") as file:
        for number, company in enumerate(world.companies(count)):
            file.write(packed(company.account) + b"\n")
            if number in chosen:
                kept.append(company)
    draw.shuffle(kept)
    strangers = list(world.companies(LEADS))
    asks = {
        mix: [
            asdict(ask(one, mix, draw))
            for one in (strangers if mix == "nothing" else kept[at * LEADS : (at + 1) * LEADS])
        ]
        for at, mix in enumerate(MIXES)
    }
    asks["batch"] = [asdict(ask(one, "domain", draw)) for one in kept[LEADS * len(MIXES) :] if one.account.domains]
    (folder / "asks.json").write_text(json.dumps(asks))
    return {}


def build(folder: Path, count: int) -> dict[str, Any]:
    with (folder / "accounts").open("rb") as file:
        began = time.perf_counter()
        index = AccountIndex.build(unpacked(line[:-1]) for line in file)
    index.save(folder / "index")
    spent = time.perf_counter() - began
    assert len(index) == count
    size = sum(path.stat().st_size for path in (folder / "index").iterdir())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"match_build_s": round(spent, 1), "match_index_mb": round(size / 2**20), "build_peak_mb": round(peak)}


def ask_all(folder: Path, _count: int) -> dict[str, Any]:
    asks = {
        mix: [CompanyAsk(**one) for one in found]
        for mix, found in json.loads((folder / "asks.json").read_text()).items()
    }
    batch = asks.pop("batch")
    before = _memory()
    began = time.perf_counter()
    index = AccountIndex.open(folder / "index")
    opened = time.perf_counter() - began
    gc.collect()
    gc.freeze()  # as a worker does once it has started
    spent: list[float] = []
    detail: dict[str, Any] = {}
    for mix, found in asks.items():
        for one in found[:WARM_UP]:
            index.match([one])
        times, codes = _times(index, found[WARM_UP:])
        spent += times
        detail[mix] = {"p50_ms": _at(times, 0.5), "p99_ms": _at(times, 0.99), "codes": dict(codes)}
    after = _memory()
    batches = [batch[at : at + BATCH] for at in range(0, len(batch) - BATCH + 1, BATCH)]
    cost = sorted(_timed(index, each) / BATCH for each in batches)
    return {
        "open_ms": round(opened * 1000, 1),
        "match_own_mb": round(after["RssAnon"] - before["RssAnon"], 1),
        "match_shared_mb": round(after["RssFile"] - before["RssFile"], 1),
        "match_p50_ms": _at(spent, 0.5),
        "match_p99_ms": _at(spent, 0.99),
        "longest_ms": _at(spent, 1.0),
        "match_batch_us": round(cost[len(cost) // 2] * 1e6, 1),
        "kinds": detail,
    }


def _times(index: AccountIndex, asks: list[CompanyAsk]) -> tuple[list[float], Counter[str]]:
    times, codes = [], Counter[str]()
    for one in asks:
        began = time.perf_counter()
        [match] = index.match([one])
        times.append(time.perf_counter() - began)
        codes[match.code] += 1
    return times, codes


def _timed(index: AccountIndex, asks: list[CompanyAsk]) -> float:
    began = time.perf_counter()
    matches = index.match(asks)
    spent = time.perf_counter() - began
    assert all(match.code == "domain" for match in matches)
    return spent


def _at(times: list[float], share: float) -> float:
    ordered = sorted(times)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 2)


def _memory() -> dict[str, float]:
    """Megabytes of this process: RssAnon is its own, RssFile lies in files that every process shares."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return {
        name: int(rest.split()[0]) / 1024
        for name, _, rest in (one.partition(":") for one in lines)
        if name.startswith("Rss")
    }


if __name__ == "__main__":
    parts = {"generate": generate, "build": build, "ask": ask_all}
    print(json.dumps(parts[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))))
