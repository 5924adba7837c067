"""What a batch reads of history while other decisions are on their way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from graph.domain.routing import Assignment, PoolState, Turn
from graph.domain.trace import Failure
from graph.domain.values import evolve
from graph.state import Case
from tests.fixtures.ports import Memory, case
from tools.stream.past_views import Behind, Onwards

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


async def test_a_batch_behind_another_reads_ledgers_and_counts_only_when_that_is_committed():
    committed = asyncio.get_running_loop().create_future()
    memory = Memory(opened={ANA: 1})
    behind = Behind(memory, committed)
    reading = [asyncio.ensure_future(behind.pools(["crew"])), asyncio.ensure_future(behind.open_leads([ANA]))]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert memory.pool_asks == memory.open_asks == []
    memory.opened[ANA] = 2
    committed.set_exception(RuntimeError("its failure is its own worker's business"))
    assert await asyncio.gather(*reading) == [{}, {ANA: 2}]
    committed.exception()
