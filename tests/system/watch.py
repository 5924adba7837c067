"""Watches /health every 50 ms from a process of its own, and what the machine did meanwhile.

A shared machine makes everybody wait now and then, so each sample comes with two witnesses: the time for which the web
server (all its threads) and the sampler stood ready to run while the processors were busy with something else, as the
kernel counts it, and the same exchange with a bare server. A sample is over when /health took longer than 100 ms plus the
larger of the two.

    .venv/bin/python -m tests.system.watch URL PID       samples until SIGTERM, then prints them as JSON
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from tests.system.harness import ROOT, Product

EVERY_S = 0.05
LIMIT_MS = 100.0
AROUND_S = 0.25  # the bare server's samples this close to a slow answer speak for it
PATIENCE_S = 5.0  # after this an exchange counts as not answered


@dataclass(frozen=True, slots=True)
class Seen:
    """What the samples say; times in milliseconds. own_worst_ms: without what the witnesses put down to the machine;
    over: answers for which even that is beyond the limit; unanswered: no answer at all, or another one than 200."""

    samples: int
    worst_ms: float
    p99_ms: float
    own_worst_ms: float
    machine_worst_ms: float
    over: int
    unanswered: int
    slow: tuple[tuple[float, float, float], ...] = ()

    def broken(self) -> list[str]:
        told = []
        if self.over:
            told.append(
                f"/health was later than {LIMIT_MS:.0f} ms {self.over} times of {self.samples}: {self.slow[:4]}"
            )
        if self.unanswered:
            told.append(f"/health was not answered {self.unanswered} times of {self.samples}")
        if self.samples < 10:
            told.append(f"/health was sampled {self.samples} times only")
        return told

    def shown(self) -> str:
        return (
            f"health max {self.worst_ms:.0f} ms, p99 {self.p99_ms:.0f}, without the machine's part {self.own_worst_ms:.0f} "
            f"(that part at most {self.machine_worst_ms:.0f}); over {LIMIT_MS:.0f} ms: {self.over} of {self.samples}"
        )


class Watch:
    """with Watch(product) as watch: ...; then watch.seen. The web server must not be killed meanwhile."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self.seen = Seen(0, 0, 0, 0, 0, 0, 0)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.watch", self._product.url, str(self._product.pid("api"))],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it samples from now on
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        out, _ = self._process.communicate(timeout=30)
        self.seen = judge(json.loads(out))


def judge(samples: list[list[Any]]) -> Seen:
    """Samples are [at_s, health_ms or None, bare_ms or None, waited_ms]."""
    answered = [(at, health, waited) for at, health, _, waited in samples if health is not None]
    bare = [(at, ms) for at, _, ms, _ in samples if ms is not None]
    worst = own_worst = machine_worst = 0.0
    slow = []
    for at, health, waited in answered:
        near = [ms for then, ms in bare if at - AROUND_S <= then <= at + health / 1000 + AROUND_S]
        machine = max(waited, *near, 0.0)
        own = max(0.0, health - machine)
        worst, own_worst, machine_worst = max(worst, health), max(own_worst, own), max(machine_worst, machine)
        if own > LIMIT_MS:
            slow.append((round(at, 2), round(health, 1), round(machine, 1)))
    times = sorted(health for _, health, _ in answered)
    return Seen(
        samples=len(samples),
        worst_ms=worst,
        p99_ms=times[int(len(times) * 0.99)] if times else 0.0,
        own_worst_ms=own_worst,
        machine_worst_ms=machine_worst,
        over=len(slow),
        unanswered=len(samples) - len(answered),
        slow=tuple(slow),
    )


def waited_ms(pids: tuple[int, ...]) -> float:
    """How long these processes' threads have stood ready without a processor, since they began."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError, IndexError):  # a thread that has just ended; a kernel that does not count
                total += int(task.read_text().split()[1])
    return total / 1e6


async def exchange(host: str, port: int) -> float | None:
    """Milliseconds of one GET /health over a new connection; None without an answer of 200."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
    except (OSError, TimeoutError):
        return None
    return (time.perf_counter() - started) * 1000 if answer.startswith(b"HTTP/1.1 200") else None


async def sample(url: str, pid: int) -> list[list[Any]]:
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    control = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.system.watch", "control", cwd=ROOT, stdout=subprocess.PIPE
    )
    assert control.stdout is not None
    control_port = int(await control.stdout.readline())
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    samples: list[list[Any]] = []
    tasks: set[asyncio.Task[None]] = set()

    async def one(at: float) -> None:
        before = waited_ms((pid, os.getpid()))
        health, bare = await asyncio.gather(exchange(host, port), exchange("127.0.0.1", control_port))
        samples.append([at, health, bare, waited_ms((pid, os.getpid())) - before])

    print("sampling", flush=True)
    started = time.monotonic()
    while not stopping.is_set():
        task = asyncio.create_task(one(time.monotonic() - started))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await asyncio.sleep(EVERY_S)
    await asyncio.gather(*tasks)
    control.terminate()
    await control.wait()
    return sorted(samples)


async def serve_control() -> None:
    """The least that a server can do: read a request, answer it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "control":
        asyncio.run(serve_control())
    else:
        print(json.dumps(asyncio.run(sample(sys.argv[1], int(sys.argv[2])))))
