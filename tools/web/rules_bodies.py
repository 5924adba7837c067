"""What is sent about the routing file: bounded texts that both databases can hold. Unknown fields are errors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, TypeAlias

from fastapi import HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

File: TypeAlias = Annotated[
    str, Field(max_length=1_000_000, pattern=r"^[^\x00]*$", description="The whole text of a routing file.")
]
Name: TypeAlias = Annotated[
    str,
    Field(
        min_length=1, max_length=320, pattern=r"^[^\x00]*$", description="An id of the file's people, or an address."
    ),
]
Why: TypeAlias = Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")]


class Text(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: File


class Draft(Text):
    last: str = Field("30d", pattern=r"^[1-9][0-9]{0,3}[dhw]$", description="The past leads to plan with.")


class Told(Text):
    """A draft to make live."""

    by: Name
    reason: Why
    at: AwareDatetime | None = Field(None, description="When it goes live; now without it.")
    override: Why | None = Field(None, description="Why the guards on shares do not count this time.")


class Cancel(BaseModel):
    model_config = ConfigDict(extra="forbid")
    by: Name


class Rollback(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: str = Field(pattern=r"^(live|[0-9a-fA-F]{1,64})$", description="A number, or the beginning of a digest.")
    by: Name
    reason: Why = ""


class Compare(BaseModel):
    model_config = ConfigDict(extra="forbid")
    before: File
    after: File


class Merge(BaseModel):
    model_config = ConfigDict(extra="forbid")
    base: File
    ours: File
    theirs: File


def told_time(at: datetime | None) -> datetime | None:
    """In UTC; a moment at the end of all years has no other zone."""
    try:
        return None if at is None else at.astimezone(UTC)
    except OverflowError:
        raise HTTPException(422, "at: no moment that a calendar holds in UTC.") from None
