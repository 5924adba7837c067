"""The sample leads with every vendor live: what stands at each vendor afterwards, after kills of the worker and an outage of
each. The vendors are this repository's local servers; companies are known to Apollo and Clearbit by turns, and the mails of a
sequence that waits for nothing go to an SMTP server.
"""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import random
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.fixtures.mail_server import MailServer, mail_server
from tests.servers.apollo_server import ApolloServer
from tests.servers.clearbit_server import ClearbitServer
from tests.servers.hubspot_server import TOKEN as HUBSPOT_TOKEN
from tests.servers.hubspot_server import HubSpotServer
from tests.servers.openai_server import OPINION, OpenAiServer
from tests.servers.pinecone_server import PineconeServer
from tests.servers.slack_server import TOKEN as SLACK_TOKEN
from tests.servers.slack_server import SlackServer
from tests.system.client import PAUSE_S, Sent
from tests.system.counts import count
from tests.system.harness import ROOT, Product, until
from tests.system.proxy import Proxy
from tests.system.report import Result

DRAIN_S = 900.0  # after half a minute without a vendor its retries have pauses of minutes
VENDORS = ("slack", "hubspot", "openai", "pinecone", "apollo", "clearbit", "smtp")
SEQUENCE = [{"id": name, "do": "EMAIL", "template": name} for name in ("welcome", "guide", "question")]


@dataclass(slots=True)
class Live:
    """A product whose every outside part is live, each vendor behind a relay."""

    product: Product
    slack: SlackServer
    hubspot: HubSpotServer
    openai: OpenAiServer
    pinecone: PineconeServer
    apollo: ApolloServer
    clearbit: ClearbitServer
    mails: MailServer
    relays: dict[str, Proxy] = field(default_factory=dict)


@contextlib.contextmanager
def live() -> Iterator[Live]:
    """All owners of the routing file have accounts in Slack and HubSpot."""
    with contextlib.ExitStack() as stack:
        servers = {
            "slack": SlackServer(),
            "hubspot": HubSpotServer(),
            "openai": OpenAiServer(),
            "pinecone": PineconeServer(),
            "apollo": ApolloServer(),
            "clearbit": ClearbitServer(),
        }
        for server in servers.values():
            stack.enter_context(server)
        mails = stack.enter_context(mail_server())
        ports = {name: server.port for name, server in servers.items()} | {"smtp": mails.port}
        relays = {name: stack.enter_context(Proxy(port)) for name, port in ports.items()}
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = _settings(relays) | {"SEQUENCES_FILE": str(_sequences(folder))}
        world = Live(Product(**settings), *servers.values(), mails, relays=relays)  # type: ignore[arg-type]
        _people(world)
        _companies(world)
        world.openai.says = _says
        stack.enter_context(world.product)
        yield world


def _settings(relays: dict[str, Proxy]) -> dict[str, str]:
    return {
        "NOTIFIER": "live",
        "SLACK_BOT_TOKEN": SLACK_TOKEN,
        "SLACK_BASE_URL": f"{relays['slack'].url}/api/",
        "CRM": "live",
        "HUBSPOT_ACCESS_TOKEN": HUBSPOT_TOKEN,
        "HUBSPOT_BASE_URL": relays["hubspot"].url,
        "LLM": "live",
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_BASE_URL": f"{relays['openai'].url}/v1",
        "SIMILAR": "live",
        "PINECONE_API_KEY": "pc-test",
        "PINECONE_HOST": relays["pinecone"].url,
        "ENRICHMENT": "live",
        "ENRICHMENT_PROVIDERS": "apollo, clearbit",
        "APOLLO_API_KEY": "ap-test",
        "APOLLO_BASE_URL": relays["apollo"].url,
        "CLEARBIT_API_KEY": "sk-test",
        "CLEARBIT_BASE_URL": relays["clearbit"].url,
        "NURTURE": "live",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(relays["smtp"].port),
        "SMTP_SECURITY": "none",
        "SMTP_FROM": "mails@company.com",
        "SENDER_LINE": "Company, 1 Main Street, Seattle",
        "NURTURE_PER_MINUTE": "500",
        "LATE_FACTS": "told",  # a lead that is decided again would be counted as decided twice
    }


