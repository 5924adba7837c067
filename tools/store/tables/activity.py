"""What people did, as trackers, mail programs, calendars and CRMs tell it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, String, Table, Text

from tools.store.tables.common import UtcTime, metadata

lead_events = Table(
    "lead_events",
    metadata,
    Column("event_key", String(120), primary_key=True),  # the sender's id, else a digest of who, what and when
    Column("lead_id", String(40)),  # the lead that the address has, or will have
    Column("email", String(320)),  # in lower case, as it was sent
    Column("type", String(20), nullable=False),  # a type of graph.domain.activity
    Column("at", UtcTime, nullable=False),  # when it happened, as the sender says
    Column("received_at", UtcTime, nullable=False),
    Column("source", String(40), nullable=False),  # who told: webhook, slack, hubspot, nurture, a form vendor
    Column("counts", Boolean, nullable=False),
    Column("reason", Text),  # why it does not count, for people
    Column("properties", Text, nullable=False),  # JSON as it was sent
)
Index("ix_lead_events_lead", lead_events.c.lead_id, lead_events.c.at)
Index("ix_lead_events_email", lead_events.c.email, lead_events.c.at)
