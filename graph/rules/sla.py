"""Until when an owner accepts and touches a lead.

The business clock runs while the owner works: it starts at their next opening. It knows hours and holidays, not leave:
whoever gets a lead is not on leave, and a deadline that waited for somebody's return would reach nobody in time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

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
    accept, touch, remind = _lengths(sla.accept_s, sla.touch_s, sla.remind)
    if sla.clock == "wall" or calendar is None:
        return Due("wall", _after(now, accept), _after(now, touch), _after(now, remind))
    worked = calendar.after
    return Due(
        "business",
        None if accept is None else worked(now, accept) or _after(now, accept),
        None if touch is None else worked(now, touch) or _after(now, touch),
        None if remind is None else worked(now, remind) or _after(now, remind),
    )  # with no work in sight for years the wall's clock is the only one that ends


@lru_cache(maxsize=256)
def _lengths(accept_s: int | None, touch_s: int | None, remind: float | None) -> tuple[timedelta | None, ...]:
    """Accept, touch, remind. No reminder at the very ends of the time to accept."""
    seconds = None if accept_s is None or remind is None else round(accept_s * remind)
    reminds = seconds if seconds and accept_s and 0 < seconds < accept_s else None
    return tuple([None if each is None else timedelta(seconds=each) for each in (accept_s, touch_s, reminds)])


def _after(now: datetime, length: timedelta | None) -> datetime | None:
    return None if length is None else now + length
