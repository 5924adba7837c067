"""What would be sent when, if nothing happens meanwhile and the person stays as they are. For people; performs nothing."""

from __future__ import annotations

from datetime import datetime

from graph.domain.sequence import END, Addressee, Sequence, Since
from graph.domain.values import value
from graph.rules.sequences.walking import act

NOTHING = Since({})


@value(frozen=True)
class Planned:
    at: datetime
    step: str
    do: str
    said: str


def plan(sequence: Sequence, person: Addressee, begins_at: datetime) -> list[Planned]:
    """The steps in the order in which they would come, waits left out. Repeats of a revisit are said once."""
    found: list[Planned] = []
    at, step_id = begins_at, sequence.first
    while step_id != END:
        step = sequence.step(step_id)
        if step is None:
            raise ValueError(f"{sequence.name} has no step {step_id}")
        what = act(sequence, step, person, NOTHING, begins_at, at)
        if what.doing != "later" and step.do != "WAIT":
            found.append(Planned(at, step.id, step.do, what.said))
        at, step_id = what.due_at, what.next
    if sequence.revisit is not None:
        again = f", then again, {sequence.revisit.times} more at the most" if sequence.revisit.then == "again" else ""
        revisit_at = max(begins_at + sequence.revisit.after, at)
        found.append(
            Planned(revisit_at, "revisit", "REVISIT", f"Scored again; not ready: the sequence is over{again}.")
        )
    return found