def _sequences(folder: Path) -> Path:
    """The shipped mails, one after the other at once: a run of minutes cannot wait for days."""
    shutil.copytree(ROOT / "infra" / "mails", folder / "mails")
    path = folder / "sequences.json"
    path.write_text(json.dumps({"sequences": {"low_score_nurture": {"consent": "not_refused", "steps": SEQUENCE}}}))
    return path


def _people(world: Live) -> None:
    text = (ROOT / "infra" / "routing.json").read_text()
    known = dict(re.findall(r'"email": "([^"]+)",\s*"slack": "([^"]+)"', text))
    for n, email in enumerate(sorted(set(re.findall(r"[\w.-]+@company\.com", text)))):
        world.slack.users[known.get(email, f"U0TEAM{n}")] = email
        world.hubspot.owners[str(7000 + n)] = email


def _companies(world: Live) -> None:
    with (ROOT / "tools" / "embedded" / "data" / "companies.csv").open(encoding="utf-8", newline="") as file:
        for n, row in enumerate(csv.DictReader(file)):
            employees = int(row["employees"]) if row["employees"] else None
            if n % 2:
                world.apollo.known[row["domain"]] = {
                    "id": f"a{n}", "name": row["name"], "primary_domain": row["domain"], "country": row["country"],
                    "estimated_num_employees": employees, "technology_names": row["technologies"].split(";"),
                }  # fmt: skip
            else:
                world.clearbit.known[row["domain"]] = {
                    "id": f"c{n}", "name": row["name"], "domain": row["domain"], "geo": {"countryCode": row["country"]},
                    "metrics": {"employees": employees}, "tech": row["technologies"].split(";"),
                }  # fmt: skip


def _says(asked: Any) -> Any:
    """An opinion in the middle, so that few leads are decided anew; a note where one is asked for."""
    if isinstance(asked, dict) and "message" in asked:
        return {**OPINION, "score": 0.5}
    return {"note": "Worth a call this week."}


