"""The state machine, drawn by its edges.

    capture -> enrich -> score -> rollup -> route -+-> qualify: summarize
                                                   +-> manual_review: review
                                                   +-> nurture: nurture

A run carries a batch: after `route` the ways that any lead of the batch takes run side by side, each node acting on the
leads whose way it is. A batch in which every lead failed ends there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from graph.nodes.capture import capture
from graph.nodes.enrich import enrich
from graph.nodes.nurture import nurture
from graph.nodes.review import review
from graph.nodes.rollup import rollup
from graph.nodes.route import route
from graph.nodes.score import score
from graph.nodes.summarize import summarize
from graph.state import BatchState, Case, RunContext

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

END = "__end__"
"""LangGraph's own name, which is imported only where the graph itself is wanted: it takes a second."""
WAYS: dict[Hashable, str] = {"qualify": "summarize", "manual_review": "review", "nurture": "nurture"}
ENDS = {"qualify": summarize, "manual_review": review, "nurture": nurture}


def ways(state: BatchState) -> list[str]:
    """The ways that the leads of this batch take; END when none is left."""
    taken = {case.path for case in state["cases"].values() if case.failure is None and case.path is not None}
    return [way for way in WAYS if way in taken] or [END]


def build_graph(
    checkpointer: Any = None, wrap: Callable[[str, Any], Any] | None = None
) -> CompiledStateGraph[BatchState, RunContext, BatchState, BatchState]:
    """The compiled graph. A checkpointer is LangGraph's own, for those who want one; the stream does not need it.
    wrap(name, node) may put something around each node, such as a clock, which the graph itself does not have."""
    from langgraph.graph import START, StateGraph  # noqa: PLC0415

    graph = StateGraph(BatchState, context_schema=RunContext)
    for name, node in (
        ("capture", capture),
        ("enrich", enrich),
        ("score", score),
        ("rollup", rollup),
        ("route", route),
        ("summarize", summarize),
        ("review", review),
        ("nurture", nurture),
    ):
        graph.add_node(name, wrap(name, node) if wrap else node)
    graph.add_edge(START, "capture")
    for before, after in (("capture", "enrich"), ("enrich", "score"), ("score", "rollup"), ("rollup", "route")):
        graph.add_edge(before, after)
    graph.add_conditional_edges("route", ways, dict(WAYS) | {END: END})
    for last in WAYS.values():
        graph.add_edge(last, END)
    return graph.compile(checkpointer=checkpointer)


async def run_batch(graph: Any, cases: list[Case], context: RunContext, thread: str | None = None) -> list[Case]:
    """One run of the graph over these cases, in order. thread: the run's name for a checkpointer."""
    config = {"configurable": {"thread_id": thread}} if thread else None
    result = await graph.ainvoke({"cases": dict(enumerate(cases))}, config, context=context)
    done: dict[int, Case] = result["cases"]
    return [done[i] for i in range(len(cases))]


async def run_directly(cases: list[Case], context: RunContext) -> list[Case]:
    """The same nodes in the same order without the graph around them: for millions of short runs, each of which would cost
    the graph's millisecond. What comes out is the same (a test holds the two equal)."""
    state = await _through((capture, enrich, score, rollup, route), cases, context)
    runtime: Any = SimpleNamespace(context=context)  # all that a node reads of LangGraph's
    for way in ways(state):
        if way != END:
            state["cases"] |= (await ENDS[way](state, runtime))["cases"]
    return [state["cases"][i] for i in range(len(cases))]


async def run_reads(cases: list[Case], context: RunContext) -> list[Case]:
    """Captured, with the company's facts: what these leads' decisions would read now. Nothing is decided."""
    return list((await _through((capture, enrich), cases, context))["cases"].values())


async def run_to_way(cases: list[Case], context: RunContext) -> list[Case]:
    """Scored, rolled up and routed, without what the ways do: how these leads would come out now."""
    return list((await _through((capture, enrich, score, rollup, route), cases, context))["cases"].values())


async def _through(nodes: Sequence[Any], cases: list[Case], context: RunContext) -> BatchState:
    state: BatchState = {"cases": dict(enumerate(cases))}
    runtime: Any = SimpleNamespace(context=context)  # all that a node reads of LangGraph's
    for node in nodes:
        state["cases"] |= (await node(state, runtime))["cases"]
    return state


async def run_one(graph: Any, case: Case, context: RunContext) -> Case:
    """The same nodes for a single lead."""
    return (await run_batch(graph, [case], context))[0]
