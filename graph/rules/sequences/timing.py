"""When a step is due: waits by days on the person's clock, and the hours in which a mail may arrive.

Days are calendar days where the person is, so that a day with a change of clocks is still a day. A zone that country and
state do not settle is the sequence's own.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache

from graph.domain.sequence import Addressee, Sequence, Step
from graph.domain.working import NO_HOLIDAYS, Holidays, Hours, Span
from graph.rules.local_time import named_zone, zone_of
from graph.rules.working import Calendar


def zone_for(sequence: Sequence, person: Addressee) -> tzinfo:
    return zone_of(person.country, person.state) or named_zone(sequence.zone)


def due_after(sequence: Sequence, person: Addressee, wait: Step, began_at: datetime, now: datetime) -> datetime:
    """When what follows this wait is due, never before now. began_at: of the run; both in UTC, as is the answer."""
    zone = zone_for(sequence, person)
    if wait.until_day is not None:
        at = _days_later(began_at, wait.until_day, zone)
    else:
        at = _later(now, wait.for_ or timedelta(0), zone)
    if wait.at is not None:
        at = _at_hour(at, wait.at, zone)
    at = max(at, now)
    return opening(sequence, person, at) if wait.working else at


def opening(sequence: Sequence, person: Addressee, at: datetime) -> datetime:
    """The first instant from `at` on at which a mail may arrive; `at` itself where no opening is in sight."""
    zone = str(zone_for(sequence, person))
    country = person.country if sequence.holidays else None
    return _calendar(sequence.hours, zone, country).opening(at) or at


@lru_cache(256)
def _calendar(hours: Hours, zone: str, country: str | None) -> Calendar:
    there = Hours(tuple(Span(span.days, span.start_min, span.end_min, zone) for span in hours.spans), hours.text)
    return Calendar(there, (Holidays((country,)) if country else NO_HOLIDAYS,), zone)


def _later(now: datetime, span: timedelta, zone: tzinfo) -> datetime:
    """Whole days on the calendar there, the rest by the clock on the wall."""
    rest = timedelta(seconds=span.seconds)
    return _days_later(now, span.days, zone) + rest


def _days_later(at: datetime, days: int, zone: tzinfo) -> datetime:
    """The same time of day, so many days later; a time that the clocks skip is read as the hour after."""
    return (at.astimezone(zone) + timedelta(days=days)).astimezone(UTC)


def _at_hour(at: datetime, hour: time, zone: tzinfo) -> datetime:
    """That hour on the same day there, or on the next where it is over."""
    local = at.astimezone(zone)
    wanted = local.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0, fold=0)
    if wanted < local.replace(fold=0):
        wanted += timedelta(days=1)
    return wanted.astimezone(UTC)
