"""What a batch reads of history while other decisions are on their way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from graph.domain.routing import Assignment, PoolState, Turn
from graph.domain.trace import Failure
from graph.domain.values import evolve
from graph.state import Case
from tests.fixtures.ports import Memory, case
from tools.stream.past_views import InTurn, Onwards
from tools.stream.turnstile import Turnstile

ANA, BEN = "ana@company.com", "ben@company.com"


def given_to(owner: str, name: str) -> Case:
    before, after = PoolState("crew"), PoolState("crew", 1, {}, {owner: 1})
    assignment = Assignment(owner, "rules.all", "why", turn=Turn("crew", owner, owner, before, after))
    return evolve(case(name), assignment=assignment, path="qualify")


async def test_leads_run_one_by_one_see_the_turns_and_open_leads_of_those_before_them():
    onwards = Onwards(Memory(opened={ANA: 2}, ledgers={"rest": PoolState("rest", 4)}))
    onwards.decided(given_to(ANA, "one"))
    onwards.decided(given_to(BEN, "two"))
    onwards.decided(replace(given_to(BEN, "three"), failure=Failure("route", "Error", "broke")))
    onwards.decided(replace(given_to(BEN, "four"), path="nurture"))
    assert await onwards.open_leads([ANA, BEN, "cy@company.com"]) == {ANA: 3, BEN: 1, "cy@company.com": 0}
    found = await onwards.pools(["crew", "rest"])
    assert {name: state.version for name, state in found.items()} == {"crew": 1, "rest": 4}


async def test_ledgers_and_counts_are_read_only_when_no_other_worker_is_about_to_move_them(tmp_path: Path):
    other, own = Turnstile(tmp_path / "turnstile"), Turnstile(tmp_path / "turnstile")
    await other.enter()
    memory = Memory(opened={ANA: 1})
    view = InTurn(memory, own)
    reading = [asyncio.ensure_future(view.pools(["crew"])), asyncio.ensure_future(view.open_leads([ANA]))]
    await asyncio.sleep(0.05)
    assert memory.pool_asks == memory.open_asks == []
    memory.opened[ANA] = 2
    other.leave()
    assert await asyncio.gather(*reading) == [{}, {ANA: 2}]
    own.close()
    other.close()
