"""Acceptance alone, durable (fsync always): ours with nobody to decide, the plain router's check-then-set, a bare hello.

Closed loop: every connection sends its next lead when it has the answer to the last, so latency is connections / rate
and its tail shows how even the service is. Many short rounds; the ratios are medians of each round's own.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import Any

from bench.candidates import PATH, acceptor, fresh, peer_acceptor
from bench.load import load
from bench.plan import Plan, alternate, median, paired
from bench.servers import start_uvicorn

OURS, PLAIN, HELLO = "ours", "plain check-then-set", "hello"


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    """The figures, and everything behind them."""
    with ExitStack() as stack:
        servers = {
            OURS: stack.enter_context(acceptor(fresh(plan.work, "acceptor"))),
            PLAIN: stack.enter_context(peer_acceptor(fresh(plan.work, "accept_plain"))),
            HELLO: stack.enter_context(start_uvicorn("bench.peers.hello:app", fresh(plan.work, "hello"))),
        }

        def once(name: str, _round: int) -> dict[str, Any]:
            url = servers[name].url + PATH
            load(url, connections=plan.connections, count=plan.warm_up, seconds=10)
            used = servers[name].usage().cpu_s
            sent = load(url, connections=plan.connections, seconds=plan.accept_s)
            if sent["errors"] or sent["duplicates"]:
                raise RuntimeError(f"{name}: {sent['errors']}, {sent['duplicates']} duplicates: this is no measurement")
            kept = ("rate", "p50_ms", "p90_ms", "p99_ms", "max_ms", "ok", "client_cpu_us")
            cpu = round((servers[name].usage().cpu_s - used) / sent["ok"] * 1e6)
            return {**{key: sent[key] for key in kept}, "cpu_us": cpu}  # type: ignore[literal-required]

        rounds = alternate(max(plan.rounds, plan.accept_rounds), {name: partial(once, name) for name in servers})
    rates = {name: median(found, "rate") for name, found in rounds.items()}
    figures = {
        "accept_vs_hello": paired(rounds[OURS], rounds[HELLO], "rate"),
        "accept_vs_plain_router": paired(rounds[OURS], rounds[PLAIN], "rate"),
        "accept_p50_ms": round(median(rounds[OURS], "p50_ms"), 3),
        "accept_p99_ms": round(median(rounds[OURS], "p99_ms"), 3),
    }
    return figures, {"requests_per_s": rates, "connections": plan.connections, "rounds": rounds}
