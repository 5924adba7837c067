"""Accounts that leads came from and how they ended: what similar accounts are found among."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Integer, LargeBinary, String, Table, Text

from tools.store.tables.common import UtcTime, metadata

past_accounts = Table(
    "past_accounts",
    metadata,
    Column("account_key", String(300), primary_key=True),  # its domain, else its id
    Column("account_id", String(300), nullable=False),  # as it is shown
    Column("domain", String(255)),
    Column("name", Text),
    Column("industry", Text),
    Column("country", String(2)),
    Column("employees", BigInteger),
    Column("revenue_usd", BigInteger),
    Column("technologies", Text, nullable=False),  # JSON
    Column("outcome", String(12), nullable=False),  # open, won, lost, no_decision; gone: no longer kept
    Column("reason", Text),
    Column("deal_usd", BigInteger),
    Column("days_to_close", Integer),
    Column("closed_on", Date),
    Column("told_by", String(20), nullable=False),  # whose word the outcome is: bundled, file, crm, lead
    Column("number", BigInteger, nullable=False, index=True),  # of the change it was last part of; 0: never closed
    Column("updated_at", UtcTime, nullable=False),
)

account_leads = Table(
    "account_leads",
    metadata,
    Column("lead_id", String(40), primary_key=True),
    Column("account_key", String(300), nullable=False, index=True),
    Column("revision", Integer, nullable=False),  # whose effect was performed last
)

account_vectors = Table(
    "account_vectors",
    metadata,
    Column("embedder", String(160), primary_key=True),
    Column("account_key", String(300), primary_key=True),
    Column("number", BigInteger, nullable=False),  # of the account's change that it was made at
    Column("vector", LargeBinary, nullable=False),  # float32, deflated; empty: kept elsewhere
)

account_memory = Table(
    "account_memory",
    metadata,
    Column("name", String(200), primary_key=True),  # changes: the number of the last one; other names hold a state
    Column("number", BigInteger, nullable=False),
    Column("state", Text),  # JSON
    Column("updated_at", UtcTime, nullable=False),
)
