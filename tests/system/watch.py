"""Watches /health every 50 ms from a process of its own, and beside it a control: the same exchange with a bare server.

The control tells how much of a slow answer is the machine's: a shared one makes everybody wait now and then. A sample is
over when /health took longer than 100 ms plus what the control needed at its worst around the same moment.

    .venv/bin/python -m tests.system.watch URL       samples until SIGTERM, then prints them as JSON
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from tests.system.harness import ROOT

EVERY_S = 0.05
LIMIT_MS = 100.0
AROUND_S = 0.25  # the control's samples this close to a slow answer speak for it
PATIENCE_S = 5.0  # after this an exchange counts as not answered


@dataclass(frozen=True, slots=True)
class Seen:
    """What the samples say; times in milliseconds. over: answers later than the limit and the control together;
    unanswered: no answer at all, or another one than 200."""

    samples: int
    worst_ms: float
    p99_ms: float
    control_worst_ms: float
    over: int
    unanswered: int
    slow: tuple[tuple[float, float, float], ...] = ()

    def broken(self) -> list[str]:
        told = []
        if self.over:
            told.append(f"/health was later than {LIMIT_MS:.0f} ms {self.over} times of {self.samples}: {self.slow[:4]}")
        if self.unanswered:
            told.append(f"/health was not answered {self.unanswered} times of {self.samples}")
        if self.samples < 10:
            told.append(f"/health was sampled {self.samples} times only")
        return told

    def shown(self) -> str:
        return f"health max {self.worst_ms:.0f} ms, p99 {self.p99_ms:.0f}, control max {self.control_worst_ms:.0f}, over {self.over}"


class Watch:
    """with Watch(product.url) as watch: ...; then watch.seen."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.seen = Seen(0, 0, 0, 0, 0, 0)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.watch", self._url], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it samples from now on
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        out, _ = self._process.communicate(timeout=30)
        self.seen = judge(json.loads(out))


def judge(samples: list[list[Any]]) -> Seen:
    """Samples are [at_s, health_ms or None, control_ms or None]."""
    answered = sorted(health for _, health, _ in samples if health is not None)
    controls = [(at, control) for at, _, control in samples if control is not None]
    slow = []
    for at, health, _ in samples:
        if health is None or health <= LIMIT_MS:
            continue
        near = [ms for then, ms in controls if at - AROUND_S <= then <= at + health / 1000 + AROUND_S]
        margin = max(near, default=0.0)
        if health > LIMIT_MS + margin:
            slow.append((round(at, 2), round(health, 1), round(margin, 1)))
    return Seen(
        samples=len(samples),
        worst_ms=answered[-1] if answered else 0.0,
        p99_ms=answered[int(len(answered) * 0.99)] if answered else 0.0,
        control_worst_ms=max((ms for _, ms in controls), default=0.0),
        over=len(slow),
        unanswered=len(samples) - len(answered),
        slow=tuple(slow),
    )


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


async def sample(url: str) -> list[list[Any]]:
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
        health, bare = await asyncio.gather(exchange(host, port), exchange("127.0.0.1", control_port))
        samples.append([at, health, bare])

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
        print(json.dumps(asyncio.run(sample(sys.argv[1]))))
