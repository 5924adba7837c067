"""What the form of a sequence cannot say: names that refer to something, paths that end, values that make sense together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from graph.domain.sequence import END
from tools.sequence_file.shapes import AnyStep, ConditionShape, ConditionStepShape, SequenceShape, SmsShape, WaitShape

Fault: TypeAlias = tuple[tuple[int | str, ...], str]


def faults(sequence: SequenceShape) -> Iterator[Fault]:
    """Where, within the sequence, and what."""
    try:
        ZoneInfo(sequence.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield ("zone",), f"{sequence.zone!r} is no time zone; write one as America/New_York"
    if sequence.hours is not None and sequence.hours.from_ >= sequence.hours.until:
        yield ("hours", "until"), "ends before it begins; hours over midnight are not read"
    places: dict[str, int] = {}
    for number, step in enumerate(sequence.steps):
        if step.id in places:
            yield ("steps", number, "id"), f"{step.id!r} is the id of step {places[step.id] + 1} too; give each its own"
        places.setdefault(step.id, number)
    for number, step in enumerate(sequence.steps):
        yield from ((("steps", number, *where), said) for where, said in _of_step(step))
        for key, target in targets(step):
            if target != END and target not in places:
                yield ("steps", number, key), f"there is no step {target!r}; END is the end"
            elif target != END and places[target] <= number:
                yield (
                    ("steps", number, key),
                    (
                        f"leads back to {target!r}: a step leads to a later one or to END, so that every path ends; "
                        "what comes again is said with revisit"
                    ),
                )
    yield from _unreachable(sequence, places)
    yield from _waits_for_nobody(sequence)


def targets(step: AnyStep) -> list[tuple[str, str]]:
    if isinstance(step, ConditionStepShape):
        return [("then", step.then), ("else", step.else_)]
    return [("next", step.next)] if step.next is not None else []


def _of_step(step: AnyStep) -> Iterator[Fault]:
    if isinstance(step, SmsShape):
        yield (
            ("do",),
            (
                "SMS needs a provider of text messages, and none can be set up in this release; use EMAIL, TASK or NOTIFICATION"
            ),
        )
    if isinstance(step, WaitShape):
        if step.for_ is not None and step.until_day is not None:
            yield ("until_day",), "a WAIT has for or until_day, not both"
        elif step.for_ is None and step.until_day is None and step.at is None and not step.working:
            yield ("do",), "waits for nothing; say for, until_day, at or working"
    if isinstance(step, ConditionStepShape):
        if step.next is not None:
            yield ("next",), "a CONDITION has then and else instead"
        if not _says_something(step.if_):
            yield ("if",), "is empty, and would always hold"


def _says_something(condition: ConditionShape) -> bool:
    return bool(condition.model_dump(exclude_none=True, exclude_defaults=True)) and all(
        _says_something(one) for one in condition.any_of
    )


def _waits_for_nobody(sequence: SequenceShape) -> Iterator[Fault]:
    """A WAIT that the end follows: the sequence would be over at once, and the wait never happen."""
    last = len(sequence.steps) - 1
    for number, step in enumerate(sequence.steps):
        if isinstance(step, WaitShape) and (step.next == END or (step.next is None and number == last)):
            yield (
                ("steps", number, "do"),
                (
                    f"{step.id!r} is a WAIT that nothing comes after, so nobody would wait: put a step behind it, or leave "
                    "it out; to look at the lead again later is said with revisit"
                ),
            )


def _unreachable(sequence: SequenceShape, places: dict[str, int]) -> Iterator[Fault]:
    reached, rest = {0}, [0]
    while rest:
        number = rest.pop()
        step = sequence.steps[number]
        follows = [places[target] for _, target in targets(step) if target in places]
        if not targets(step) and number + 1 < len(sequence.steps):
            follows = [number + 1]
        new = set(follows) - reached
        reached |= new
        rest += new
    for number, step in enumerate(sequence.steps):
        if number not in reached and places[step.id] == number:
            yield ("steps", number, "id"), f"no step leads to {step.id!r}"
