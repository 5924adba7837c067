"""What the outbox has written of each lead to the CRM, and how to have it written again. Blocking.

Never talks to a CRM: `tools.reconciling` compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Engine, func, select, update

from tools.store.tables import dead_letters, leads, outbox

PAGE: Final = 500


@dataclass(slots=True)
class Sent:
    """The newest writes of a lead. state: of the whole (done, pending, dead); keys: of the effects of each kind, newest
    revision; task: the CRM's id of the task, None where none is asked for or it was not made yet."""

    lead_id: str
    contact_key: str = ""
    domain: str | None = None
    owner: str = ""
    owner_state: str = ""
    tier: str = ""
    score: float = 0.0
    task: str | None = None
    state: str = "done"
    dead: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)


def leads_counted(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(leads)) or 0


def sent_pages(engine: Engine) -> Iterator[tuple[int, list[Sent]]]:
    """(leads read, those of them that have a contact in the CRM or are to get one), page by page, by lead."""
    last = ""
    while True:
        with engine.connect() as connection:
            page = list(
                connection.scalars(
                    select(leads.c.lead_id).where(leads.c.lead_id > last).order_by(leads.c.lead_id).limit(PAGE)
                )
            )
            if not page:
                return
            rows = connection.execute(
                select(
                    outbox.c.key,
                    outbox.c.lead_id,
                    outbox.c.kind,
                    outbox.c.payload,
                    outbox.c.state,
                    outbox.c.external_id,
                )
                .where(outbox.c.lead_id.in_(page), outbox.c.vendor == "crm")
                .order_by(outbox.c.id)
            ).all()
        found: dict[str, Sent] = {}
        for row in rows:
            _add(found.setdefault(row.lead_id, Sent(row.lead_id)), row)
        yield len(page), [one for one in found.values() if one.contact_key]
        last = page[-1]


def _add(sent: Sent, row: Any) -> None:
    """Rows come in their order: a later revision replaces an earlier one."""
    effect = orjson.loads(row.payload)
    if row.kind in sent.keys and sent.keys[row.kind] in sent.dead:
        sent.dead.remove(sent.keys[row.kind])
    sent.keys[row.kind] = row.key
    if row.state == "pending":
        sent.state = "pending"
    elif row.state == "dead":
        sent.dead.append(row.key)
    match row.kind:
        case "upsert_contact":
            sent.contact_key, sent.domain = effect["contact_key"], effect["company_domain"]
            sent.tier, sent.score = effect["tier"], effect["score"]
        case "assign_owner":
            sent.owner, sent.owner_state = effect["owner"], row.state
        case "create_task":
            sent.task = row.external_id if row.state == "done" else None
        case _:
            pass


def write_again(engine: Engine, keys: Sequence[str], now: datetime) -> int:
    """Have these effects performed once more, as second attempts: what is there already is found and not made twice. What
    waits by itself is left alone. Returns how many."""
    count = 0
    with engine.execution_options(immediate=True).begin() as connection:
        for start in range(0, len(keys), PAGE):
            some = keys[start : start + PAGE]
            settled = update(outbox).where(outbox.c.key.in_(some), outbox.c.state.in_(("done", "dead")))
            change = {
                "state": "pending",
                "due_at": now,
                "attempts": 1,
                "lease_by": None,
                "error": None,
                "done_at": None,
            }
            count += connection.execute(settled.values(**change)).rowcount
            letters = update(dead_letters).where(dead_letters.c.kind == "effect", dead_letters.c.ref.in_(some))
            connection.execute(letters.where(dead_letters.c.replayed_at.is_(None)).values(replayed_at=now))
    return count
