"""What every node shares: which cases are its own, how one failing case is set aside, how reads are asked for once.

A node never raises for one lead: the lead's case carries a Failure and later nodes pass it by. A failure of the batch
itself (a port that raises, which ports do not do for vendors) reaches the worker, which tries the leads one by one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from typing import TypeVar

from graph.domain.facts import Fact, Unavailable
from graph.domain.lead import Lead, Path
from graph.domain.routing import Assignment
from graph.domain.scoring import Score
from graph.domain.trace import Failure, Step
from graph.domain.values import evolve
from graph.state import BatchState, Case, Reads

A = TypeVar("A")
T = TypeVar("T")
Cases = dict[int, Case]
READ = tuple(one.name for one in fields(Reads))


def alive(state: BatchState, way: Path | None = None) -> Cases:
    """The cases this node acts on: not failed, and on its way where it has one."""
    return {i: c for i, c in state["cases"].items() if c.failure is None and (way is None or c.path == way)}


def each(node: str, cases: Cases, rule: Callable[[Case], Case]) -> dict[str, Cases]:
    """Apply a rule to each case; a case whose rule raises is marked failed and keeps what it had."""
    changed: Cases = {}
    for i, case in cases.items():
        try:
            changed[i] = rule(case) if case.failure is None else case
        except Exception as error:  # noqa: BLE001 - one lead's bug must not become its neighbours'
            changed[i] = failed(case, node, error)
    return {"cases": changed}


def failed(case: Case, node: str, error: Exception) -> Case:
    return evolve(case, failure=Failure(node, type(error).__name__, str(error)[:500]))


async def read(
    cases: Cases,
    name: str,
    ask: Callable[[Case], A],
    port: Callable[[Sequence[A]], Awaitable[Sequence[Fact[T]]]],
    only: Callable[[Case], bool] = lambda _: True,
) -> Cases:
    """Fill the fact `name` of the reads of every case that has none yet, by one call of the port for all of them."""
    missing = [i for i, case in cases.items() if getattr(case.reads, name) is None and only(case)]
    if not missing:
        return cases
    facts = await port([ask(cases[i]) for i in missing])
    if len(facts) != len(missing):
        raise RuntimeError(f"the port for {name} answered {len(facts)} facts to {len(missing)} questions")
    return cases | {i: with_read(cases[i], name, fact) for i, fact in zip(missing, facts, strict=True)}


def with_read(case: Case, name: str, value: object) -> Case:
    reads: Reads = evolve(case.reads, **{name: value})
    return evolve(case, reads=reads)


def step(case: Case, node: str, rule: str, sentence: str) -> tuple[Step, ...]:
    return (*case.trace, Step(node, rule, sentence))


def lead_of(case: Case) -> Lead:
    """The captured lead; capture comes first in the graph, so its absence is a bug in the graph."""
    if case.lead is None:
        raise RuntimeError("the lead was not captured before it was used")
    return case.lead


def parts_of(case: Case) -> tuple[Score, Assignment]:
    """Score and assignment; both stand before any way begins."""
    if case.score is None or case.assignment is None:
        raise RuntimeError("the lead was not scored and routed before its way began")
    return case.score, case.assignment


def unavailable(reads: Reads) -> tuple[str, ...]:
    """Names of the reads that did not answer."""
    return tuple([name for name in READ if isinstance(getattr(reads, name), Unavailable)])
