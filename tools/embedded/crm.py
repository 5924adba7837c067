"""The CRM we bring along: companies, contacts, owners, tasks and notes in our own database, behind the CRM ports.

It holds no deals, so it knows of no open opportunities; what it holds of a company's parent came from our own decisions,
so it names no parent by itself. What people or enrichment wrote about a company stays: an
upsert fills blanks. A contact takes the newest values that are not blank. Never makes an owner of a lead the owner of
its company, and never deletes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import ClassVar

from sqlalchemy import Connection, bindparam, select

from graph.domain.account import CrmAccount
from graph.domain.effects import AssignOwner, CreateTask, UpsertCompany, UpsertContact
from graph.domain.facts import Absent, Fact, Found, Unavailable
from graph.domain.telling import LogNote
from graph.ports import CrmAsk, Order, Receipt, VendorError
from tools.embedded.performing import DOWN, BatchPerformer, Outcome, values_of
from tools.embedded.rows import Row, Rows
from tools.store.asking import ask
from tools.store.family_leads import count_family_leads
from tools.store.tables import crm_companies, crm_contacts, crm_notes, crm_owners, crm_tasks

SOURCE = "crm"
_ON_A_CONTACT = (UpsertContact, AssignOwner, CreateTask, LogNote)
_NOTHING = CrmAccount()
_CONTACTS = select(crm_contacts.c.contact_key, crm_contacts.c.contact_id).where(
    crm_contacts.c.contact_key.in_(bindparam("keys", expanding=True))
)
_COMPANIES = select(crm_companies.c.domain, crm_companies.c.company_id, crm_companies.c.owner).where(
    crm_companies.c.domain.in_(bindparam("domains", expanding=True))
)


class EmbeddedCrm(BatchPerformer):
    """Implements CrmReader, and Performer for the effects of the vendor "crm".

    Ids are the rows' own, as decimal text. An order for a contact that is not there fails as `contact_missing`.
    """

    name: ClassVar[str] = "the embedded CRM"
    kinds: ClassVar[frozenset[str]] = frozenset(
        {"upsert_company", "upsert_contact", "assign_owner", "create_task", "log_note"}
    )

    async def accounts(self, asks: Sequence[CrmAsk], now: datetime) -> Sequence[Fact[CrmAccount]]:
        """Three selects for the whole batch. `owner` is the company's; the contact's is not an account's."""
        if not asks:
            return []
        try:
            known = await ask(self._reads, self._executor, partial(self._read, asks, now))
        except DOWN:
            return [Unavailable(SOURCE, now, "unreachable")] * len(asks)
        return [Absent(SOURCE, now) if account == _NOTHING else Found(account, SOURCE, now) for account in known]

    def _read(self, asks: Sequence[CrmAsk], now: datetime) -> list[CrmAccount]:
        keys = sorted({key for ask in asks if (key := ask.email or ask.phone) is not None})
        domains = sorted({domain for ask in asks for domain in (ask.domain, ask.parent_domain) if domain is not None})
        contacts: dict[str, str] = {}
        companies: dict[str, tuple[str, str | None]] = {}
        with self._reads.connect() as connection:
            if keys:
                contacts = {key: str(number) for key, number in connection.execute(_CONTACTS, {"keys": keys})}
            if domains:
                firms = connection.execute(_COMPANIES, {"domains": domains})
                companies = {domain: (str(number), owner) for domain, number, owner in firms}
            families = count_family_leads(connection, asks, now)
        unknown = (None, None)
        accounts = []
        for one, (number, more) in zip(asks, families, strict=True):
            company_id, owner = companies.get(one.domain, unknown) if one.domain else unknown
            parent_owner = companies.get(one.parent_domain, unknown)[1] if one.parent_domain else None
            contact_id = contacts.get(one.email or one.phone or "")
            accounts.append(CrmAccount(company_id, contact_id, owner, parent_owner, (), number, family_leads_more=more))
        return accounts

    def apply(self, connection: Connection, orders: Sequence[Order], now: datetime) -> list[Outcome]:
        page = _Page(connection, orders, now)
        results = [page.apply(order) for order in orders]
        page.write()
        return [result if isinstance(result, VendorError) else result() for result in results]


