"""Bulk predictions in the background: a job outlives the process that worked on it, and one bad lead does not end it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, select, update

from graph.ports import Ports
from tests.fixtures.router import NOW, person, settle
from tests.tools.insights.test_scorers import choose, scorer_of
from tools.insights.bulk import BulkJobs
from tools.insights.predicting import Predictor
from tools.store.prediction_jobs import QUIET, Job, Step, advance, job_of, take_job
from tools.store.tables import decisions, leads, predictions


@pytest.fixture
def predictor(database: Engine, tmp_path: Path) -> Predictor:
    choose(tmp_path, "one")
    return Predictor(database, scorer_of(tmp_path), lambda: NOW + 2 * QUIET)


async def known(database: Engine, ports: Ports, number: int) -> list[str]:
    people = [person(f"p{n}") for n in range(number)]
    await settle(database, ports, *people)
    return [one.lead_id for one in people]


async def end_of(bulk: BulkJobs, predictor: Predictor, job: Job) -> Job:
    async with asyncio.timeout(20), bulk:
        bulk.wake()
        while (found := job_of(predictor.engine, job.job_id)).state in ("waiting", "running"):
            await asyncio.sleep(0.02)
    return found


async def test_a_job_of_a_process_that_died_goes_on_where_it_stood(
    database: Engine, ports: Ports, predictor: Predictor
):
    ids = await known(database, ports, 10)
    bulk = BulkJobs(predictor)
    job = bulk.start(limit=100, least=0, force=False)
    held, _ = take_job(database, "a process that is gone", NOW)
    advance(database, held, Step(4, 4, 0, 0), [], NOW)
    done = await end_of(bulk, predictor, job)
    assert (done.state, done.place, done.predicted) == ("done", 10, 10)
    with database.connect() as connection:
        written = connection.scalar(select(func.count(func.distinct(predictions.c.lead_id))))
    assert written == len(ids) - 4


async def test_a_lead_that_cannot_be_predicted_or_is_gone_counts_as_failed(
    database: Engine, ports: Ports, predictor: Predictor
):
    ids = await known(database, ports, 9)
    bulk = BulkJobs(predictor)
    job = bulk.start(limit=100, least=0, force=False)
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(delete(decisions).where(decisions.c.lead_id == ids[2]))
    done = await end_of(bulk, predictor, job)
    assert (done.state, done.predicted, done.failed) == ("done", 8, 1)


async def test_the_highest_scores_are_taken_first_and_no_more_than_asked(
    database: Engine, ports: Ports, predictor: Predictor
):
    ids = await known(database, ports, 5)
    with database.execution_options(immediate=True).begin() as connection:
        for n, lead_id in enumerate(ids):
            connection.execute(update(leads).where(leads.c.lead_id == lead_id).values(score=10.0 * n))
    bulk = BulkJobs(predictor)
    bulk.start(limit=2, least=15, force=False)
    _, taken = take_job(database, "me", NOW)
    assert taken == [ids[4], ids[3]]


async def test_it_ends_with_the_process_and_leaves_the_job_open(database: Engine, ports: Ports, predictor: Predictor):
    await known(database, ports, 3)
    async with BulkJobs(predictor) as bulk:
        pass
    job = BulkJobs(predictor).start(limit=100, least=0, force=False)
    assert job_of(database, job.job_id).state == "waiting"
    assert bulk._task is not None
    assert bulk._task.done()
    later = BulkJobs(Predictor(database, predictor.scorer, lambda: NOW + timedelta(days=1)))
    assert (await end_of(later, predictor, job)).state == "done"