def live_demo(world: Live, *, kills: int = 2, hold_s: float = 30.0, leads: int | None = None, seed: int = 1) -> Result:
    """leads: the first so many of the samples; all of them for None. Each vendor is away for hold_s, one after the other;
    the worker is killed in between."""
    result, product, chance = Result(f"demo live, {hold_s:.0f} s outages"), world.product, random.Random(seed)
    bodies = _samples()[:leads]
    parts = len(VENDORS) + 1
    share = -(-len(bodies) // parts)
    chunks = [bodies[n * share : (n + 1) * share] for n in range(parts)]
    killed_at = set(chance.sample(range(1, parts), kills))
    sent = _send(product, chunks[0])
    for n, vendor in enumerate(VENDORS, 1):
        relay = world.relays[vendor]
        relay.stall()
        began = time.monotonic()
        sent += _send(product, chunks[n])
        if n in killed_at:
            product.replaced("worker", product.kill("worker"))
        time.sleep(max(0.0, hold_s - (time.monotonic() - began)))
        result.notes.append(f"{vendor} away {time.monotonic() - began:.0f} s, {relay.held} calls held")
        relay.go_on()
    until(lambda: product.health().get("ready") is True, 60, "the product to be ready again")
    persons = {one.accepted for one in sent}
    result.take(count(product, sent, bodies=_most_decisions(sent), twins=False, drain_s=DRAIN_S))
    result.notes.append(f"{len(sent)} forms of {len(persons)} leads")
    steps = "SELECT count(*) FROM outbox WHERE vendor IN ('nurture', 'steps') AND state = 'pending'"
    until(lambda: product.one(steps) == 0, DRAIN_S, "the sequences to be over")
    _judge(result, world)
    _mails(result, world)
    return result


def _samples() -> list[tuple[bytes, dict[str, str]]]:
    """All of them; every third one gets a sequence, as long as there are such, so that a short run has some."""
    lines = (ROOT / "infra" / "samples" / "leads.jsonl").read_text().splitlines()
    found: dict[bool, list[tuple[bytes, dict[str, str]]]] = {True: [], False: []}
    for line in filter(str.strip, lines):
        sample = json.loads(line)
        body = sample["body"] if isinstance(sample["body"], str) else json.dumps(sample["body"])
        headers = {"content-type": sample["content_type"]} if sample["content_type"] else {}
        found[sample["expect"].get("path") == "nurture"].append((body.encode(), headers))
    mixed, others = [], iter(found[False])
    for one in found[True]:
        mixed += [*itertools.islice(others, 2), one]
    return [*mixed, *others]


def _send(product: Product, chunk: list[tuple[bytes, dict[str, str]]]) -> list[Sent]:
    sent = []
    with httpx.Client(base_url=product.url, timeout=20) as client:
        for body, headers in chunk:
            one = Sent({"body": body.decode(errors="replace")})
            while one.accepted is None:
                answer = client.post("/webhooks/lead", content=body, headers=headers)
                one.answers.append(answer.status_code)
                if answer.status_code == 202:
                    told = answer.json()
                    one.accepted, one.status = told["lead_id"], told["status"]
                elif answer.status_code != 503:
                    raise AssertionError(f"a sample was answered {answer.status_code}: {answer.text[:200]}")
                else:
                    time.sleep(PAUSE_S)
            sent.append(one)
    return sent


def _most_decisions(sent: list[Sent]) -> int:
    """Of one lead: one for each form that one person sent at most, and one more for a judgement that came late."""
    return 1 + max(Counter(one.accepted for one in sent if one.status == "accepted").values())


def _judge(result: Result, world: Live) -> None:
    """What the outbox calls done stands at the vendor exactly once, and nothing else does."""
    with world.product.sql() as connection:
        rows = connection.execute("SELECT key, kind, payload, lead_id FROM outbox WHERE state = 'done' ORDER BY id")
        done = [(key, kind, json.loads(payload), lead_id) for key, kind, payload, lead_id in rows]
        closed = connection.execute(
            "SELECT count(*) FROM past_accounts WHERE outcome IN ('won', 'lost', 'no_decision')"
        )
        vectors = int(closed.fetchone()[0])
    by: dict[str, list[tuple[str, dict[str, Any], str]]] = {}
    for key, kind, payload, lead_id in done:
        by.setdefault(kind, []).append((key, payload, lead_id))
    _contacts(result, world, by)
    _tasks(result, world, by)
    _messages(result, world, by)
    kept = sum(len(records) for records in world.pinecone.records.values())
    result.expect(kept == vectors, f"{vectors} closed accounts are known, {kept} vectors are kept")
    result.notes.append(f"at the vendors: {kept} vectors, {len(world.openai.requests)} questions to the language model")
    asked = Counter(r.query.get("domain", "") for r in world.apollo.requests)
    most = max(asked.values(), default=0)
    result.notes.append(f"Apollo was asked of {len(asked)} companies, of one {most} times at most")


def _contacts(result: Result, world: Live, by: dict[str, list[tuple[str, dict[str, Any], str]]]) -> None:
    contacts = list(world.hubspot.objects["contacts"].values())
    keys = {payload["contact_key"] for _, payload, _ in by.get("upsert_contact", [])}
    result.expect(len(contacts) == len(keys), f"{len(keys)} contacts were written, {len(contacts)} are there")
    found = Counter(one.get("email") or one.get("phone") or one.get("lead_router_key") for one in contacts)
    twice = {key: n for key, n in found.items() if n > 1}
    result.expect(not twice, f"contacts that are there more than once: {list(twice)[:3]}")
    owners = {payload["contact_key"]: payload["owner"] for _, payload, _ in by.get("assign_owner", [])}
    has = {one.get("email"): world.hubspot.owners.get(one.get("hubspot_owner_id", "")) for one in contacts}
    wrong = [key for key, owner in owners.items() if "@" in key and has.get(key) != owner]
    result.expect(not wrong, f"{len(wrong)} contacts have another owner than was last written: {wrong[:3]}")
    domains = Counter(one.get("domain") for one in world.hubspot.objects["companies"].values())
    result.expect(max(domains.values(), default=1) == 1, f"companies twice: {domains.most_common(3)}")
    result.notes.append(f"{len(contacts)} contacts, {len(owners)} owners, {len(domains)} companies")


def _tasks(result: Result, world: Live, by: dict[str, list[tuple[str, dict[str, Any], str]]]) -> None:
    for kind, objects, text in (("create_task", "tasks", "hs_task_body"), ("log_note", "notes", "hs_note_body")):
        there = list(world.hubspot.objects.get(objects, {}).values())
        markers = Counter(m[0] if (m := re.search(r"lr-[0-9a-f]{20}", one.get(text, ""))) else "" for one in there)
        wanted = len(by.get(kind, []))
        result.expect(len(there) == wanted, f"{wanted} {objects} were written, {len(there)} are there")
        result.expect(max(markers.values(), default=1) == 1, f"{objects} that are there more than once")
        result.notes.append(f"{len(there)} {objects}")


def _messages(result: Result, world: Live, by: dict[str, list[tuple[str, dict[str, Any], str]]]) -> None:
    heads: Counter[tuple[str, str]] = Counter()
    replies: Counter[str] = Counter()
    for channel, messages in world.slack.channels.items():
        for message in messages:
            payload = message["metadata"]["event_payload"]
            if message.get("thread_ts", message["ts"]) == message["ts"]:
                heads[payload.get("lead_id", payload["receipt"]), channel] += 1
            else:
                replies[payload["receipt"]] += 1
    wanted = {(lead_id, payload["owner"]) for _, payload, lead_id in by.get("post_alert", [])}
    alerts = {head: n for head, n in heads.items() if head[1].startswith("D")}
    result.expect(len(alerts) >= len(wanted), f"{len(wanted)} alerts were written, {len(alerts)} are there")
    twice = [head for head, n in alerts.items() if n > 1]
    result.expect(not twice, f"{len(twice)} alerts are there more than once: {twice[:3]}")
    again = [receipt for receipt, n in replies.items() if n > 1]
    result.expect(not again, f"{len(again)} notes are there more than once")
    result.notes.append(f"{len(alerts)} alerts for {len(wanted)} leads and owners, {len(replies)} notes in threads")


def _mails(result: Result, world: Live) -> None:
    """A mail that is called sent was taken once. One of unknown outcome, once or not at all: it was under way when its
    server went away."""
    with world.product.sql() as connection:
        rows = connection.execute("SELECT message_id, state, contact_key FROM nurture_mails").fetchall()
        enrolled = connection.execute("SELECT count(*) FROM nurture_enrolments").fetchone()[0]
        open_ones = connection.execute("SELECT count(*) FROM nurture_enrolments WHERE status = 'ACTIVE'").fetchone()[0]
    taken, states = Counter(world.mails.ids), {message_id: state for message_id, state, _ in rows}
    wrong = [m for m, state in states.items() if state == "sent" and taken[m] != 1]
    result.expect(not wrong, f"{len(wrong)} mails are called sent and were not taken once: {wrong[:3]}")
    twice = [m for m, n in taken.items() if n > 1]
    result.expect(not twice, f"{len(twice)} mails were taken more than once: {twice[:3]}")
    stray = [m for m in taken if states.get(m) not in ("sent", "unknown")]
    result.expect(not stray, f"{len(stray)} mails were taken that nobody calls sent: {stray[:3]}")
    result.expect("sent" in states.values(), "no mail of a sequence was sent")
    result.expect(not open_ones, f"{open_ones} of {enrolled} sequences are not over")
    result.notes.append(f"{len(taken)} mails of {enrolled} sequences: {dict(Counter(states.values()))}")
