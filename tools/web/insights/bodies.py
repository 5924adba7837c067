"""What the Lead insights API is sent and what it answers besides predictions. Unknown fields are errors."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Final, Literal, TypeAlias

import orjson
from fastapi import HTTPException, Path, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from graph.rules.scoring import DEFAULT_RULES, ScoringRules
from tools.insights.bulk import MOST_LEADS
from tools.store.prediction_jobs import Job
from tools.store.ranking import Ranked, Span

CONFIG: Final = "default"
LeadId: TypeAlias = Annotated[str, Path(pattern=r"^[\w.:-]{1,40}$", description="`lead_id` of a decided lead.")]
Id: TypeAlias = Annotated[str, Path(pattern=r"^[\w.:-]{1,40}$")]
ConfigId: TypeAlias = Annotated[
    str, Path(pattern=r"^[\w.:-]{1,40}$", description="`default`: this installation has one configuration.")
]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=500)]
MinScore: TypeAlias = Annotated[float, Query(ge=0, le=100, allow_inf_nan=False)]
Cursor: TypeAlias = Annotated[str, Query(max_length=200, description="`next` of the page before.")]


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


Kind: TypeAlias = Annotated[
    Literal["CONVERSION", "TIME_TO_CLOSE", "SCORE", "PRIORITY"], BeforeValidator(_upper), Query(alias="type")
]
TierName: TypeAlias = Annotated[
    Literal["top", "high", "medium", "low", "hot", "warm", "cold", "dead"],
    BeforeValidator(_lower),
    Query(alias="tier", description="A tier (top, high, medium, low) or a category (hot, warm, cold, dead)."),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Predict(_Body):
    forceRefresh: bool = Field(False, description="Predict anew even where a prediction still holds.")  # noqa: N815
    ruleBasedOnly: bool = Field(False, description="By the public weights instead of the model.")  # noqa: N815


class Bulk(_Body):
    limit: int = Field(100, ge=1, le=MOST_LEADS, strict=True, description="The leads with the highest scores.")
    minScore: float = Field(0, ge=0, le=100, allow_inf_nan=False, strict=True)  # noqa: N815
    forceRefresh: bool = False  # noqa: N815


class Validate(_Body):
    wasAccurate: bool = Field(strict=True, description="Did the prediction's `claim` come true?")  # noqa: N815


def checked(config_id: str) -> None:
    """404 for another configuration than the one there is."""
    if config_id != CONFIG:
        raise HTTPException(404, f"configId: this installation has one configuration; send '{CONFIG}'.")


def span_of(name: str, rules: ScoringRules = DEFAULT_RULES) -> Span:
    """The scores that a tier or a category holds."""
    for named, last in ((rules.tiers, "low"), (rules.temperatures, "dead")):
        below = Span().below
        for held, least in named:
            if held == name:
                return Span(least, below)
            below = least
        if name == last:
            return Span(0.0, below)
    raise ValueError(name)


def place_of(cursor: str) -> tuple[float, str] | None:
    """422 for a cursor that no page gave."""
    if not cursor:
        return None
    try:
        held = orjson.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, binascii.Error):
        held = None
    match held:
        case [int() | float() as score, str(lead_id)] if "\x00" not in lead_id:
            return float(score), lead_id
    problem = {
        "loc": ("query", "cursor"),
        "msg": "This is no `next` of a page; begin without one.",
        "type": "value_error",
    }
    raise RequestValidationError([problem])


def page_json(rows: list[Ranked], limit: int, first_rank: int | None = None) -> dict[str, Any]:
    """rows: one more than the page holds where there is a next one."""
    shown = rows[:limit]
    more = len(rows) > limit
    return {
        "leads": [_ranked(row, None if first_rank is None else first_rank + n) for n, row in enumerate(shown)],
        "next": cursor_of(shown[-1]) if more else None,
    }


def cursor_of(row: Ranked) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([row.score, row.lead_id])).decode()


def _ranked(row: Ranked, rank: int | None) -> dict[str, Any]:
    told = {} if rank is None else {"rank": rank}
    return told | {
        "leadId": row.lead_id,
        "score": row.score,
        "tier": DEFAULT_RULES.tier(row.score),
        "scoreCategory": DEFAULT_RULES.temperature(row.score),
        "decidedScore": row.decided_score,
        "decidedAt": row.decided_at,
        "owner": row.owner,
        "path": row.path,
        "company": row.company,
        "country": row.country,
        "predictionId": row.prediction_id,
        "version": row.version,
        "validUntil": row.valid_until,
    }


def job_json(job: Job) -> dict[str, Any]:
    """With where to ask for it again."""
    return {
        "job": job.job_id,
        "state": job.state,
        "total": job.total,
        "done": job.place,
        "predicted": job.predicted,
        "kept": job.kept,
        "failed": job.failed,
        "progress": round(job.place / job.total, 4) if job.total else 1.0,
        "forceRefresh": job.force,
        "error": job.error,
        "createdAt": job.created_at,
        "seenAt": job.seen_at,
        "endedAt": job.ended_at,
        "status": f"/api/lead-scoring/{CONFIG}/ml/bulk-predict/{job.job_id}",
    }
