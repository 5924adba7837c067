"""Notes of the embedded CRM, and what came back from a CRM."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from tools.store.tables.common import BigId, UtcTime, metadata

crm_notes = Table(
    "crm_notes",
    metadata,
    Column("note_id", BigId, primary_key=True, autoincrement=True),
    Column("effect_key", String(500), nullable=False, unique=True),
    Column("contact_key", String(320), nullable=False, index=True),
    Column("owner", String(320), nullable=False),
    Column("text", Text, nullable=False),
    Column("noted_at", UtcTime, nullable=False),
)

crm_changes = Table(
    "crm_changes",
    metadata,
    Column("change_id", String(64), primary_key=True),  # the vendor's event, told once however often it is sent
    Column("kind", String(12), nullable=False),  # owner, deal, gone, merged, other
    Column("object_id", String(40), nullable=False),  # of the contact or deal there
    Column("value", Text),  # as it was sent: the owner's id, the deal's stage, the contact that stays
    Column("author", String(80)),  # who changed it, as the vendor says
    Column("occurred_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("state", String(10), nullable=False),  # waiting, taken, ignored
    Column("lead_id", String(40)),
    Column("note", Text),  # what followed, or why nothing did, in words
    Column("settled_at", UtcTime),
)
Index("ix_crm_changes_state", crm_changes.c.state, crm_changes.c.received_at)
Index("ix_crm_changes_lead", crm_changes.c.lead_id)
