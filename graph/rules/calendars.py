"""Who is there: the people of a table at an instant, the seats of a pool that somebody can take, and when nobody can.

A person on leave is stood in for by the cover of that leave, if the cover is active and not away too; covers are not
chained. Counts no leads: caps and those who passed a lead are the business of whoever takes the turn.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from graph.domain.table import Member, Person, Pool, RoutingTable
from graph.domain.working import ALWAYS, NO_HOLIDAYS, Holidays, Leave, Window
from graph.rules.working import Calendar, Interval

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Seat(NamedTuple):
    """A member whose turn can be taken now. taker: who would get the lead, the member or their cover; works: whether
    the taker works now."""

    member: Member
    taker: str
    works: bool


class Line(NamedTuple):
    """Seats whose turn it may be, in the order of the file, with what a choice among them asks of each. emails: the
    members'; weights: likewise in the seats' order; total: of the weights."""

    seats: tuple[Seat, ...]
    emails: tuple[str, ...]
    weights: tuple[int, ...]
    total: int


class _Present(NamedTuple):
    """The seats as they are from since to until (left out). line: those whose turn it may be by the clock."""

    since: datetime
    until: datetime
    seats: tuple[Seat, ...]
    line: Line


class Calendars:
    """The people of one table. Everything is remembered, so keep one a table: `calendars_of`."""

    def __init__(self, table: RoutingTable) -> None:
        self._people, self._zone = table.people_by_email, table.timezone
        self._calendars: dict[str, Calendar] = {}
        self._rosters: dict[str, Roster] = {}
        self._pools = table.pools

    def of(self, email: str) -> Calendar:
        """Their hours and holidays; an address that is nobody's of the file always works."""
        found = self._calendars.get(email)
        if found is None:
            found = self._calendars[email] = self.made(email)
        return found

    def made(self, email: str, *more: Holidays) -> Calendar:
        """A calendar with more holidays than their own."""
        person = self._people.get(email)
        hours, own = (ALWAYS, NO_HOLIDAYS) if person is None else (person.hours, person.holidays)
        return Calendar(hours, (own, *more), self._zone)

    def roster(self, pool: str) -> Roster:
        found = self._rosters.get(pool)
        if found is None:
            found = self._rosters[pool] = Roster(self._pools[pool], self)
        return found

    def person(self, email: str) -> Person | None:
        return self._people.get(email)

    def away(self, email: str, now: datetime) -> Leave | None:
        """The leave they are on now."""
        person = self._people.get(email)
        if person is None or not person.leave:
            return None
        return next((leave for leave in person.leave if leave.window.holds(now)), None)

    def there(self, email: str, now: datetime) -> bool:
        """Whether they can get a lead at all: active and not on leave. Says nothing of their hours."""
        person = self._people.get(email)
        return person is None or (person.active and self.away(email, now) is None)

    def taker(self, email: str, now: datetime) -> str | None:
        """Who gets their leads now: themselves, else the cover of their leave, else nobody."""
        leave = self.away(email, now)
        if leave is None:
            return email
        return leave.cover if leave.cover is not None and self.there(leave.cover, now) else None

    def covers(self, email: str) -> frozenset[str]:
        """Everybody who ever covers for them."""
        person = self._people.get(email)
        return frozenset(leave.cover for leave in person.leave if leave.cover) if person else frozenset()

    def edges(self, email: str) -> Iterator[datetime]:
        """The instants at which their leave, or that of a cover of theirs, begins or ends."""
        for name in (email, *self.covers(email)):
            person = self._people.get(name)
            for leave in person.leave if person is not None else ():
                yield from _edges(leave.window)


@lru_cache(maxsize=64)
def calendars_of(table: RoutingTable) -> Calendars:
    return Calendars(table)


