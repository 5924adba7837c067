"""What an edit is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from tools.planning.guards import Stop
from tools.planning.plan import Plan
from tools.planning.showing import as_json as plan_json

Outcome: TypeAlias = Literal[
    "applied", "scheduled", "proposed", "cancelled", "unchanged", "invalid", "stopped", "conflict"
]


@dataclass(frozen=True, slots=True)
class Edit:
    """author: as they call themselves, an id of the file's people or an address. base: the digest, or its beginning, of the
    version that the text was made from; without it the text's `version` says so. override: why the shares do not count.
    exact: the base must be what is live: an edit on top of others' is shown, not written."""

    text: str
    author: str
    reason: str
    base: str | None = None
    effective_at: datetime | None = None
    override: str | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """message: a sentence with the way on. change: its row's id; digest, text: of the file as it is or would be live.

    invalid: the draft (or the file on disk, or who asks) is not good; stopped: a guard, a test or the proof; conflict:
    somebody else edited the same, or nobody can tell what the draft was made from.
    """

    outcome: Outcome
    message: str
    change: int | None = None
    digest: str | None = None
    text: str | None = None
    plan: Plan | None = None
    stops: tuple[Stop, ...] = ()
    findings: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        return self.outcome in ("applied", "scheduled", "cancelled", "unchanged")


class Refused(Exception):
    """Nothing was written: the result says why."""

    def __init__(self, outcome: Outcome, message: str, **more: object) -> None:
        super().__init__(message)
        self.result = Result(outcome, message, **more)  # type: ignore[arg-type]


def as_json(result: Result, *, most: int | None = None) -> dict[str, Any]:
    """For programs; with `most` only so many of the leads that change."""
    return {
        "outcome": result.outcome,
        "message": result.message,
        "change": result.change,
        "digest": result.digest,
        "text": result.text,
        "findings": list(result.findings),
        "conflicts": list(result.conflicts),
        "plan": None if result.plan is None else plan_json(result.plan, result.stops, most=most),
    }
