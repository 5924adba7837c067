"""The proof of a routing file of 400 rules over six dimensions: seconds, on one core, in this process.

The file is made of a seed. Its rules ask for places (countries, states, postal ranges, regions), industry, source,
product, employees and score; some with dates, `any` and `not`; some can never match, since broader ones stand before.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from random import Random
from typing import Any

from bench.plan import Plan, median
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
    pools = {f"pool-{at}": {"members": [f"p{at}@company.com", f"q{at}@company.com"]} for at in range(20)}
    made = [_rule(at, random, places) for at in range(rules)]
    whole = {
        "DEFAULT": "general@company.com",
        "US": "us@company.com",
        "regions": regions,
        "pools": pools,
        "rules": made,
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
    rounds = []
    for _ in range(plan.rounds):
        began = time.perf_counter()
        proof = prove(table, NOW)
        seconds = round(time.perf_counter() - began, 3)
        rounds.append({"seconds": seconds, "dead": len(proof.dead), "partly": len(proof.partly)})
    return {"proof_s": median(rounds, "seconds")}, {"rules": RULES, "rounds": rounds}
