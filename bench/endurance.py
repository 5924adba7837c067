"""Memory and open files over 50,000 leads, dispatcher running: what they are after 10,000 and how much they grow.

Counted at rest, with every decision committed and every effect performed. The embedded server keeps the keys of accepted
submissions by design, so it is told separately.
"""

from __future__ import annotations

import time
from typing import Any

from bench.candidates import Candidate, fresh, product, usages
from bench.load import load
from bench.plan import Plan, say
from bench.servers import Usage

PYTHON = ("web", "worker", "dispatcher")
BURST = 5_000  # leads at a time, so that no backlog is larger than this
REST_S = 3.0


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


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    """The figures, and everything behind them."""
    began = time.monotonic()
    with product(fresh(plan.work, "endurance"), plan.trained) as candidate:
        fresh_parts = look(candidate)
        send(candidate, plan, plan.first_leads)
        before = look(candidate)
        send(candidate, plan, plan.all_leads - plan.first_leads)
        after = look(candidate)
        decided = candidate.decisions.count(0)
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
    return figures, {"parts": detail, "seconds": round(time.monotonic() - began, 1)}
