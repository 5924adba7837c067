"""Predictions as they were made, one ACTIVE of each lead and type, and what people said of them afterwards.

Expiry is by time: an ACTIVE row whose `valid_until` has gone by is read as EXPIRED, whenever it is looked at. A newer
prediction makes the older one EXPIRED at once. Blocking: call it from a thread.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias, get_args

import orjson
from sqlalchemy import Connection, Engine, Row, case, delete, func, insert, or_, select, text, update

from tools.store.tables import predictions

Type: TypeAlias = Literal["CONVERSION", "TIME_TO_CLOSE", "SCORE", "PRIORITY"]
Status: TypeAlias = Literal["ACTIVE", "EXPIRED", "VALIDATED", "INVALIDATED"]
Source: TypeAlias = Literal["model", "rules"]
TYPES: Final[tuple[Type, ...]] = get_args(Type)
VALIDITY: Final = timedelta(days=7)
KEPT: Final = timedelta(days=90)
"""How long a superseded prediction stays that nobody has judged."""
CONVERTS_FROM: Final = 0.5
"""Probability from which a CONVERSION says that the lead converts; validation judges that claim."""


@dataclass(frozen=True, slots=True)
class New:
    """One to keep. value: None where the model does not know; payload: JSON, what else was said."""

    lead_id: str
    revision: int
    type: Type
    value: float | None
    model: str
    version: str
    source: Source
    latency_ms: float
    payload: bytes


@dataclass(frozen=True, slots=True)
class Prediction(New):
    prediction_id: str
    status: Status
    created_at: datetime
    valid_until: datetime
    validated_at: datetime | None
    was_accurate: bool | None


@dataclass(frozen=True, slots=True)
class Validation:
    """A person's verdict. converted: what it implies of the outcome, for a CONVERSION; None for the other types."""

    prediction_id: str
    lead_id: str
    revision: int
    type: Type
    value: float | None
    version: str
    was_accurate: bool
    converted: bool | None
    predicted_at: datetime
    validated_at: datetime


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Verdicts on one type of one model. brier: of the probabilities against the outcomes that the verdicts imply, for
    CONVERSION; base_rate: share of those that converted."""

    type: Type
    model: str
    version: str
    validated: int
    invalidated: int
    brier: float | None
    base_rate: float | None


def keep(engine: Engine, made: Sequence[New], now: datetime) -> list[Prediction]:
    """Store them as ACTIVE in one transaction, in place of those that were ACTIVE before."""
    with engine.execution_options(immediate=True).begin() as connection:
        return keep_in(connection, made, now)


def keep_in(connection: Connection, made: Sequence[New], now: datetime) -> list[Prediction]:
    """The same within a transaction."""
    rows = [_row(one, now) for one in made]
    leads = sorted({one.lead_id for one in made})
    alone(connection, leads)
    mine = predictions.c.lead_id.in_(leads) & predictions.c.type.in_(sorted({one.type for one in made}))
    connection.execute(update(predictions).where(mine, predictions.c.status == "ACTIVE").values(status="EXPIRED"))
    connection.execute(
        delete(predictions).where(mine, predictions.c.status == "EXPIRED", predictions.c.created_at < now - KEPT)
    )
    connection.execute(insert(predictions), rows)
    return [Prediction(**row) for row in rows]


def alone(connection: Connection, leads: Sequence[str]) -> None:
    """Until the transaction ends nobody else writes predictions of these leads: on PostgreSQL two writers would not see each
    other's new row, and the second would break the rule of one ACTIVE. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        for lead in leads:  # sorted, so that two steps of bulk jobs wait for each other in one order
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"pr:{lead}"})


def _row(one: New, now: datetime) -> dict[str, Any]:
    return {
        "lead_id": one.lead_id,
        "revision": one.revision,
        "type": one.type,
        "value": one.value,
        "model": one.model,
        "version": one.version,
        "source": one.source,
        "latency_ms": one.latency_ms,
        "payload": one.payload,
        "prediction_id": f"pr_{secrets.token_hex(12)}",
        "status": "ACTIVE",
        "created_at": now,
        "valid_until": now + VALIDITY,
        "validated_at": None,
        "was_accurate": None,
    }


def newest(engine: Engine, lead_id: str, kind: Type, now: datetime) -> Prediction | None:
    """The last prediction of this type, whatever its status."""
    with engine.connect() as connection:
        return newest_in(connection, lead_id, kind, now)


def newest_in(connection: Connection, lead_id: str, kind: Type, now: datetime) -> Prediction | None:
    """The same within a transaction."""
    wanted = (
        select(predictions)
        .where(predictions.c.lead_id == lead_id, predictions.c.type == kind)
        .order_by(predictions.c.created_at.desc(), predictions.c.status, predictions.c.prediction_id)
        .limit(1)
    )
    row = connection.execute(wanted).first()
    return None if row is None else _read(row, now)


