"""A decision explained from the file, the facts, the ledgers and the clock that made it. Decides again; reads nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from typing import TypedDict, Unpack

from graph.domain.explanation import Explanation, Standing
from graph.domain.routing import Assignment, PoolState, RoutingFacts, Turn
from graph.domain.table import RoutingTable
from graph.rules.counterfactuals import other_facts
from graph.rules.file_changes import other_files
from graph.rules.ledger import ledger_of
from graph.rules.nurture import sequence_for
from graph.rules.pools import MILLION
from graph.rules.routing import route


class Held(TypedDict, total=False):
    """What else `route` is told of a lead; see there."""

    prior_turns: Mapping[str, str]
    holder: str | None
    returned: bool
    open_leads: Mapping[str, int]
    excluded: Collection[str]


def explain(
    facts: RoutingFacts, table: RoutingTable, pools: Mapping[str, PoolState], now: datetime, **held: Unpack[Held]
) -> Explanation:
    """The arguments are those of `route`; every owner named in the answer came out of it."""

    def decide(other: RoutingFacts, by: RoutingTable) -> Assignment:
        return route(other, by, pools, now, **held)

    assignment = decide(facts, table)
    changes, all_tried = other_facts(facts, table, lambda other: decide(other, table))
    return Explanation(
        assignment=assignment,
        line_text=line_of(table, assignment.line),
        digest=table.digest,
        version=table.version,
        at=now,
        facts=facts,
        sequence=sequence_for(facts, table),
        turn=() if assignment.turn is None else standings(table, assignment.turn, now, held),
        other_facts=changes,
        other_files=other_files(facts, table, partial(decide, facts)),
        all_tried=all_tried,
    )


def line_of(table: RoutingTable, line: int | None) -> str | None:
    """The text of a line of the file, without the blanks around it; with those behind it up to the first word, where a
    bracket stands on a line of its own."""
    if line is None:
        return None
    found = ""
    for text in table.text.split("\n")[line - 1 :]:
        found = f"{found} {text.strip()}".strip()
        if any(char.isalnum() for char in found):
            break
    return found


def standings(table: RoutingTable, turn: Turn, now: datetime, held: Held) -> tuple[Standing, ...]:
    """Who had how much coming at this turn, who could take it, and who did. Entitlement goes to those who may."""
    before, after = turn.before, turn.after
    passed = frozenset(email.lower() for email in held.get("excluded", ()))
    found = []
    for row in ledger_of(table, turn.pool, before, held.get("open_leads", {}), now):
        took = row.email == turn.member
        brought = after.credits.get(row.email, 0) - before.credits.get(row.email, 0)
        found.append(
            Standing(
                email=row.email,
                owed=row.credit,
                entitled=(brought + (MILLION if took and not turn.reused else 0)) / MILLION,
                turns=row.turns,
                counts=row.counts,
                now=row.now,
                passed=row.email in passed,
                took=took,
            )
        )
    return tuple(found)
