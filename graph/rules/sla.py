"""Until when an owner accepts and touches a lead.

The business clock runs while the owner works: it starts at their next opening. It knows hours and holidays, not leave:
whoever gets a lead is not on leave, and a deadline that waited for somebody's return would reach nobody in time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from graph.domain.table import Clock, Sla
from graph.domain.values import value
from graph.rules.working import Calendar


@value(frozen=True)
class Due:
    """clock: the one the times were computed on. A time is None where the SLA does not limit it. remind_at: when the
    owner is reminded to accept, None without a reminder."""

    clock: Clock
    accept_at: datetime | None
    touch_at: datetime | None
    remind_at: datetime | None = None


def due(sla: Sla, now: datetime, calendar: Calendar | None = None) -> Due:
    """The due times of a lead assigned now. calendar: the owner's; None for an address whose hours nobody knows, whose
    clock is the wall's."""
    accept, touch, remind = sla.accept_s, sla.touch_s, remind_s(sla)
    if sla.clock == "business" and calendar is not None:
        return Due("business", *[_worked(calendar, now, seconds) for seconds in (accept, touch, remind)])
    return Due("wall", _after(now, accept), _after(now, touch), _after(now, remind))


def remind_s(sla: Sla) -> int | None:
    """Seconds of the time to accept until the reminder; None without one, or where it would come at its very ends."""
    if sla.accept_s is None or sla.remind is None:
        return None
    seconds = round(sla.accept_s * sla.remind)
    return seconds if 0 < seconds < sla.accept_s else None


def _worked(calendar: Calendar, now: datetime, seconds: int | None) -> datetime | None:
    """With no work in sight for years the wall's clock is the only one that ends."""
    return None if seconds is None else calendar.after(now, seconds) or _after(now, seconds)


def _after(now: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)