def active(engine: Engine, lead_ids: Iterable[str], now: datetime) -> dict[str, dict[Type, Prediction]]:
    """What holds now, by lead and type."""
    wanted = select(predictions).where(
        predictions.c.lead_id.in_(list(lead_ids)), predictions.c.status == "ACTIVE", predictions.c.valid_until > now
    )
    found: dict[str, dict[Type, Prediction]] = {}
    with engine.connect() as connection:
        for row in connection.execute(wanted):
            found.setdefault(row.lead_id, {})[row.type] = _read(row, now)
    return found


def _read(row: Row[Any], now: datetime) -> Prediction:
    held = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    if held["status"] == "ACTIVE" and held["valid_until"] <= now:
        held["status"] = "EXPIRED"
    return Prediction(**held)


def validate(engine: Engine, prediction_id: str, was_accurate: bool, now: datetime) -> Prediction | None:
    """Note a person's verdict; the last one counts. None for a prediction that is not there. An outcome often comes after
    a prediction has expired, so any may be judged, except one that has no value."""
    with engine.execution_options(immediate=True).begin() as connection:
        return validate_in(connection, prediction_id, was_accurate, now)


def validate_in(connection: Connection, prediction_id: str, was_accurate: bool, now: datetime) -> Prediction | None:
    """The same within a transaction."""
    this = predictions.c.prediction_id == prediction_id
    status = "VALIDATED" if was_accurate else "INVALIDATED"
    connection.execute(
        update(predictions)
        .where(this, predictions.c.value.is_not(None))
        .values(status=status, validated_at=now, was_accurate=was_accurate)
    )
    row = connection.execute(select(predictions).where(this)).first()
    return None if row is None else _read(row, now)


def validations_since(engine: Engine, since: datetime | None = None, limit: int = 100_000) -> list[Validation]:
    """The verdicts of people, oldest first: what retraining may learn from. since: exclusive, to go on from the last."""
    wanted = select(predictions).where(predictions.c.validated_at.is_not(None))
    if since is not None:
        wanted = wanted.where(predictions.c.validated_at > since)
    wanted = wanted.order_by(predictions.c.validated_at, predictions.c.prediction_id).limit(limit)
    with engine.connect() as connection:
        return [
            Validation(
                row.prediction_id, row.lead_id, row.revision, row.type, row.value, row.version, row.was_accurate,
                converted(row.type, row.value, row.was_accurate), row.created_at, row.validated_at,
            )
            for row in connection.execute(wanted)
        ]  # fmt: skip


def converted(kind: Type, value: float | None, was_accurate: bool | None) -> bool | None:
    """The outcome that a verdict on a CONVERSION implies: an accurate "converts", or an inaccurate "does not"."""
    if kind != "CONVERSION" or value is None or was_accurate is None:
        return None
    return (value >= CONVERTS_FROM) == was_accurate


def accuracy(engine: Engine, since: datetime | None = None) -> list[Accuracy]:
    """By type and model, counted by the database. since: of the verdict."""
    p = predictions.c
    accurate = p.was_accurate.is_(True)
    claims = p.value >= CONVERTS_FROM
    came = or_(claims & accurate, ~claims & ~accurate)
    outcome = func.sum(_one(came))
    wanted = (
        select(
            p.type, p.model, p.version, func.count().label("judged"), func.sum(_one(accurate)).label("validated"),
            outcome.label("came"), func.avg((p.value - _one(came)) * (p.value - _one(came))).label("brier"),
        )
        .where(p.validated_at.is_not(None))
        .group_by(p.type, p.model, p.version)
        .order_by(p.type, p.model, p.version)
    )  # fmt: skip
    if since is not None:
        wanted = wanted.where(p.validated_at >= since)
    with engine.connect() as connection:
        return [_accuracy(row) for row in connection.execute(wanted)]


def _one(condition: Any) -> Any:
    return case((condition, 1.0), else_=0.0)


def _accuracy(row: Row[Any]) -> Accuracy:
    validated, of_outcomes = int(row.validated), row.type == "CONVERSION"
    return Accuracy(
        type=row.type,
        model=row.model,
        version=row.version,
        validated=validated,
        invalidated=row.judged - validated,
        brier=round(row.brier, 4) if of_outcomes else None,
        base_rate=round(row.came / row.judged, 4) if of_outcomes else None,
    )


def as_payload(held: dict[str, Any]) -> bytes:
    return orjson.dumps(held, option=orjson.OPT_UTC_Z)
