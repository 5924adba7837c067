"""A virtual past: the leads of a period, routed one after the other under one file, with ledgers of its own.

Its clock is each lead's own time and its pools take each other's turns, so that two worlds that begin alike and differ in
the file alone differ by the file alone. Nothing here is written anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from graph.domain.lead import Path
from graph.domain.routing import PoolState
from graph.domain.table import RoutingTable
from graph.rules.nurture import sequence_for, way_for
from graph.rules.routing import route
from tools.store.past import Given


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who gets the lead in one world. accept_s: seconds of the SLA's own clock; None for a lead without deadline."""

    owner: str
    rule: str
    line: int | None
    pool: str | None
    sla: str | None
    path: Path
    sequence: str | None
    accept_s: int | None
    accept_due_at: datetime | None

    @property
    def target(self) -> str:
        """What the line of the file gives to: `pool:us-smb`, or the address."""
        return self.owner if self.pool is None else f"pool:{self.pool}"

    @property
    def by(self) -> str:
        return self.rule if self.line is None else f"{self.rule} (line {self.line})"


class Ledgers:
    """What routing is given besides the lead's facts: the pools' states."""

    def __init__(self, pools: Mapping[str, PoolState]) -> None:
        self.pools = dict(pools)


def first_seen(leads: Iterable[Given]) -> dict[str, PoolState]:
    """Each pool as the first decision of the period that asked it saw it: as it stood when the period began."""
    found: dict[str, PoolState] = {}
    for given in leads:
        for name, state in given.pools.items():
            found.setdefault(name, state)
    return found


class World:
    """begins: the pools' states at the beginning; a pool without one has had no turn yet."""

    def __init__(self, table: RoutingTable, begins: Mapping[str, PoolState]) -> None:
        self.table = table
        self._ledgers = Ledgers(begins)
        self._turns: dict[str, dict[str, str]] = {}

    def decide(self, given: Given) -> Outcome:
        """The next lead; leads come in the order of their time. A lead that comes again keeps the turns it took here."""
        table, ledgers = self.table, self._ledgers
        turns = self._turns.setdefault(given.lead_id, dict(given.prior_turns))
        found = route(given.facts, table, ledgers.pools, given.decided_at, prior_turns=turns, excluded=given.excluded)
        if found.turn is not None:
            ledgers.pools[found.turn.pool] = found.turn.after
            turns[found.turn.pool] = found.turn.member
        sequence = sequence_for(given.facts, table)
        path = way_for(sequence, given.cause, review=given.review, accepted=given.accepted)
        timed = path != "nurture" and found.sla is not None
        return Outcome(
            owner=found.owner,
            rule=found.rule,
            line=found.line,
            pool=found.pool,
            sla=found.sla if timed else None,
            path=path,
            sequence=sequence if path == "nurture" else None,
            accept_s=table.slas[found.sla].accept_s if timed and found.sla is not None else None,
            accept_due_at=found.accept_due_at if timed else None,
        )
