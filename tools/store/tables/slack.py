"""What is told beside alerts: the team's lines and digests as the inbox shows them, and which digests were made."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table

from tools.store.tables.common import BigId, UtcTime, metadata

team_posts = Table(
    "team_posts",
    metadata,
    Column("post_id", BigId, primary_key=True, autoincrement=True),
    Column("effect_key", String(500), nullable=False, unique=True),
    Column("kind", String(10), nullable=False),  # line, digest
    Column("audience", String(320), nullable=False),  # a line's channel, empty for the team; a digest's reader
    Column("lead_id", String(40)),
    Column("message", LargeBinary, nullable=False),
    Column("posted_at", UtcTime, nullable=False),
)
Index("ix_team_posts_kind", team_posts.c.kind, team_posts.c.audience, team_posts.c.post_id)

digests = Table(
    "digests",
    metadata,
    Column("owner", String(320), primary_key=True),
    Column("part", String(20), primary_key=True),  # the reader's day and hour, 2026-03-02T08
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("leads", Integer, nullable=False),  # told of; with none nothing is sent
)
