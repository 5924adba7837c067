"""One person behind several leads: the keys that find them, what was said of two leads, and pairs that wait for a verdict."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, String, Table, Text, text

from tools.store.tables.common import BigId, UtcTime, metadata

person_keys = Table(
    "person_keys",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("lead_id", String(40), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

person_edges = Table(
    "person_edges",
    metadata,
    Column("edge_id", BigId, primary_key=True, autoincrement=True),
    Column("low", String(40), nullable=False, index=True),  # the lesser of the two lead ids
    Column("high", String(40), nullable=False, index=True),
    Column("verdict", String(10), nullable=False),  # same, different
    Column("code", String(30), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("why", Text, nullable=False),
    Column("made_by", String(320), nullable=False),  # an e-mail address, router, dedupe
    Column("made_at", UtcTime, nullable=False),
    Column("undone_by", String(320)),
    Column("undone_at", UtcTime),
)
STANDS = text("undone_at IS NULL")
Index(
    "uq_person_edges_standing",
    person_edges.c.low,
    person_edges.c.high,
    unique=True,
    sqlite_where=STANDS,
    postgresql_where=STANDS,
)

person_candidates = Table(
    "person_candidates",
    metadata,
    Column("low", String(40), primary_key=True),
    Column("high", String(40), primary_key=True),
    Column("code", String(30), nullable=False),
    Column("confidence", Float, nullable=False, index=True),
    Column("why", Text, nullable=False),
    Column("found_by", String(20), nullable=False),  # router, dedupe
    Column("found_at", UtcTime, nullable=False),
)
