"""The ledgers of the pools as they stand in the store, for people to read. Writes nothing. Blocking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from graph.domain.routing import PoolState
from graph.domain.table import Pool, RoutingTable
from graph.rules.ledger import LedgerRow, ledger_of
from graph.rules.routing import leads_counted
from tools.store.history import read_open, read_pools


@dataclass(frozen=True, slots=True)
class PoolLedger:
    """turns: of the whole pool since it began, also of members who have left it."""

    pool: Pool
    turns: int
    rows: tuple[LedgerRow, ...]


def ledgers(engine: Engine, table: RoutingTable, names: Sequence[str], now: datetime) -> list[PoolLedger]:
    """In the order of `names`, which are pools of the table."""
    with engine.connect() as connection:
        states = read_pools(connection, names)
        counted = leads_counted(table)
        opened = read_open(connection, counted) if counted else {}
    found = []
    for name in names:
        state = states.get(name, PoolState(name))
        rows = ledger_of(table, name, state, opened, now)
        found.append(PoolLedger(table.pools[name], sum(state.turns.values()), rows))
    return found
