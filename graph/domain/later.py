"""Effects that come after the decision: timers, steps of sequences, what is asked of others, what others told. Part of
`graph.domain.effects`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from graph.domain.values import value


@value(frozen=True)
class RemindOwner:
    """At `at` part of the time to accept is gone: the owner hears of it, if the assignment is still on offer."""

    owner: str
    assignment: int
    at: datetime
    kind: Literal["remind_owner"] = "remind_owner"

    @property
    def target(self) -> str:
        return str(self.assignment)


@value(frozen=True)
class AcceptMissed:
    """At `at` the time to accept is over: the lead is decided again, if the assignment is still on offer."""

    owner: str
    assignment: int
    at: datetime
    kind: Literal["accept_missed"] = "accept_missed"

    @property
    def target(self) -> str:
        return str(self.assignment)


@value(frozen=True)
class TouchMissed:
    """At `at` the first touch is overdue: owner and manager (an e-mail address) hear of it, unless it was touched."""

    owner: str
    manager: str | None
    assignment: int
    at: datetime
    kind: Literal["touch_missed"] = "touch_missed"

    @property
    def target(self) -> str:
        return str(self.assignment)


@value(frozen=True)
class ConfirmOwner:
    """The lead was accepted: once the CRM has taken `owner`, their thread says so. tries: looks before this one."""

    owner: str
    assignment: int
    at: datetime
    tries: int = 0
    kind: Literal["confirm_owner"] = "confirm_owner"

    @property
    def target(self) -> str:
        return f"{self.assignment}.{self.tries}"


@value(frozen=True)
class NurtureStep:
    """At `at` the next step of a sequence is due, if the enrolment still stands at this visit. visit: counts the steps that
    came due, from 1, so that a step which waits is another visit."""

    contact_key: str
    sequence: str
    visit: int
    at: datetime
    kind: Literal["nurture_step"] = "nurture_step"

    @property
    def target(self) -> str:
        return f"{self.sequence}/{self.visit}"


@value(frozen=True)
class AskJudgement:
    """Ask the language model `model` for its judgement of the message, which the rules have judged meanwhile. What it is
    shown stands in the decision record."""

    model: str
    assignment: int
    kind: Literal["ask_judgement"] = "ask_judgement"

    @property
    def target(self) -> str:
        return self.model


@value(frozen=True)
class WriteNote:
    """Ask the language model `model` for a note to `owner` about these facts (label -> text, as in the brief)."""

    model: str
    owner: str
    assignment: int
    facts: dict[str, str]
    kind: Literal["write_note"] = "write_note"

    @property
    def target(self) -> str:
        return self.model


@value(frozen=True)
class AskFacts:
    """Ask once more for the company facts that this decision lacked. missing: the sources that did not answer, with the
    reason of each, as in `graph.rules.late_facts`."""

    missing: tuple[str, ...]
    assignment: int
    kind: Literal["ask_facts"] = "ask_facts"

    @property
    def target(self) -> str:
        return "company"


@value(frozen=True)
class TakeChange:
    """Something changed in the CRM, by somebody else: find out what follows for the lead. change_id: of the event kept."""

    change_id: str
    kind: Literal["take_change"] = "take_change"

    @property
    def target(self) -> str:
        return self.change_id
