"""What /score-lead is sent: the fields of a lead form, read as the webhook reads them, and `activities: [{type, at}]`.

What cannot be counted honestly is refused with the field and the fix: unknown types, times without a zone or in the
future, negative counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import orjson
from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from graph.features.activity import TYPES, activity_type
from graph.features.vector import NAMES
from tools.insights.quick import Ask
from tools.web.answers import FieldProblem, Refused
from tools.web.intake import LeadForm, flat, refusal, to_form

MOST_ACTIVITIES: Final = 1_000
MOST_LEADS: Final = 200
AHEAD: Final = timedelta(minutes=5)
"""Clocks differ; a time further ahead is a mistake."""
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_COUNTS: Final = {name.lower(): name for name in NAMES if name.endswith("Count")}


class Activity(BaseModel):
    """One thing the person did, or that we sent them."""

    model_config = ConfigDict(extra="ignore")
    type: str = Field(max_length=60, description=f"One of {', '.join(sorted(TYPES))}.")
    at: AwareDatetime = Field(description="When, with its zone: 2026-11-02T09:30:00Z.")
    count: int = Field(1, ge=1, le=MOST_ACTIVITIES, description="How many of these at that time.")


class ScoreLead(LeadForm):
    """The fields of a form, and what the person did."""

    lead_id: Annotated[str, Field(max_length=200)] | None = Field(None, validation_alias=AliasChoices("lead_id", "id"))
    activities: list[Activity] = Field([], max_length=MOST_ACTIVITIES)


@dataclass(frozen=True, slots=True)
class Asked:
    """lead_id: as sent, None where none was; warnings: what was sent and does not count."""

    ask: Ask
    lead_id: str | None
    warnings: tuple[str, ...]


def read_json(raw: bytes) -> Any:
    """Raises Refused 400."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refused(400, "malformed_json", f"The body is not JSON: {error.msg}.") from None


def read_batch(raw: bytes) -> list[Any]:
    """The leads of a batch: `{"leads": [...]}` or the list itself. Raises Refused."""
    body = read_json(raw)
    leads = body.get("leads") if isinstance(body, dict) else body
    if not isinstance(leads, list) or not leads:
        problem = FieldProblem("leads", "no list of leads", 'send {"leads": [{...}, ...]}')
        raise Refused(422, "invalid_field", "leads must be a list with at least one lead.", fields=(problem.as_dict(),))
    if len(leads) > MOST_LEADS:
        problem = FieldProblem("leads", f"{len(leads):,} leads", f"send at most {MOST_LEADS} in one request")
        raise Refused(
            422, "batch_too_large", f"At most {MOST_LEADS} leads in one request.", fields=(problem.as_dict(),)
        )
    return leads


def read_lead(body: Any, now: datetime) -> Asked:
    """Raises Refused 422 with every field that is wrong."""
    if not isinstance(body, dict):
        raise Refused(422, "not_an_object", "A lead must be one JSON object with its fields.")
    if isinstance(body.get("properties"), dict):
        body = flat(body["properties"]) | {name: held for name, held in body.items() if name != "properties"}
    try:
        given = ScoreLead.model_validate(body)
    except ValidationError as error:
        raise refusal(error) from None
    problems = [*_times(given.activities, now), *_negative(given)]
    if problems:
        names = ", ".join(sorted({problem.field for problem in problems}))
        told = tuple(problem.as_dict() for problem in problems[:20])
        raise Refused(422, "invalid_field", f"These fields have a wrong value: {names[:300]}.", fields=told)
    activities = tuple(
        (activity_type(each.type) or "", each.at.astimezone(UTC))
        for each in given.activities
        for _ in range(each.count)
    )
    return Asked(Ask(to_form(given), activities, now), given.lead_id, _not_counted(given))


def _times(activities: list[Activity], now: datetime) -> list[FieldProblem]:
    found = []
    if sum(each.count for each in activities) > MOST_ACTIVITIES:
        fix = f"send at most {MOST_ACTIVITIES:,} activities of a lead, counts included: the newest matter"
        found.append(FieldProblem("activities", "too many activities", fix))
    for number, each in enumerate(activities):
        name = f"activities.{number}"
        if activity_type(each.type) is None:
            fix = f"send one of {', '.join(sorted(set(TYPES)))}"
            found.append(FieldProblem(f"{name}.type", "an unknown type of activity", fix))
        if each.at > now + AHEAD:
            found.append(FieldProblem(f"{name}.at", "a time in the future", "send when it happened"))
        elif each.at < EARLIEST:
            found.append(FieldProblem(f"{name}.at", "a time before the year 2000", "send when it happened"))
    return found


def _negative(given: ScoreLead) -> list[FieldProblem]:
    """A head-count or a count below zero, whatever it is called."""
    held = {"employees": given.employees, **(given.model_extra or {})}
    return [
        FieldProblem(name[:100], "a negative count", "send 0 or more")
        for name, value in held.items()
        if (name == "employees" or _count(name)) and _is_negative(value)
    ]


def _not_counted(given: ScoreLead) -> tuple[str, ...]:
    """Counts beside activities: a count has no time, so that pace and recency cannot be told from it."""
    names = sorted({known for name in given.model_extra or {} if (known := _count(name))})
    return tuple(f"{name} is counted from activities; the number sent does not count." for name in names)


def _count(name: str) -> str | None:
    return _COUNTS.get(name.replace("_", "").replace("-", "").lower()) or _COUNTS.get(
        name.replace("_", "").replace("-", "").lower().removesuffix("s") + "count"
    )


def _is_negative(value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int | float):
        return value < 0
    text = str(value).strip().replace("−", "-")
    return text.startswith("-") and text[1:].strip()[:1].isdigit()
