"""Whose turn it is, and the routing file's versions and edits."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from tools.store.tables.common import BigId, UtcTime, metadata

pools = Table(
    "pools",
    metadata,
    Column("pool", String(100), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("credits", Text, nullable=False),
    Column("turns", Text, nullable=False),
    Column("spent", Text, nullable=False, server_default="{}"),
    Column("updated_at", UtcTime, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("lead_id", String(40), primary_key=True),
    Column("pool", String(100), primary_key=True),
    Column("member", String(320), nullable=False),
    Column("taken_at", UtcTime, nullable=False),
)

routing_versions = Table(
    "routing_versions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("text", Text, nullable=False),
    Column("files", Text, nullable=False, server_default="{}"),  # JSON: the texts of the files that it names, by name
    Column("loaded_at", UtcTime, nullable=False),
)

routing_changes = Table(
    "routing_changes",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("position", Integer, unique=True),  # the n-th version that was live; null while it is not
    Column("version", Integer),  # `version` in the text that went live
    Column("digest", String(64), nullable=False),  # of the text that went live, before that of the draft
    Column("base", String(64)),  # the version that the draft was made from
    Column("draft", String(64)),  # the draft as its author gave it; null for an edit on disk
    Column("author", String(320), nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", String(10), nullable=False),  # proposed, scheduled, writing, live, cancelled, refused
    Column("created_at", UtcTime, nullable=False),
    Column("effective_at", UtcTime),
    Column("live_at", UtcTime),
    Column("needed", Integer, nullable=False),
    Column("approvals", Text, nullable=False),  # [{"by": e-mail, "at": time}]
    Column("overridden", Text),  # why the guards on shares do not count
    Column("figures", Text),  # of the plan
    Column("note", Text),  # what happened to it: merged, refused because ...
)
