"""When nobody is there, in words: `on Sundays`, `at some hours`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from graph.rules.proof.presence import HORIZON
from graph.rules.proof.spans import FOREVER

_NAMES: Final = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_EVERY: Final = 10  # of the twelve or thirteen weeks that are looked at: a holiday may fall on a working one

_Span = tuple[datetime, datetime]


def in_local_time(span: _Span, zone: ZoneInfo) -> str:
    """`from 2026-11-29 00:00 to 2026-11-30 00:00 America/New_York`."""
    begin, end = span[0].astimezone(zone), span[1]
    until = " on" if end == FOREVER else f" to {end.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"from {begin:%Y-%m-%d %H:%M}{until} {zone.key}"


def in_words(spans: Sequence[_Span], zone: ZoneInfo, now: datetime) -> str:
    if spans[0][0] <= now and spans[0][1] >= now + HORIZON:
        return "in the next 90 days"
    whole, days = _days(spans, zone, now)
    if not whole:
        return "at some hours"
    counts = Counter(day.weekday() for day in days)
    regular = [day for day in sorted(counts) if counts[day] >= _EVERY]
    if not regular:
        return "on some days"
    names = " and ".join(_NAMES[day] for day in regular)
    return f"on {names}" + (" and some other days" if len(regular) < len(counts) else "")


def _days(spans: Iterable[_Span], zone: ZoneInfo, now: datetime) -> tuple[bool, list[date]]:
    """Whether the spans are whole local days, and which. What the looking cut off counts as whole."""
    whole, days = True, []
    for begin, end in spans:
        for day in _touched(begin.astimezone(zone), end.astimezone(zone)):
            starts, ends = (datetime.combine(day + timedelta(days=more), time(), zone) for more in (0, 1))
            cut = starts <= now < ends or starts <= now + HORIZON < ends
            whole = whole and (cut or (begin <= starts and ends <= end))
            days.append(day)
    return whole, days


def _touched(begin: datetime, end: datetime) -> Iterator[date]:
    day = begin.date()
    while datetime.combine(day, time(), begin.tzinfo) < end:
        yield day
        day += timedelta(days=1)
