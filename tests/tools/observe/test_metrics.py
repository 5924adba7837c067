"""Counters of decisions."""

from __future__ import annotations

from dataclasses import replace

import pytest

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


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("email", "maya@@acme"), ("phone", "12"), ("country", "Germnay"), ("state", "Bavariaa"), ("postal", "123"),
        ("industry", "widgets"), ("employees", "lots"), ("website", "soon"), ("domain", "not a domain"),
        ("full_name", "12345"), ("submitted_at", "soon"),
    ],
)  # fmt: skip
async def test_every_field_that_may_not_be_understood_is_counted_under_its_name(field: str, typed: str) -> None:
    (done,) = await run(capture, case(**{"country": "US", field: typed}))
    before = count(field)
    metrics.count_decisions([done], 0)
    assert count(field) == before + 1


async def test_findings_are_counted_by_their_code() -> None:
    def flagged(code: str) -> float:
        return metrics.flagged.labels(code)._value.get()

    (done,) = await run(capture, case(email="info@mailinator.com", fill_time_ms=3))
    before = {code: flagged(code) for code in ("disposable_mail", "role_address", "bot_speed", "free_mail")}
    metrics.count_decisions([done, done], 0)
    assert [flagged(code) - had for code, had in before.items()] == [2, 2, 2, 0]
