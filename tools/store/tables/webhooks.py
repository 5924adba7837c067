"""Who is told of what happens to leads, and what came of it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text

from tools.store.tables.common import UtcTime, metadata

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("endpoint", String(11), primary_key=True),
    Column("url", Text, nullable=False),
    Column("events", Text, nullable=False),  # JSON list of names
    Column("personal", Boolean, nullable=False),
    Column("state", String(10), nullable=False),  # active; paused by a person; off, by the router
    Column("why", Text),  # it is not active, for people
    Column("secret", Text, nullable=False),  # sealed: tools.outgoing.sealing
    Column("old_secret", Text),  # sealed too; signs as well until old_until
    Column("old_until", UtcTime),
    Column("failing_since", UtcTime),  # the first failure after the last success
    Column("ok_at", UtcTime),  # the last success
    Column("created_at", UtcTime, nullable=False),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("endpoint", String(11), primary_key=True),
    Column("event_id", String(80), primary_key=True),
    Column("event", String(20), nullable=False),
    Column("lead_id", String(40)),
    Column("effect_key", String(500)),  # its row of the outbox; null for a ping
    Column("outcome", String(10), nullable=False),  # of the last attempt: delivered, failed; or expired, unsent
    Column("attempts", Integer, nullable=False),
    Column("status", Integer),  # null where no answer came
    Column("duration_ms", Integer),
    Column("error", Text),
    Column("excerpt", Text),  # how the answer begins
    Column("announced_at", UtcTime, nullable=False),
    Column("tried_at", UtcTime, nullable=False, index=True),
)
Index("ix_webhook_deliveries_page", *(webhook_deliveries.c[name] for name in ("endpoint", "tried_at")))
Index("ix_webhook_deliveries_replay", *(webhook_deliveries.c[name] for name in ("endpoint", "announced_at")))
