"""Rows of the outbox, as everything that asks for an effect writes them: pending, unique by key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from graph.domain.effects import VENDOR_OF, Effect, due_of, key_of
from tools.store.rows import insert_rows
from tools.store.tables import outbox

OUTBOX: Final = (
    "key", "lead_id", "revision", "vendor", "kind", "payload", "state", "attempts", "due_at", "accepted_at", "created_at",
)  # fmt: skip


def queued(
    effect: Effect,
    lead_id: str,
    revision: int,
    now: datetime,
    *,
    key: str | None = None,
    accepted_at: datetime | None = None,
) -> tuple[Any, ...]:
    """The row of an effect, in the order of OUTBOX. key: in place of its own; accepted_at: when the lead was, by default
    now."""
    return (
        key or key_of(effect, lead_id, revision),
        lead_id,
        revision,
        VENDOR_OF[effect.kind],
        effect.kind,
        orjson.dumps(effect),
        "pending",
        0,
        due_of(effect, now),
        accepted_at or now,
        now,
    )


def queue(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Each once: a row whose key is there stays as it is."""
    insert_rows(connection, outbox, OUTBOX, rows, keys=("key",), keep=OUTBOX[1:])
