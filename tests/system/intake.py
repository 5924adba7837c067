"""What counts as the same: copies, spellings, and a body that was mended."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx

from tests.system.client import Burst, Sent, lead
from tests.system.counts import count
from tests.system.harness import Product, until
from tests.system.report import Result


def copies(product: Product, *, copies: int = 50, people: int = 1) -> Result:
    """The same body from many senders at once: one lead, decided once, however it is told apart."""
    result, run = Result(f"{copies} copies at once"), f"copy{time.time_ns() % 10**9}"
    sent: list[Sent] = []
    for n in range(people):
        plain = lead(run, 3 * n)
        event = {**lead(run, 3 * n + 1), "event_id": f"{run}-event-{n}"}
        header = lead(run, 3 * n + 2)
        for body, headers in ((plain, {}), (event, {}), (header, {"Idempotency-Key": f"{run}-key-{n}"})):
            answers = asyncio.run(_at_once(product.url, body, headers, copies))
            ids = {told["lead_id"] for status, told in answers if status == 202}
            new = sum(told["status"] == "accepted" for _, told in answers)
            result.expect({status for status, _ in answers} == {202}, f"answers {sorted({s for s, _ in answers})}")
            result.expect(len(ids) == 1, f"{len(ids)} lead ids for one submission")
            wanted = copies if headers else 1  # the same key gets its first answer again
            result.expect(new == wanted, f"{new} of {copies} copies were told `accepted`")
            sent.append(Sent(body, [status for status, _ in answers], accepted=next(iter(ids), None)))
    result.take(count(product, sent))
    return result


async def _at_once(url: str, body: dict[str, Any], headers: dict[str, str], copies: int) -> list[tuple[int, Any]]:
    limits = httpx.Limits(max_connections=copies)
    async with httpx.AsyncClient(base_url=url, timeout=20, limits=limits) as client:
        answers = await asyncio.gather(
            *(client.post("/webhooks/lead", json=body, headers=headers) for _ in range(copies))
        )
    return [(answer.status_code, answer.json()) for answer in answers]


def spellings(product: Product) -> Result:
    """One person in three spellings is one lead; the same content in three spellings is one submission."""
    result, run = Result("one e-mail, 3 spellings"), f"spell{time.time_ns() % 10**9}"
    body = lead(run, 0)
    name, domain = body["email"].split("@")
    sent = []
    for email in (body["email"], f"  {name.upper()}@{domain.upper()} ", f"{name.title()}@{domain}"):
        answer = httpx.post(f"{product.url}/webhooks/lead", json={**body, "email": email}, timeout=20)
        told = answer.json()
        sent.append(Sent(body, [answer.status_code], accepted=told.get("lead_id"), status=told.get("status", "")))
    ids = {one.accepted for one in sent}
    result.expect(len(ids) == 1 and None not in ids, f"{len(ids)} leads")
    result.expect([one.status for one in sent] == ["accepted", "duplicate", "duplicate"], str([s.status for s in sent]))
    result.take(count(product, sent))
    return result


def mended(product: Product) -> Result:
    """A body that was refused leaves nothing behind: the corrected one is taken, under the same key too."""
    result, run = Result("resend after a 422"), f"mend{time.time_ns() % 10**9}"
    good = {**lead(run, 0), "event_id": f"{run}-event"}
    headers = {"Idempotency-Key": f"{run}-key"}
    post = f"{product.url}/webhooks/lead"
    for bad in ({**good, "email": "not an address"}, {**good, "email": {"deep": 1}}):
        refused = httpx.post(post, json=bad, headers=headers, timeout=20)
        result.expect(refused.status_code == 422, f"a wrong body was answered {refused.status_code}")
        result.expect("email" in refused.text, f"the answer names no field: {refused.text[:200]}")
    answer = httpx.post(post, json=good, headers=headers, timeout=20)
    result.expect(
        answer.status_code == 202, f"the corrected body was answered {answer.status_code}: {answer.text[:200]}"
    )
    result.take(
        count(
            product,
            [Sent(good, [answer.status_code], accepted=answer.json().get("lead_id"))],
        )
    )
    return result


def stopped(product: Product, *, leads: int, within_s: float = 15.0) -> Result:
    """Ctrl-C in the middle of a burst ends every process cleanly; the next start goes on where this one stopped."""
    result, run = Result("Ctrl-C in a burst"), f"stop{time.time_ns() % 10**9}"
    burst = Burst(product.url, [lead(run, n) for n in range(leads)]).start()
    until(lambda: burst.answered >= leads // 3, 60, "a part of the burst")
    took = product.stop()
    result.expect(took < within_s, f"it took {took:.1f} s to stop")
    code = product.process.returncode if product.process else None
    result.expect(code in (0, 130), f"the exit code is {code}")
    noise = [line for line in product.said().splitlines() if "Traceback" in line]
    result.expect(not noise, f"{len(noise)} tracebacks while it stopped")
    started = time.monotonic()
    product.start()
    again = time.monotonic() - started
    result.take(count(product, burst.join()))
    result.notes.append(f"stopped in {took:.1f} s (exit code {code}), ready again after {again:.1f} s")
    return result
