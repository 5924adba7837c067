"""Latency at half of the sustained load, open loop: leads fall due at fixed times, whatever became of the others.

Acceptance: from the time a lead fell due to its 202. Acceptance to decision: a few of the leads are sent with `?wait=`,
whose answers name the time from their acceptance to their committed decision (asking the store included). The product's
own histogram, which knows every lead but only in steps, stands beside it as a check.
"""

from __future__ import annotations

import http.client
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from bench.candidates import Candidate, fresh, product
from bench.load import load
from bench.plan import Plan, alternate, median
from bench.servers import HOST
from bench.sustained import SETTLE_S, sustained

WAIT = "?wait=10"
FEWEST_SAMPLES = 100
BUCKET = re.compile(r'^lead_decision_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)


def buckets(port: int) -> dict[float, float]:
    """The product's histogram from acceptance to decision: seconds -> decisions that took at most as long."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    return {float(le): float(count) for le, count in BUCKET.findall(text)}


def bounds_ms(before: dict[float, float], after: dict[float, float], share: float) -> tuple[float, float]:
    """Between which two steps of the histogram this quantile of the decisions made meanwhile lies."""
    grown = {le: count - before.get(le, 0.0) for le, count in sorted(after.items())}
    total, low = max(grown.values(), default=0.0), 0.0
    for le, count in grown.items():
        if count >= share * total:
            return low * 1000, le * 1000
        low = le
    return low * 1000, float("inf")


def half_load(candidate: Candidate, plan: Plan, rate: float) -> dict[str, Any]:
    """One round: the leads, and among them those that wait for their decision."""
    decisions, url = candidate.decisions, candidate.url
    decisions.wait_for_effects(SETTLE_S)
    first, known = decisions.newest(), buckets(candidate.server.port)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(load, url + WAIT, connections=64, seconds=plan.half_load_s, rate=plan.samples_per_s)
        main = max(1.0, rate - plan.samples_per_s)
        sent = load(url, connections=plan.connections, seconds=plan.half_load_s, rate=main)
        asked = waiting.result()
    decisions.wait_for(first + sent["ok"] + asked["ok"], plan.drain_s)
    told = buckets(candidate.server.port)
    if sent["errors"] or asked["errors"] or asked["decided"] < FEWEST_SAMPLES:
        told_errors = f"{sent['errors']}, {asked['errors']}, {asked['decided']} samples"
        raise RuntimeError(f"half of the load did not go through cleanly: {told_errors}")
    return {
        "offered_per_s": round(rate, 1),
        "accept_p50_ms": sent["p50_ms"],
        "accept_p99_ms": sent["p99_ms"],
        "decision_p50_ms": asked["decided_p50_ms"],
        "decision_p99_ms": asked["decided_p99_ms"],
        "samples": asked["decided"],
        "asked_p50_ms": asked["p50_ms"],
        "asked_p99_ms": asked["p99_ms"],
        "sent_late_p99_ms": sent["sent_late_p99_ms"],
        "histogram_p50_ms": bounds_ms(known, told, 0.5),
        "histogram_p99_ms": bounds_ms(known, told, 0.99),
    }


def measure(plan: Plan, found: dict[str, float] | None) -> tuple[dict[str, float], dict[str, Any]]:
    """The figures, and everything behind them. found: `leads_per_s` and `performed_per_s` of the sustained load; without
    them it is measured first. At half of the first the outbox is worked off besides, which the sustained load puts off; at
    half of the second all of it is part of the load."""
    with product(fresh(plan.work, "latency"), plan.trained) as candidate:
        if plan.latency_rate:
            rates = {"half load": plan.latency_rate}
        else:
            found = found or sustained(candidate, plan)
            rates = {"half load": found["leads_per_s"] / 2, "half performed": found["performed_per_s"] / 2}
        load(candidate.url, connections=plan.connections, seconds=2, rate=min(rates.values()))
        loads = {name: partial(_round, candidate, plan, rate) for name, rate in rates.items()}
        rounds = alternate(plan.rounds, loads)
    figures = {
        f"{prefix}{name}": round(median(rounds[load_name], name), 3)
        for load_name, prefix in (("half load", ""), ("half performed", "performed_"))
        if load_name in rounds
        for name in ("decision_p50_ms", "decision_p99_ms")
    }
    return figures, {name: _told(rates[name], made) for name, made in rounds.items()}


def _round(candidate: Candidate, plan: Plan, rate: float, _number: int) -> dict[str, Any]:
    return half_load(candidate, plan, rate)


def _told(rate: float, rounds: list[dict[str, Any]]) -> dict[str, Any]:
    accept = {f"half_load_{name}": round(median(rounds, name), 3) for name in ("accept_p50_ms", "accept_p99_ms")}
    return {**accept, "offered_per_s": round(rate, 1), "rounds": rounds}
