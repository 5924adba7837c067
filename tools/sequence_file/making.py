"""From the file's form to the sequence that is performed. The form has been checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any, Final

from graph.domain.sequence import END, EVENT_OF, Condition, Range, Revisit, Sequence, Step, Text
from graph.domain.working import ALWAYS, Hours, Span
from tools.sequence_file.shapes import (
    AnyStep,
    ConditionShape,
    ConditionStepShape,
    EmailShape,
    HoursShape,
    NotificationShape,
    SequenceShape,
    TaskShape,
    WaitShape,
)

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIELDS: Final = ("country", "state", "industry", "source", "product", "title", "company")
_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}


def sequence_of(name: str, shape: SequenceShape, texts: Mapping[str, Text], version: str) -> Sequence:
    """texts: the templates that its steps name."""
    ids = [step.id for step in shape.steps]
    steps = tuple(
        _step(step, step.next or (ids[number + 1] if number + 1 < len(ids) else END), texts)
        for number, step in enumerate(shape.steps)
    )
    revisit = shape.revisit
    return Sequence(
        name=name,
        steps=steps,
        consent=shape.consent,
        hours=ALWAYS if shape.hours is None else _hours(shape.hours, shape.zone),
        zone=shape.zone,
        holidays=shape.holidays,
        running=shape.running,
        revisit=None if revisit is None else Revisit(duration_of(revisit.after), revisit.then, revisit.times),
        version=version,
        why=shape.why,
    )


def _step(step: AnyStep, following: str, texts: Mapping[str, Text]) -> Step:
    match step:
        case EmailShape():
            return Step(step.id, "EMAIL", following, template=step.template, text=texts[step.template])
        case WaitShape():
            at = None if step.at is None else time.fromisoformat(step.at)
            span = None if step.for_ is None else duration_of(step.for_)
            return Step(step.id, "WAIT", following, for_=span, until_day=step.until_day, at=at, working=step.working)
        case ConditionStepShape():
            return Step(step.id, "CONDITION", step.then, test=_condition(step.if_), otherwise=step.else_)
        case TaskShape():
            return Step(step.id, "TASK", following, subject=step.subject, body=step.body, due=duration_of(step.due))
        case NotificationShape():
            return Step(step.id, "NOTIFICATION", following, body=step.text)
        case _:
            raise ValueError(f"{step.do} is not performed")


def _condition(shape: ConditionShape) -> Condition:
    tiers = (shape.tier,) if isinstance(shape.tier, str) else tuple(shape.tier or ())
    return Condition(
        did=tuple((did, int(count)) for did in EVENT_OF if (count := getattr(shape, did)) is not None),
        score=_range(shape.score),
        employees=_range(shape.employees),
        tiers=tiers,
        fields=tuple((name, _words(value)) for name in _FIELDS if (value := getattr(shape, name)) is not None),
        any_of=tuple(_condition(one) for one in shape.any_of),
    )


def _words(value: Any) -> tuple[str, ...]:
    return tuple(word.casefold() for word in ([value] if isinstance(value, str) else value))


def _range(text: str | None) -> Range | None:
    if text is None:
        return None
    if ".." in text:
        low, _, high = text.partition("..")
        return Range(float(low), float(high))
    found = re.fullmatch(r"\s*(>=|<=|>|<)?\s*([\d.]+)\s*", text)
    if found is None:
        raise ValueError(f"{text!r} is no range")
    sign, number = found[1], float(found[2])
    if sign in {">", ">="}:
        return Range(low=number, low_open=sign == ">")
    if sign in {"<", "<="}:
        return Range(high=number, high_open=sign == "<")
    return Range(number, number)


def _hours(shape: HoursShape, zone: str) -> Hours:
    days = tuple(sorted({_DAYS.index(day) for day in shape.days}))
    span = Span(days, _minute(shape.from_), _minute(shape.until), zone)
    return Hours((span,), f"{','.join(shape.days)} {shape.from_}-{shape.until}")


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return 60 * int(hours) + int(minutes)


def duration_of(text: str) -> timedelta:
    """`2d12h`."""
    return timedelta(**{_UNITS[unit]: int(count) for count, unit in re.findall(r"(\d+)([dhm])", text)})
