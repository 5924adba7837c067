"""Company facts that came after the decision that lacked them."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, Table, Text

from tools.store.tables.common import UtcTime, metadata

late_facts = Table(
    "late_facts",
    metadata,
    Column("lead_id", String(40), primary_key=True),
    Column("revision", Integer, primary_key=True),  # the decision that lacked them
    Column("account", String(255), index=True),  # the ultimate parent as it is known now
    Column("follows", String(10), nullable=False),  # kept, told, anew
    Column("note", Text, nullable=False),  # for people
    Column("facts", LargeBinary, nullable=False),  # profile, crm, changes, shifts as JSON
    Column("at", UtcTime, nullable=False),
)
