from __future__ import annotations

from sqlalchemy import Engine, insert

from tests.fixtures.alerts import NOW
from tests.fixtures.inbox import offer
from tools.store.crm_pages import card_of, page_of
from tools.store.tables import crm_companies, crm_contacts, crm_notes, crm_tasks


def fill(database: Engine) -> None:
    contacts = [
        {"contact_key": key, "email": key, "full_name": key[:3], "company_domain": "acmelabs.com", "updated_at": NOW}
        for key in ("abe@x.com", "maya@acmelabs.com", "zoe@x.com")
    ]
    task = {"effect_key": "k", "contact_key": "maya@acmelabs.com", "owner": "dee@company.com", "subject": "Call Maya"}
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(insert(crm_contacts), contacts)
        company = {"domain": "acmelabs.com", "name": "Acme Labs", "employees": 4000, "updated_at": NOW}
        connection.execute(insert(crm_companies), [company])
        connection.execute(insert(crm_tasks), [task | {"body": "", "done": False, "created_at": NOW}])
        note = {"effect_key": "n", "contact_key": "maya@acmelabs.com", "owner": "dee@company.com", "noted_at": NOW}
        connection.execute(insert(crm_notes), [note | {"text": "Hot lead\nCompany: <Acme>"}])


def test_tables_are_paged_newest_first(database: Engine):
    fill(database)
    first, second = page_of(database, "contacts", 1, 2), page_of(database, "contacts", 2, 2)
    assert [row[0] for row in first.rows] == ["zoe", "may"]
    assert [row[0] for row in second.rows] == ["abe"]
    assert (first.total, first.last, second.number) == (3, 2, 2)
    assert len(first.rows[0]) == len(first.columns)
    assert page_of(database, "contacts", 9, 2).rows == []


def test_every_table_can_be_looked_at_empty_or_filled(database: Engine):
    names = ("contacts", "companies", "owners", "tasks", "notes")
    assert [page_of(database, name).total for name in names] == [0] * 5
    assert page_of(database, "owners").last == 1
    fill(database)
    assert [page_of(database, name).total for name in names] == [3, 1, 0, 1, 1]


def test_a_leads_card_holds_its_contact_company_tasks_and_notes(database: Engine):
    offer(database)
    fill(database)
    card = card_of(database, "ld_1")
    assert dict(card.contact)["email"] == "maya@acmelabs.com"
    assert dict(card.company)["name"] == "Acme Labs"
    assert [task[0] for task in card.tasks] == ["Call Maya"]
    assert card.notes == [("Hot lead\nCompany: <Acme>", NOW)]


def test_a_lead_that_the_crm_does_not_have_yet_has_an_empty_card(database: Engine):
    offer(database)
    card = card_of(database, "ld_1")
    assert (card.contact, card.company, card.tasks, card.notes) == ((), (), [], [])
    assert card_of(database, "ld_9") is None
