"""The form of the file of sequences: keys, values, and the JSON Schema by which editors check it. What a name refers to and
what fits together is checked in `loading`."""

from __future__ import annotations

import json
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

_RANGE: Final = r"^\s*((>=|<=|>|<)\s*\d+(\.\d+)?|\d+(\.\d+)?(\s*\.\.\s*\d+(\.\d+)?)?)\s*$"
Id: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="A name of small letters.")]
Target: TypeAlias = Annotated[
    str, Field(pattern=r"^([a-z][a-z0-9_-]{0,39}|END)$", description="The id of a later step, or END.")
]
Duration: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^(\d{1,3}d(\d{1,3}h)?(\d{1,3}m)?|\d{1,3}h(\d{1,3}m)?|\d{1,3}m)$",
        description="Days, hours, minutes: 3d, 36h, 2d12h.",
    ),
]
Hour: TypeAlias = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Count: TypeAlias = Annotated[bool | Annotated[int, Field(ge=0)] | None, Field(description="true, false, or how often.")]
Words: TypeAlias = str | Annotated[list[str], Field(min_length=1)] | None
Tier: TypeAlias = Literal["top", "high", "medium", "low"]
Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ConditionShape(_Strict):
    """All of it must hold. Events count since the enrolment; what is not known fits nothing."""

    opened: Count = None
    clicked: Count = None
    replied: Count = None
    visited: Count = None
    downloaded: Count = None
    submitted: Count = None
    score: str | None = Field(None, pattern=_RANGE, description="0 to 1, as the routing file has it: <0.15, 0.2..0.5.")
    employees: str | None = Field(None, pattern=_RANGE)
    tier: Tier | list[Tier] | None = None
    country: Words = None
    state: Words = None
    industry: Words = None
    source: Words = None
    product: Words = None
    title: Words = None
    company: Words = None
    any_of: list[ConditionShape] = Field([], alias="any", description="One of these must hold.")


class _StepShape(_Strict):
    id: Id
    next: Target | None = Field(None, description="The step that follows, where it is not the next in the list.")
    why: str = ""


class EmailShape(_StepShape):
    do: Literal["EMAIL"]
    template: Id = Field(description="mails/NAME.md beside this file.")


class SmsShape(_StepShape):
    do: Literal["SMS"]
    text: str = ""


class WaitShape(_StepShape):
    """One of for and until_day, or neither; at and working move the end on."""

    do: Literal["WAIT"]
    for_: Duration | None = Field(None, alias="for")
    until_day: int | None = Field(None, ge=0, le=3650, description="Days since the enrolment, by the person's clock.")
    at: Hour | None = Field(None, description="The hour there.")
    working: bool = Field(False, description="Also until the sequence's hours.")


class ConditionStepShape(_StepShape):
    do: Literal["CONDITION"]
    if_: ConditionShape = Field(alias="if")
    then: Target
    else_: Target = Field(alias="else")


class TaskShape(_StepShape):
    do: Literal["TASK"]
    subject: str = Field(min_length=1, max_length=200)
    body: str = Field("", max_length=2000)
    due: Duration = "1d"


class NotificationShape(_StepShape):
    do: Literal["NOTIFICATION"]
    text: str = Field(min_length=1, max_length=500)


AnyStep: TypeAlias = Annotated[
    EmailShape | SmsShape | WaitShape | ConditionStepShape | TaskShape | NotificationShape, Field(discriminator="do")
]


class HoursShape(_Strict):
    """By the person's clock."""

    days: list[Day] = Field(default=["mon", "tue", "wed", "thu", "fri"], min_length=1)
    from_: Hour = Field("09:00", alias="from")
    until: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")] = "17:00"


class RevisitShape(_Strict):
    after: Duration
    then: Literal["complete", "again"] = Field("complete", description="What follows for who is still not ready.")
    times: int = Field(1, ge=1, le=24, description="With again: how often at the most.")


class SequenceShape(_Strict):
    why: str = ""
    consent: Literal["given", "by_country", "not_refused"] = Field(
        "by_country",
        description="Who may be sent mails: who said yes; where the law asks, who said yes; all but who said no.",
    )
    hours: HoursShape | None = Field(None, description="When mails may arrive; always where it is left out.")
    zone: str = Field("UTC", description="IANA name, for people of whom it is not known.")
    holidays: bool = Field(False, description="Not on public holidays there.")
    running: Literal["finish", "move"] = Field(
        "finish", description="Who is in an older version finishes that one, or moves where their step is still there."
    )
    steps: list[AnyStep] = Field(min_length=1, max_length=200)
    revisit: RevisitShape | None = Field(None, description="When the lead is scored again.")


class FileShape(_Strict):
    """Sequences for leads that are not ready yet."""

    editors_schema: str | None = Field(None, alias="$schema")
    version: int = 1
    sequences: dict[Id, SequenceShape]


def schema_text() -> str:
    """The file's JSON Schema, for editors."""
    return json.dumps(FileShape.model_json_schema(by_alias=True), indent=2) + "\n"
