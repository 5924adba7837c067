"""Until when an owner accepts and touches a lead.

The business clock runs while the owner works: it starts at their next opening. It knows hours and holidays, not leave:
whoever gets a lead is not on leave, and a deadline that waited for somebody's return would reach nobody in time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from graph.domain.table import Clock, Sla
from graph.rules.working import Calendar

_Lengths: TypeAlias = tuple[timedelta | None, timedelta | None, timedelta | None]


class Due(NamedTuple):
    """clock: the one the times were computed on. A time is None where the SLA does not limit it. remind_at: when the
    owner is reminded to accept, None without a reminder."""

    clock: Clock
    accept_at: datetime | None
    touch_at: datetime | None
    remind_at: datetime | None = None


def due(sla: Sla, now: datetime, calendar: Calendar | None = None) -> Due:
    """The due times of a lead assigned now. calendar: the owner's; None for an address whose hours nobody knows, whose
    clock is the wall's."""
    lengths, longest = _lengths(sla.accept_s, sla.touch_s, sla.remind)
    clock: Clock = "business"
    if calendar is None or sla.clock == "wall":
        clock = "wall"
    elif not calendar.works_through(now, now + longest):
        return _on_business_clock(lengths, now, calendar)
    accept, touch, remind = lengths
    return Due(
        clock,
        None if accept is None else now + accept,
        None if touch is None else now + touch,
        None if remind is None else now + remind,
    )


def _on_business_clock(lengths: _Lengths, now: datetime, calendar: Calendar) -> Due:
    """With no work in sight for years the wall's clock is the only one that ends."""
    accept, touch, remind = lengths
    worked = calendar.after
    return Due(
        "business",
        None if accept is None else worked(now, accept) or now + accept,
        None if touch is None else worked(now, touch) or now + touch,
        None if remind is None else worked(now, remind) or now + remind,
    )


@lru_cache(maxsize=256)
def _lengths(accept_s: int | None, touch_s: int | None, remind: float | None) -> tuple[_Lengths, timedelta]:
    """Accept, touch, remind; and the longest of them. No reminder at the very ends of the time to accept."""
    seconds = None if accept_s is None or remind is None else round(accept_s * remind)
    reminds = seconds if seconds and accept_s and 0 < seconds < accept_s else None
    lengths = _length(accept_s), _length(touch_s), _length(reminds)
    return lengths, max((each for each in lengths if each is not None), default=timedelta(0))


def _length(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
