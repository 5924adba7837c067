"""Scores in batches: who waits is answered, who fails fails alone, who comes too late is refused at once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from redis.asyncio import Redis

from graph.domain.lead import Form
from graph.rules.aliases import NONE
from graph.rules.identity import capture
from tests.tools.insights.test_scorers import Named, choose, scorer_of
from tools.insights import quick
from tools.insights.quick import Ask, Failed, Full, QuickScores, key_of
from tools.score_cache import ScoreCache

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)


def ask(name: str = "ann", **form: Any) -> Ask:
    return Ask(Form(email=f"{name}@example-werke.de", **form), (("view", NOW - timedelta(days=1)),), NOW)


def scores(redis: Redis, folder: Path, **options: Any) -> QuickScores:
    choose(folder, "one")
    cache = ScoreCache(redis, places=0, ttl_s=60)
    load = options.pop("load", Named)
    given: dict[str, Any] = {"enrichment": None, "aliases": lambda: NONE} | options
    return QuickScores(scorer_of(folder, load=load), cache, **given)


@pytest.fixture
async def running(redis: Redis, tmp_path: Path) -> AsyncIterator[QuickScores]:
    async with scores(redis, tmp_path) as found:
        yield found


async def test_many_that_come_together_are_scored_together(redis: Redis, tmp_path: Path):
    sizes: list[int] = []

    class Counting(Named):
        def score(self, rows: np.ndarray) -> Any:
            sizes.append(len(rows))
            return super().score(rows)

    async with scores(redis, tmp_path, load=Counting) as running:
        answers = await asyncio.gather(*(running.score(ask(f"p{n}")) for n in range(100)))
    assert len(answers) == sum(sizes) == 100
    assert max(sizes) == quick.TOGETHER


async def test_more_than_may_wait_are_refused_at_once(redis: Redis, tmp_path: Path):
    async with scores(redis, tmp_path, waiting=5) as running:
        found = await asyncio.gather(*(running.score(ask(f"p{n}")) for n in range(9)), return_exceptions=True)
    assert sum(isinstance(one, Full) for one in found) == 4


async def test_one_that_fails_fails_alone(running: QuickScores, monkeypatch: pytest.MonkeyPatch):
    def fragile(form: Form, *rest: Any) -> Any:
        if form.email == "bad@example-werke.de":
            raise KeyError("oops")
        return capture(form, *rest)

    monkeypatch.setattr(quick, "capture", fragile)
    found = await asyncio.gather(*(running.score(ask(name)) for name in ("a", "bad", "b")), return_exceptions=True)
    assert [type(one).__name__ for one in found] == ["Answer", "Failed", "Answer"]
    with pytest.raises(Failed, match="KeyError"):
        await running.score(ask("bad"))


async def test_a_computation_does_not_hold_up_the_event_loop(redis: Redis, tmp_path: Path):
    """While a batch is scored the loop goes on turning."""
    import time

    class Slow(Named):
        def score(self, rows: np.ndarray) -> Any:
            time.sleep(0.3)
            return super().score(rows)

    turns = 0
    async with scores(redis, tmp_path, load=Slow) as running:
        waiting = asyncio.create_task(running.score(ask()))
        while not waiting.done():
            turns += 1
            await asyncio.sleep(0.001)
    assert turns > 10


async def test_who_takes_too_long_is_told_so(redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import time

    class Slow(Named):
        def score(self, rows: np.ndarray) -> Any:
            time.sleep(0.3)
            return super().score(rows)

    monkeypatch.setattr(quick, "DEADLINE_S", 0.05)
    async with scores(redis, tmp_path, load=Slow) as running:
        with pytest.raises(TimeoutError):
            await running.score(ask())


KEY = """
from datetime import UTC, datetime
from tests.tools.insights.test_quick import ask, key
print(key(ask(title="CTO", message="naïve")))
"""


def key(one: Ask, model: str = "m") -> str:
    return key_of(capture(one.form, "", one.now, NONE), one, model)


def test_a_key_is_the_same_in_every_process():
    told = subprocess.run(  # with another hash seed than this process has
        [sys.executable, "-c", KEY], check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": "7", "PATH": ""}
    )
    assert told.stdout.strip() == key(ask(title="CTO", message="naïve"))


def test_a_key_changes_with_all_that_the_score_depends_on_and_with_nothing_else():
    first = key(ask(title="CTO"))
    assert key(ask(title="  CTO ")) == first
    assert key(ask("ANN", title="CTO")) == first
    later = Ask(ask(title="CTO").form, ask().activities, NOW + timedelta(minutes=57))
    assert key(later) == first
    others = [
        key(ask(title="VP")),
        key(ask(title="CTO"), "other"),
        key(Ask(ask(title="CTO").form, (), NOW)),
        key(Ask(ask(title="CTO").form, ask().activities * 2, NOW)),
        key(Ask(ask(title="CTO").form, ask().activities, NOW + timedelta(hours=1))),
    ]
    assert len({first, *others}) == 6
