"""Memory and open files over 50,000 leads, dispatcher running: what they are after 10,000 and how much they grow.

Counted at rest, with every decision committed and every effect performed. The embedded server keeps a key of each
accepted submission for a day by design, so it is told separately, with what it holds: keys, and entries that wait.
Deadlines are put off, so that a slow machine is not asked to escalate leads besides.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from redis import Redis

from bench.candidates import Candidate, fresh, product, usages
from bench.load import load
from bench.plan import Plan, say
from bench.servers import ROOT, Usage
from tools.embedded.valkey import EmbeddedValkey
from tools.stream.keys import Partition

PYTHON = ("web", "worker", "dispatcher")
BURST = 5_000  # leads at a time, so that no backlog is larger than this
REST_S = 3.0
DEADLINE = re.compile(r'("(?:accept|touch)":\s*)"\w+"')


def send(candidate: Candidate, plan: Plan, leads: int) -> None:
    """So many leads through to their last effect."""
    while leads:
        count = min(BURST, leads)
        newest = candidate.decisions.newest()
        sent = load(candidate.url, connections=plan.connections, count=count, seconds=60)
        if sent["errors"] or sent["duplicates"] or sent["ok"] != count:
            raise RuntimeError(f"{sent['ok']} of {count} leads went through: {sent['errors']}")
        candidate.decisions.wait_for(newest + count, plan.drain_s)
        candidate.decisions.wait_for_effects(plan.drain_s)
        leads -= count


def look(candidate: Candidate) -> dict[str, Usage]:
    """Each part after a moment of rest."""
    time.sleep(REST_S)
    return usages(candidate.server)


def unhurried(folder: Path) -> Path:
    """The sample routing file with ten days for every deadline."""
    text, found = DEADLINE.subn(r'\1"240h"', (ROOT / "infra" / "routing.json").read_text())
    if not found:
        raise RuntimeError("the sample routing file has no deadline to put off")
    folder.mkdir(parents=True)
    copy = folder / "routing.json"
    copy.write_text(text)
    return copy


def held(folder: Path) -> dict[str, int]:
    """What the stream's server keeps: all keys, and the entries not yet acknowledged."""
    with Redis.from_url(EmbeddedValkey(folder / "valkey").url) as redis:
        return {"keys": int(redis.dbsize()), "waiting": int(redis.xlen(Partition(0).stream))}


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    """The figures, and everything behind them."""
    began = time.monotonic()
    folder = fresh(plan.work, "endurance")
    env = {"ROUTING_FILE": str(unhurried(folder))}
    with product(folder, plan.trained, env=env) as candidate:
        fresh_parts = look(candidate)
        send(candidate, plan, plan.first_leads)
        before = look(candidate)
        send(candidate, plan, plan.all_leads - plan.first_leads)
        after = look(candidate)
        decided, stream = candidate.decisions.count(0), held(folder)
    say(f"{decided} leads through to their last effect in {time.monotonic() - began:.0f} s")
    figures = {
        "rss_growth_mb": round(sum(after[name].rss_mb - before[name].rss_mb for name in PYTHON), 1),
        "open_files_growth": float(sum(after[name].open_files - before[name].open_files for name in PYTHON)),
    }
    told = {"at start": fresh_parts, f"after {plan.first_leads}": before, f"after {decided}": after}
    detail = {
        when: {name: {"rss_mb": round(one.rss_mb, 1), "open_files": one.open_files} for name, one in found.items()}
        for when, found in told.items()
    }
    return figures, {"parts": detail, "stream": stream, "seconds": round(time.monotonic() - began, 1)}
