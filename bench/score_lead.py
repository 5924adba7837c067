"""POST /score-lead at 64 concurrent requests, without a language model: every lead another one (no cache can help), and
leads that were asked for before (the cache answers). Beside it: what the webhook of the same process feels meanwhile.

The web process runs alone, on the embedded stream server with fsync always. Closed loop, so latency is connections / rate.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from bench.candidates import PATH, environment, fresh
from bench.load import load
from bench.plan import Plan, alternate, median
from bench.servers import Server, answers, free_port, redis_url, start_valkey
from tools.store.engine import open_engine
from tools.store.migrate import migrate

SCORE = "/score-lead"
ASKED_AGAIN = 2_000
PLACES = 65_536
FIRST_AGAIN = 900_000_000
OFF, ON, BOTH = "cache off", "cache on, asked before", "cache off, webhook beside it"
WEBHOOK_PER_S = 50.0


@contextlib.contextmanager
def web(folder: Path, trained: Path, places: int) -> Iterator[Server]:
    """The web process alone, open to whoever asks for a score."""
    folder.mkdir(parents=True)
    shutil.copytree(trained, folder / "models")
    metrics = folder / "metrics"
    metrics.mkdir()
    with start_valkey(folder) as valkey:
        port = free_port()
        env = environment(folder, port) | {"REDIS_URL": redis_url(valkey), "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
        env |= {"SCORE_LEAD_OPEN": "true", "SCORE_CACHE_PLACES": str(places)}
        engine = open_engine(f"sqlite:///{folder / 'leads.db'}")
        migrate(engine)
        engine.dispose()
        with Server("api", [sys.executable, "app.py", "api"], port, folder / "api.log", env) as server:
            yield server.wait(lambda: answers(port, "/health"))


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    """The figures, and everything behind them."""
    with contextlib.ExitStack() as stack:
        servers = {
            OFF: stack.enter_context(web(fresh(plan.work, "score_off"), plan.trained, 0)),
            ON: stack.enter_context(web(fresh(plan.work, "score_on"), plan.trained, PLACES)),
        }
        again = partial(load, servers[ON].url + SCORE, connections=plan.connections, count=ASKED_AGAIN)
        again(seconds=60, first=FIRST_AGAIN)

        def once(name: str, _round: int) -> dict[str, Any]:
            server = servers[ON if name == ON else OFF]
            load(server.url + SCORE, connections=plan.connections, count=plan.warm_up, seconds=10)
            used = server.usage().cpu_s
            found = sent(name)
            return found | {"cpu_us": round((server.usage().cpu_s - used) / found["ok"] * 1e6)}

        def sent(name: str) -> dict[str, Any]:
            if name == ON:
                return _checked(name, again(seconds=plan.accept_s, first=FIRST_AGAIN))
            url = servers[OFF].url
            asked = partial(load, url + SCORE, connections=plan.connections, seconds=plan.accept_s)
            if name == OFF:
                return _checked(name, asked())
            with ThreadPoolExecutor(1) as pool:
                posting = pool.submit(load, url + PATH, connections=16, seconds=plan.accept_s, rate=WEBHOOK_PER_S)
                scored, posted = _checked(name, asked()), _checked("webhook", posting.result())
            return scored | {"webhook_p50_ms": posted["p50_ms"], "webhook_p99_ms": posted["p99_ms"]}

        rounds = alternate(plan.rounds, {name: partial(once, name) for name in (OFF, ON, BOTH)})
    figures = {
        "score_lead_p50_ms": round(median(rounds[OFF], "p50_ms"), 3),
        "score_lead_p99_ms": round(median(rounds[OFF], "p99_ms"), 3),
        "score_lead_cached_p50_ms": round(median(rounds[ON], "p50_ms"), 3),
        "score_lead_cached_p99_ms": round(median(rounds[ON], "p99_ms"), 3),
        "score_lead_webhook_p99_ms": round(median(rounds[BOTH], "webhook_p99_ms"), 3),
    }
    return figures, {"scores_per_s": {name: median(found, "rate") for name, found in rounds.items()}, "rounds": rounds}


def _checked(name: str, sent: Any) -> dict[str, Any]:
    if sent["errors"]:
        raise RuntimeError(f"{name}: {sent['errors']}: this is no measurement")
    return {key: sent[key] for key in ("rate", "p50_ms", "p90_ms", "p99_ms", "max_ms", "ok")}
