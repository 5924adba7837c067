"""What would have to be otherwise about a lead for somebody else to get it: computed, and decided again before it is said.

Every candidate goes through `route` with the same file, ledgers and clock. One fact is changed first; only where no
single fact gives another owner, two are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import Final, TypeAlias

from graph.domain.explanation import FactChange, OtherFacts, Outcome
from graph.domain.routing import Assignment, RoutingFacts
from graph.domain.table import RoutingTable
from graph.domain.values import evolve
from graph.rules.candidates import Candidate, candidates

Decide: TypeAlias = Callable[[RoutingFacts], Assignment]
_MOST_PAIRED: Final = 200  # candidates of a large file that are tried in pairs: about 20,000 decisions, half a second


def outcome_of(assignment: Assignment) -> Outcome:
    to = assignment.owner if assignment.pool is None else f"pool:{assignment.pool}"
    return Outcome(to, assignment.owner, assignment.rule, assignment.line)


def other_facts(facts: RoutingFacts, table: RoutingTable, decide: Decide) -> tuple[tuple[OtherFacts, ...], bool]:
    """(for each other pool or person the smallest change of facts that gives them the lead, smallest first; were all tried).

    decide: `route` with everything but the facts.
    """
    own = outcome_of(decide(facts)).to
    single, whole = candidates(facts, table)
    found = _first_of_each(facts, ((one,) for one in single), own, decide)
    if found:
        return found, whole
    return _first_of_each(facts, _pairs(single[:_MOST_PAIRED]), own, decide), whole and len(single) <= _MOST_PAIRED


def _pairs(single: list[Candidate]) -> Iterator[tuple[Candidate, ...]]:
    pairs = [pair for pair in combinations(single, 2) if pair[0].fact != pair[1].fact]
    yield from sorted(pairs, key=lambda pair: (pair[0].rank + pair[1].rank, pair[0].distance + pair[1].distance))


def _first_of_each(
    facts: RoutingFacts, tried: Iterable[tuple[Candidate, ...]], own: str, decide: Decide
) -> tuple[OtherFacts, ...]:
    found: dict[str, OtherFacts] = {}
    for chosen in tried:
        other = changed(facts, chosen)
        gives = outcome_of(decide(other))
        if gives.to != own and gives.to not in found:
            found[gives.to] = OtherFacts(_changes(facts, chosen), len(chosen), other, gives)
    return tuple(found.values())


def changed(facts: RoutingFacts, chosen: Iterable[Candidate]) -> RoutingFacts:
    return evolve(facts, **{name: new for one in chosen for name, new in one.fields})


def _changes(facts: RoutingFacts, chosen: Iterable[Candidate]) -> tuple[FactChange, ...]:
    return tuple(change for one in chosen for change in _changes_of(facts, one))


def _changes_of(facts: RoutingFacts, one: Candidate) -> Iterator[FactChange]:
    if one.fact == "company":
        yield FactChange("company", facts.domain or facts.host, None)
        return
    told = [(name, new) for name, new in one.fields if getattr(facts, name) != new]
    # With another country the state goes without saying, and with another state the postal code.
    known = [(name, new) for name, new in told if new is not None]
    for name, new in known or told:
        yield FactChange(name, getattr(facts, name), new, one.note)
