"""Bulk predictions under way: which leads, how far, and who works on it. A job is a row, so that it outlives a process.

    waiting -> running -> done | failed        any of the first two -> cancelled

Whoever works on a job signs its row at every step; one whose holder has not signed for QUIET is taken over where it
stands. Blocking: call it from a thread.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import orjson
from sqlalchemy import Connection, Engine, Row, delete, func, insert, or_, select, update

from tools.store.predictions import New, keep_in
from tools.store.tables import prediction_jobs as jobs

State: TypeAlias = Literal["waiting", "running", "done", "cancelled", "failed"]
OPEN: Final = ("waiting", "running")
QUIET: Final = timedelta(seconds=20)
KEPT: Final = timedelta(days=30)
_SHOWN = [column for column in jobs.columns if column.name != "lead_ids"]


@dataclass(frozen=True, slots=True)
class Job:
    """place: leads that are through, of total: predicted anew, kept as they were, or failed."""

    job_id: str
    state: State
    force: bool
    total: int
    place: int
    predicted: int
    kept: int
    failed: int
    error: str | None
    holder: str | None
    created_at: datetime
    seen_at: datetime
    ended_at: datetime | None


class TooMany(Exception):
    """As many jobs as may are open."""


def add_job(engine: Engine, lead_ids: list[str], now: datetime, *, force: bool, most_open: int) -> Job:
    """Raises TooMany. What ended long ago is forgotten on the way."""
    job_id = f"pj_{secrets.token_hex(10)}"
    row = {
        "job_id": job_id,
        "state": "waiting",
        "lead_ids": orjson.dumps(lead_ids).decode(),
        "force": force,
        "total": len(lead_ids),
        "place": 0,
        "predicted": 0,
        "kept": 0,
        "failed": 0,
        "created_at": now,
        "seen_at": now,
    }
    with engine.execution_options(immediate=True).begin() as connection:
        if _open(connection) >= most_open:
            raise TooMany
        connection.execute(delete(jobs).where(jobs.c.ended_at < now - KEPT))
        connection.execute(insert(jobs), row)
        return _job(connection.execute(select(*_SHOWN).where(jobs.c.job_id == job_id)).one())


def _open(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(jobs).where(jobs.c.state.in_(OPEN))) or 0


def job_of(engine: Engine, job_id: str) -> Job | None:
    with engine.connect() as connection:
        row = connection.execute(select(*_SHOWN).where(jobs.c.job_id == job_id)).first()
    return None if row is None else _job(row)


def newest_jobs(engine: Engine, limit: int = 20) -> list[Job]:
    wanted = select(*_SHOWN).order_by(jobs.c.created_at.desc(), jobs.c.job_id).limit(limit)
    with engine.connect() as connection:
        return [_job(row) for row in connection.execute(wanted)]


def take_job(engine: Engine, holder: str, now: datetime) -> tuple[Job, list[str]] | None:
    """The oldest job that nobody works on, for this holder: (job, lead ids)."""
    alone = or_(jobs.c.state == "waiting", (jobs.c.state == "running") & (jobs.c.seen_at < now - QUIET))
    oldest = select(jobs.c.job_id).where(alone).order_by(jobs.c.created_at, jobs.c.job_id).limit(1)
    with engine.connect() as connection:  # most of the time there is none: no lock is asked for then
        job_id = connection.scalar(oldest)
    if job_id is None:
        return None
    with engine.execution_options(immediate=True).begin() as connection:
        this = jobs.c.job_id == job_id
        took = connection.execute(update(jobs).where(this, alone).values(state="running", holder=holder, seen_at=now))
        if not took.rowcount:
            return None
        row = connection.execute(select(jobs).where(this)).one()
        return _job(row), orjson.loads(row.lead_ids)


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did: leads passed, of which predicted, kept, failed."""

    passed: int
    predicted: int
    kept: int
    failed: int


def advance(engine: Engine, job: Job, step: Step, made: list[New], now: datetime) -> Job | None:
    """The step's predictions and the job's progress in one transaction. None where the job is not this holder's any more:
    it was cancelled or taken over, and nothing was written."""
    mine = (jobs.c.job_id == job.job_id) & (jobs.c.state == "running") & (jobs.c.holder == job.holder)
    place = job.place + step.passed
    changes = {
        "place": place,
        "predicted": job.predicted + step.predicted,
        "kept": job.kept + step.kept,
        "failed": job.failed + step.failed,
        "seen_at": now,
        **({"state": "done", "ended_at": now} if place >= job.total else {}),
    }
    with engine.execution_options(immediate=True).begin() as connection:
        if not connection.execute(update(jobs).where(mine, jobs.c.place == job.place).values(**changes)).rowcount:
            return None
        if made:
            keep_in(connection, made, now)
        return _job(connection.execute(select(*_SHOWN).where(jobs.c.job_id == job.job_id)).one())


def end_job(engine: Engine, job_id: str, state: State, now: datetime, error: str | None = None) -> Job | None:
    """Ends an open job; one that has ended stays as it is. None for a job that is not there."""
    this = jobs.c.job_id == job_id
    with engine.execution_options(immediate=True).begin() as connection:
        connection.execute(
            update(jobs).where(this, jobs.c.state.in_(OPEN)).values(state=state, ended_at=now, seen_at=now, error=error)
        )
        row = connection.execute(select(*_SHOWN).where(this)).first()
    return None if row is None else _job(row)


def _job(row: Row[Any]) -> Job:
    return Job(**{name: value for name, value in row._mapping.items() if name != "lead_ids"})  # noqa: SLF001
