"""How many leads came from a family lately: each person once, and at the price of that family alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event, insert

from graph.ports import CrmAsk
from tools.store.family_leads import LATEST, FamilyCount, count_family_leads
from tools.store.tables import leads, person_edges

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=90)
STRANGER = CrmAsk("new@acme.example", None, "acme.example", None)
LEAD = {
    "revision": 1, "assignment": 1, "owner": "dee@us.example", "path": "qualify", "tier": "mid", "score": 50.0,
    "propensity": 0.2, "form": "{}", "decided_at": NOW,
}  # fmt: skip
SAME = {"verdict": "same", "code": "merged", "confidence": 1.0, "why": "test", "made_by": "router", "made_at": NOW}


def put(engine: Engine, *ids: str, at: datetime = NOW, family: str = "acme.example") -> None:
    rows = [
        LEAD | {"lead_id": i, "email": f"{i}@{family}", "domain": family, "parent_domain": family, "created_at": at}
        for i in ids
    ]
    with engine.execution_options(immediate=True).begin() as connection:
        connection.execute(insert(leads), rows)


def link(engine: Engine, *pairs: tuple[str, str]) -> None:
    with engine.execution_options(immediate=True).begin() as connection:
        connection.execute(insert(person_edges), [SAME | {"low": low, "high": high} for low, high in pairs])


def count(engine: Engine, ask: CrmAsk = STRANGER) -> int:
    with engine.connect() as connection:
        return count_family_leads(connection, [ask], NOW)[0].number


def test_leads_of_one_person_count_once_also_over_leads_of_long_ago(database: Engine):
    put(database, "ld_a", "ld_d", "ld_e")
    put(database, "ld_b", "ld_c", at=LONG_AGO)
    link(database, ("ld_a", "ld_b"), ("ld_b", "ld_c"), ("ld_c", "ld_d"))
    assert count(database) == 2


def test_what_was_undone_or_said_to_differ_joins_nobody(database: Engine):
    put(database, "ld_a", "ld_b", "ld_c")
    link(database, ("ld_a", "ld_b"), ("ld_b", "ld_c"))
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(person_edges.update().where(person_edges.c.low == "ld_a").values(verdict="different"))
        connection.execute(person_edges.update().where(person_edges.c.low == "ld_b").values(undone_at=NOW))
    assert count(database) == 3


def test_a_familys_lead_of_a_person_with_others_elsewhere_counts(database: Engine):
    put(database, "ld_a", "ld_b")
    put(database, "ld_x", family="elsewhere.example")
    link(database, ("ld_a", "ld_x"), ("ld_b", "ld_x"))
    assert count(database) == 1
    assert count(database, CrmAsk("ld_a@acme.example", None, "acme.example", None)) == 1


def test_of_a_large_family_the_latest_leads_are_looked_at_and_the_count_says_so(database: Engine):
    for hour in range(LATEST + 5):
        put(database, f"ld_{hour:02d}", at=NOW - timedelta(hours=hour))
    put(database, "ld_x", "ld_y", family="small.example")
    link(database, ("ld_00", "ld_01"), ("ld_03", "ld_24"))
    asks = [
        STRANGER,
        CrmAsk("ld_02@acme.example", None, "acme.example", None),
        CrmAsk("ld_24@acme.example", None, "acme.example", None),
        CrmAsk("new@small.example", None, "small.example", None),
        CrmAsk("new@unseen.example", None, "unseen.example", None),
        CrmAsk("new@gmail.com", None, None, None),
    ]
    with database.connect() as connection:
        counted = count_family_leads(connection, asks, NOW)
    most = LATEST - 1  # the two that were linked are one person
    assert counted == [(most, True), (most - 1, True), (most, True), (2, False), (0, False), (0, False)]


def test_nothing_more_is_said_where_all_that_was_looked_at_are_ones_own(database: Engine):
    own = [f"ld_{number:02d}" for number in range(LATEST)]
    put(database, *own)
    ask = CrmAsk(f"{own[0]}@acme.example", None, "acme.example", None, tuple(f"{one}@acme.example" for one in own))
    with database.connect() as connection:
        assert count_family_leads(connection, [ask], NOW) == [FamilyCount(0, more=False)]


def test_the_edges_of_other_companies_are_not_read(database: Engine):
    if database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by what a table holds")
    put(database, "ld_a", "ld_b")
    link(database, ("ld_a", "ld_b"))
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_c: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object) -> None:
        asked.append((statement, values))

    event.listen(database, "before_cursor_execute", note)
    count(database)
    event.remove(database, "before_cursor_execute", note)
    with database.connect() as connection:
        plans = [
            str(row[-1])
            for statement, values in asked
            if statement.startswith(("SELECT", "WITH"))
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    assert any("person_edges" in plan for plan in plans), "it asks for links"
    assert any("ix_leads_family" in plan for plan in plans), "leads come out of the index"
    asked_for = ("SCAN begun", "SCAN asked_listed")  # the families in the question
    assert [plan for plan in plans if plan.startswith("SCAN") and not plan.startswith(asked_for)] == []
