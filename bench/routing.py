"""Routing alone: leads/s of one core through `route()` for a generated file of 100 rules whose pools keep hours.

No graph, no store, no stream: the ledger of each turn goes into the next lead, as in a batch. The clock steps through a
working week, so that members come and go. Garbage is collected as in a worker. CPU time of this process, the best of the
rounds.
"""

from __future__ import annotations

import gc
import json
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.plan import Plan
from graph.domain.routing import PoolState, RoutingFacts
from graph.domain.table import RoutingTable
from graph.rules.routing import leads_counted, route
from tools.cli.tuning import quiet_collector
from tools.routing_file import parse

RULES, POOLS, MEMBERS, PEOPLE = 100, 20, 6, 60
LEADS = 20_000
START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday; the week is one of a clock change in New York
PLACES = ("US", "DE", "FR", "GB", "NL", "SE", "ES", "IT", "CA", "JP")
INDUSTRIES = (
    "software",
    "insurance",
    "banking",
    "retail",
    "energy",
    "healthcare",
    "media",
    "farming",
    "hotels",
    "steel",
)
HOURS = (
    "mon-fri 09:00-18:00 America/New_York",
    "mon-fri 08:30-17:30 Europe/Berlin",
    "mon-thu 08:00-17:00 Europe/Vienna; fri 08:00-13:00 Europe/Vienna",
    "mon-fri 09:00-17:00 America/Los_Angeles; sat 10:00-14:00 America/Los_Angeles",
)


def table() -> RoutingTable:
    """100 rules over place, industry and size, 20 pools of six, 60 people with hours in four zones."""
    people: dict[str, dict[str, Any]] = {}
    for at in range(PEOPLE):
        people[f"p{at}"] = {"email": f"p{at}@company.com", "hours": HOURS[at % len(HOURS)]}
    pools = {
        f"pool{at}": {
            "members": {f"p{(at * 3 + step) % PEOPLE}": step + 1 for step in range(MEMBERS)},
            "off_hours": "hold" if at % 2 else "next",
            "if_none": "desk@company.com",
            **({"cap": "100000/day"} if at % 4 == 0 else {}),
        }
        for at in range(POOLS)
    }
    rules = [
        {
            "id": f"r{at}",
            "if": {"where": PLACES[at % 10], "industry": INDUSTRIES[at // 10], "employees": ">=10"},
            "to": f"pool:pool{at % POOLS}",
        }
        for at in range(RULES)
    ]
    slas = {"standard": {"accept": "30m", "touch": "4h"}}
    settings = {"people": people, "pools": pools, "rules": rules, "slas": slas, "default_sla": "standard"}
    return parse(json.dumps({"US": "us@company.com", "DEFAULT": "general@company.com", **settings}))


def leads(seed: int = 7) -> list[RoutingFacts]:
    """Nine of ten match a rule."""
    draw = random.Random(seed)
    return [
        RoutingFacts(
            country=draw.choice(PLACES),
            industry=draw.choice(INDUSTRIES),
            employees=draw.choice((5, *range(50, 500, 50))),
            source="demo_request",
            score=draw.random(),
        )
        for _ in range(LEADS)
    ]


def measure(plan: Plan) -> tuple[dict[str, float], dict[str, Any]]:
    found, facts = table(), leads()
    assert not leads_counted(found)
    quiet_collector()
    rates = [_round(found, facts) for _ in range(max(3, plan.rounds))]
    shape = {"rules": RULES, "pools": POOLS, "members": MEMBERS, "leads": LEADS}
    return {"routing_per_s": max(rates)}, {**shape, "leads_per_s": rates}


def _round(found: RoutingTable, facts: list[RoutingFacts]) -> float:
    states: dict[str, PoolState] = {}
    step = timedelta(days=7) / len(facts)
    gc.collect()
    started = time.process_time()
    for number, lead in enumerate(facts):
        turn = route(lead, found, states, START + step * number).turn
        if turn is not None:
            states[turn.pool] = turn.after
    return len(facts) / (time.process_time() - started)
