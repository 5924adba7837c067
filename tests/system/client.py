"""Leads, and a sender who does what every sender of webhooks does: without a 2xx, the same body comes again."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

PAUSE_S = 0.25  # between two tries of one sender
GIVE_UP_S = 180.0
TRY_S = 10.0  # one try; the product promises an answer within a second

# All ways through the graph: named account, pools with turns, nurture, a bot for review, and the desks.
KINDS: tuple[dict[str, Any], ...] = (
    {"domain": "acmelabs.com", "title": "VP Engineering", "source": "demo_request", "country": "US", "state": "WA"},
    {"domain": "alpenwerk{n}.ch", "title": "CTO", "source": "pricing_page", "country": "CH", "employees": "800"},
    {"domain": "smallshop{n}.com", "title": "Owner", "source": "webinar", "country": "US", "employees": "20"},
    {"domain": "gmail.com", "title": "Student", "source": "newsletter", "country": "BR"},
    {"domain": "oficina{n}.com.br", "source": "blog", "country": "BR"},
    {"domain": "cheaplinks{n}.biz", "title": "SEO", "source": "contact", "country": "IN", "_gotcha": "yes"},
    {"domain": "westland{n}.com", "title": "Director of IT", "source": "demo_request", "country": "US", "state": "OR",
     "employees": "2000"},
    {"domain": "fjordtech{n}.no", "title": "SRE", "source": "event", "country": "NO"},
)  # fmt: skip


def lead(run: str, n: int) -> dict[str, Any]:
    """Person number n of a run; nobody else has this e-mail address."""
    kind = KINDS[n % len(KINDS)]
    values = {name: value for name, value in kind.items() if name != "domain"}
    return {
        "email": f"{run}.person{n}@{kind['domain'].format(n=n)}",
        "full_name": f"Person Number{n}",
        "message": f"We are looking at tracing for service number {n} of run {run}.",
        **values,
    }


@dataclass(slots=True)
class Sent:
    """One sender with one body. answers: a status, or an exception's name, each try. accepted: the lead id of its 2xx."""

    body: dict[str, Any]
    answers: list[int | str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    accepted: str | None = None
    accepted_at: float = 0.0
    status: str = ""
    retry_after: list[str | None] = field(default_factory=list)


class Burst:
    """Senders in a thread of their own, `side_by_side` at once. `allow(n)` lets n more of them begin."""

    def __init__(
        self, url: str, bodies: Sequence[dict[str, Any]], *, side_by_side: int = 16, open_gate: bool = True
    ) -> None:
        self.sent = [Sent(body) for body in bodies]
        self._url, self._side_by_side = url, side_by_side
        self._gate = threading.Semaphore(len(bodies) if open_gate else 0)
        self._left = len(bodies)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._fault: BaseException | None = None

    def start(self) -> Self:
        self._thread.start()
        return self

    def allow(self, n: int) -> None:
        n = min(n, self._left)
        self._left -= n
        if n:
            self._gate.release(n)

    def allow_rest(self) -> None:
        self.allow(self._left)

    @property
    def answered(self) -> int:
        return sum(sent.accepted is not None for sent in self.sent)

    def give_up(self) -> None:
        """Senders stop trying; what they have heard stays."""
        self._ended.set()
        self._gate.release(len(self.sent))

    def join(self, seconds: float = GIVE_UP_S) -> list[Sent]:
        self._thread.join(seconds + TRY_S)
        if self._fault is not None:
            raise self._fault
        if self._thread.is_alive():
            self.give_up()
            self._thread.join(2 * TRY_S)
        return self.sent

    async def _run(self) -> None:
        try:
            limits = httpx.Limits(max_connections=self._side_by_side, max_keepalive_connections=self._side_by_side)
            async with httpx.AsyncClient(base_url=self._url, timeout=TRY_S, limits=limits) as client:
                waiting = iter(self.sent)
                await asyncio.gather(*(self._sender(client, waiting) for _ in range(self._side_by_side)))
        except BaseException as error:
            self._fault = error
            raise

    async def _sender(self, client: httpx.AsyncClient, waiting: Any) -> None:
        for sent in waiting:
            while not self._gate.acquire(blocking=False):
                await asyncio.sleep(0.005)
            if self._ended.is_set():
                return
            await self._deliver(client, sent)

    async def _deliver(self, client: httpx.AsyncClient, sent: Sent) -> None:
        raw = json.dumps(sent.body).encode()
        give_up_at = time.monotonic() + GIVE_UP_S
        while not self._ended.is_set() and time.monotonic() < give_up_at:
            started = time.monotonic()
            try:
                answer = await client.post("/webhooks/lead", content=raw, headers={"content-type": "application/json"})
            except httpx.HTTPError as error:
                sent.answers.append(type(error).__name__)
                sent.seconds.append(time.monotonic() - started)
            else:
                sent.answers.append(answer.status_code)
                sent.seconds.append(time.monotonic() - started)
                if answer.is_success:
                    told = answer.json()
                    sent.accepted, sent.accepted_at, sent.status = told["lead_id"], time.monotonic(), told["status"]
                    return
                sent.retry_after.append(answer.headers.get("retry-after"))
            await asyncio.sleep(PAUSE_S)


def send(url: str, bodies: Sequence[dict[str, Any]], **options: Any) -> list[Sent]:
    """All of them, each until it is taken."""
    return Burst(url, bodies, **options).start().join()


def statuses(sent: Sequence[Sent]) -> Counter[int | str]:
    return Counter(answer for one in sent for answer in one.answers)


def refusals(sent: Sequence[Sent]) -> int:
    """Tries that were not answered 2xx."""
    return sum(n for status, n in statuses(sent).items() if not (isinstance(status, int) and 200 <= status < 300))


def slowest(sent: Sequence[Sent]) -> float:
    return max((seconds for one in sent for seconds in one.seconds), default=0.0)
