"""Parts that stop, hang and come back: the stream's server, and the database's write lock."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.system.client import Burst, Sent, lead, slowest, statuses
from tests.system.counts import count
from tests.system.harness import Product, calm_routing, until
from tests.system.report import Result
from tests.system.watch import EVERY_S, LIMIT_MS, Watch

WITHIN_S = 1.0  # promised for a 503
IDLE_S = 5.0  # after this long without a sign of life a worker's leads go to another
TOOK_OVER = '"took over"'
SHARED_S = 0.5  # what a machine shared with others may add to it


def stream_gone(product: Product, *, leads: int, hold_s: float = 4.0) -> Result:
    """SIGTERM to the stream's server while nobody may start it again for a while."""
    result, run = Result("stream stopped (TERM)"), f"term{time.time_ns() % 10**9}"
    with Watch(product) as watch:
        burst = Burst(product.url, [lead(run, n) for n in range(leads)], open_gate=False).start()
        burst.allow(leads // 3)
        time.sleep(0.1)
        product.hold("serve")
        try:
            product.kill("valkey", signal.SIGTERM)
            until(lambda: not product.pids("valkey"), 20, "the stream's server to end")
            burst.allow(leads // 3)
            _heed_refusals(result, burst, hold_s)
        finally:
            product.go_on("serve")
        burst.allow_rest()
        _finish(result, product, burst)
    _judge(result, watch, burst.sent)
    return result


def stream_hung(product: Product, *, leads: int, hold_s: float = 10.0) -> Result:
    """SIGSTOP: it accepts connections and answers nothing."""
    result, run = Result(f"stream hung {hold_s:.0f} s"), f"hung{time.time_ns() % 10**9}"
    with Watch(product) as watch:
        burst = Burst(product.url, [lead(run, n) for n in range(leads)], open_gate=False).start()
        burst.allow(leads // 3)
        time.sleep(0.1)
        held = product.hold("valkey")
        try:
            burst.allow(leads // 3)
            _heed_refusals(result, burst, hold_s)
            with httpx.Client(base_url=product.url, timeout=5) as client:
                started = time.monotonic()
                parts = client.get("/health").json()
                result.notes.append(f"hung: ready {parts['ready']}, asked in {time.monotonic() - started:.3f} s")
                result.expect(not parts["ready"], "/health calls a hung stream ready")
        finally:
            product.go_on("valkey")
        burst.allow_rest()
        _finish(result, product, burst)
    result.expect(product.pids("valkey") == [held], "a hung server was replaced: it may hold what it has not written")
    _judge(result, watch, burst.sent)
    return result


def stream_restarted(product: Product, *, leads: int, rounds: int = 3) -> Result:
    """SIGTERM, and the supervisor starts it again at once."""
    result, run = Result(f"stream restarted x{rounds}"), f"again{time.time_ns() % 10**9}"
    with Watch(product) as watch:
        burst = Burst(product.url, [lead(run, n) for n in range(leads)], open_gate=False).start()
        for _ in range(rounds):
            burst.allow(leads // (rounds + 1))
            time.sleep(0.05)
            product.replaced("valkey", product.kill("valkey", signal.SIGTERM))
            product.wait_ready()
        burst.allow_rest()
        _finish(result, product, burst)
    _judge(result, watch, burst.sent)
    return result


def _heed_refusals(result: Result, burst: Burst, hold_s: float) -> None:
    """While it is away nobody is taken, and those who ask are told so."""
    time.sleep(1.0)
    taken, refused = burst.answered, statuses(burst.sent)[503]
    time.sleep(max(1.5, hold_s - 1.0))
    result.expect(statuses(burst.sent)[503] > refused, "nobody was answered 503 while the stream was away")
    result.expect(burst.answered == taken, f"{burst.answered - taken} were answered 202 while the stream was away")


def _finish(result: Result, product: Product, burst: Burst) -> None:
    """It heals by itself."""
    healed = until(lambda: burst.answered == len(burst.sent), 60, "every sender to be taken")
    ready = product.wait_ready(30)
    result.take(count(product, burst.join()))
    result.notes.append(f"all taken {healed:.1f} s after it was back, ready {ready:.1f} s later")


def _judge(result: Result, watch: Watch, sent: list[Sent]) -> None:
    answers, late = statuses(sent), slowest(sent)
    other = {status: n for status, n in answers.items() if status not in (202, 503)}
    result.expect(not other, f"answers other than 202 and 503: {other}")
    waits = [after for one in sent for after in one.retry_after]
    result.expect(all(waits), "a 503 came without Retry-After")
    margin = max(SHARED_S, watch.seen.machine_worst_ms / 1000)
    result.expect(late < WITHIN_S + margin, f"an answer took {late:.2f} s")
    result.broken += watch.seen.broken()
    result.notes.append(f"answers {dict(answers)}, slowest {late:.2f} s (limit {WITHIN_S + margin:.1f})")
    result.notes.append(f"{watch.seen.shown()} (limit {LIMIT_MS:.0f} ms, every {EVERY_S * 1000:.0f} ms)")


@contextlib.contextmanager
def locked(product: Product) -> Iterator[None]:
    """Somebody else holds SQLite's write lock."""
    connection = sqlite3.connect(product.database, isolation_level=None, timeout=30)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def database_locked(product: Product, *, leads: int, hold_s: float = 5.0) -> Result:
    """Leads are taken all the while, and decided when the lock is free. An edit of the routing file in that time is
    read by every process, and each new version is kept in the database: that must not hold up /health either."""
    result, run = Result(f"database locked {hold_s:.0f} s"), f"lock{time.time_ns() % 10**9}"
    with Watch(product) as watch:
        first = Burst(product.url, [lead(run, n) for n in range(20)]).start().join()
        with locked(product):
            started = time.monotonic()
            time.sleep(0.5)
            edit_routing(product)
            burst = Burst(product.url, [lead(run, n) for n in range(20, leads)]).start()
            time.sleep(max(0.0, hold_s - (time.monotonic() - started)))
        counts = count(product, first + burst.join())
    result.take(counts)
    answers = statuses(burst.sent)
    result.expect(set(answers) == {202}, f"answers {dict(answers)}: the stream was there, nobody had to be refused")
    result.expect(slowest(burst.sent) < WITHIN_S + SHARED_S, f"an answer took {slowest(burst.sent):.2f} s")
    result.broken += watch.seen.broken()
    result.notes.append(f"answers {dict(answers)}, slowest {slowest(burst.sent):.2f} s; {watch.seen.shown()}")
    return result


def routing_copy(product: Product) -> None:
    """Before its start: give the product a routing file of its own, which can be edited."""
    product.environment["ROUTING_FILE"] = str(calm_routing(product.folder))


def edit_routing(product: Product) -> None:
    """A remark more: another version with the same rules. Nothing where the file is not the product's own."""
    path = product.environment.get("ROUTING_FILE")
    if path is None:
        return
    file, draft = Path(path), Path(f"{path}.new")
    draft.write_text(f"{file.read_text()}\n// edited at {time.time_ns()}\n")
    draft.replace(file)


def killed_in_outage(product: Product, *, leads: int, rounds: int = 7) -> Result:
    """The worker dies again and again while the database is locked, each time with the same leads in hand. They are not
    to blame: afterwards each is decided, none is a dead letter."""
    result, run = Result(f"locked, worker killed x{rounds}"), f"outk{time.time_ns() % 10**9}"
    with locked(product):
        sent = Burst(product.url, [lead(run, n) for n in range(leads)]).start().join()
        time.sleep(1.0)
        for _ in range(rounds):
            product.replaced("worker", product.kill("worker"))
            time.sleep(IDLE_S + 4.0)  # started, and the dead one's leads are in its hand
    result.take(count(product, sent))
    result.notes.append(f"taken over {product.said().count(TOOK_OVER)} times")
    result.expect(TOOK_OVER in product.said(), "no worker took over: the leads were never in a dead one's hand")
    return result
