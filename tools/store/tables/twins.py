"""The embedded twins' own data, and which Slack message shows a lead."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from tools.store.tables.common import BigId, UtcTime, metadata

crm_companies = Table(
    "crm_companies",
    metadata,
    Column("company_id", BigId, primary_key=True, autoincrement=True),
    Column("domain", String(255), nullable=False, unique=True),
    Column("name", Text),
    Column("country", String(2)),
    Column("state", String(6)),
    Column("city", Text),
    Column("industry", String(40)),
    Column("employees", Integer),
    Column("parent_domain", String(255)),
    Column("owner", String(320)),
    Column("updated_at", UtcTime, nullable=False),
)

crm_contacts = Table(
    "crm_contacts",
    metadata,
    Column("contact_id", BigId, primary_key=True, autoincrement=True),
    Column("contact_key", String(320), nullable=False, unique=True),  # e-mail, else phone
    Column("email", String(320)),
    Column("phone", String(20)),
    Column("full_name", Text),
    Column("given_name", Text),
    Column("family_name", Text),
    Column("title", Text),
    Column("company_domain", String(255), index=True),
    Column("company_name", Text),
    Column("country", String(2)),
    Column("state", String(6)),
    Column("owner", String(320), index=True),
    Column("score", Float),
    Column("tier", String(10)),
    Column("path", String(20)),
    Column("source", String(80)),
    Column("message", Text),
    Column("updated_at", UtcTime, nullable=False),
)

crm_owners = Table(
    "crm_owners",
    metadata,
    Column("email", String(320), primary_key=True),
    Column("name", Text),
    Column("active", Boolean, nullable=False),
)

crm_tasks = Table(
    "crm_tasks",
    metadata,
    Column("task_id", BigId, primary_key=True, autoincrement=True),
    Column("effect_key", String(500), nullable=False, unique=True),
    Column("contact_key", String(320), nullable=False, index=True),
    Column("owner", String(320), nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("due_at", UtcTime),
    Column("done", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", BigId, primary_key=True, autoincrement=True),
    Column("lead_id", String(40), nullable=False),
    Column("owner", String(320), nullable=False, index=True),
    Column("effect_key", String(500), nullable=False, unique=True),  # the effect that posted it
    Column("assignment", Integer, nullable=False),
    Column("message", LargeBinary, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("posted_at", UtcTime, nullable=False, index=True),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("lead_id", "owner"),
)

alert_notes = Table(
    "alert_notes",
    metadata,
    Column("note_id", BigId, primary_key=True, autoincrement=True),
    Column("effect_key", String(500), nullable=False, unique=True),
    Column("lead_id", String(40), nullable=False, index=True),
    Column("owner", String(320), nullable=False),
    Column("text", Text, nullable=False),
    Column("message", LargeBinary),  # the note as a message of Slack, where it is more than its text
    Column("at", UtcTime, nullable=False),
)

slack_messages = Table(
    "slack_messages",
    metadata,
    Column("lead_id", String(40), primary_key=True),
    Column("owner", String(320), primary_key=True),
    Column("channel", String(40), nullable=False),  # the conversation Slack answered with (D...), not the user
    Column("ts", String(40), nullable=False),
    Column("receipt", String(80), nullable=False),  # digest of the key of the effect that posted it
    Column("assignment", Integer, nullable=False),
    Column("posted_at", UtcTime, nullable=False),
)

nurture_enrolments = Table(
    "nurture_enrolments",
    metadata,
    Column("contact_key", String(320), primary_key=True),
    Column("sequence", String(80), primary_key=True),
    Column("lead_id", String(40), nullable=False, index=True),
    Column("owner", String(320), nullable=False),
    Column("status", String(10), nullable=False),  # ACTIVE, PAUSED, COMPLETED, CANCELLED
    Column("effect_key", String(500), nullable=False, unique=True),
    Column("enrolled_at", UtcTime, nullable=False, index=True),
)
