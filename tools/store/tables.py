"""Every table, and what one row of it is. Migrations are made from this file; nothing else declares a table.

    accounts     one row an ultimate parent with a lead: its chance, contract value and priority, worked out from the leads
    leads        one row a person's interest: the newest decision in columns          (personal data)
    decisions    one row a revision: the whole decision record as the JSON that was decided  (personal data)
    assignments  one row each time a lead was given to somebody; `number` counts from 1 within a lead
    pools        one row a pool: its ledger, guarded by `version`
    turns        one row a lead and pool: the turn this lead took, so that a replay takes no second
    outbox       one row an effect, unique by key; done rows stay as the history of writes; a timer is a row due later
    dead_letters one row a lead or effect that was given up, with what is needed to replay it
    outcomes     one row a lead whose end was told from outside (a CRM's export): it goes before what the assignment says
    predictions  one row a prediction of a lead and type; of each pair one is ACTIVE      (personal data)
    prediction_jobs   one row a bulk prediction: its leads, how far it came, who works on it
    routing_versions  one row a routing file that decided a lead or was proposed to, by digest
    routing_changes   one row an edit of the routing file: who, why, approvals, and when it went live, if it did
    crm_*, alerts, alert_notes, nurture_enrolments, remembered_accounts   the embedded twins' own data
    slack_messages   one row a lead and owner: the Slack message that shows the lead, to update it

Times are UTC. JSON is text, so that a decision record reads back bit for bit on both databases.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite, which has no zones, stores it without and gets it back with."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)  # type: ignore[no-any-return]


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only an INTEGER primary key

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
    Column("email", String(320)),
    Column("full_name", Text),
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

Index(None, leads.c.parent_domain, leads.c.created_at, leads.c.email)  # counts a family's leads without reading them

accounts = Table(
    "accounts",
    metadata,
    Column("parent_domain", String(255), primary_key=True),
    Column("name", Text),
    Column("p_max", Float, nullable=False),
    Column("p_calibrated", Float, nullable=False),
    Column("companies", Integer, nullable=False),
    Column("leads", Integer, nullable=False),
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

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("key", String(500), nullable=False, unique=True),
    Column("lead_id", String(40), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("vendor", String(20), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False),  # pending, done, dead
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("lease_by", String(80)),
    Column("error", Text),
    Column("external_id", String(200)),
    Column("accepted_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
)
OPEN = text("state = 'pending'")
Index("ix_outbox_open", outbox.c.vendor, outbox.c.due_at, outbox.c.id, sqlite_where=OPEN, postgresql_where=OPEN)
DEAD = text("state = 'dead'")
Index("ix_outbox_dead", outbox.c.vendor, sqlite_where=DEAD, postgresql_where=DEAD)
Index("ix_outbox_lead", outbox.c.lead_id, outbox.c.vendor)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("kind", String(10), nullable=False),  # lead, effect
    Column("ref", String(500), nullable=False),  # submission id, or the effect's key
    Column("lead_id", String(40), nullable=False, index=True),
    Column("payload", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    Column("replayed_at", UtcTime),
    UniqueConstraint("kind", "ref"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("lead_id", String(40), primary_key=True),
    Column("outcome", String(20), nullable=False),  # a code of graph.rules.message_states.OUTCOMES
    Column("closed_at", UtcTime, nullable=False),
    Column("contract_usd", Float),  # a year, US dollars; null where it is not known
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

read_cache = Table(
    "read_cache",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
)

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

remembered_accounts = Table(
    "remembered_accounts",
    metadata,
    Column("domain", String(255), primary_key=True),
    Column("effect_key", String(500), nullable=False, unique=True),
    Column("payload", LargeBinary, nullable=False),
    Column("embedder", String(80), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)
