"""Events that a CRM sends back, kept before anybody answers for them, and what followed from each. Blocking.

waiting --the dispatcher takes it--> taken (something follows for a lead) | ignored (nothing does, and `note` says why)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

import orjson
from sqlalchemy import Connection, Engine, Row, select, update

from graph.domain.effects import VENDOR_OF, TakeChange
from tools.store.tables import CONTACT, assignments, crm_changes, leads, outbox, outcomes
from tools.store.upsert import insert_for

ChangeKind: TypeAlias = Literal["owner", "deal", "gone", "merged"]
PAGE = 500
State: TypeAlias = Literal["taken", "ignored"]


@dataclass(frozen=True, slots=True)
class CrmChange:
    """change_id: the same for every delivery of one event. object_id: of the contact or deal in the CRM. value: the new
    owner's id, the deal's property, the contact that stays. author: who did it, as the CRM says."""

    change_id: str
    kind: ChangeKind
    object_id: str
    value: str | None
    author: str | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of a change. note: in words."""

    change_id: str
    state: State
    note: str
    lead_id: str | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has a lead, since which decision. closed: it has an outcome; owed: a write of its owner to the CRM is still to
    come, so that the CRM does not show yet what was decided."""

    lead_id: str
    owner: str
    path: str
    decided_at: datetime
    closed: bool
    owed: bool


def keep_changes(engine: Engine, changes: Sequence[CrmChange], now: datetime) -> int:
    """Keep the changes that are new, and have each taken by the dispatcher: in one transaction. Returns how many were new."""
    rows = [
        {
            "change_id": one.change_id,
            "kind": one.kind,
            "object_id": one.object_id,
            "value": one.value,
            "author": one.author,
            "occurred_at": one.occurred_at,
            "received_at": now,
            "state": "waiting",
        }
        for one in sorted(changes, key=lambda one: one.occurred_at)
    ]
    if not rows:
        return 0
    with engine.execution_options(immediate=True).begin() as connection:
        fresh = insert_for(connection, crm_changes).on_conflict_do_nothing(index_elements=["change_id"])
        new = [
            row
            for row in rows
            if connection.execute(fresh.values(**row).returning(crm_changes.c.change_id)).first() is not None
        ]
        if new:
            connection.execute(outbox.insert(), [_effect(row, now) for row in new])
    return len(new)


def _effect(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Changes of one object are taken in their order, as the effects of one lead are."""
    effect = TakeChange(row["change_id"])
    return {
        "key": f"{effect.kind}/{row['change_id']}",
        "lead_id": f"{'deal' if row['kind'] == 'deal' else 'contact'}:{row['object_id']}"[:40],
        "revision": 0,
        "vendor": VENDOR_OF[effect.kind],
        "kind": effect.kind,
        "payload": orjson.dumps(effect),
        "state": "pending",
        "attempts": 0,
        "due_at": now,
        "accepted_at": now,
        "created_at": now,
    }


def waiting_changes(engine: Engine, change_ids: Sequence[str]) -> dict[str, CrmChange]:
    """Those of them that are not settled yet, by id."""
    of = crm_changes.c
    wanted = select(crm_changes).where(of.change_id.in_(change_ids), of.state == "waiting")
    with engine.connect() as connection:
        return {
            row.change_id: CrmChange(row.change_id, row.kind, row.object_id, row.value, row.author, row.occurred_at)
            for row in connection.execute(wanted)
        }


def settle_changes(engine: Engine, settled: Sequence[Settled], now: datetime) -> None:
    with engine.execution_options(immediate=True).begin() as connection:
        for one in settled:
            told = {"state": one.state, "note": one.note, "lead_id": one.lead_id, "settled_at": now}
            connection.execute(update(crm_changes).where(crm_changes.c.change_id == one.change_id).values(**told))


def changes_page(engine: Engine, *, state: str | None = None, limit: int = 50) -> list[Row[Any]]:
    """The newest changes first."""
    wanted = select(crm_changes).order_by(crm_changes.c.received_at.desc(), crm_changes.c.change_id).limit(limit)
    if state is not None:
        wanted = wanted.where(crm_changes.c.state == state)
    with engine.connect() as connection:
        return list(connection.execute(wanted))


def holdings(engine: Engine, lead_ids: Sequence[str]) -> dict[str, Holding]:
    """By lead; a lead that was never decided is not in it."""
    if not lead_ids:
        return {}
    with engine.connect() as connection:
        owed = _owed(connection, lead_ids)
        wanted = (
            select(leads.c.lead_id, leads.c.owner, leads.c.path, leads.c.decided_at, assignments.c.state)
            .join(
                assignments,
                (assignments.c.lead_id == leads.c.lead_id) & (assignments.c.number == leads.c.assignment),
            )
            .where(leads.c.lead_id.in_(lead_ids))
        )
        return {
            row.lead_id: Holding(
                row.lead_id, row.owner, row.path, row.decided_at, row.state == "closed", row.lead_id in owed
            )
            for row in connection.execute(wanted)
        }


def _owed(connection: Connection, lead_ids: Sequence[str]) -> set[str]:
    pending = select(outbox.c.lead_id).where(
        outbox.c.lead_id.in_(lead_ids),
        outbox.c.vendor == "crm",
        outbox.c.kind == "assign_owner",
        outbox.c.state == "pending",
    )
    return set(connection.scalars(pending))


def leads_of_contacts(engine: Engine, contact_ids: Sequence[str]) -> dict[str, str]:
    """contact's id in the CRM -> lead, as our own writes were answered."""
    found: dict[str, str] = {}
    wanted = (
        select(outbox.c.external_id, outbox.c.lead_id).where(CONTACT, outbox.c.vendor == "crm").order_by(outbox.c.id)
    )
    with engine.connect() as connection:
        for start in range(0, len(contact_ids), PAGE):
            some = wanted.where(outbox.c.external_id.in_(contact_ids[start : start + PAGE]))
            found |= {row.external_id: row.lead_id for row in connection.execute(some)}
    return found


def leads_of_domains(engine: Engine, domains: Sequence[str]) -> dict[str, list[tuple[datetime, str]]]:
    """domain -> (first heard of, lead) of each lead of the company, oldest first."""
    found: dict[str, list[tuple[datetime, str]]] = {}
    wanted = select(leads.c.domain, leads.c.created_at, leads.c.lead_id).order_by(leads.c.created_at, leads.c.lead_id)
    with engine.connect() as connection:
        for start in range(0, len(domains), PAGE):
            for row in connection.execute(wanted.where(leads.c.domain.in_(domains[start : start + PAGE]))):
                found.setdefault(row.domain, []).append((row.created_at, row.lead_id))
    return found


def sold_by(engine: Engine, lead_ids: Sequence[str], source: str) -> dict[str, str]:
    """lead -> the source whose name begins so that has told of a sale."""
    found: dict[str, str] = {}
    wanted = select(outcomes.c.lead_id, outcomes.c.source).where(
        outcomes.c.outcome == "won", outcomes.c.source.startswith(source, autoescape=True)
    )
    with engine.connect() as connection:
        for start in range(0, len(lead_ids), PAGE):
            some = wanted.where(outcomes.c.lead_id.in_(lead_ids[start : start + PAGE]))
            found |= {row.lead_id: row.source for row in connection.execute(some)}
    return found
