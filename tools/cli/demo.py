"""`app.py demo`: the labelled sample leads through the whole router, over HTTP, in a data folder of their own.

Always on embedded parts, whatever the settings say: sample leads must never reach a real CRM or a real person.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tools.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "infra" / "samples" / "leads.jsonl"
START_TIMEOUT_S = 60.0
EMBEDDED = dict.fromkeys(("ENRICHMENT", "CRM", "NOTIFIER", "SIMILAR", "LLM"), "embedded")
OWN = {"REDIS_URL": "", "DATABASE_URL": "", "PUBLIC_URL": "", "WEBHOOK_SECRETS": "{}", "HOST": "127.0.0.1"}  # .env too


@dataclass(slots=True)
class Totals:
    """How many leads came out as their label says. wrong: a line for each that did not."""

    leads: int = 0
    owner: int = 0
    path: int = 0
    tier: int = 0
    same_lead: int = 0
    same_lead_of: int = 0
    wrong: list[str] = field(default_factory=list)


def samples() -> list[dict[str, Any]]:
    return [json.loads(line) for line in SAMPLES.read_text().splitlines() if line.strip()]


def demo(settings: Settings) -> int:
    """0 when every lead was decided; what the labels say of the decisions is printed."""
    folder = settings.data_dir / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    if (settings.data_dir / "models").is_dir():
        shutil.copytree(settings.data_dir / "models", folder / "models")
    port = free_port()
    token = secrets.token_urlsafe(24)
    environment = {k: v for k, v in os.environ.items() if k != "PROMETHEUS_MULTIPROC_DIR"} | EMBEDDED | OWN
    environment |= {"ADMIN_TOKEN": token, "DATA_DIR": str(folder), "PORT": str(port), "LOG_LEVEL": "ERROR"}
    server = subprocess.Popen(
        [sys.executable, str(ROOT / "app.py"), "serve"], env=environment, stdout=subprocess.DEVNULL, cwd=ROOT
    )
    try:
        base = f"http://127.0.0.1:{port}"
        wait_until_ready(base, server)
        with httpx.Client(base_url=base, timeout=30.0, headers={"authorization": f"Bearer {token}"}) as client:
            totals = send_all(client)
    finally:
        server.terminate()
        server.wait(30)
    report(totals, folder)
    return 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(base: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SystemExit(f"the router ended with {server.returncode} before it was ready")
        try:
            if httpx.get(f"{base}/health", timeout=2.0).json()["ready"]:
                return
        except (httpx.HTTPError, ValueError, KeyError):
            pass
        time.sleep(0.1)
    raise SystemExit(f"the router was not ready after {START_TIMEOUT_S:.0f} s")


def send_all(client: httpx.Client) -> Totals:
    totals = Totals()
    lead_ids: dict[str, str] = {}
    print(f"{'lead':38} {'owner':27} {'rule':24} {'tier':7} {'score':>5}  {'path':13} similar accounts")
    for sample in samples():
        body = sample["body"] if isinstance(sample["body"], str) else json.dumps(sample["body"])
        headers = {"content-type": sample["content_type"]} if sample["content_type"] else {}
        answer = client.post("/webhooks/lead?wait=10", content=body.encode(), headers=headers)
        if answer.status_code != 200:
            raise SystemExit(f"{sample['name']}: {answer.status_code} {answer.text[:300]}")
        lead_ids[sample["name"]] = answer.json()["lead_id"]
        record = client.get(f"/admin/leads/{answer.json()['lead_id']}").json()
        judge(totals, sample, record, lead_ids)
    return totals


def judge(totals: Totals, sample: dict[str, Any], record: dict[str, Any], lead_ids: dict[str, str]) -> None:
    expect = sample["expect"]
    owners = expect["owner"] if isinstance(expect["owner"], list) else [expect["owner"]]
    fits = {
        "owner": record["owner"] in owners,
        "path": record["path"] == expect["path"],
        "tier": record["tier"] in expect["tier"],
    }
    totals.leads += 1
    totals.owner += fits["owner"]
    totals.path += fits["path"]
    totals.tier += fits["tier"]
    known_as = expect.get("same_lead_as") or expect.get("duplicate_of")
    if known_as:
        totals.same_lead_of += 1
        totals.same_lead += lead_ids[sample["name"]] == lead_ids[known_as]
    fact = record["facts"]["similar"] or {}
    similar = ", ".join(f"{a['name']} ({a['outcome']})" for a in fact.get("value", ()))
    marks = " ".join(f"!{name}" for name, fit in fits.items() if not fit)
    print(
        f"{sample['name'][:38]:38} {record['owner'][:27]:27} {record['rule'][:24]:24} {record['tier']:7} "
        f"{record['score']:5.1f}  {record['path']:13} {similar[:80]} {marks}".rstrip()
    )
    if marks:
        totals.wrong.append(
            f"{sample['name']}: {marks.replace('!', '')} (expected {owners}, {expect['path']}, {expect['tier']})"
        )


def report(totals: Totals, folder: Path) -> None:
    if totals.wrong:
        print("\nother than labelled:")
        for line in totals.wrong:
            print("  " + line)
    print(f"\nlook at them:  DATA_DIR={folder} ./start.sh")
    print(f"decide again:  DATA_DIR={folder} .venv/bin/python app.py replay")
    print(f"same lead recognised: {totals.same_lead} of {totals.same_lead_of}")
    print(f"path correct: {totals.path} of {totals.leads}")
    print(f"tier in its band: {totals.tier} of {totals.leads}")
    print(f"owner correct: {totals.owner} of {totals.leads}")
