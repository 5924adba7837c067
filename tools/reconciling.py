"""Compares every lead with what the CRM holds of it, and says what differs. Mends through the outbox alone.

An owner whom somebody else chose there is no fault: by the rule for conflicts the lead follows. Blocking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from sqlalchemy import Engine

from tools.crm_audit import ContactHeld, CrmAudit
from tools.store.crm_changes import CrmChange, keep_changes
from tools.store.crm_reconcile import Sent, leads_counted, sent_pages, write_again

What: TypeAlias = Literal[
    "contact missing", "owner differs", "owner unknown", "tier differs", "score differs", "task missing", "given up",
    "company missing", "company twice",
]  # fmt: skip
ORDER: Final = ("upsert_company", "upsert_contact", "assign_owner", "create_task", "log_note")
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "contact missing": ORDER,
    "owner differs": ("assign_owner",),
    "tier differs": ("upsert_contact",),
    "score differs": ("upsert_contact",),
    "task missing": ("create_task",),
    "company missing": ("upsert_company", "upsert_contact"),
}
"""Kinds of writes that mend a difference; the others need a person."""


@dataclass(frozen=True, slots=True)
class Difference:
    """told: a sentence for people. moves: the owner there was chosen there, and the lead can follow."""

    lead_id: str
    what: What
    told: str
    keys: tuple[str, ...] = ()
    moves: CrmChange | None = None


@dataclass(slots=True)
class Compared:
    """leads: with a contact in the CRM; waiting: leads whose writes are still under way, which were not compared."""

    leads: int = 0
    waiting: int = 0


def differences(
    engine: Engine, crm: CrmAudit, compared: Compared, now: datetime, progress: Callable[[float], None]
) -> Iterator[Difference]:
    """progress: is told the share of all leads that is done. Raises VendorError."""
    total, read = leads_counted(engine), 0
    twice: set[str] = set()
    owners = crm.owners()
    for count, page in sent_pages(engine):
        settled = [one for one in page if one.state != "pending"]
        compared.leads += len(settled)
        compared.waiting += len(page) - len(settled)
        if settled:
            held = crm.contacts([one.contact_key for one in settled])
            tasks = crm.tasks([one.task for one in settled if one.task is not None])
            firms = crm.companies(sorted({one.domain for one in settled if one.domain}))
            for one in settled:
                yield from _of_lead(one, held.get(one.contact_key), tasks, owners, now)
                yield from _of_company(one, firms, twice)
        read += count
        progress(read / max(total, 1))


def _of_lead(
    sent: Sent, held: ContactHeld | None, tasks: set[str], owners: set[str] | None, now: datetime
) -> Iterator[Difference]:
    for key in sent.dead:
        yield Difference(sent.lead_id, "given up", f"{key.partition('/')[2]} was given up", (key,))
    if held is None:
        yield _mended(sent, "contact missing", f"no contact {sent.contact_key}")
        return
    yield from _of_owner(sent, held, owners, now)
    if held.tier != sent.tier:
        yield _mended(sent, "tier differs", f"tier {held.tier or 'blank'} there, {sent.tier} here")
    if held.score is None or abs(held.score - sent.score) > 0.05:
        there = "blank" if held.score is None else f"{held.score:g}"
        yield _mended(sent, "score differs", f"score {there} there, {sent.score:g} here")
    if sent.task is not None and sent.task not in tasks:
        yield _mended(sent, "task missing", f"task {sent.task} is not there")


def _of_owner(sent: Sent, held: ContactHeld, owners: set[str] | None, now: datetime) -> Iterator[Difference]:
    ours = sent.owner.lower()
    if not ours or held.owner == ours:
        return
    if owners is not None and ours not in owners:
        yield Difference(sent.lead_id, "owner unknown", f"{ours} is no active owner there: invite them")
        return
    there = held.owner or "nobody active"
    told = f"owner {there} there, {ours} here"
    if held.owner is None or sent.owner_state != "done" or owners is None:
        yield _mended(sent, "owner differs", told)
        return
    name = f"reconcile/{held.number}/{held.owner_id}/{sent.keys.get('assign_owner', '')}"
    change = CrmChange(hashlib.sha256(name.encode()).hexdigest(), "owner", held.number, held.owner_id, None, now)
    yield Difference(sent.lead_id, "owner differs", f"{told}; chosen there, so the lead follows", moves=change)


def _of_company(sent: Sent, firms: Mapping[str, int], twice: set[str]) -> Iterator[Difference]:
    if not sent.domain:
        return
    number = firms.get(sent.domain, 0)
    if number == 0 and "upsert_company" in sent.keys:
        yield _mended(sent, "company missing", f"no company {sent.domain}")
    elif number > 1 and sent.domain not in twice:
        twice.add(sent.domain)
        yield Difference(sent.lead_id, "company twice", f"{number} companies have the domain {sent.domain}: merge them")


def _mended(sent: Sent, what: What, told: str) -> Difference:
    keys = tuple(sent.keys[kind] for kind in _NEEDS[what] if kind in sent.keys)
    return Difference(sent.lead_id, what, told, keys)


def mend(engine: Engine, found: Sequence[Difference], now: datetime) -> tuple[int, int]:
    """(writes asked for again, leads that follow their owner there)"""
    written = write_again(engine, sorted({key for one in found for key in one.keys}), now)
    return written, keep_changes(engine, [one.moves for one in found if one.moves is not None], now)
