"""Sustained rate, end to end: leads sent as fast as they are accepted, until the last of them is decided and committed.

rate = decided leads / time from the first request to the last committed decision. A backlog that grew while leads were
accepted faster than decided is thereby paid for. It is a burst's rate: many requests at once and large batches cost
less a lead than leads that come evenly (`--only latency --rate N`; ADR 31). Effects are in the outbox by then, most of
them not yet performed: `performed_per_s` is the rate until the last of them is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import AbstractContextManager
from typing import Any

from bench.candidates import Candidate, fresh, plain, product, usages
from bench.load import load
from bench.plan import Plan, alternate, median, paired
from bench.servers import ROOT, Usage

OURS, PLAIN, PLAIN2, EVERYSEC, FUNCTIONS = "ours", "plain router", "plain router x2", "ours everysec", "plain functions"
SETTLE_S = 120.0


def sustained(candidate: Candidate, plan: Plan) -> dict[str, Any]:
    """One round against a running system, which is at rest before it begins."""
    decisions = candidate.decisions
    warm = load(candidate.url, connections=plan.connections, count=plan.warm_up, seconds=20)
    decisions.wait_for(warm["ok"], SETTLE_S)
    if candidate.effects:
        decisions.wait_for_effects(SETTLE_S)
    first, first_effect = decisions.newest(), decisions.newest("outbox") if candidate.effects else 0
    used = usages(candidate.server) if candidate.effects else {"all": candidate.server.usage()}
    sent = load(candidate.url, connections=plan.connections, count=plan.sustained_leads, seconds=plan.sustained_s)
    at_end = decisions.newest() - first
    drained = decisions.wait_for(first + sent["ok"], plan.drain_s)
    now = usages(candidate.server) if candidate.effects else {"all": candidate.server.usage()}
    _check(sent, decisions.count(first))
    seconds = drained - sent["began_s"]
    found: dict[str, Any] = {
        "leads_per_s": round(sent["ok"] / seconds, 1),
        "leads": sent["ok"],
        "seconds": round(seconds, 2),
        "accepted_per_s": sent["rate"],
        "decided_when_sending_ended": at_end,
        "accept_p50_ms": sent["p50_ms"],
        "accept_p99_ms": sent["p99_ms"],
        "generator_us_per_lead": sent["client_cpu_us"],
        "cpu_us_per_lead": _cpu(used, now, sent["ok"]),
        "paths": decisions.paths(first),
    }
    if candidate.effects:
        if (have := decisions.with_effects(first, first_effect)) != sent["ok"]:
            raise RuntimeError(
                f"{have} of {sent['ok']} decided leads have effects in the outbox: this is no measurement"
            )
        found["effects"], found["effects_performed_meanwhile"] = decisions.effects(first_effect)
        found["performed_per_s"] = round(sent["ok"] / (decisions.wait_for_effects(plan.drain_s) - sent["began_s"]), 1)
    return found


def _check(sent: Any, decided: int) -> None:
    if sent["errors"] or sent["duplicates"] or decided != sent["ok"]:
        told = f"{sent['errors']}, {sent['duplicates']} duplicates, {decided} decided of {sent['ok']}"
        raise RuntimeError(f"the load did not go through cleanly ({told}): this is no measurement")


def _cpu(before: dict[str, Usage], after: dict[str, Usage], leads: int) -> dict[str, int]:
    return {name: round((after[name].cpu_s - before[name].cpu_s) / leads * 1e6) for name in before if name in after}


def functions(plan: Plan) -> dict[str, Any]:
    """The same rules as plain functions, in a process of their own."""
    command = [sys.executable, "-m", "bench.peers.plain_functions", str(plan.trained), str(plan.functions_s)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=plan.functions_s + 60)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    """The figures, and everything behind them."""

    def once(system: AbstractContextManager[Candidate]) -> dict[str, Any]:
        with system as candidate:
            return sustained(candidate, plan)

    rounds = alternate(
        plan.rounds,
        {
            OURS: lambda _: once(product(fresh(plan.work, "ours"), plan.trained)),
            PLAIN: lambda _: once(plain(fresh(plan.work, "plain"))),
            EVERYSEC: lambda _: once(product(fresh(plan.work, "everysec"), plan.trained, "everysec")),
            PLAIN2: lambda _: once(plain(fresh(plan.work, "plain2"), workers=2)),
            FUNCTIONS: lambda _: functions(plan),
        },
    )
    rates = {name: median(found, "leads_per_s") for name, found in rounds.items()}
    figures = {
        "e2e_vs_plain_router": paired(rounds[OURS], rounds[PLAIN], "leads_per_s"),
        "e2e_vs_plain_functions": paired(rounds[OURS], rounds[FUNCTIONS], "leads_per_s"),
        "always_vs_everysec": paired(rounds[OURS], rounds[EVERYSEC], "leads_per_s"),
        "performed_per_s": median(rounds[OURS], "performed_per_s"),
    }
    against_two = paired(rounds[OURS], rounds[PLAIN2], "leads_per_s")
    return figures, {"leads_per_s": rates, "e2e_vs_plain_router_x2": against_two, "rounds": rounds}
