"""Until when an owner accepts and touches a lead.

Working hours are not known to this version, so a clock of `business` runs like a wall clock; the answer says which
clock it was, and promises no more than that.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from graph.domain.table import Clock, Sla
from graph.domain.values import value


@value(frozen=True)
class Due:
    """clock: the one the times were computed on. A time is None where the SLA does not limit it."""

    clock: Clock
    accept_at: datetime | None
    touch_at: datetime | None


def due(sla: Sla, now: datetime) -> Due:
    """The due times of a lead assigned now."""
    return Due("wall", _after(now, sla.accept_s), _after(now, sla.touch_s))


def _after(now: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)
