"""The state machine: a batch decides as its leads would one by one, the ways are edges, and failures end quietly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from langgraph.graph import END

from graph.build import WAYS, build_graph, run_batch, run_directly, run_one, ways
from graph.domain.facts import Fact
from graph.domain.scoring import Judgement
from graph.domain.trace import Failure
from graph.ports import JudgeAsk
from graph.record import record_bytes, record_of
from graph.state import Case, RunContext
from tests.fixtures.ports import NOW, Answering, Memory, case, context, ports
from tests.fixtures.router import IDENTIFIER, samples, the_graph, the_table
from tools.embedded.judge import RuleJudge
from tools.embedded.writer import TemplateWriter
from tools.web.intake import parse_body, to_form
from tools.wiring import DATA


def sample_cases() -> list[Case]:
    """Every sample lead; of several submissions of one lead the first, as a run carries at most one of each."""
    from graph.domain.lead import Submission

    found: dict[str, Case] = {}
    for n, sample in enumerate(samples()):
        body = sample["body"]
        raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
        form = to_form(parse_body(raw, sample["content_type"] or ""))
        lead_id = IDENTIFIER.lead_id(form)
        assert lead_id is not None
        found.setdefault(lead_id, Case(Submission(f"s:{n}", lead_id, NOW, form)))
    return list(found.values())


def bundled(history: Memory) -> RunContext:
    from tools.embedded.enrichment import BundledEnrichment
    from tools.similar.table import ExactSimilar

    return context(
        ports(
            enrichment=BundledEnrichment(DATA / "companies.csv"),
            similar=ExactSimilar(DATA / "accounts.csv"),
            judge=RuleJudge(),
            writer=TemplateWriter(),
            history=history,
        )
    )


def keep(memory: Memory, done: Case) -> None:
    """The ledger as a commit would leave it."""
    turn = done.assignment.turn if done.assignment else None
    if turn is not None:
        memory.ledgers[turn.pool] = turn.after


async def one_by_one(cases: Sequence[Case], given: RunContext, memory: Memory) -> list[Case]:
    done = []
    for held in cases:
        done.append(await run_one(the_graph(), held, given))
        keep(memory, done[-1])
    return done


async def test_a_batch_of_all_sample_leads_decides_bit_for_bit_as_one_by_one():
    cases = sample_cases()
    assert len(cases) > 150
    alone = Memory()
    given = bundled(alone)
    single = await one_by_one(cases, given, alone)
    whole = await run_batch(the_graph(), cases, replace(given, ports=replace(given.ports, history=Memory())))
    for one, many in zip(single, whole, strict=True):
        assert record_bytes(record_of(many, given)) == record_bytes(record_of(one, given))
    assert {held.path for held in whole} == set(WAYS), "every way is taken"
    assert sum(held.assignment.turn is not None for held in whole) > 20, "pools are used"  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [2, 7, 64])
async def test_any_batch_size_decides_the_same(size: int):
    cases = sample_cases()[:64]
    alone, split = Memory(), Memory()
    single = await one_by_one(cases, bundled(alone), alone)
    given, done = bundled(split), []
    for start in range(0, len(cases), size):
        done += await run_batch(the_graph(), cases[start : start + size], given)
        for held in done[start:]:
            keep(split, held)
    assert [record_bytes(record_of(d, given)) for d in done] == [record_bytes(record_of(d, given)) for d in single]


async def test_results_come_in_the_order_of_the_cases():
    cases = [case(f"p{n}", honeypot="x" if n % 3 == 0 else None, country="France") for n in range(9)]
    done = await run_batch(the_graph(), cases, context())
    assert [held.submission for held in done] == [held.submission for held in cases]
    assert [held.path for held in done] == ["manual_review", "qualify", "qualify"] * 3


def test_the_ways_are_edges_that_a_reader_can_see():
    drawn = the_graph().get_graph()
    edges = {(edge.source, edge.target): edge for edge in drawn.edges}
    for way, node in WAYS.items():
        edge = edges["route", node]
        assert edge.conditional
        assert edge.data in (way, None)
        assert (node, END) in edges
    assert edges["route", END].conditional
    straight = ["__start__", "capture", "enrich", "score", "rollup", "route"]
    assert all(not edges[pair].conditional for pair in pairwise(straight))


def test_the_ways_of_a_batch_are_those_that_any_of_its_leads_takes():
    def held(*paths: str | None) -> Any:
        return {"cases": {n: replace(case(), path=path) for n, path in enumerate(paths)}}

    assert ways(held("qualify")) == ["qualify"]
    assert ways(held("nurture", "qualify", "qualify")) == ["qualify", "nurture"]
    assert ways(held()) == [END]
    failed = held("qualify")
    failed["cases"][0] = replace(failed["cases"][0], failure=Failure("x", "y", "z"))
    assert ways(failed) == [END]


async def test_a_batch_where_all_fail_ends_and_asks_nobody_any_more():
    similar, writer, memory = Answering(), Answering(), Memory()
    given = context(ports(similar=similar, writer=writer, history=memory))
    bad = [
        replace(c, submission=replace(c.submission, form=replace(c.submission.form, message=5)))
        for c in map(case, "ab")
    ]  # type: ignore[arg-type]
    done = await run_batch(the_graph(), bad, given)
    assert {held.failure.node for held in done if held.failure} == {"capture"}
    assert (similar.asks, writer.asks, memory.pool_asks) == ([], [], [])
    assert all(held.path is None for held in done)


async def test_one_failing_lead_leaves_the_others_as_they_would_be_without_it():
    bad = case("bad")
    bad = replace(bad, submission=replace(bad.submission, form=replace(bad.submission.form, message=5)))  # type: ignore[arg-type]
    good = [case("a", country="Germany", employees="400"), case("b", country="Germany", employees="400")]
    given = context()
    with_bad = await run_batch(the_graph(), [good[0], bad, good[1]], given)
    without = await run_batch(the_graph(), good, given)
    assert with_bad[1].failure is not None
    for one, other in zip((with_bad[0], with_bad[2]), without, strict=True):
        assert record_bytes(record_of(one, given)) == record_bytes(record_of(other, given))


async def test_a_port_that_breaks_breaks_the_run_and_not_a_lead():
    class Broken(Answering):
        async def judge(self, asks: Sequence[JudgeAsk], now: datetime) -> Sequence[Fact[Judgement]]:
            raise ConnectionError("a port never raises for its vendor")

    with pytest.raises(ConnectionError):
        await run_batch(the_graph(), [case()], context(ports(judge=Broken())))


async def test_each_port_is_asked_once_a_run():
    used = {name: Answering() for name in ("enrichment", "crm", "judge", "similar", "writer")}
    memory = Memory()
    await run_batch(the_graph(), [case(f"p{n}") for n in range(10)], context(ports(history=memory, **used)))
    assert {name: len(port.asks) for name, port in used.items()} == dict.fromkeys(used, 1)
    assert (len(memory.asks), len(memory.family_asks), len(memory.pool_asks)) == (1, 1, 1)


async def test_an_empty_batch_is_a_run_without_leads():
    assert await run_batch(the_graph(), [], context()) == []


async def test_something_may_be_put_around_each_node():
    seen: list[str] = []

    def wrap(name: str, node: Any) -> Any:
        async def around(state: Any, runtime: Any) -> Any:
            seen.append(name)
            return await node(state, runtime)

        around.__annotations__ = node.__annotations__
        return around

    given = context()
    done = await run_batch(build_graph(wrap=wrap), [case()], given)
    assert seen == ["capture", "enrich", "score", "rollup", "route", "summarize"]
    plain = await run_batch(the_graph(), [case()], given)
    assert record_bytes(record_of(done[0], given)) == record_bytes(record_of(plain[0], given))


@pytest.mark.filterwarnings("ignore")
async def test_langgraphs_own_checkpointer_changes_no_decision(tmp_path: Path):
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    given = context()
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "checkpoints.db")) as saver:
        graph = build_graph(saver)
        done = await run_batch(graph, [case("a"), case("b")], given, "run-1")
        held = (await graph.aget_state({"configurable": {"thread_id": "run-1"}})).values["cases"]
    plain = await run_batch(the_graph(), [case("a"), case("b")], given)
    for one, kept, other in zip(done, held.values(), plain, strict=True):
        assert record_bytes(record_of(one, given)) == record_bytes(record_of(other, given))
        assert record_bytes(record_of(kept, given)) == record_bytes(record_of(other, given))
    assert the_table().digest == given.table.digest


async def test_the_nodes_without_the_graph_around_them_decide_bit_for_bit_the_same():
    cases = sample_cases()
    given = bundled(Memory())
    graphed, direct = await run_batch(the_graph(), cases, given), await run_directly(cases, bundled(Memory()))
    assert [record_bytes(record_of(c, given)) for c in direct] == [record_bytes(record_of(c, given)) for c in graphed]
    assert {c.path for c in direct} == set(WAYS)
    assert await run_directly([], given) == []
