"""Mappings of forms as data: their versions, the endpoints of forms of one's own, and what did not fit."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from tools.store.tables.common import BigId, UtcTime, metadata

form_mappings = Table(
    "form_mappings",
    metadata,
    Column("name", String(60), primary_key=True),  # of a vendor, or of a form of one's own
    Column("version", Integer, primary_key=True, autoincrement=False),  # the highest is in use
    Column("body", Text),  # the mapping as JSON; null: none from this version on
    Column("author", String(320), nullable=False),
    Column("note", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("undoes", Integer),  # the version that this one takes back
)

form_endpoints = Table(
    "form_endpoints",
    metadata,
    Column("name", String(60), primary_key=True),
    Column(
        "salt", String(64), nullable=False
    ),  # with the installation's own key it gives the secret, which is kept nowhere
    Column("made_by", String(320), nullable=False),
    Column("made_at", UtcTime, nullable=False),
)

form_seen = Table(
    "form_seen",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("kind", String(10), primary_key=True),  # taken: a payload; unmapped, missing: a name in it, or not in it
    Column("field", String(200), primary_key=True),  # the name alone, never its value
    Column("times", BigInteger, nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
)

form_rejected = Table(
    "form_rejected",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("name", String(60), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("status", Integer, nullable=False),  # what its sender was answered
    Column("reason", Text, nullable=False),
    Column("content_type", String(200), nullable=False),
    Column("payload", LargeBinary, nullable=False),  # as it came: personal data, gone after 30 days
)
Index("ix_form_rejected_name", form_rejected.c.name, form_rejected.c.id)
Index("ix_form_rejected_at", form_rejected.c.at)
