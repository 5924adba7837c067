"""When does a target of the file take a lead for sure, when may it, and when can it not?

A person takes leads unless they are gone, or on leave without somebody who covers; outside working hours they keep what
they get. A pool passes a lead on while nobody in it may take a turn, and may do so at any time where caps can be used up.
Beyond the horizon of the calendar a pool that sometimes passes within it is taken to do so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from graph.domain.table import Pool, RoutingTable, Target
from graph.domain.working import Window
from graph.rules.calendars import Roster, calendars_of, person_gaps, roster_gaps
from graph.rules.proof.spans import FOREVER, NEVER, Spans, common, joined
from graph.rules.working import Interval

HORIZON: Final = timedelta(days=90)


class PoolGaps(Protocol):
    """The stretches from start to end in which nobody of the pool may take a turn, caps left aside."""

    def __call__(self, table: RoutingTable, pool: Pool, start: datetime, end: datetime) -> tuple[Interval, ...]: ...


def calendar_gaps(table: RoutingTable, pool: Pool, start: datetime, end: datetime) -> tuple[Interval, ...]:
    """By the hours, holidays and leave of the file. The pool need not be one of the file's as it stands."""
    return roster_gaps(Roster(pool, calendars_of(table)), start, end)


class Presence:
    """now: nothing before it matters."""

    def __init__(self, table: RoutingTable, now: datetime, gaps: PoolGaps = calendar_gaps) -> None:
        self._table, self._now, self._gaps = table, now, gaps
        self.always: Spans = ((now, FOREVER),)
        self._closed: dict[Target, Spans] = {}
        self._passing: dict[Target, Spans] = {}
        self._pools: dict[Pool, Spans] = {}

    def window(self, window: Window | None) -> Spans:
        """The part of a window that is still to come."""
        if window is None:
            return self.always
        return joined([(max(window.starts_at or self._now, self._now), window.ends_at or FOREVER)])

    def closed(self, target: Target) -> Spans:
        """When the target cannot take a lead, nor the heirs of a pool."""
        if target not in self._closed:
            pool = self._pool(target)
            self._closed[target] = (
                self.person(target.email or "") if pool is None else common(self.empty(pool), self._heir_closed(pool))
            )
        return self._closed[target]

    def passing(self, target: Target) -> Spans:
        """When the target may leave a lead to others."""
        if target not in self._passing:
            pool = self._pool(target)
            if pool is None:
                self._passing[target] = self.person(target.email or "")
            else:
                heir = self.always if pool.if_none is None else self.passing(pool.if_none)
                # Most heirs are one address, which never passes: then nobody need look at the pool's calendar.
                self._passing[target] = common(self.handing_on(pool), heir) if heir else NEVER
        return self._passing[target]

    def empty(self, pool: Pool) -> Spans:
        """When nobody of the pool may take a turn, within the horizon; for ever where nobody ever may."""
        if pool not in self._pools:
            end = self._now + HORIZON
            found = joined(self._gaps(self._table, pool, self._now, end))
            self._pools[pool] = self.always if found == ((self._now, end),) else found
        return self._pools[pool]

    def handing_on(self, pool: Pool) -> Spans:
        """When the pool may leave a lead to its heir or to others: nobody there, or all caps used up."""
        free = tuple(member for member in pool.members if not self._limited(member.email))
        if pool.caps or not free:
            return self.always
        found = self.empty(replace(pool, members=free))
        return joined([*found, (self._now + HORIZON, FOREVER)]) if found else NEVER

    def person(self, email: str) -> Spans:
        """When nobody takes what goes to this address."""
        person = self._table.people_by_email.get(email)
        if person is not None and not person.active:
            return self.always
        return joined(person_gaps(self._table, email, self._now, FOREVER))

    def _heir_closed(self, pool: Pool) -> Spans:
        return self.always if pool.if_none is None else self.closed(pool.if_none)

    def _pool(self, target: Target) -> Pool | None:
        return None if target.pool is None else self._table.pools[target.pool]

    def _limited(self, email: str) -> bool:
        """Whether a limit of leads at once may keep turns from somebody, or from who covers for them."""
        people = self._table.people_by_email
        names = (email, *calendars_of(self._table).covers(email))
        return any(name in people and people[name].max_open is not None for name in names)
