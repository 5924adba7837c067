"""What a CRM's event is about is found by index: tables of leads and writes are long, and events come all day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert

from tools.store.crm_changes import leads_of_contacts
from tools.store.crm_reconcile import sent_pages
from tools.store.learning import leads_by_email
from tools.store.tables import leads, outbox

NOW = datetime(2026, 4, 7, 14, 0, tzinfo=UTC)
MANY = 1_203


def put_leads(engine: Engine) -> None:
    lead = {"revision": 1, "assignment": 1, "owner": "dee@us.example", "path": "qualify", "tier": "hot", "score": 62.0}
    lead |= {"propensity": 0.4, "form": "{}", "created_at": NOW, "decided_at": NOW}
    write = {
        "revision": 1,
        "vendor": "crm",
        "payload": b'{"contact_key": "x", "company_domain": null, "tier": "hot", "score": 1}',
    }
    write |= {"state": "done", "attempts": 1, "due_at": NOW, "accepted_at": NOW, "created_at": NOW}
    ids = [(number, f"ld_{number:04}") for number in range(MANY)]
    with engine.execution_options(immediate=True).begin() as connection:
        connection.execute(insert(leads), [lead | {"lead_id": i, "email": f"p{n}@acme.example"} for n, i in ids])
        for kind, number in (("upsert_contact", "{}"), ("create_task", "{}"), ("log_note", "note-{}")):
            rows = [
                write | {"key": f"{i}@1/{kind}", "lead_id": i, "kind": kind, "external_id": number.format(n)}
                for n, i in ids
            ]
            connection.execute(insert(outbox), rows)


def plans(engine: Engine, ask: Callable[[], Any]) -> tuple[Any, list[str]]:
    """(what the asked function answers, the plan of each of its queries)"""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE leads")
            connection.exec_driver_sql("ANALYZE outbox")
        found = [connection.exec_driver_sql(explain + one, values).all() for one, values in asked]
    return answer, ["\n".join(str(row[-1]) for row in rows) for rows in found]


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda engine: leads_by_email(engine, ["P7@acme.example", "nobody@acme.example"]), "ix_leads_email"),
        (lambda engine: leads_of_contacts(engine, ["7", "no such"]), "ix_outbox_contact"),
    ],
    ids=["by e-mail", "by contact"],
)
def test_a_lead_is_found_by_index(database: Engine, ask: Callable[[Engine], Any], index: str) -> None:
    put_leads(database)
    answer, found = plans(database, lambda: ask(database))
    assert list(answer.values()) == ["ld_0007"]
    assert [index in plan for plan in found] == [True], found


def test_a_number_of_a_task_or_of_another_vendor_is_no_contacts(database: Engine) -> None:
    put_leads(database)
    assert leads_of_contacts(database, ["note-7"]) == {}


def test_more_than_a_page_is_asked_for_in_pages(database: Engine) -> None:
    put_leads(database)
    everybody: Sequence[str] = [str(number) for number in range(MANY)]
    found, queries = plans(database, lambda: leads_of_contacts(database, everybody))
    assert (len(found), len(queries)) == (MANY, 3)
    assert len(leads_by_email(database, [f"p{number}@acme.example" for number in range(MANY)])) == MANY


def test_a_comparison_reads_writes_by_lead_a_page_at_a_time(database: Engine) -> None:
    put_leads(database)
    pages, found = plans(database, lambda: list(sent_pages(database)))
    assert [(read, len(sent)) for read, sent in pages] == [(500, 500), (500, 500), (203, 203)]
    if database.dialect.name == "sqlite":  # PostgreSQL reads so short a table whole
        of_outbox = [plan for plan in found if "outbox" in plan]
        assert of_outbox
        assert all("ix_outbox_lead" in plan for plan in of_outbox), of_outbox
