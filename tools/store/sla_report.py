"""How owners keep their promises: accept and touch times met and missed, from the assignments alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import Engine, select

from tools.store.tables import assignments, leads


@dataclass(slots=True)
class MemberSla:
    """One owner's assignments of a period. open: offered, accepted or touched, and still theirs.

    met and missed count only assignments whose SLA names that time and whose answer is in, or whose time is over; one that
    was passed on or moved before its time was over is neither. median_accept_s: wall-clock seconds from offer to
    acceptance, None before the first.
    """

    owner: str
    assignments: int = 0
    open: int = 0
    accept_met: int = 0
    accept_missed: int = 0
    touch_met: int = 0
    touch_missed: int = 0
    median_accept_s: float | None = None


@dataclass(slots=True)
class _Tally:
    member: MemberSla
    seconds: list[float] = field(default_factory=list)


_COLUMNS = (
    "owner", "state", "offered_at", "accept_due_at", "touch_due_at", "acted_at", "accepted_at", "touched_at", "closed_at",
)  # fmt: skip


def sla_by_member(engine: Engine, since: datetime, now: datetime) -> list[MemberSla]:
    """Everybody to whom something was offered since then, by address. Nurtured leads are offered to nobody, have no
    times, and count as assignments only."""
    tallies: dict[str, _Tally] = {}
    wanted = (
        select(*(assignments.c[name] for name in _COLUMNS), leads.c.path)
        .join(leads, leads.c.lead_id == assignments.c.lead_id)
        .where(assignments.c.offered_at >= since)
    )
    with engine.connect().execution_options(yield_per=1000) as connection:
        for row in connection.execute(wanted.order_by(assignments.c.owner)):
            _add(tallies.setdefault(row.owner, _Tally(MemberSla(row.owner))), row, now)
    for tally in tallies.values():
        tally.member.median_accept_s = median(tally.seconds) if tally.seconds else None
    return [tally.member for tally in tallies.values()]


def _add(tally: _Tally, row: Any, now: datetime) -> None:
    member = tally.member
    member.assignments += 1
    member.open += row.state in {"offered", "accepted", "touched"} and row.path != "nurture"
    if row.accepted_at is not None:
        tally.seconds.append((row.accepted_at - row.offered_at).total_seconds())
    ended = row.acted_at if row.state in {"passed", "moved", "missed"} else None
    kept = _kept(row.accept_due_at, row.accepted_at, ended, now)
    member.accept_met += kept is True
    member.accept_missed += kept is False
    kept = _kept(row.touch_due_at, row.touched_at, ended or row.closed_at, now)
    member.touch_met += kept is True
    member.touch_missed += kept is False


def _kept(due_at: datetime | None, done_at: datetime | None, ended_at: datetime | None, now: datetime) -> bool | None:
    """Whether it was done in time; None while that is open, or where the assignment ended before its time did."""
    if due_at is None:
        return None
    if done_at is not None:
        return done_at <= due_at
    return False if (ended_at or now) >= due_at else None
