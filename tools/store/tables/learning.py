"""What became of leads, what was predicted of them, and bulk predictions under way."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, String, Table, Text, text

from tools.store.tables.common import UtcTime, metadata

outcomes = Table(
    "outcomes",
    metadata,
    Column("lead_id", String(40), primary_key=True),
    Column("outcome", String(20), nullable=False),  # a code of graph.rules.message_states.OUTCOMES
    Column("closed_at", UtcTime, nullable=False),
    Column("contract_usd", Float),  # a year, US dollars; null where it is not known
    Column("reason", Text),  # in words, null where nobody said
    Column("source", String(200), nullable=False),  # the file
    Column("noted_at", UtcTime, nullable=False),
)

predictions = Table(
    "predictions",
    metadata,
    Column("prediction_id", String(40), primary_key=True),
    Column("lead_id", String(40), nullable=False),
    Column("revision", Integer, nullable=False),  # of the decision whose facts it saw
    Column("type", String(20), nullable=False),  # CONVERSION, TIME_TO_CLOSE, SCORE, PRIORITY
    Column("status", String(12), nullable=False),  # ACTIVE, EXPIRED, VALIDATED, INVALIDATED
    Column("value", Float),  # null where the model does not know
    Column("model", String(100), nullable=False),
    Column("version", String(64), nullable=False),  # digest of the model
    Column("source", String(10), nullable=False),  # model, rules
    Column("latency_ms", Float, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # JSON: what else was said
    Column("created_at", UtcTime, nullable=False),
    Column("valid_until", UtcTime, nullable=False),
    Column("validated_at", UtcTime, index=True),
    Column("was_accurate", Boolean),
)
ACTIVE = text("status = 'ACTIVE'")
Index(
    "uq_predictions_active", predictions.c.lead_id, predictions.c.type, unique=True,
    sqlite_where=ACTIVE, postgresql_where=ACTIVE,
)  # fmt: skip
Index("ix_predictions_newest", predictions.c.lead_id, predictions.c.type, predictions.c.created_at)

prediction_jobs = Table(
    "prediction_jobs",
    metadata,
    Column("job_id", String(40), primary_key=True),
    Column("state", String(10), nullable=False, index=True),  # waiting, running, done, cancelled, failed
    Column("lead_ids", Text, nullable=False),  # JSON
    Column("force", Boolean, nullable=False),
    Column("total", Integer, nullable=False),
    Column("place", Integer, nullable=False),  # leads before this place are done
    Column("predicted", Integer, nullable=False),
    Column("kept", Integer, nullable=False),  # had a valid prediction already
    Column("failed", Integer, nullable=False),
    Column("error", Text),
    Column("holder", String(40)),  # the process that works on it
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),  # last sign of life of the holder
    Column("ended_at", UtcTime),
)