class Roster:
    """The seats of a pool, remembered until something changes."""

    def __init__(self, pool: Pool, calendars: Calendars) -> None:
        self.pool, self._calendars = pool, calendars
        members = tuple(member for member in pool.members if member.active)
        self._members = members
        self._edges = tuple(sorted({edge for member in members for edge in self._dates(member)}))
        self._taker_calendars: dict[str, Calendar] = {}
        self._present = _Present(_NEVER, _NEVER, (), line_of(()))

    def _dates(self, member: Member) -> Iterator[datetime]:
        yield from self._calendars.edges(member.email)
        if member.window is not None:
            yield from _edges(member.window)

    def seats(self, now: datetime) -> tuple[Seat, ...]:
        """The members that somebody could take a lead for now, in the order of the file; hours only mark them."""
        return self._at(now).seats

    def open_seats(self, now: datetime, excluded: Collection[str] = ()) -> tuple[Seat, ...]:
        """Those whose turn it may be by the clock, without the takers that are excluded."""
        return self.line(now, excluded).seats

    def line(self, now: datetime, excluded: Collection[str] = ()) -> Line:
        """The same, ready for a choice."""
        present = self._present
        if not present.since <= now < present.until:
            present = self._at(now)
        if not excluded:
            return present.line
        return line_of(eligible(self.pool, [seat for seat in present.seats if seat.taker not in excluded]))

    def until(self, now: datetime) -> datetime:
        """An instant until which the seats stay as they are now."""
        return self._at(now).until

    def _at(self, now: datetime) -> _Present:
        present = self._present
        if not present.since <= now < present.until:
            present = self._present = self._looked_up(now)
        return present

    def _looked_up(self, now: datetime) -> _Present:
        at = bisect_right(self._edges, now)
        until = self._edges[at] if at < len(self._edges) else _NEVER
        seats = []
        for member in self._members:
            if member.window is not None and not member.window.holds(now):
                continue
            taker = self._calendars.taker(member.email, now)
            if taker is not None:
                calendar = self.calendar(taker)
                works, changes = (True, until) if calendar.always else calendar.until(now)
                until = min(until, changes)
                seats.append(Seat(member, taker, works))
        return _Present(now, until, tuple(seats), line_of(eligible(self.pool, seats)))

    def calendar(self, email: str) -> Calendar:
        """Of a taker: their own, with the pool's holidays."""
        found = self._taker_calendars.get(email)
        if found is None:
            shared, more = self._calendars, self.pool.holidays
            found = shared.made(email, more) if more.codes or more.days else shared.of(email)
            self._taker_calendars[email] = found
        return found

    def takers(self) -> frozenset[str]:
        """Everybody who may ever get a lead here: the members and their covers."""
        emails = {member.email for member in self._members}
        return frozenset(emails.union(*(self._calendars.covers(email) for email in emails)))

    def keeper(self, member: str, holder: str | None, now: datetime) -> str | None:
        """Who keeps a lead that is on this member's seat already: its `holder`, the member or a cover of theirs, while
        they are there; else whoever takes the member's leads now."""
        seated = next((one for one in self._members if one.email == member), None)
        if seated is None or (seated.window is not None and not seated.window.holds(now)):
            return None
        if holder in self._calendars.covers(member) and self._calendars.there(holder, now):
            return holder
        return self._calendars.taker(member, now)


def eligible(pool: Pool, seats: Iterable[Seat]) -> tuple[Seat, ...]:
    """Of these seats, those whose turn it may be by the clock: with `hold` everybody's while nobody works."""
    found = tuple([seat for seat in seats if seat.member.weight])
    working = tuple([seat for seat in found if seat.works])
    return working if working or pool.off_hours == "next" else found


def line_of(seats: Iterable[Seat]) -> Line:
    seats = tuple(seats)
    weights = tuple([seat.member.weight for seat in seats])
    return Line(seats, tuple([seat.member.email for seat in seats]), weights, sum(weights))


def pool_gaps(table: RoutingTable, pool: str, start: datetime, end: datetime) -> tuple[Interval, ...]:
    """When, from start to end (left out), nobody in the pool may take a turn: hours, holidays, leave and the days of
    members count, caps do not. pool: its name. In order, none touches the next; instants are in UTC."""
    return roster_gaps(calendars_of(table).roster(pool), start, end)


def roster_gaps(roster: Roster, start: datetime, end: datetime) -> tuple[Interval, ...]:
    """The same of a roster."""
    gaps: list[Interval] = []
    now = start
    while now < end:
        until = min(roster.until(now), end)
        if not roster.open_seats(now):
            _add(gaps, now, until)
        now = until
    return tuple(gaps)


def person_gaps(table: RoutingTable, email: str, start: datetime, end: datetime) -> tuple[Interval, ...]:
    """When, from start to end (left out), they are on leave and no cover takes their leads. An address that is nobody's
    of the file is never away. In order, none touches the next."""
    calendars = calendars_of(table)
    inside = {edge for edge in calendars.edges(email) if start < edge < end}
    gaps: list[Interval] = []
    instants = [start, *sorted(inside), end]
    for now, until in pairwise(instants):
        if now < until and calendars.taker(email, now) is None:
            _add(gaps, now, until)
    return tuple(gaps)


def _add(gaps: list[Interval], start: datetime, end: datetime) -> None:
    if gaps and gaps[-1][1] == start:
        start, _ = gaps.pop()
    gaps.append((start, end))


def _edges(window: Window) -> Iterator[datetime]:
    yield from (edge for edge in (window.starts_at, window.ends_at) if edge is not None)
