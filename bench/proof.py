"""The proof of a routing file of 400 rules over six dimensions: seconds, on one core, in this process; and what a person
waits for who checks the sample file from the command line.

The large file is made of a seed. Its rules ask for places (countries, states, postal ranges, regions), industry, source,
product, employees and score; some with dates, `any` and `not`; some can never match, since broader ones stand before.
Its pools keep hours in several zones, and half of them pass at night.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from random import Random
from typing import Any

from bench.plan import Plan, alternate, median
from bench.servers import ROOT
from graph.domain.table import RoutingTable
from graph.rules.proof import prove
from tools.routing_file import parse

RULES, SEED = 400, 20
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
COUNTRIES = [
    "US", "CA", "GB", "IE", "FR", "DE", "AT", "CH", "NL", "BE", "LU", "ES", "PT", "IT", "PL", "CZ", "SE",
    "NO", "DK", "FI", "BR", "MX", "AR", "CL", "CO", "JP", "KR", "SG", "AU", "NZ", "IN", "ZA", "AE", "IL",
]  # fmt: skip
STATES = [
    f"US-{state}"
    for state in ("CA", "NY", "TX", "FL", "IL", "WA", "OR", "NV", "AZ", "CO", "MA", "GA", "OH", "PA", "NC")
]
POSTAL = [
    *(f"US-NY:{low}-{low + 4}" for low in range(100, 149, 5)),
    *(f"US-CA:{low}-{low + 2}" for low in range(900, 961, 6)),
    *(f"DE:{low}-{low + 3}" for low in range(10, 90, 8)),
    *(f"GB:{area}" for area in ("SW", "SW1A", "EC", "M1", "B3")),
]
WORDS = {
    "industry": [f"industry_{at}" for at in range(20)],
    "source": ["demo_request", "pricing_page", "event", "webinar", "content", "partner_referral", "outbound", "chat"],
    "product": ["tracing", "metrics", "logs", "profiling", "alerts", "synthetics"],
}
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Tokyo")
RANGES = {
    "employees": ["<50", "50..199", "200..999", ">=1000", ">=200", "1000..4999", ">=5000"],
    "score": ["<0.2", ">=0.8", ">=0.5", "0.2..0.5", "<0.5"],
}


def text(rules: int = RULES, seed: int = SEED) -> str:
    """The file."""
    random = Random(seed)
    regions = {f"REGION-{at}": random.sample(COUNTRIES, k=6) for at in range(6)}
    regions |= {f"AREA-{at}": random.sample(POSTAL, k=5) for at in range(6)}
    places = [*COUNTRIES, *STATES, *POSTAL, *regions]
    people = {
        f"{name}{at}": {"email": f"{name}{at}@company.com", "hours": f"mon-fri 0{8 + at % 2}:00-18:00 {ZONES[at % 3]}"}
        for name in ("p", "q")
        for at in range(20)
    }
    heirs = [{"if_none": "desk@company.com"}, {}]
    pools = {f"pool-{at}": {"members": [f"p{at}", f"q{at}"], **heirs[at % 2]} for at in range(20)}
    whole = {
        "DEFAULT": "general@company.com",
        "US": "us@company.com",
        "regions": regions,
        "people": people,
        "pools": pools,
        "rules": [_rule(at, random, places) for at in range(rules)],
    }
    return json.dumps(whole, indent=1)


def _rule(at: int, random: Random, places: list[str]) -> dict[str, Any]:
    keys = ["where", *random.sample([*WORDS, *RANGES], k=random.randint(1, 5))]
    found: dict[str, Any] = {"id": f"rule-{at}", "if": {key: _asked(key, random, places) for key in keys}}
    if random.random() < 0.15:
        found["if"]["any"] = [{key: _asked(key, random, places)} for key in ("industry", "source")]
    if random.random() < 0.15:
        found["if"]["not"] = {key: _asked(key, random, places) for key in random.sample([*WORDS, *RANGES], k=2)}
    if random.random() < 0.15:
        found |= {"from": "2026-01-01", "until": random.choice(["2026-02-01", "2026-04-30", "2026-12-31"])}
    return {**found, "to": f"pool:pool-{at % 20}" if at % 3 else f"owner{at}@company.com"}


def _asked(key: str, random: Random, places: list[str]) -> list[str]:
    return random.sample(places if key == "where" else {**WORDS, **RANGES}[key], k=random.randint(1, 3))


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    """The figures, and everything behind them."""
    table = parse(text())
    rounds = alternate(plan.rounds, {"proof": lambda _: _proved(table), "check": lambda _: _checked()})
    figures = {f"{name}_s": median(found, "seconds") for name, found in rounds.items()}
    return figures, {"rules": RULES, "rounds": rounds}


def _proved(table: RoutingTable) -> dict[str, Any]:
    began = time.perf_counter()
    proof = prove(table, NOW)
    seconds = round(time.perf_counter() - began, 3)
    return {"seconds": seconds, "dead": len(proof.dead), "partly": len(proof.partly), "gaps": len(proof.gaps)}


def _checked() -> dict[str, Any]:
    command = [sys.executable, "app.py", "rules", "check", "infra/routing.json"]
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return {"seconds": round(time.perf_counter() - began, 3)}
