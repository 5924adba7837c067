"""kill -9 in the middle of a burst: of each part, and of everything at once."""

from __future__ import annotations

import os
import random
import signal
import time

from tests.system.client import Burst, lead
from tests.system.counts import count
from tests.system.harness import Product, Stuck, until
from tests.system.report import Result

STRIKE_S = 0.15  # a kill comes at a random moment this soon after a part of the burst was let go
PROGRESS_S = 45.0
HANG_S = 7.0  # a worker's leads are taken over after 5 s without a sign of life
WARM_S = 5.0  # processes that were started by hand say nothing of when they are ready
PROBE = 2  # leads of a portion that come after the kill: the new process has to do something with them


def kill_part(product: Product, part: str, *, rounds: int, leads: int, seed: int = 1) -> Result:
    """The burst comes in portions; in each the part dies at a random moment, and is up again before the next."""
    result, run = Result(f"kill -9 {part} x{rounds}"), f"{part}{seed}x{time.time_ns() % 10**9}"
    random_moment = random.Random(f"{part}{seed}")
    burst = Burst(product.url, [lead(run, n) for n in range(leads)], open_gate=False).start()
    portion = max(2 * PROBE, leads // (rounds + 1))
    for _ in range(rounds):
        burst.allow(portion - PROBE)
        time.sleep(random_moment.uniform(0.0, STRIKE_S))
        killed = product.kill(part)
        product.replaced(part, killed)
        before = _progress(product, part)
        burst.allow(PROBE)
        _works_again(product, part, before)
    burst.allow_rest()
    sent = burst.join()
    result.take(count(product, sent))
    result.notes.append(f"strikes within {STRIKE_S * 1000:.0f} ms of a portion of {portion}, seed {seed}")
    return result


def _progress(product: Product, part: str) -> int:
    if part == "dispatch":
        return product.one("SELECT count(*) FROM outbox WHERE state = 'done'")
    return product.one("SELECT count(*) FROM decisions")


def _works_again(product: Product, part: str, before: int) -> None:
    """So that the next kill meets a part at work."""
    if part in ("worker", "dispatch"):
        until(lambda: _progress(product, part) > before, PROGRESS_S, f"the new {part} process to do something")
    else:
        product.wait_ready()


def kill_everything(product: Product, *, rounds: int, leads: int, seed: int = 1) -> Result:
    """All processes die together, and it is started again: what a machine's crash leaves, without loss of power."""
    result, run = Result(f"kill -9 everything x{rounds}"), f"all{seed}x{time.time_ns() % 10**9}"
    random_moment = random.Random(f"all{seed}")
    burst = Burst(product.url, [lead(run, n) for n in range(leads)], open_gate=False).start()
    portion = max(1, leads // (rounds + 1))
    starts = []
    for _ in range(rounds):
        burst.allow(portion)
        time.sleep(random_moment.uniform(0.0, 2 * STRIKE_S))
        product.kill_all()
        started = time.monotonic()
        product.start()
        starts.append(time.monotonic() - started)
    burst.allow_rest()
    result.take(count(product, burst.join()))
    result.notes.append(f"ready again after {min(starts):.1f} to {max(starts):.1f} s")
    return result


def kill_supervisor(product: Product, *, rounds: int, leads: int, wait_s: float = 8.0, seed: int = 1) -> Result:
    """Its children end by themselves (the embedded server may stay), and a second start takes over."""
    result, run = Result(f"kill -9 supervisor x{rounds}"), f"sup{seed}x{time.time_ns() % 10**9}"
    random_moment = random.Random(f"sup{seed}")
    burst = Burst(product.url, [lead(run, n) for n in range(leads)], open_gate=False).start()
    portion = max(1, leads // (rounds + 1))
    ends = []
    for n in range(rounds):
        burst.allow(portion)
        time.sleep(random_moment.uniform(0.0, 2 * STRIKE_S))
        product.kill("serve")
        assert product.process is not None
        product.process.wait(10)
        if n % 2 == 0:  # every second time the next start comes at once, while the orphans are still there
            try:
                ends.append(until(lambda: not set(product.alive()) - {"valkey"}, wait_s, "the orphans to end"))
            except Stuck as stuck:
                result.broken.append(f"{stuck}: {product.alive()}")
        product.start()
        until(lambda: all(len(p) == product.usual(part) for part, p in product.alive().items()), 30, "no orphans")
    burst.allow_rest()
    result.take(count(product, burst.join()))
    ended = f"orphans ended within {max(ends):.1f} s; " if ends else ""
    result.notes.append(ended + "the embedded server was taken over")
    return result


def taken_over_hangs(product: Product, *, leads: int, hold_s: float = 4.0) -> Result:
    """The supervisor dies while the embedded server hangs; the next start meets a server that is there and does not
    answer, and later one that it did not start itself hangs once more. A second server on the same files would lose."""
    result, run = Result("hung server taken over"), f"hto{time.time_ns() % 10**9}"
    burst = Burst(product.url, [lead(run, n) for n in range(leads)], open_gate=False).start()
    burst.allow(leads // 3)
    until(lambda: burst.answered, 30, "an answer")
    held = product.hold("valkey")
    product.kill("serve")
    product.start(ready=False)
    most = _most_servers(product, hold_s)
    product.go_on("valkey")
    product.wait_ready()
    burst.allow(leads // 3)
    time.sleep(0.1)
    product.hold("valkey")
    most = max(most, _most_servers(product, hold_s))
    product.go_on("valkey")
    burst.allow_rest()
    result.take(count(product, burst.join()))
    result.expect(most == 1, f"{most} servers ran on the same files at once")
    result.expect(product.pids("valkey") == [held], "the server that hung was not taken over")
    return result


def crowd(product: Product, *, rounds: int, leads: int, seed: int = 1) -> Result:
    """Two workers more and one dispatcher more on the same leads. In turn one is killed, or hangs for longer than it takes the
    others to take its leads over and then goes on with them."""
    workers = product.usual("worker") + 2
    result, run = Result(f"{workers} workers, 2 dispatchers x{rounds}"), f"crowd{seed}x{time.time_ns() % 10**9}"
    chance = random.Random(f"crowd{seed}")
    extra = {name: [product.more(part)] for name, part in (("w1", "worker"), ("w2", "worker"), ("d1", "dispatch"))}
    try:
        until(
            lambda: len(product.pids("worker")) == workers and len(product.pids("dispatch")) == 2, 60, "all processes"
        )
        time.sleep(WARM_S)
        burst = Burst(product.url, [lead(run, n) for n in range(leads)], open_gate=False).start()
        for n in range(rounds):
            part = "dispatch" if n % 4 == 3 else "worker"
            burst.allow(leads // (rounds + 1))
            time.sleep(chance.uniform(0.0, STRIKE_S))
            victim = chance.choice(product.pids(part))
            if n % 2:
                os.kill(victim, signal.SIGKILL)
            else:
                os.kill(victim, signal.SIGSTOP)
                time.sleep(HANG_S)
                os.kill(victim, signal.SIGCONT)
            for name, processes in extra.items():
                if processes[-1].poll() is not None:
                    processes.append(product.more("dispatch" if name == "d1" else "worker"))
        burst.allow_rest()
        result.take(count(product, burst.join()))
        result.notes.append(f"{product.metric('lead_conflicts_total')} batches lost a race and were decided anew")
    finally:
        for process in (process for processes in extra.values() for process in processes):
            process.kill()
            process.wait()
    return result


def _most_servers(product: Product, seconds: float) -> int:
    most, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        most = max(most, len(product.pids("valkey")))
        time.sleep(0.1)
    return most


def everything_done(product: Product) -> Result:
    """After scenarios that left effects for later: all of them, of all leads so far, are done, each once."""
    result, product.effects_later = Result("all effects in the end"), False
    result.take(count(product, []))
    return result
