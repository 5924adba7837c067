"""Counters of decisions."""

from __future__ import annotations

from dataclasses import replace

from graph.domain.lead import Unknown
from graph.nodes.capture import capture
from tests.fixtures.ports import case, run
from tools.observe import metrics


def count(field: str) -> float:
    return metrics.not_understood.labels(field)._value.get()


async def test_values_that_were_not_understood_are_counted_by_field() -> None:
    (done,) = await run(capture, case(country="Germnay", industry="Fin Services"))
    other = replace(done, lead=replace(done.lead, unknown=(Unknown("country", "Atlantis"),)))
    before = {field: count(field) for field in ("country", "industry", "state")}
    metrics.count_decisions([done, other, case()], 0)
    assert {field: count(field) - had for field, had in before.items()} == {"country": 2, "industry": 1, "state": 0}
