"""A sequence: what a lead that is not ready yet gets, step by step, and where somebody stands in one.

A step only ever leads to a later one, so every path ends. Repeats are the business of `Revisit`, and are counted.
"""

from __future__ import annotations

from datetime import time, timedelta
from typing import Final, Literal, TypeAlias

from graph.domain.values import value
from graph.domain.working import ALWAYS, Hours

END: Final = "END"
"""The name of what follows the last step."""
Status: TypeAlias = Literal["ACTIVE", "PAUSED", "COMPLETED", "CANCELLED"]
StepKind: TypeAlias = Literal["EMAIL", "SMS", "WAIT", "CONDITION", "TASK", "NOTIFICATION"]
Did: TypeAlias = Literal["opened", "clicked", "replied", "visited", "downloaded", "submitted"]
EVENT_OF: Final[dict[Did, str]] = {
    "opened": "email_open",
    "clicked": "email_click",
    "replied": "reply",
    "visited": "page_view",
    "downloaded": "content_download",
    "submitted": "form_submit",
}
NeedsConsent: TypeAlias = Literal["given", "by_country", "not_refused"]


@value(frozen=True)
class Text:
    """A mail as its template says it, before anything is filled in."""

    subject: str
    body: str


@value(frozen=True)
class Range:
    """low <= x (or < where it is open), likewise high; None is without bound."""

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False


@value(frozen=True)
class Condition:
    """Holds when everything in it holds, and one of `any_of` where there are some. did: events since the enrolment, with
    how often at the least (0: never); score: 0..1; fields: a lead's field -> the values of which one fits."""

    did: tuple[tuple[Did, int], ...] = ()
    score: Range | None = None
    employees: Range | None = None
    tiers: tuple[str, ...] = ()
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    any_of: tuple[Condition, ...] = ()


@value(frozen=True)
class Step:
    """One step. id: unique in its sequence; next: the id of the step that follows, or END.

    EMAIL          template: a name; text: what it says
    WAIT           for_: since the step before; until_day: days after the enrolment began; at: the hour there, by the person's
                   clock; working: also until the sequence's hours
    CONDITION      test; next where it holds, otherwise where it does not
    TASK           subject, body: of a task of the owner; due: from then on
    NOTIFICATION   body: what the owner is told
    """

    id: str
    do: StepKind
    next: str
    template: str = ""
    text: Text | None = None
    for_: timedelta | None = None
    until_day: int | None = None
    at: time | None = None
    working: bool = False
    test: Condition | None = None
    otherwise: str = END
    subject: str = ""
    body: str = ""
    due: timedelta | None = None


@value(frozen=True)
class Revisit:
    """After so long since the run began the lead is scored again. Still not ready: the sequence is over, or begins again,
    `times` more at the most."""

    after: timedelta
    then: Literal["complete", "again"] = "complete"
    times: int = 1


@value(frozen=True)
class Sequence:
    """hours: when mails may arrive, by the person's clock (zone: where it is not known); holidays: not on public ones
    there. running: what a new version means for those who are in an older one: `finish` it, or `move` where their step
    is still there. version: digest of all that it says, mails included."""

    name: str
    steps: tuple[Step, ...]
    consent: NeedsConsent = "by_country"
    hours: Hours = ALWAYS
    zone: str = "UTC"
    holidays: bool = False
    running: Literal["finish", "move"] = "finish"
    revisit: Revisit | None = None
    version: str = ""
    why: str = ""

    def step(self, step_id: str) -> Step | None:
        return next((step for step in self.steps if step.id == step_id), None)

    @property
    def first(self) -> str:
        return self.steps[0].id


@value(frozen=True)
class Addressee:
    """What a step needs to know of the person, from the newest decision. consent as the form said it; score: 0..1."""

    lead_id: str
    email: str | None
    country: str | None
    state: str | None
    consent: bool | None
    score: float
    tier: str
    fields: dict[str, str | None]
    employees: int | None = None


@value(frozen=True)
class Since:
    """What happened since the enrolment. ended: why the sequence is over, as a sentence, which leaves
    it as `status`; counts: events by type."""

    counts: dict[str, int]
    ended: str | None = None
    status: Status = "COMPLETED"
    unsubscribed: bool = False