class _Page:
    """The part of the CRM that a batch of orders touches."""

    def __init__(self, connection: Connection, orders: Sequence[Order], now: datetime) -> None:
        effects = [order.effect for order in orders]
        domains = {effect.domain for effect in effects if isinstance(effect, UpsertCompany)}
        people = {e.contact_key for e in effects if isinstance(e, _ON_A_CONTACT)}
        owners = {effect.owner for effect in effects if isinstance(effect, AssignOwner)}
        tasks = {order.key for order in orders if isinstance(order.effect, CreateTask)}
        notes = {order.key for order in orders if isinstance(order.effect, LogNote)}
        self._now = now
        self._companies = Rows(connection, crm_companies, ("domain",), domains)
        self._contacts = Rows(connection, crm_contacts, ("contact_key",), people)
        self._owners = Rows(connection, crm_owners, ("email",), owners)
        self._tasks = Rows(connection, crm_tasks, ("effect_key",), tasks)
        self._notes = Rows(connection, crm_notes, ("effect_key",), notes)

    def write(self) -> None:
        for rows in (self._companies, self._contacts, self._owners, self._tasks, self._notes):
            rows.write()

    def apply(self, order: Order) -> Callable[[], Receipt] | VendorError:
        """The receipt can be had after `write`: a new row has no id before."""
        effect = order.effect
        if isinstance(effect, UpsertCompany):
            return self._company(effect)
        if isinstance(effect, UpsertContact):
            return self._contact(effect)
        if isinstance(effect, AssignOwner | CreateTask | LogNote):
            contact = self._contacts.find(effect.contact_key)
            if contact is None:
                return VendorError("contact_missing", f"no contact to {effect.kind} for; its upsert has not succeeded")
            if isinstance(effect, AssignOwner):
                return self._assign(effect, contact)
            return self._task(order.key, effect) if isinstance(effect, CreateTask) else self._note(order.key, effect)
        raise TypeError(f"{effect.kind} came past the check of kinds")

    def _company(self, effect: UpsertCompany) -> Callable[[], Receipt]:
        values = values_of(effect)
        row = self._companies.find(effect.domain)
        if row is None:
            row = self._companies.add({**values, "owner": None, "updated_at": self._now})
            return _receipt(row, "company_id", repeated=False)
        blanks = {name: value for name, value in values.items() if row[name] is None}
        changed = self._companies.change(row, blanks, {"updated_at": self._now})
        return _receipt(row, "company_id", repeated=not changed)

    def _contact(self, effect: UpsertContact) -> Callable[[], Receipt]:
        values = values_of(effect)
        row = self._contacts.find(effect.contact_key)
        if row is None:
            row = self._contacts.add({**values, "owner": None, "updated_at": self._now})
            return _receipt(row, "contact_id", repeated=False)
        known = {name: value for name, value in values.items() if value is not None}
        changed = self._contacts.change(row, known, {"updated_at": self._now})
        return _receipt(row, "contact_id", repeated=not changed)

    def _assign(self, effect: AssignOwner, contact: Row) -> Callable[[], Receipt]:
        if self._owners.find(effect.owner) is None:
            self._owners.add({"email": effect.owner, "name": None, "active": True})
        changed = self._contacts.change(contact, {"owner": effect.owner}, {"updated_at": self._now})
        return _receipt(contact, "contact_id", repeated=not changed)

    def _task(self, key: str, effect: CreateTask) -> Callable[[], Receipt]:
        row = self._tasks.find(key)
        if row is not None:
            return _receipt(row, "task_id", repeated=True)
        values = values_of(effect)
        row = self._tasks.add({**values, "effect_key": key, "done": False, "created_at": self._now})
        return _receipt(row, "task_id", repeated=False)

    def _note(self, key: str, effect: LogNote) -> Callable[[], Receipt]:
        row = self._notes.find(key)
        if row is not None:
            return _receipt(row, "note_id", repeated=True)
        values = {"contact_key": effect.contact_key, "owner": effect.owner, "text": effect.text, "noted_at": effect.at}
        return _receipt(self._notes.add({**values, "effect_key": key}), "note_id", repeated=False)


def _receipt(row: Row, number: str, *, repeated: bool) -> Callable[[], Receipt]:
    return lambda: Receipt(str(row[number]), repeated)
