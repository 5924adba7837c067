"""Pages of the embedded CRM, for people to read. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import orjson
from sqlalchemy import Engine, Table, func, select

from tools.store.tables import (
    crm_companies,
    crm_contacts,
    crm_notes,
    crm_owners,
    crm_tasks,
    decisions,
    leads,
)

Name: TypeAlias = Literal["contacts", "companies", "owners", "tasks", "notes"]
Cells: TypeAlias = tuple[Any, ...]

# Column names as shown, in order; newest first, except for people, who are found by name.
_PAGES: dict[Name, tuple[Table, tuple[str, ...], Any]] = {
    "contacts": (
        crm_contacts,
        ("full_name", "title", "company_name", "email", "phone", "country", "score", "tier", "path", "owner",
         "updated_at"),
        crm_contacts.c.contact_id.desc(),
    ),
    "companies": (
        crm_companies,
        ("name", "domain", "parent_domain", "industry", "employees", "city", "state", "country", "owner", "updated_at"),
        crm_companies.c.company_id.desc(),
    ),
    "owners": (crm_owners, ("email", "name", "active"), crm_owners.c.email),
    "tasks": (
        crm_tasks,
        ("subject", "contact_key", "owner", "due_at", "done", "created_at"),
        crm_tasks.c.task_id.desc(),
    ),
    "notes": (crm_notes, ("text", "contact_key", "owner", "noted_at"), crm_notes.c.note_id.desc()),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """number counts from 1; total: rows in the whole table."""

    columns: tuple[str, ...]
    rows: list[Cells]
    number: int
    total: int
    size: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))


@dataclass(frozen=True, slots=True)
class Card:
    """What the CRM holds of one lead: (column, value) of contact and company, the contact's tasks, and (text, at) of its
    notes, newest first."""

    contact: tuple[tuple[str, Any], ...]
    company: tuple[tuple[str, Any], ...]
    tasks: list[Cells]
    task_columns: tuple[str, ...]
    notes: list[Cells]


def page_of(engine: Engine, name: Name, number: int = 1, size: int = 50) -> Page:
    """A page beyond the last is empty."""
    table, columns, order = _PAGES[name]
    keys = list(table.primary_key.columns)
    wanted = select(*(table.c[c] for c in columns)).order_by(order, *keys).limit(size).offset((number - 1) * size)
    with engine.connect() as connection:
        total = connection.scalar(select(func.count()).select_from(table)) or 0
        rows = [tuple(row) for row in connection.execute(wanted)]
    return Page(columns, rows, number, total, size)


def card_of(engine: Engine, lead_id: str) -> Card | None:
    """None for a lead that nobody knows; a card without a contact for one that the CRM does not have (yet)."""
    with engine.connect() as connection:
        lead = connection.execute(
            select(decisions.c.record, leads.c.domain)
            .join(leads, leads.c.lead_id == decisions.c.lead_id)
            .where(decisions.c.lead_id == lead_id, decisions.c.revision == leads.c.revision)
        ).first()
        if lead is None:
            return None
        person = orjson.loads(lead.record)["lead"]
        keys = [key for key in (person.get("email"), person.get("phone"), lead_id) if key]
        contact = connection.execute(select(crm_contacts).where(crm_contacts.c.contact_key.in_(keys))).first()
        domain = contact.company_domain if contact else lead.domain
        company = connection.execute(select(crm_companies).where(crm_companies.c.domain == domain)).first()
        columns = _PAGES["tasks"][1]
        tasks = (
            select(*(crm_tasks.c[c] for c in columns))
            .where(crm_tasks.c.contact_key.in_(keys))
            .order_by(crm_tasks.c.task_id.desc())
            .limit(50)
        )
        rows = [tuple(row) for row in connection.execute(tasks)]
        noted = (
            select(crm_notes.c.text, crm_notes.c.noted_at)
            .where(crm_notes.c.contact_key.in_(keys))
            .order_by(crm_notes.c.note_id.desc())
            .limit(20)
        )
        notes = [tuple(row) for row in connection.execute(noted)]
    return Card(_fields(contact, "contacts"), _fields(company, "companies"), rows, columns, notes)


def _fields(row: Any, name: Name) -> tuple[tuple[str, Any], ...]:
    if row is None:
        return ()
    extra = ("message", "source") if name == "contacts" else ()
    return tuple((column, getattr(row, column)) for column in (*_PAGES[name][1], *extra))
