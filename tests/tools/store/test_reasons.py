from __future__ import annotations

from sqlalchemy import Engine

from tests.fixtures.inbox import STEPS, move, offer
from tools.store.reasons import reasons_of


def test_the_reasons_are_those_of_the_decision_that_gave_the_lead_away(database: Engine):
    offer(database)
    move(database, "ld_1", "eli@company.com")
    first, newest = reasons_of(database, "ld_1", 1), reasons_of(database, "ld_1")
    assert (first.revision, first.owner) == (1, "dee@company.com")
    assert (newest.revision, newest.owner) == (2, "eli@company.com")
    assert first.steps == STEPS
    assert reasons_of(database, "ld_9") is reasons_of(database, "ld_1", 3) is None
