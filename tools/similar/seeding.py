"""Brings the invented past accounts that ship with the product into the store, once, or takes them out again. Blocking."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from tools.similar.table import past_accounts
from tools.store.past_accounts import forget, keep
from tools.store.past_state import note_state, state_of

STATE = "bundled"
BUNDLED = Path(__file__).parents[1] / "embedded" / "data" / "accounts.csv"


def seed(engine: Engine, table: Path = BUNDLED, *, shown: bool = True) -> bool:
    """Keep the table's accounts, or with shown=False none that only it told of. Whether anything had to be done: what was
    done is noted, so that another start costs one read. Raises TableError for a table with a fault."""
    digest = hashlib.sha256(table.read_bytes()).hexdigest() if shown else "none"
    before = state_of(engine, STATE)
    if before == {"digest": digest} or (before is None and not shown):
        return False
    now = datetime.now(UTC)
    if shown:
        keep(engine, past_accounts(table), "bundled", now)
    with engine.execution_options(immediate=True).begin() as connection:
        if not shown:
            forget(connection, "bundled", now)
        note_state(connection, STATE, {"digest": digest}, now)
    return True
