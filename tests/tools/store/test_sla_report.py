"""What is met, missed and still open, from assignments of every kind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, insert

from tests.fixtures.alerts import NOW
from tests.fixtures.inbox import offer
from tools.store.sla_report import MemberSla, sla_by_member
from tools.store.tables import assignments

MINUTE = timedelta(minutes=1)


def offered(engine: Engine, number: int, state: str, owner: str = "dee@company.com", **minutes: float) -> None:
    """minutes: after the offer, for any column of a time; accept is due after 5 and touch after 15."""
    times: dict[str, Any] = {f"{name}_at": NOW + after * MINUTE for name, after in minutes.items()}
    due = {"accept_due_at": NOW + 5 * MINUTE, "touch_due_at": NOW + 15 * MINUTE, "offered_at": NOW}
    row = {"lead_id": "ld", "number": number, "owner": owner, "rule": "r", "state": state, "rung": 0, **due, **times}
    with engine.execution_options(immediate=True).begin() as connection:
        connection.execute(insert(assignments), [row])


def test_each_member_has_what_they_met_missed_and_hold(database: Engine):
    offer(database, "ld", at=NOW - 60 * MINUTE)
    offered(database, 2, "touched", acted=1, accepted=1, touched=10)
    offered(database, 3, "accepted", acted=2, accepted=2)  # the touch is overdue
    offered(database, 4, "moved", acted=8, accepted=7)  # late; gone before its touch was due
    offered(database, 5, "missed", acted=5)
    offered(database, 6, "passed", acted=1)  # neither met nor missed
    offered(database, 7, "closed", acted=1, accepted=1, closed=3)
    offered(database, 8, "offered", owner="eli@company.com")
    later = NOW + 20 * MINUTE
    dee, eli = sla_by_member(database, NOW - MINUTE, later)
    assert dee == MemberSla("dee@company.com", 6, 2, 3, 2, 1, 1, 90.0)
    assert eli == MemberSla("eli@company.com", 1, 1, 0, 1, 0, 1, None)
    (_, early) = sla_by_member(database, NOW - MINUTE, NOW + MINUTE)
    assert (early.accept_missed, early.touch_missed, early.open) == (0, 0, 1)
    assert sla_by_member(database, NOW + MINUTE, later) == []


def test_a_nurtured_lead_is_nobodys_open_work(database: Engine):
    offer(database, "ld", path="nurture", at=NOW)
    (dee,) = sla_by_member(database, NOW - MINUTE, NOW + MINUTE)
    assert (dee.assignments, dee.open) == (1, 0)
