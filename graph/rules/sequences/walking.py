"""What the step that is due comes to: what is to be done, which step follows, and when. Decides only; the store is told.

due step -> Act (what to do now, if anything) + the place after it
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, TypeAlias

from graph.domain.sequence import END, Addressee, Sequence, Since, Step
from graph.domain.values import value
from graph.rules.sequences.conditions import holds
from graph.rules.sequences.consent import refusal
from graph.rules.sequences.timing import due_after, opening

REVISIT: Final = "REVISIT"
"""The place after the last step, while the time until the lead is scored again goes by."""
SETTLE: Final = "SETTLE"
"""The place after that: the new decision is waited for."""
Doing: TypeAlias = Literal["mail", "task", "note", "nothing", "not_sent", "later"]


@value(frozen=True)
class Act:
    """doing: later is the same step once more at due_at; not_sent: said why, and gone on. next: the step that is due then,
    END for none. said: for people."""

    doing: Doing
    next: str
    due_at: datetime
    said: str


def act(sequence: Sequence, step: Step, person: Addressee, since: Since, began_at: datetime, now: datetime) -> Act:
    """What the step does now. began_at: of the run."""
    match step.do:
        case "WAIT":
            at = due_after(sequence, person, step, began_at, now)
            return Act("nothing", step.next, at, f"Waits until {at:%Y-%m-%d %H:%M} UTC.")
        case "CONDITION":
            assert step.test is not None
            held = holds(step.test, person, since)
            follows = step.next if held else step.otherwise
            return Act(
                "nothing", follows, now, f"The condition {'holds' if held else 'does not hold'}: on to {follows}."
            )
        case "EMAIL":
            return _mail(sequence, step, person, since, now)
        case "TASK":
            return Act("task", step.next, now, f"A task for the owner: {step.subject}")
        case "NOTIFICATION":
            return Act("note", step.next, now, f"Told the owner: {step.body}")
        case _:
            raise ValueError(f"{step.do} is not performed")  # the file's check refuses it


def _mail(sequence: Sequence, step: Step, person: Addressee, since: Since, now: datetime) -> Act:
    if person.email is None:
        return Act("not_sent", step.next, now, "Not sent: no e-mail address is known.")
    if since.unsubscribed:
        return Act("not_sent", END, now, "Not sent: the person has unsubscribed.")
    why = refusal(sequence.consent, person.consent, person.country)
    if why is not None:
        return Act("not_sent", step.next, now, f"Not sent: {why[0].lower()}{why[1:]}")
    at = opening(sequence, person, now)
    if at > now:
        return Act("later", step.id, at, f"Quiet hours there: waits until {at:%Y-%m-%d %H:%M} UTC.")
    return Act("mail", step.next, now, f"Mail {step.template}.")
