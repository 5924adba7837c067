"""Leads, what was decided of them, who works on them, and the accounts behind them."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, String, Table, Text

from tools.store.tables.common import UtcTime, metadata

leads = Table(
    "leads",
    metadata,
    Column("lead_id", String(40), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("assignment", Integer, nullable=False),
    Column("owner", String(320), nullable=False),
    Column("alert_owner", String(320)),
    Column("path", String(20), nullable=False),
    Column("tier", String(10), nullable=False),
    Column("score", Float, nullable=False),
    Column("propensity", Float, nullable=False),
    Column("acv_usd", Float, nullable=False, server_default="0"),
    Column("email", String(320), index=True),  # in lower case
    Column("full_name", Text),
    Column("name_key", String(200), index=True),  # see graph.rules.people.names
    Column("phone", String(20)),
    Column("company", Text),
    Column("domain", String(255), index=True),
    Column("parent_domain", String(255)),
    Column("country", String(2)),
    Column("form", Text, nullable=False),
    Column("passed_by", Text, nullable=False, server_default="[]"),
    Column("submissions", Integer, nullable=False, server_default="1"),
    Column("created_at", UtcTime, nullable=False),
    Column("decided_at", UtcTime, nullable=False, index=True),
)

Index(  # all that a decision asks of a family's leads, without reading them
    "ix_leads_family",
    *(leads.c[name] for name in ("parent_domain", "created_at", "email", "lead_id", "domain", "propensity")),
)
Index(None, leads.c.phone, leads.c.name_key)  # counts the names behind a phone without reading its leads

accounts = Table(
    "accounts",
    metadata,
    Column("parent_domain", String(255), primary_key=True),
    Column("name", Text),
    Column("p_max", Float, nullable=False),
    Column("p_calibrated", Float, nullable=False),
    Column("companies", Integer, nullable=False),
    Column("leads", Integer, nullable=False),
    Column("best", Text, nullable=False, server_default="{}"),  # JSON: domain of each company -> its best propensity
    Column("acv_usd", Float, nullable=False),
    Column("priority_usd", Float, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)
Index("ix_accounts_rank", accounts.c.priority_usd, accounts.c.parent_domain)

decisions = Table(
    "decisions",
    metadata,
    Column("lead_id", String(40), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("submission_id", String(80), nullable=False, unique=True),
    Column("path", String(20), nullable=False),
    Column("owner", String(320), nullable=False),
    Column("rule", String(200), nullable=False),
    Column("pool", String(100)),
    Column("tier", String(10), nullable=False),
    Column("score", Float, nullable=False),
    Column("routing_digest", String(64), nullable=False),
    Column("model_digest", String(64), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("decided_at", UtcTime, nullable=False, index=True),
    Column("record", LargeBinary, nullable=False),
)

assignments = Table(
    "assignments",
    metadata,
    Column("lead_id", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("owner", String(320), nullable=False),
    Column("rule", String(200), nullable=False),
    Column("state", String(10), nullable=False),  # offered, accepted, touched, closed; passed, missed, moved
    Column("sla", String(100)),
    Column("clock", String(10)),
    Column("rung", Integer, nullable=False, server_default="0"),  # of the SLA's ladder, used up so far
    Column("offered_at", UtcTime, nullable=False),
    Column("accept_due_at", UtcTime),
    Column("touch_due_at", UtcTime),
    Column("acted_at", UtcTime),  # when it was accepted, passed, missed or moved, whichever was last
    Column("acted_by", String(320)),
    Column("reason", Text),
    Column("accepted_at", UtcTime),
    Column("touched_at", UtcTime),
    Column("touch", String(20)),  # how it was touched: call, booked
    Column("closed_at", UtcTime),
    Column("outcome", String(20)),
)

Index("ix_assignments_held", *(assignments.c[name] for name in ("owner", "state", "lead_id", "number")))
HELD = ("offered", "accepted", "touched")  # the states of an assignment that is somebody's work
