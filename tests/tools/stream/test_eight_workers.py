"""Eight workers that claim turns at once leave the ledger that one would have left: hours, leave, covers and caps too."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import orjson

from graph.domain.routing import PoolState, RoutingFacts
from graph.domain.table import RoutingTable
from graph.rules.routing import route
from tests.fixtures.router import NOW, Bench, context_of, person
from tools.routing_file import parse
from tools.store.tables import pools

LEADS = 120
FILE = """{
  "DEFAULT": "general@company.com",
  "people": {
    "ana": {"email": "ana@company.com", "hours": "mon-fri 09:00-18:00 Europe/Berlin"},
    "ben": {"email": "ben@company.com", "ooo": [{"from": "2026-04-06", "until": "2026-04-10", "cover": "ana"}]},
    "cy":  {"email": "cy@company.com", "max_open": 11},
    "dee": {"email": "dee@company.com"},
    "off": {"email": "off@company.com", "hours": "sat 09:00-12:00"}
  },
  "pools": {"crew": {"members": {"ana": 1, "ben": 1, "cy": 1, "dee": 3, "off": 9}, "cap": ["40/day", "200/week", "44/open"],
                     "if_none": "desk@company.com"}},
  "rules": [{"id": "all", "to": "pool:crew"}]
}"""


async def drained(bench: Bench, table: RoutingTable, workers: int, batch: int) -> list[int]:
    def context() -> Any:
        return context_of(bench.ports, bench.now, table)

    team = [bench.worker(f"w{number}", context=context, batch=batch) for number in range(workers)]
    return list(await asyncio.gather(*(worker.run(drain=True) for worker in team)))


def outcome(bench: Bench) -> dict[str, Any]:
    """What must not depend on who decided: the ledger, and how many leads everybody has."""
    (row,) = bench.rows("pools")
    ledger = {name: row._mapping[name] for name in pools.c.keys() if name != "updated_at"}  # noqa: SIM118
    texts = {name: orjson.loads(ledger[name]) for name in ("credits", "turns", "spent")}
    return {
        "ledger": ledger | texts,
        "owners": Counter(row.owner for row in bench.rows("assignments")),
        "seats": Counter(row.member for row in bench.rows("turns")),
    }


async def test_eight_workers_leave_the_ledger_that_one_would_have_left(bench: Bench):
    table = parse(FILE)
    await bench.post(*(person(f"p{number}") for number in range(LEADS)))
    done = await drained(bench, table, workers=8, batch=4)
    assert sum(done) == LEADS
    assert sum(count > 0 for count in done) > 1, "several took part"
    crowd = outcome(bench)
    assert crowd["owners"] == {
        "ana@company.com": 40,  # her own turns and Ben's, up to the cap of the day
        "cy@company.com": 11,  # up to what he may have open
        "dee@company.com": 40,
        "desk@company.com": LEADS - 91,
    }
    assert crowd["ledger"]["version"] == sum(crowd["ledger"]["turns"].values()) == 91
    assert crowd["seats"] == crowd["ledger"]["turns"]
    assert sum(crowd["ledger"]["credits"].values()) == 0
    assert crowd["ledger"]["spent"]["day"] == {
        "period": "2026-04-07",
        "leads": {"ana@company.com": 40, "cy@company.com": 11, "dee@company.com": 40},
    }
    assert crowd == in_order()


def in_order() -> dict[str, Any]:
    """The same leads one after the other, without a store."""
    table, state = parse(FILE), PoolState("crew")
    owners, seats = Counter[str](), Counter[str]()
    for _ in range(LEADS):
        found = route(RoutingFacts(), table, {"crew": state}, NOW, open_leads=owners)
        owners[found.owner] += 1
        if found.turn is not None:
            seats[found.turn.member] += 1
            state = found.turn.after
    texts = orjson.loads(orjson.dumps(state))
    return {"ledger": texts, "owners": owners, "seats": seats}


async def test_one_worker_alone_leaves_it_as_well(bench: Bench):
    await bench.post(*(person(f"p{number}") for number in range(LEADS)))
    await drained(bench, parse(FILE), workers=1, batch=32)
    assert outcome(bench) == in_order()
