"""Rounds whose effects are rows of our own database: one after the other in one file, with a rest while leads are decided."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from graph.ports import Order, Receipt
from tests.fixtures.effects import alert, due, states, task
from tools.stream import own_rounds
from tools.stream.own_rounds import OwnRounds
from tools.stream.pace import DispatcherOptions, Waiting

REST_S = 0.3
RESTING = DispatcherOptions(yields=1e9, gather_s=REST_S, patient_s=3600.0 * 24 * 3650)


@dataclass
class Within:
    """Answers every order with a receipt, and remembers when it had a round."""

    began: list[float] = field(default_factory=list)

    def perform_within(self, connection: Connection, orders: Sequence[Order]) -> list[Receipt | Exception]:
        self.began.append(time.monotonic())
        return [Receipt("id") for _ in orders]


async def some() -> Waiting:
    return "some"


async def none() -> Waiting:
    return "none"


async def test_in_one_file_they_come_one_after_the_other_and_a_servers_do_not_wait_for_each_other(
    database: Engine, executor: Executor, monkeypatch: pytest.MonkeyPatch
):
    met, inside, most, perform = threading.Barrier(2), list[int](), list[int](), own_rounds.perform_due

    def watched(*args: Any, **options: Any) -> Any:
        inside.append(1)
        with suppress(threading.BrokenBarrierError):
            met.wait(0.3)
        most.append(len(inside))
        found = perform(*args, **options)
        inside.pop()
        return found

    monkeypatch.setattr(own_rounds, "perform_due", watched)
    due(database, "ld_1", alert(), task("1"))
    rounds = OwnRounds(database, executor, DispatcherOptions(), none)
    await asyncio.gather(rounds.perform("notifier", Within(), 100), rounds.perform("crm", Within(), 100))
    assert states(database) == ["done", "done"]
    assert max(most) == (1 if database.dialect.name == "sqlite" else 2)


async def test_while_leads_are_decided_the_next_vendors_round_comes_after_a_rest(database: Engine, executor: Executor):
    if database.dialect.name != "sqlite":
        pytest.skip("a server's writers do not wait for each other")
    due(database, "ld_1", task("1"))
    due(database, "ld_1", task("2"))
    rounds, vendors = OwnRounds(database, executor, RESTING, some), [Within(), Within()]
    await asyncio.gather(*(rounds.perform("crm", vendor, 1) for vendor in vendors))
    (first,), (second,) = (vendor.began for vendor in vendors)
    assert second - first >= REST_S


async def test_an_alert_does_not_wait_for_the_rest_of_others(database: Engine, executor: Executor):
    due(database, "ld_1", task("1"), alert())
    rounds, crm, notifier = OwnRounds(database, executor, RESTING, some), Within(), Within()
    resting = asyncio.create_task(rounds.perform("crm", crm, 100))
    async with asyncio.timeout(10):
        while not crm.began:
            await asyncio.sleep(0.002)
        await rounds.perform("notifier", notifier, 100)
    assert notifier.began, "it was performed"
    assert not resting.done(), "while the others rest"
    await resting


@pytest.mark.parametrize(
    ("waiting", "options"),
    [(none, replace(RESTING, gather_s=3600.0)), (some, replace(RESTING, gather_s=3600.0, patient_s=5.0))],
    ids=["no lead waits", "its lead has waited enough"],
)
async def test_otherwise_nobody_rests(database: Engine, executor: Executor, waiting: Any, options: DispatcherOptions):
    due(database, "ld_1", task("1"), at=datetime.now(UTC) - timedelta(seconds=60))
    await asyncio.wait_for(OwnRounds(database, executor, options, waiting).perform("crm", Within(), 100), 10)
    assert states(database) == ["done"]
