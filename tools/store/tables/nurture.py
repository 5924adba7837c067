"""Who is in which sequence and where, what was done, the mails, and who wants none."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from tools.store.tables.common import UtcTime, metadata

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
    Column("revision", Integer, nullable=False, server_default="1"),  # of the decision that enrolled
    Column("version", String(64)),  # of the sequence; null where another system performs it
    Column("run", Integer, nullable=False, server_default="1"),
    Column("run_began_at", UtcTime),
    Column("step", String(40)),  # what is due at due_at: a step's id, REVISIT, SETTLE; null where nothing is
    Column("visit", Integer, nullable=False, server_default="0"),  # counts the steps that came due
    Column("due_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("reason", Text),  # why it is paused or over, for people
)

nurture_steps = Table(
    "nurture_steps",
    metadata,
    Column("contact_key", String(320), primary_key=True),
    Column("sequence", String(80), primary_key=True),
    Column("visit", Integer, primary_key=True),
    Column("step", String(40), nullable=False),
    Column(
        "did", String(20), nullable=False
    ),  # mail, task, note, nothing, not_sent, later, unknown, refused, ended, ...
    Column("said", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

nurture_mails = Table(
    "nurture_mails",
    metadata,
    Column("mail_id", String(32), primary_key=True),  # a digest of contact, sequence and visit
    Column("lead_id", String(40), nullable=False, index=True),
    Column("contact_key", String(320), nullable=False),
    Column("sequence", String(80), nullable=False),
    Column("visit", Integer, nullable=False),
    Column("step", String(40), nullable=False),
    Column("template", String(40), nullable=False),
    Column("address", String(320), nullable=False),
    Column("sender", Text, nullable=False),
    Column("reply_to", Text, nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("unsubscribe_url", Text, nullable=False),
    Column("links", Text, nullable=False),  # JSON: the addresses that the mail links to
    # intended -> handing_over -> sent | unknown | refused; or kept, where mails stay in the store; or withdrawn
    Column("state", String(12), nullable=False),
    Column("error", Text),
    Column("intended_at", UtcTime, nullable=False, index=True),
    Column("handed_at", UtcTime),  # when its content was given to the server, as far as we know
    Column("settled_at", UtcTime),
)
Index("ix_nurture_mails_handed", nurture_mails.c.handed_at)

nurture_unsubscribes = Table(
    "nurture_unsubscribes",
    metadata,
    Column("address", String(320), primary_key=True),  # in lower case
    Column("at", UtcTime, nullable=False),
    Column("how", String(20), nullable=False),  # one_click, page, operator, linked
    Column("mail_id", String(32)),
)

nurture_versions = Table(
    "nurture_versions",
    metadata,
    Column("sequence", String(80), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("content", Text, nullable=False),
    Column("kept_at", UtcTime, nullable=False),
)
