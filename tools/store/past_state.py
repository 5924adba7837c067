"""Notes about the memory of past accounts under a name: how far it is, what was seeded. Blocking."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, select

from tools.store.tables import (
    account_memory,
)
from tools.store.upsert import upsert


def state_of(engine: Engine, name: str) -> dict[str, Any] | None:
    """What was noted under this name."""
    with engine.connect() as connection:
        state = connection.scalar(select(account_memory.c.state).where(account_memory.c.name == name))
    return None if state is None else orjson.loads(state)


def note_state(connection: Connection, name: str, state: Mapping[str, Any], now: datetime) -> None:
    row = {"name": name, "number": 0, "state": orjson.dumps(state).decode(), "updated_at": now}
    upsert(connection, account_memory, [row], ["name"])
