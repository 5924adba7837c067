"""Does a CONDITION hold, for this person and what they did since the enrolment?"""

from __future__ import annotations

from graph.domain.sequence import EVENT_OF, Addressee, Condition, Range, Since


def holds(test: Condition, person: Addressee, since: Since) -> bool:
    """A value that is not known fits no range and no list."""
    for did, least in test.did:
        count = since.counts.get(EVENT_OF[did], 0)
        if (count > 0) if least == 0 else (count < least):
            return False
    if test.score is not None and not _within(person.score, test.score):
        return False
    if test.employees is not None and not _within(person.employees, test.employees):
        return False
    if test.tiers and person.tier not in test.tiers:
        return False
    if any((person.fields.get(name) or "").casefold() not in values for name, values in test.fields):
        return False
    return not test.any_of or any(holds(one, person, since) for one in test.any_of)


def _within(number: float | None, allowed: Range) -> bool:
    if number is None:
        return False
    low, high = allowed.low, allowed.high
    if low is not None and (number <= low if allowed.low_open else number < low):
        return False
    return high is None or (number < high if allowed.high_open else number <= high)
