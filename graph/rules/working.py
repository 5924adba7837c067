"""When is somebody at work? Hours and holidays of the routing file as instants, and a clock that runs only then.

Local times are read as RFC 5545, section 3.3.5, reads them (and Python's PEP 495 with `fold=0`): a time that the clock
shows twice is the first of the two; a time that it skips is as long after midnight as on any other day, which is an
hour later on the clock. A holiday is the day on the clock of the hours' own zone. Knows no leave and no person.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from graph.domain.working import Holidays, Hours, Span
from graph.rules.local_time import named_zone
from graph.rules.public_holidays import holidays_of

DAY: Final = timedelta(days=1)
BLOCK: Final = timedelta(days=32)
_ALL_DAY: Final = 1440
_EVERY_DAY: Final = (0, 1, 2, 3, 4, 5, 6)
_EVER: Final = datetime.min.replace(tzinfo=UTC)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
SEARCHED: Final = 60
"""Blocks in which an opening is looked for: five years. Nobody writes that many holidays in a row."""

Interval = tuple[datetime, datetime]
_NO_TIME: Final = timedelta(0)


class _Block(NamedTuple):
    """The times of work that begin between start and end (left out), in order; none touches the next."""

    start: datetime
    end: datetime
    opens: tuple[datetime, ...]
    closes: tuple[datetime, ...]


class _Present(NamedTuple):
    """The work or rest from since to until (left out), and the time of work that comes after it: from opens to closes,
    which are the same where the block that is known ends before. ends: what `after` said of this rest, by length: it
    depends on nothing else."""

    since: datetime
    until: datetime
    works: bool
    opens: datetime
    closes: datetime
    ends: dict[timedelta, datetime | None]


class Calendar:
    """hours: when they work; holidays: each of these keeps them away; zone: IANA name, for the holidays of those whose
    hours are `always`. Instants come and go in UTC. Remembers the month and the time of work or rest asked about last."""

    def __init__(self, hours: Hours, holidays: Sequence[Holidays], zone: str) -> None:
        self._holidays = tuple(item for item in holidays if item.codes or item.days)
        self.always = not hours.spans and not self._holidays
        self._spans = hours.spans or (Span(_EVERY_DAY, 0, _ALL_DAY, zone),)
        self._block: _Block | None = None
        since = _EVER if self.always else _NEVER
        self._present = _Present(since, _NEVER, self.always, _NEVER, _NEVER, {})

    def works(self, now: datetime) -> bool:
        return self._at(now).works

    def until(self, now: datetime) -> tuple[bool, datetime]:
        """Whether they work now, and an instant until which that stays so (at most some weeks ahead)."""
        present = self._at(now)
        return present.works, present.until

    def _at(self, now: datetime) -> _Present:
        present = self._present
        if not present.since <= now < present.until:
            block = self._block_of(now)
            at = bisect_right(block.opens, now)
            works = at > 0 and now < block.closes[at - 1]
            known = at < len(block.opens)
            ahead = block.opens[at] if known else block.end
            until = block.closes[at - 1] if works else ahead
            began = block.opens[at - 1] if works else block.closes[at - 1] if at else block.start
            closes = block.closes[at] if known else ahead
            present = self._present = _Present(began, until, works, ahead, closes, {})
        return present

    def opening(self, now: datetime) -> datetime | None:
        """Now while they work, else when they next begin; None when no opening is in sight."""
        return self.after(now, _NO_TIME)

    def works_through(self, now: datetime, until: datetime) -> bool:
        """Whether they work now and do not rest before that instant."""
        present = self._present
        if not present.since <= now < present.until:
            present = self._at(now)
        return present.works and until <= present.until

    def begins(self, now: datetime) -> datetime | None:
        """When their present rest ends; None while they work, and when no opening is in sight."""
        present = self._present
        if not present.since <= now < present.until:
            present = self._at(now)
        return None if present.works else self.after(now, _NO_TIME)

    def after(self, now: datetime, left: timedelta) -> datetime | None:
        """The instant at which they will have worked so long, counted from now; None when that is not in sight.

        After no time at all it is the next opening.
        """
        present = self._present
        if not present.since <= now < present.until:
            present = self._at(now)
        if present.works:
            ends = now + left
            if ends <= present.until:  # most of the time they work long enough
                return ends
            ends = present.opens + (ends - present.until)
            return ends if ends <= present.closes else self._after(now, left)
        if left not in present.ends:
            present.ends[left] = self._after(now, left)
        return present.ends[left]

    def _after(self, now: datetime, left: timedelta) -> datetime | None:
        for opens, closes in self.intervals(now):
            begin = max(opens, now)
            if left <= closes - begin:
                return begin + left
            left -= closes - begin
        return None

    def intervals(self, now: datetime) -> Iterator[Interval]:
        """The times of work that end after now, in order, for some years."""
        block = self._block_of(now)
        first = bisect_right(block.closes, now)
        yield from zip(block.opens[first:], block.closes[first:], strict=True)
        for _ in range(SEARCHED):
            block = self._made(block.end)
            yield from zip(block.opens, block.closes, strict=True)

    def _block_of(self, now: datetime) -> _Block:
        block = self._block
        if block is None or not block.start <= now < block.end:
            midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            block = self._block = self._made(midnight - DAY)
        return block

    def _made(self, start: datetime) -> _Block:
        end = start + BLOCK
        found: list[tuple[datetime, datetime]] = []
        for opens, closes in sorted(self._on_days(start, end)):
            if found and opens <= found[-1][1]:
                found[-1] = found[-1][0], max(closes, found[-1][1])
            else:
                found.append((opens, closes))
        inside = [(max(opens, start), min(closes, end)) for opens, closes in found if opens < end and closes > start]
        return _Block(start, end, tuple(opens for opens, _ in inside), tuple(closes for _, closes in inside))

    def _on_days(self, start: datetime, end: datetime) -> Iterator[Interval]:
        """The spans of the days around, which lie up to a day off those of UTC."""
        first, days = start.date() - DAY, (end - start).days + 3
        for span in self._spans:
            zone = named_zone(span.zone)
            for day in (first + DAY * step for step in range(days)):
                if day.weekday() in span.days and not self._is_holiday(day):
                    opens, closes = _instant(day, span.start_min, zone), _instant(day, span.end_min, zone)
                    if opens < closes:
                        yield opens, closes

    def _is_holiday(self, day: date) -> bool:
        return any(
            day in item.days or any(day in holidays_of(code, day.year) for code in item.codes)
            for item in self._holidays
        )


def _instant(day: date, minute: int, zone: tzinfo) -> datetime:
    """Minutes after midnight on the clock; 1440 is the next midnight."""
    days, minute = divmod(minute, _ALL_DAY)
    local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone) + timedelta(days=days)
    return local.astimezone(UTC)
