"""The engine of the load generator: one thread, non-blocking sockets, one `recv` and one `send` per request.

Closed loop: each of N keep-alive connections sends its next lead as soon as the previous answer is there. Open loop:
leads fall due at fixed times whether or not earlier ones were answered, and latency counts from the time a lead fell
due, so a server that stalls cannot hide the requests it held up (coordinated omission). It never retries: a connection
lost with a request in flight is an error, counted as such. With `?wait=` in the address it also collects the time from
acceptance to decision that the answers name.
"""

from __future__ import annotations

import gc
import json
import select
import selectors
import socket
import time
from collections import Counter, deque
from urllib.parse import urlsplit

from bench.leads import Requests
from bench.summary import Counts, Summary, Times, summarise

CONNECT_PAUSE_S = 0.002
DRAIN_S = 10.0  # how long answers may still come after the last request was due


class Connection:
    """One keep-alive connection; `due_ns` is the time the request in flight counts from, 0 while idle."""

    __slots__ = ("buffer", "due_ns", "sock")

    def __init__(self, address: tuple[str, int]) -> None:
        self.sock = socket.create_connection(address, timeout=5)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.buffer = b""
        self.due_ns = 0


def answer_length(data: bytes) -> int:
    """The length of the HTTP answer `data` begins with, or -1 while its head is incomplete."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return -1
    head = data[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    return end + 4 + (int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0)


class Generator:
    """One run against one address. `count` and `seconds` bound it; a `rate` (per second) makes it an open loop."""

    def __init__(self, url: str, *, connections: int, count: int, seconds: float, rate: float, first: int) -> None:
        parts = urlsplit(url)
        self.address = (parts.hostname or "127.0.0.1", parts.port or 80)
        path = parts.path or "/"
        self.requests = Requests(parts.netloc, f"{path}?{parts.query}" if parts.query else path, first)
        self.waits = "wait=" in parts.query
        self.count, self.seconds = count, seconds
        self.interval_ns = round(1e9 / rate) if rate else 0
        self.selector = selectors.DefaultSelector()
        self.idle: deque[Connection] = deque()
        self.backlog: deque[int] = deque()  # due times of requests that found no idle connection
        self.sent = self.offered = self.ok = self.duplicates = 0
        self.stop_ns = self.next_due_ns = 0
        self.latencies: list[int] = []
        self.lateness: list[int] = []
        self.decisions: list[int] = []  # ns from acceptance to decision, of the answers that say it
        self.errors: Counter[str] = Counter()
        for _ in range(connections):  # one by one, or a single worker of several takes a burst of them all
            self._connect()
            time.sleep(CONNECT_PAUSE_S)

    def run(self) -> Summary:
        """Send until `count` or `seconds` is reached, wait for the outstanding answers, and sum up."""
        gc.collect()
        gc.disable()
        cpu, began, began_s = time.process_time(), time.perf_counter_ns(), time.monotonic()
        self.stop_ns, self.next_due_ns = began + int(self.seconds * 1e9), began
        give_up = self.stop_ns + int(DRAIN_S * 1e9)
        while (now := time.perf_counter_ns()) < give_up:
            more = self.offered < self.count and now < self.stop_ns
            if more:
                self._offer(now)
            if not more and not self.backlog and self.sent == len(self.latencies) + self.errors["closed"]:
                break
            self._wait(now, give_up)
        ended = now
        self.errors["unanswered"] += self.sent - len(self.latencies) - self.errors["closed"]
        self.errors["unsent"] += len(self.backlog)
        counts = Counts(self.sent, self.ok, self.duplicates, self.errors)
        times = Times(self.latencies, self.lateness, self.decisions)
        return summarise(counts, times, began_s, (ended - began) / 1e9, time.process_time() - cpu)

    def _offer(self, now: int) -> None:
        """Send what is due: on every idle connection (closed loop), or what the clock says (open loop)."""
        if not self.interval_ns:
            while self.idle and self.offered < self.count:
                self.offered += 1
                self._send(self.idle.popleft(), now)
            return
        while self.next_due_ns <= now and self.offered < self.count:
            self.offered += 1
            self.backlog.append(self.next_due_ns)
            self.next_due_ns += self.interval_ns
        while self.backlog and self.idle:
            self._send(self.idle.popleft(), self.backlog.popleft())

    def _wait(self, now: int, give_up: int) -> None:
        """Wait for answers, but not beyond the next due time; `select` sleeps by the microsecond, epoll by the ms."""
        until = give_up
        if now < self.stop_ns:
            until = min(self.stop_ns, self.next_due_ns) if self.interval_ns else self.stop_ns
        if self.interval_ns:
            select.select([self.selector.fileno()], [], [], max(0.0, (until - now) / 1e9))
        for key, _ in self.selector.select(0 if self.interval_ns else max(0.0, (until - now) / 1e9)):
            self._receive(key.data)

    def _send(self, connection: Connection, due_ns: int) -> None:
        request = self.requests.next()
        connection.due_ns = due_ns
        self.sent += 1
        if self.interval_ns:
            self.lateness.append(time.perf_counter_ns() - due_ns)
        try:
            complete = connection.sock.send(request) == len(request)
        except OSError:
            complete = False
        if not complete:
            self._lose(connection)

    def _receive(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._lose(connection)
            return
        if connection.buffer:
            data = connection.buffer + data
        length = answer_length(data)
        if length < 0 or len(data) < length:
            connection.buffer = data
            return
        now = time.perf_counter_ns()
        self.latencies.append(now - connection.due_ns)
        connection.buffer, connection.due_ns = b"", 0
        if data[9:10] == b"2":
            self.ok += 1
            self.duplicates += b'"duplicate"' in data
            if self.waits:
                self._note_decision(data[:length])
        else:
            self.errors[data[9:12].decode("latin-1")] += 1
        if self.backlog:
            self._send(connection, self.backlog.popleft())
        elif not self.interval_ns and self.offered < self.count and now < self.stop_ns:
            self.offered += 1
            self._send(connection, now)
        else:
            self.idle.append(connection)

    def _note_decision(self, answer: bytes) -> None:
        """An answer that could not wait long enough names no time: it is an error of its own."""
        told = json.loads(answer.partition(b"\r\n\r\n")[2]).get("processing_time")
        if told is None:
            self.errors["undecided"] += 1
        else:
            self.decisions.append(round(told * 1e9))

    def _connect(self) -> None:
        connection = Connection(self.address)
        self.selector.register(connection.sock, selectors.EVENT_READ, connection)
        self.idle.append(connection)

    def _lose(self, connection: Connection) -> None:
        """Replace a connection the server closed: an error if a request was in flight, else an ordinary time-out."""
        if connection.due_ns:
            self.errors["closed"] += 1
        else:
            self.idle.remove(connection)
        self.selector.unregister(connection.sock)
        connection.sock.close()
        try:
            self._connect()
        except OSError:
            self.errors["refused"] += 1
