"""What a decision was made from, ready to be explained: a recorded one with what it saw, or a lead with the ledgers of now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Engine

from graph.domain.explanation import Explanation
from graph.domain.routing import PoolState, RoutingFacts
from graph.domain.table import RoutingTable
from graph.rules.aliases import read_again
from graph.rules.explaining import Held
from graph.rules.routing import leads_counted
from tools.routing_file import parse
from tools.routing_file.explaining import explain
from tools.store.history import read_open, read_pools
from tools.store.past import past_of
from tools.store.queries import record_json
from tools.store.routing_versions import version_texts


class NotKept(Exception):
    """The decision, or the version of the file that made it, is not in the store; the text says which."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments of `route`. made: the recorded owner, rule and reason, None for a lead without a decision; an
    escalation and a lead that stays with its owner are not routed anew, so that they may differ from what `route` says."""

    facts: RoutingFacts
    table: RoutingTable
    pools: Mapping[str, PoolState]
    now: datetime
    held: Held
    made: tuple[str, str, str] | None = None

    def explained(self) -> Explanation:
        return explain(self.table, self.facts, self.pools, self.now, **self.held)


def lead_now(engine: Engine, facts: RoutingFacts, table: RoutingTable, now: datetime) -> Asked:
    """A lead that nobody has, with the ledgers as they stand."""
    pools, opened = _ledgers(engine, table)
    return Asked(facts, table, pools, now, {"open_leads": opened})


def recorded(engine: Engine, name: str, other: RoutingTable | None = None) -> Asked:
    """A decision as it was made: its facts, its version of the file (or `other`, with its aliases), its clock, and the
    ledgers it saw. A pool that was not asked left no ledger in the decision, so that for it the one of today is taken.

    name: a lead's id, for its newest decision, or `ld_...@2`. Raises NotKept.
    """
    lead_id, _, revision = name.partition("@")
    raw = record_json(engine, lead_id, int(revision) if revision.isdecimal() else None)
    if raw is None:
        raise NotKept(f"{name} is no lead with a decision here")
    record = orjson.loads(raw)
    past = past_of(datetime.fromisoformat(record["decided_at"]), record)
    table = other or _version(engine, past.routing_digest)
    pools, opened = _ledgers(engine, table)
    held: Held = {
        "prior_turns": past.prior_turns,
        "holder": past.holder,
        "returned": past.cause == "pass",
        "open_leads": {**opened, **past.open},
        "excluded": past.excluded,
    }
    facts = past.facts if other is None else read_again(past.facts, past.unknown, other.aliases)
    made = (past.owner, past.rule, record["assignment"]["why"])
    return Asked(facts, table, {**pools, **past.pools}, past.decided_at, held, made if other is None else None)


def _ledgers(engine: Engine, table: RoutingTable) -> tuple[dict[str, PoolState], dict[str, int]]:
    """The pools' states, and the open leads of those whose caps ask for them."""
    counted = leads_counted(table)
    with engine.connect() as connection:
        return read_pools(connection, list(table.pools)), read_open(connection, counted) if counted else {}


def _version(engine: Engine, digest: str) -> RoutingTable:
    kept = version_texts(engine, digest)
    if kept is None:
        raise NotKept(f"the routing file {digest[:12]} that decided is not in the store; name another")
    return parse(kept[0], files=kept[1])
