"""An explanation whose edits were made in the file's text, read again and decided again before anybody sees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from difflib import unified_diff
from itertools import islice
from typing import Final, Unpack

from graph.domain.explanation import Explanation, OtherFile
from graph.domain.routing import PoolState, RoutingFacts
from graph.domain.table import RoutingTable
from graph.domain.values import evolve
from graph.rules.conditions import view_of
from graph.rules.counterfactuals import outcome_of
from graph.rules.explaining import Held
from graph.rules.explaining import explain as explained
from graph.rules.file_changes import for_lead
from graph.rules.routing import route
from tools.routing_file.edits import edited_text
from tools.routing_file.file_tests import run_tests
from tools.routing_file.findings import RoutingFileError
from tools.routing_file.parser import parse

MOST_EDITS: Final = 12  # each is a whole file read again: under a tenth of a second for 400 rules


def explain(
    table: RoutingTable,
    facts: RoutingFacts,
    pools: Mapping[str, PoolState],
    now: datetime,
    **held: Unpack[Held],
) -> Explanation:
    """pools, now, held: as `route` takes them."""
    explanation = explained(facts, table, pools, now, **held)
    view = view_of(facts)

    def confirmed() -> Iterator[OtherFile]:
        for one in explanation.other_files:
            text = edited_text(table.text, one.edit)
            try:
                whole = parse(text, files=table.files)
            except RoutingFileError:  # something else in the file needs what the edit takes away: no way to go
                continue
            gives = outcome_of(route(facts, for_lead(whole, view), pools, now, **held))
            if (gives.to, gives.rule) == (one.gives.to, one.gives.rule):
                breaks = tuple(result.test.name for result in run_tests(whole) if not result.passed)
                yield OtherFile(one.edit, one.gives, _patch(table.text, text), breaks)

    found = confirmed()
    return evolve(explanation, other_files=tuple(one for one, _ in zip(found, range(MOST_EDITS), strict=False)))


def _patch(before: str, after: str) -> tuple[str, ...]:
    lines = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return tuple(line for line in islice(lines, 2, None) if not line.startswith("@@"))
