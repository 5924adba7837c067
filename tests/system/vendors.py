"""Slack and HubSpot outside of the product: vendors that stall, and a dispatcher that dies while it writes to them.

The vendors are this repository's local servers, as strict as the real ones; what arrived there is counted there.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tests.servers.hubspot_server import TOKEN as HUBSPOT_TOKEN
from tests.servers.hubspot_server import HubSpotServer
from tests.servers.slack_server import TOKEN as SLACK_TOKEN
from tests.servers.slack_server import SlackServer
from tests.system.client import Burst, lead
from tests.system.counts import count, drain, undecided
from tests.system.harness import ROOT, Product, until
from tests.system.proxy import Proxy
from tests.system.report import Result
from tests.system.watch import Watch

DRAIN_S = 420.0  # the schedule of retries has pauses of a minute and more after so long an outage


@dataclass(slots=True)
class Outside:
    """A product and the vendors it writes to, each behind a relay."""

    product: Product
    slack: SlackServer
    hubspot: HubSpotServer
    relays: dict[str, Proxy]

    def written(self) -> dict[str, Counter[str]]:
        """How often each thing was written that may be written once."""
        alerts: Counter[str] = Counter()
        for messages in list(self.slack.channels.values()):
            posted = [m["metadata"] for m in list(messages) if "thread_ts" not in m]
            alerts.update(
                m["event_payload"]["lead_id"] for m in posted if m["event_type"] == "lead_assigned"
            )  # no digest
        objects = {kind: list(found.values()) for kind, found in self.hubspot.objects.items()}
        tasks = (re.search(r"Reference: (.*)", task.get("hs_task_body", "")) for task in objects["tasks"])
        notes = (re.search(r"Reference: (.*)", note.get("hs_note_body", "")) for note in objects["notes"])
        return {
            "alerts": alerts,
            "tasks": Counter(found[1] if found else "without reference" for found in tasks),
            "notes": Counter(found[1] if found else "without reference" for found in notes),
            "contacts": Counter(contact.get("email", "?").lower() for contact in objects["contacts"]),
            "companies": Counter(company.get("domain", "?") for company in objects["companies"]),
        }


@contextlib.contextmanager
def outside(*, answer_s: float = 0.0) -> Iterator[Outside]:
    """All owners of the routing file have accounts at both vendors."""
    with SlackServer() as slack, HubSpotServer() as hubspot:
        text = (ROOT / "infra" / "routing.json").read_text()
        known = dict(re.findall(r'"email": "([^"]+)",\s*"slack": "([^"]+)"', text))
        for n, email in enumerate(sorted(set(re.findall(r"[\w.-]+@company\.com", text)))):
            slack.users[known.get(email, f"U0TEAM{n}")] = email
            hubspot.owners[str(7000 + n)] = email
        with Proxy(slack.port, answer_s=answer_s) as to_slack, Proxy(hubspot.port, answer_s=answer_s) as to_hubspot:
            product = Product(
                NOTIFIER="live",
                SLACK_BOT_TOKEN=SLACK_TOKEN,
                SLACK_BASE_URL=f"{to_slack.url}/api/",
                CRM="live",
                HUBSPOT_ACCESS_TOKEN=HUBSPOT_TOKEN,
                HUBSPOT_BASE_URL=to_hubspot.url,
            )
            with product:
                yield Outside(product, slack, hubspot, {"notifier": to_slack, "crm": to_hubspot})


def vendor_stalls(world: Outside, vendor: str, *, leads: int, hold_s: float = 30.0) -> Result:
    """vendor: `notifier` or `crm`. Decisions go on, the others' effects are done, the vendor's wait and come later."""
    result, product = Result(f"{vendor} stalls {hold_s:.0f} s"), world.product
    run = f"{vendor}{time.time_ns() % 10**9}"
    other = "crm" if vendor == "notifier" else "notifier"
    with Watch(product) as watch:
        first = Burst(product.url, [lead(run, n) for n in range(8)]).start().join()
        before = product.one("SELECT coalesce(max(id), 0) FROM outbox")
        world.relays[vendor].stall()
        started = time.monotonic()
        burst = Burst(product.url, [lead(run, n) for n in range(8, leads)]).start()
        time.sleep(hold_s)
        left = _waiting(product, before)
        late = len(burst.sent) - burst.answered + undecided(product, burst.sent)
        held = world.relays[vendor].held
        world.relays[vendor].go_on()
        stalled_s = time.monotonic() - started
        result.take(count(product, first + burst.join(), twins=False, drain_s=DRAIN_S))
    latencies = _latencies(product, before)
    result.expect(not late, f"{late} leads were not decided after {stalled_s:.0f} s: the stall held them up")
    result.expect(left[vendor], f"no effect waited for {vendor}: it did not stall")
    for name in {other, "nurture", "similar"}:
        result.expect(not left[name], f"{left[name]} effects of {name} waited for {vendor}")
    _judge_twice(result, world)
    result.broken += watch.seen.broken()
    result.notes.append(
        f"decision after p50 {statistics.median(latencies):.2f} s, max {max(latencies):.2f} s; effects waiting at the end "
        f"of the stall {dict(left)}; {held} calls held and then delivered late"
    )
    result.notes.append(watch.seen.shown())
    return result


def dispatcher_dies(world: Outside, *, rounds: int, leads: int, seed: int = 1) -> Result:
    """kill -9 of the dispatcher while it writes to vendors that know nothing of our database."""
    result, product = Result(f"kill -9 dispatch, live x{rounds}"), world.product
    run, chance = f"dd{seed}x{time.time_ns() % 10**9}", random.Random(seed)
    burst = Burst(product.url, [lead(run, n) for n in range(leads)]).start()
    for _ in range(rounds):
        time.sleep(chance.uniform(0.2, 1.0))
        killed = product.kill("dispatch")
        product.replaced("dispatch", killed)
        asked = len(world.slack.requests) + len(world.hubspot.requests)
        until(lambda asked=asked: len(world.slack.requests) + len(world.hubspot.requests) > asked, 90, "new calls")
    result.take(count(product, burst.join(), twins=False, drain_s=DRAIN_S))
    _judge_twice(result, world)
    return result


def dispatcher_hangs(world: Outside, *, leads: int, seed: int = 1) -> Result:
    """One of two dispatchers stands still in the middle of its work until the other has taken its leases over and done
    everything; then it goes on. It must not do again what it had claimed."""
    result, product = Result("dispatcher hangs, 2 live"), world.product
    run, other = f"dh{seed}x{time.time_ns() % 10**9}", world.product.more("dispatch")
    try:
        until(lambda: len(product.pids("dispatch")) == 2, 60, "two dispatchers")
        time.sleep(5.0)
        burst = Burst(product.url, [lead(run, n) for n in range(leads)]).start()
        asked = len(world.slack.requests)
        until(lambda: len(world.slack.requests) > asked + 3, 60, "the dispatchers to be at work")
        os.kill(other.pid, signal.SIGSTOP)
        sent = burst.join()
        hung_s = drain(product, sent, DRAIN_S)
        os.kill(other.pid, signal.SIGCONT)
        time.sleep(10.0)
        result.take(count(product, sent, twins=False, drain_s=DRAIN_S))
        result.notes.append(f"it hung for {hung_s:.0f} s, until the other had done everything")
    finally:
        other.kill()
        other.wait()
    _judge_twice(result, world)
    return result


def _judge_twice(result: Result, world: Outside) -> None:
    written = world.written()
    for name, found in written.items():
        twice = {key: n for key, n in found.items() if n > 1}
        result.expect(
            not twice, f"{len(twice)} {name} were written more than once at the vendor: {list(twice.items())[:3]}"
        )
    with world.product.sql() as connection:
        done = dict(connection.execute("SELECT kind, count(*) FROM outbox WHERE state = 'done' GROUP BY kind"))
    for kind, name in (("post_alert", "alerts"), ("create_task", "tasks"), ("log_note", "notes")):
        result.expect(
            done.get(kind, 0) == len(written[name]),
            f"{done.get(kind, 0)} {name} are called done, {len(written[name])} are there",
        )
    result.notes.append("at the vendors: " + ", ".join(f"{sum(f.values())} {name}" for name, f in written.items()))


def _waiting(product: Product, before: int) -> Counter[str]:
    with product.sql() as connection:
        rows = connection.execute(
            "SELECT vendor, count(*) FROM outbox WHERE state = 'pending' AND vendor NOT IN ('sla', 'steps') AND id > ?"
            " GROUP BY vendor",
            (before,),
        )
        return Counter(dict(rows))


def _latencies(product: Product, before: int) -> list[float]:
    """Seconds from acceptance to decision of those that came during the stall."""
    with product.sql() as connection:
        rows = connection.execute(
            "SELECT received_at, decided_at FROM decisions WHERE lead_id IN (SELECT lead_id FROM outbox WHERE id > ?)",
            (before,),
        ).fetchall()
    parsed = [(datetime.fromisoformat(str(a)), datetime.fromisoformat(str(b))) for a, b in rows]
    return [(b - a).total_seconds() for a, b in parsed]
