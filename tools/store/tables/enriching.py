"""What sources of company facts said, what they cost, and whether they are asked at all."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, LargeBinary, String, Table, Text

from tools.store.tables.common import UtcTime, metadata

enrichment_answers = Table(
    "enrichment_answers",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("domain", String(255), primary_key=True),
    Column("outcome", String(40), nullable=False),  # `asking`: somebody asks just now, until expires_at
    Column("value", LargeBinary),  # the profile as JSON
    Column("at", UtcTime, nullable=False),  # when the source said it
    Column("expires_at", UtcTime, nullable=False, index=True),
)

enrichment_spending = Table(
    "enrichment_spending",
    metadata,
    Column("day", String(10), primary_key=True),  # UTC, as 2026-03-02
    Column("source", String(40), primary_key=True),  # empty: the row that a reservation locks
    Column("questions", Integer, nullable=False),
    Column("cents", Float, nullable=False),
    Column("filled", Integer, nullable=False),
    Column("empty", Integer, nullable=False),  # answered, and nothing that could be used
    Column("failed", Integer, nullable=False),
)

enrichment_sources = Table(
    "enrichment_sources",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("state", String(10), nullable=False),  # on, off, trying
    Column("by", String(10), nullable=False),  # rule, person
    Column("reason", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime),  # an `off` without it ends when a person ends it
    Column("tries", Integer, nullable=False),  # questions left while it is tried again
    Column("recent", Text, nullable=False),  # the last answers, oldest first: 1 filled a field, 0 did not
    Column("past_answers", Float, nullable=False),  # those before them, older ones fading
    Column("past_filled", Float, nullable=False),
)
