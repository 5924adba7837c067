"""What people think of a prediction, as they said it."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from tools.store.tables.common import UtcTime, metadata

lead_feedback = Table(
    "lead_feedback",
    metadata,
    Column("lead_id", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),  # of the assignment whose message they had before them
    Column("said_by", String(320), primary_key=True),
    Column("code", String(20), primary_key=True),  # of graph.rules.blocks.FEEDBACK, or right, wrong
    Column("prediction_id", String(40), nullable=False),  # the one that it is about
    Column("at", UtcTime, nullable=False),  # when they said it last
)
