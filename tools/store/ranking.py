"""Leads by their score: the valid prediction's where there is one, else the decision's. Blocking: call it from a thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, func, or_, select

from tools.store.tables import leads, predictions


@dataclass(frozen=True, slots=True)
class Ranked:
    """score: 0..100, as ranked; decided_score: the decision's own. prediction_id: None where no prediction holds."""

    lead_id: str
    score: float
    decided_score: float
    decided_at: datetime
    owner: str
    path: str
    company: str | None
    country: str | None
    prediction_id: str | None
    version: str | None
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Span:
    """least <= score < below."""

    least: float = 0.0
    below: float = 1000.0


def ranked(
    engine: Engine, now: datetime, *, limit: int, span: Span, after: tuple[float, str] | None = None
) -> list[Ranked]:
    """The highest score first, of equal ones by id. after: (score, lead id) of the last row of the page before."""
    holds = and_(
        predictions.c.lead_id == leads.c.lead_id,
        predictions.c.type == "SCORE",
        predictions.c.status == "ACTIVE",
        predictions.c.valid_until > now,
    )
    score = func.coalesce(predictions.c.value, leads.c.score)
    wanted = (
        select(
            leads.c.lead_id, score.label("score"), leads.c.score.label("decided_score"), leads.c.decided_at,
            leads.c.owner, leads.c.path, leads.c.company, leads.c.country, predictions.c.prediction_id,
            predictions.c.version, predictions.c.valid_until,
        )
        .outerjoin(predictions, holds)
        .where(score >= span.least, score < span.below)
    )  # fmt: skip
    if after is not None:
        wanted = wanted.where(or_(score < after[0], and_(score == after[0], leads.c.lead_id > after[1])))
    with engine.connect() as connection:
        rows = connection.execute(wanted.order_by(score.desc(), leads.c.lead_id).limit(limit))
        return [Ranked(**_held(row)) for row in rows]


def _held(row: Any) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name


def lead_ids_by_score(engine: Engine, *, limit: int, least: float) -> list[str]:
    """The leads to predict: the highest decided score first."""
    wanted = (
        select(leads.c.lead_id)
        .where(leads.c.score >= least)
        .order_by(leads.c.score.desc(), leads.c.lead_id)
        .limit(limit)
    )
    with engine.connect() as connection:
        return list(connection.scalars(wanted))


def newest_lead_ids(engine: Engine, limit: int) -> list[str]:
    wanted = select(leads.c.lead_id).order_by(leads.c.decided_at.desc(), leads.c.lead_id).limit(limit)
    with engine.connect() as connection:
        return list(connection.scalars(wanted))
