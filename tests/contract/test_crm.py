"""What every CRM behind the ports keeps to: ours on both databases, and HubSpot's SDK against a local HubSpot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from sqlalchemy import Engine, insert, select

from graph.domain.effects import (
    AssignOwner,
    CreateTask,
    Effect,
    EnrolNurture,
    UpsertCompany,
    UpsertContact,
    key_of,
)
from graph.domain.facts import Absent, Found
from graph.domain.telling import LogNote
from graph.ports import CrmAsk, CrmReader, Order, Performer, Receipt, VendorError
from tests.servers.hubspot_server import TOKEN, HubSpotServer
from tools.embedded.crm import EmbeddedCrm
from tools.hubspot import HubSpotCrm
from tools.store.engine import open_engine
from tools.store.family_leads import SqlFamilyLeads
from tools.store.tables import crm_companies, crm_contacts, crm_notes, crm_tasks, leads
from tools.stream.dispatcher import ManyPerformer

NOW = datetime(2026, 4, 7, 14, 0, tzinfo=UTC)
MAYA = "maya@acme.example"
DEE, ELI = "dee@us.example", "eli@us.example"

COMPANY = UpsertCompany("acme.example", "Acme Labs", "US", "US-CA", "San Jose", "software", 4000, "acmecorp.example")
CONTACT = UpsertContact(
    contact_key=MAYA,
    email=MAYA,
    phone="+14085550100",
    full_name="Maya Ortiz",
    title="VP Engineering",
    company_domain="acme.example",
    company_name="Acme Labs",
    country="US",
    state="US-CA",
    score=62.0,
    tier="hot",
    path="qualify",
    source="web",
    message="need tracing across 300 services",
)
TASK = CreateTask(MAYA, DEE, "Call Maya Ortiz", "Open with the rollout at Northwind", NOW + timedelta(minutes=5))

NOTE = LogNote(MAYA, DEE, "Hot lead\nCompany: Acme Labs", NOW)


class Crm(CrmReader, Performer, Protocol):
    pass


class World(Protocol):
    """A CRM and the way its own people would look into it."""

    crm: Crm
    database: Engine

    def have_company(self, domain: str, owner: str | None) -> str: ...

    def companies(self, domain: str) -> list[dict[str, Any]]: ...

    def contacts(self) -> list[dict[str, Any]]: ...

    def tasks(self) -> list[dict[str, Any]]: ...

    def notes(self) -> list[dict[str, Any]]:
        """text as the CRM shows it: lines apart."""
        ...


class OurWorld:
    def __init__(self, database: Engine) -> None:
        self.database = database
        self.crm = EmbeddedCrm(database, clock=lambda: NOW)

    def have_company(self, domain: str, owner: str | None) -> str:
        row = {"domain": domain, "owner": owner, "updated_at": NOW}
        with self.database.begin() as connection:
            made = connection.execute(insert(crm_companies).values(row).returning(crm_companies.c.company_id))
            return str(made.scalar_one())

    def companies(self, domain: str) -> list[dict[str, Any]]:
        return self._rows(select(crm_companies).where(crm_companies.c.domain == domain))

    def contacts(self) -> list[dict[str, Any]]:
        return self._rows(select(crm_contacts))

    def tasks(self) -> list[dict[str, Any]]:
        return self._rows(select(crm_tasks))

    def notes(self) -> list[dict[str, Any]]:
        return [row | {"lines": row["text"].split("\n")} for row in self._rows(select(crm_notes))]

    def _rows(self, question: Any) -> list[dict[str, Any]]:
        with self.database.connect() as connection:
            return [dict(row) for row in connection.execute(question).mappings()]


class HubSpotWorld:
    def __init__(self, server: HubSpotServer, database: Engine) -> None:
        self.server, self.database = server, database
        self.crm = HubSpotCrm(
            TOKEN, base_url=server.url, family_leads=SqlFamilyLeads(database), deadline_s=10.0, clock=lambda: NOW
        )
        server.owners.update({"11": DEE, "12": ELI})
        self._owner_ids = {email: number for number, email in server.owners.items()}

    def have_company(self, domain: str, owner: str | None) -> str:
        owned = {"hubspot_owner_id": self._owner_ids[owner]} if owner else {}
        return self.server.add("companies", domain=domain, **owned)

    def companies(self, domain: str) -> list[dict[str, Any]]:
        return [
            {
                "name": has.get("name"),
                "city": has.get("city"),
                "employees": int(has["numberofemployees"]) if "numberofemployees" in has else None,
                "industry": has.get("lead_router_industry"),
                "parent_domain": has.get("lead_router_parent_domain"),
                "owner": self.server.owners.get(has.get("hubspot_owner_id", "")),
            }
            for has in self.server.objects["companies"].values()
            if has.get("domain") == domain
        ]

    def contacts(self) -> list[dict[str, Any]]:
        return [
            {
                "email": has.get("email"),
                "phone": has.get("phone"),
                "full_name": " ".join(has[n] for n in ("firstname", "lastname") if n in has) or None,
                "title": has.get("jobtitle"),
                "message": has.get("message"),
                "tier": has.get("lead_router_tier"),
                "score": float(has["lead_router_score"]) if "lead_router_score" in has else None,
                "owner": self.server.owners.get(has.get("hubspot_owner_id", "")),
            }
            for has in self.server.objects["contacts"].values()
        ]

    def tasks(self) -> list[dict[str, Any]]:
        return [
            {
                "subject": has["hs_task_subject"],
                "owner": self.server.owners.get(has.get("hubspot_owner_id", "")),
                "due_at": datetime.fromtimestamp(int(has["hs_timestamp"]) / 1000, UTC),
            }
            for has in self.server.objects["tasks"].values()
        ]

    def notes(self) -> list[dict[str, Any]]:
        return [
            {
                "lines": has["hs_note_body"].partition("<br><br>Reference: ")[0].split("<br>"),
                "owner": self.server.owners.get(has.get("hubspot_owner_id", "")),
            }
            for has in self.server.objects["notes"].values()
        ]


@pytest.fixture(params=["embedded-sqlite", "embedded-postgresql", "hubspot"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    url = request.getfixturevalue("postgres_url" if "postgresql" in request.param else "sqlite_url")
    database = open_engine(url)
    if request.param == "hubspot":
        with HubSpotServer() as server:
            yield HubSpotWorld(server, database)
    else:
        yield OurWorld(database)
    database.dispose()


def order(effect: Effect, attempt: int = 1, lead_id: str = "ld_1", revision: int = 1) -> Order:
    return Order(key_of(effect, lead_id, revision), lead_id, revision, attempt, effect)


def ask(
    email: str | None = MAYA,
    phone: str | None = None,
    domain: str | None = "acme.example",
    parent_domain: str | None = "acmecorp.example",
) -> CrmAsk:
    return CrmAsk(email, phone, domain, parent_domain)


def a_lead(lead_id: str, email: str, parent_domain: str | None, days_ago: float) -> dict[str, Any]:
    decided = {"owner": DEE, "path": "qualify", "tier": "hot", "score": 62.0, "propensity": 0.4, "form": "{}"}
    at = NOW - timedelta(days=days_ago)
    about = {"lead_id": lead_id, "revision": 1, "assignment": 1, "email": email, "domain": "acme.example"}
    return {**decided, **about, "parent_domain": parent_domain, "created_at": at, "decided_at": at}


async def test_each_ask_gets_one_fact_in_its_place(world: World) -> None:
    world.have_company("acme.example", DEE)
    facts = await world.crm.accounts([ask(domain="other.example"), ask(), ask(domain=None, parent_domain=None)], NOW)
    assert [fact.kind for fact in facts] == ["absent", "found", "absent"]
    assert all(fact.at == NOW for fact in facts)


async def test_no_asks_are_answered_with_no_facts(world: World) -> None:
    assert list(await world.crm.accounts([], NOW)) == []


async def test_the_account_owner_is_the_companys_and_the_parent_owner_the_parents(world: World) -> None:
    company = world.have_company("acme.example", DEE)
    world.have_company("acmecorp.example", ELI)
    (fact,) = await world.crm.accounts([ask()], NOW)
    assert isinstance(fact, Found)
    assert (fact.value.company_id, fact.value.owner, fact.value.parent_owner) == (company, DEE, ELI)


async def test_a_company_without_an_owner_has_none(world: World) -> None:
    company = world.have_company("acme.example", None)
    (fact,) = await world.crm.accounts([ask()], NOW)
    assert isinstance(fact, Found)
    assert (fact.value.company_id, fact.value.owner, fact.value.open_opportunities) == (company, None, ())


async def test_a_contact_that_was_written_is_read_back_at_once(world: World) -> None:
    receipt = await world.crm.perform(order(CONTACT))
    (fact,) = await world.crm.accounts([ask()], NOW)
    assert isinstance(fact, Found)
    assert fact.value.contact_id == receipt.external_id


async def test_a_phone_alone_finds_the_contact_that_left_it(world: World) -> None:
    phone = "+14085550111"
    receipt = await world.crm.perform(order(replace(CONTACT, contact_key=phone, email=None, phone=phone)))
    (fact,) = await world.crm.accounts([ask(email=None, phone=phone)], NOW)
    assert isinstance(fact, Found)
    assert fact.value.contact_id == receipt.external_id


async def test_leads_of_the_family_are_counted_for_30_days_without_the_persons_own(world: World) -> None:
    parent = "acmecorp.example"
    with world.database.begin() as connection:
        connection.execute(
            insert(leads),
            [
                a_lead("ld_own", MAYA, parent, 1),
                a_lead("ld_new", "a@acme.example", parent, 2),
                a_lead("ld_edge", "b@sister.example", parent, 29.9),
                a_lead("ld_old", "c@acme.example", parent, 30.1),
                a_lead("ld_else", "d@else.example", "else.example", 1),
                a_lead("ld_none", "e@free.example", None, 1),
            ],
        )
    asks = [ask(), ask(email="a@acme.example"), ask(email=None, domain="else.example", parent_domain=None)]
    facts = await world.crm.accounts([*asks, ask(domain="unseen.example", parent_domain=None)], NOW)
    assert [fact.value.family_leads_30d for fact in facts[:3] if isinstance(fact, Found)] == [2, 2, 1]
    assert isinstance(facts[3], Absent)


async def test_a_company_is_made_once(world: World) -> None:
    first = await world.crm.perform(order(COMPANY))
    second = await world.crm.perform(order(COMPANY, attempt=2))
    other = await world.crm.perform(order(COMPANY, lead_id="ld_2"))
    assert (first.repeated, second.repeated) == (False, True)
    assert first.external_id == second.external_id == other.external_id
    (company,) = world.companies("acme.example")
    expected = {"name": "Acme Labs", "city": "San Jose", "employees": 4000, "industry": "software", "owner": None}
    assert {name: company[name] for name in expected} == expected
    assert company["parent_domain"] == "acmecorp.example"


async def test_what_stands_in_a_company_is_kept_and_its_blanks_are_filled(world: World) -> None:
    await world.crm.perform(order(replace(COMPANY, employees=None, city=None)))
    await world.crm.perform(order(replace(COMPANY, name="ACME!!", city="Fresno", employees=10), revision=2))
    (company,) = world.companies("acme.example")
    assert (company["name"], company["city"], company["employees"]) == ("Acme Labs", "Fresno", 10)


async def test_a_contact_is_made_once_and_takes_the_newest_values(world: World) -> None:
    first = await world.crm.perform(order(CONTACT))
    again = await world.crm.perform(order(CONTACT, attempt=2))
    newer = replace(CONTACT, title=None, tier="warm", score=55.5, message="and 40 more")
    third = await world.crm.perform(order(newer, revision=2))
    assert (first.repeated, again.repeated) == (False, True)
    assert first.external_id == again.external_id == third.external_id
    (contact,) = world.contacts()
    assert (contact["email"], contact["full_name"], contact["title"]) == (MAYA, "Maya Ortiz", "VP Engineering")
    assert (contact["tier"], contact["score"], contact["message"]) == ("warm", 55.5, "and 40 more")


async def test_people_without_an_e_mail_address_are_told_apart_by_phone_or_lead(world: World) -> None:
    keys = [("+14085550111", "+14085550111"), ("+14085550112", "+14085550112"), ("ld_9", None)]
    for key, phone in keys * 2:
        await world.crm.perform(order(replace(CONTACT, contact_key=key, email=None, phone=phone), attempt=2))
    assert sorted(contact["phone"] or "" for contact in world.contacts()) == ["", "+14085550111", "+14085550112"]


async def test_the_owner_of_a_lead_becomes_the_contacts_and_never_the_companys(world: World) -> None:
    world.have_company("acme.example", ELI)
    await world.crm.perform(order(COMPANY))
    await world.crm.perform(order(CONTACT))
    await world.crm.perform(order(AssignOwner(MAYA, DEE, "map.US")))
    again = await world.crm.perform(order(AssignOwner(MAYA, DEE, "map.US"), attempt=2))
    assert again.repeated
    assert [contact["owner"] for contact in world.contacts()] == [DEE]
    assert [company["owner"] for company in world.companies("acme.example")] == [ELI]


async def test_a_company_without_an_owner_gets_none_from_a_lead(world: World) -> None:
    await world.crm.perform(order(COMPANY))
    await world.crm.perform(order(CONTACT))
    await world.crm.perform(order(AssignOwner(MAYA, DEE, "map.US")))
    assert [company["owner"] for company in world.companies("acme.example")] == [None]


async def test_a_lead_that_moves_takes_its_contact_along(world: World) -> None:
    await world.crm.perform(order(CONTACT))
    await world.crm.perform(order(AssignOwner(MAYA, DEE, "map.US")))
    await world.crm.perform(order(AssignOwner(MAYA, ELI, "map.US"), revision=2))
    await world.crm.perform(order(CONTACT, revision=2))
    assert [contact["owner"] for contact in world.contacts()] == [ELI]


@pytest.mark.parametrize("effect", [AssignOwner(MAYA, DEE, "map.US"), TASK, NOTE], ids=lambda effect: effect.kind)
async def test_an_effect_on_a_contact_that_is_not_there_is_tried_again_later(world: World, effect: Effect) -> None:
    with pytest.raises(VendorError) as raised:
        await world.crm.perform(order(effect))
    assert (raised.value.code, raised.value.permanent) == ("contact_missing", False)
    assert (world.tasks(), world.notes()) == ([], [])


async def test_a_task_is_made_once_with_its_owner_and_due_time(world: World) -> None:
    await world.crm.perform(order(CONTACT))
    first = await world.crm.perform(order(TASK))
    second = await world.crm.perform(order(TASK, attempt=2))
    assert (first.external_id, first.repeated, second.repeated) == (second.external_id, False, True)
    (task,) = world.tasks()
    assert (task["subject"], task["owner"], task["due_at"]) == ("Call Maya Ortiz", DEE, TASK.due_at)


async def test_a_note_is_made_once_and_tells_a_line_a_line(world: World) -> None:
    await world.crm.perform(order(CONTACT))
    first = await world.crm.perform(order(NOTE))
    second = await world.crm.perform(order(NOTE, attempt=2))
    assert (first.external_id, first.repeated, second.repeated) == (second.external_id, False, True)
    (note,) = world.notes()
    assert (note["lines"], note["owner"]) == (["Hot lead", "Company: Acme Labs"], DEE)


async def test_the_orders_of_many_leads_are_performed_together_each_with_its_own_answer(world: World) -> None:
    assert isinstance(world.crm, ManyPerformer)
    people = [f"p{n}@acme.example" for n in range(4)]
    orders = [order(COMPANY, lead_id=f"ld_{n}") for n in range(4)]
    for n, email in enumerate(people):
        orders.append(order(replace(CONTACT, contact_key=email, email=email, phone=None), lead_id=f"ld_{n}"))
        orders.append(order(AssignOwner(email, DEE, "map.US"), lead_id=f"ld_{n}"))
    orders.append(order(replace(TASK, contact_key="nobody@acme.example"), lead_id="ld_9"))
    answers = await world.crm.perform_many(orders)
    assert [isinstance(answer, Receipt) for answer in answers] == [True] * 12 + [False]
    assert len({answer.external_id for answer in answers[:4] if isinstance(answer, Receipt)}) == 1
    assert sorted((c["email"], c["owner"]) for c in world.contacts()) == [(email, DEE) for email in people]
    assert len(world.companies("acme.example")) == 1


async def test_the_next_revision_of_a_lead_makes_a_task_of_its_own(world: World) -> None:
    await world.crm.perform(order(CONTACT))
    await world.crm.perform(order(TASK))
    await world.crm.perform(order(TASK, attempt=2, revision=2))
    assert len(world.tasks()) == 2


async def test_a_strangers_text_is_kept_as_it_was_typed(world: World) -> None:
    hostile = "<script>alert(1)</script> '; DROP TABLE crm_contacts; -- {{7*7}} \U0001f600 \u202e é " + "x" * 5000
    await world.crm.perform(order(replace(CONTACT, message=hostile, title=hostile)))
    (contact,) = world.contacts()
    assert contact["message"] == hostile


async def test_an_effect_of_another_vendor_is_refused_for_good(world: World) -> None:
    with pytest.raises(VendorError) as raised:
        await world.crm.perform(order(EnrolNurture(MAYA, "low_score_nurture", DEE)))
    assert (raised.value.code, raised.value.permanent) == ("unsupported_effect", True)
