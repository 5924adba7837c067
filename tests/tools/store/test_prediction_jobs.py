"""Bulk jobs in the store, on both databases: one holder at a time, taken over where they stand, ended once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from tests.tools.store.test_predictions import new
from tools.store.prediction_jobs import (
    KEPT,
    QUIET,
    Step,
    TooMany,
    add_job,
    advance,
    end_job,
    job_of,
    newest_jobs,
    take_job,
)
from tools.store.tables import predictions

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)
IDS = ["ld_a", "ld_b", "ld_c"]


def count(database: Engine) -> int:
    with database.connect() as connection:
        return connection.scalar(select(func.count()).select_from(predictions)) or 0


def test_a_job_is_taken_once_and_goes_on_to_its_end(database: Engine):
    made = add_job(database, IDS, NOW, force=False, most_open=3)
    assert (made.state, made.total, made.place) == ("waiting", 3, 0)
    job, ids = take_job(database, "one", NOW)
    assert (job.state, ids) == ("running", IDS)
    assert take_job(database, "two", NOW + QUIET) is None
    job = advance(database, job, Step(2, 1, 1, 0), [new("ld_a")], NOW)
    assert (job.state, job.place, job.predicted, job.kept) == ("running", 2, 1, 1)
    job = advance(database, job, Step(1, 0, 0, 1), [], NOW)
    assert (job.state, job.place, job.failed, job.ended_at) == ("done", 3, 1, NOW)
    assert count(database) == 1
    assert take_job(database, "one", NOW + 2 * QUIET) is None


def test_one_whose_holder_is_gone_is_taken_over_where_it_stands(database: Engine):
    add_job(database, IDS, NOW, force=True, most_open=3)
    first, _ = take_job(database, "one", NOW)
    first = advance(database, first, Step(1, 1, 0, 0), [new("ld_a")], NOW)
    later = NOW + QUIET + timedelta(seconds=1)
    second, _ = take_job(database, "two", later)
    assert (second.place, second.force) == (1, True)
    assert advance(database, first, Step(1, 1, 0, 0), [new("ld_b")], later) is None
    assert count(database) == 1
    assert advance(database, second, Step(2, 2, 0, 0), [new("ld_b"), new("ld_c")], later).state == "done"


def test_a_cancelled_job_writes_nothing_more(database: Engine):
    made = add_job(database, IDS, NOW, force=False, most_open=3)
    job, _ = take_job(database, "one", NOW)
    assert end_job(database, made.job_id, "cancelled", NOW).state == "cancelled"
    assert advance(database, job, Step(1, 1, 0, 0), [new("ld_a")], NOW) is None
    assert count(database) == 0
    assert end_job(database, made.job_id, "failed", NOW).state == "cancelled"
    assert end_job(database, "pj_none", "cancelled", NOW) is None


def test_only_so_many_are_open_at_once(database: Engine):
    first = add_job(database, IDS, NOW, force=False, most_open=2)
    add_job(database, IDS, NOW, force=False, most_open=2)
    with pytest.raises(TooMany):
        add_job(database, IDS, NOW, force=False, most_open=2)
    end_job(database, first.job_id, "cancelled", NOW)
    add_job(database, IDS, NOW, force=False, most_open=2)
    assert [job.state for job in newest_jobs(database)].count("waiting") == 2


def test_what_ended_long_ago_is_forgotten(database: Engine):
    old = add_job(database, IDS, NOW, force=False, most_open=2)
    end_job(database, old.job_id, "cancelled", NOW)
    add_job(database, IDS, NOW + KEPT + timedelta(days=1), force=False, most_open=2)
    assert job_of(database, old.job_id) is None


def test_an_empty_job_is_done_with_its_first_step(database: Engine):
    add_job(database, [], NOW, force=False, most_open=2)
    job, ids = take_job(database, "one", NOW)
    assert ids == []
    assert advance(database, job, Step(0, 0, 0, 0), [], NOW).state == "done"
