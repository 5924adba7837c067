"""Writes to make and reads kept: the outbox, what was given up, and answers that need not be asked for again."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, text

from tools.store.tables.common import BigId, UtcTime, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("key", String(500), nullable=False, unique=True),
    Column("lead_id", String(40), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("vendor", String(20), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False),  # pending, done, dead
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("lease_by", String(80)),
    Column("error", Text),
    Column("external_id", String(200)),
    Column("accepted_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
)
OPEN = text("state = 'pending'")
Index("ix_outbox_open", outbox.c.vendor, outbox.c.due_at, outbox.c.id, sqlite_where=OPEN, postgresql_where=OPEN)
DEAD = text("state = 'dead'")
Index("ix_outbox_dead", outbox.c.vendor, sqlite_where=DEAD, postgresql_where=DEAD)
Index("ix_outbox_lead", outbox.c.lead_id, outbox.c.vendor)
CONTACT = text("kind = 'upsert_contact'")
Index(
    "ix_outbox_contact", outbox.c.external_id, sqlite_where=CONTACT, postgresql_where=CONTACT
)  # whose contact is this

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("kind", String(10), nullable=False),  # lead, effect
    Column("ref", String(500), nullable=False),  # submission id, or the effect's key
    Column("lead_id", String(40), nullable=False, index=True),
    Column("payload", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    Column("replayed_at", UtcTime),
    UniqueConstraint("kind", "ref"),
)

read_cache = Table(
    "read_cache",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
)
