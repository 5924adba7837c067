"""What follows when somebody changes something in the CRM. The performer of the vendor `changes`.

    owner of a contact   the lead moves: a person's choice goes before the router's         (infra/docs/adr/0024)
    a deal that closed   its leads have an outcome, from which models and similar accounts learn
    a contact that went  noted

What the CRM says now counts, never what the event said. Our own writes come back as events, too: they say what we have, or
something older than our newest decision, and nothing follows. Never writes to the CRM.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import Engine

from graph.domain.effects import TakeChange
from graph.domain.lead import Submission
from graph.ports import Order, Receipt, VendorError
from tools.clock import utc_now
from tools.settings import Settings
from tools.store.crm_changes import (
    CrmChange,
    Holding,
    Settled,
    holdings,
    leads_of_contacts,
    leads_of_domains,
    settle_changes,
    sold_by,
    waiting_changes,
)
from tools.store.learning import Told, keep_outcomes, known_leads, leads_by_email
from tools.stream.again import UnknownLead, again, reassigned, send
from tools.stream.inbox import Inbox, StreamUnavailable
from tools.wiring import Store, hubspot_calls

SOURCE: Final = "hubspot deal"
_OWED_S: Final = 30.0


class Crm(Protocol):
    """What is asked of the CRM. Blocking; raises VendorError."""

    def contacts(self, ids: Sequence[str]) -> Mapping[str, Any]: ...

    def deals(self, ids: Sequence[str]) -> Mapping[str, Any]: ...

    def author(self, source: str | None) -> str: ...


class CrmChanges:
    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        inbox: Inbox,
        crm: Crm,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._engine, self._executor, self._inbox = engine, executor, inbox
        self._crm, self._clock = crm, clock

    async def perform(self, order: Order) -> Receipt:
        (answer,) = await self.perform_many([order])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def perform_many(self, orders: Sequence[Order]) -> list[Receipt | Exception]:
        """One answer for each, in order. What the CRM is asked, it is asked for all of them at once."""
        try:
            answers, moves = await self._thread(self._weighed, orders)
        except VendorError as error:
            return [error for _ in orders]
        for change_id, (submission, settled) in moves.items():
            try:
                await send(self._inbox, submission)
            except StreamUnavailable as error:
                answers[change_id] = VendorError("stream_unavailable", error.reason)
            else:
                await self._thread(settle_changes, self._engine, [settled], self._clock())
                answers[change_id] = Receipt(submission.submission_id)
        return [answers.get(_change_of(order), Receipt("settled before", repeated=True)) for order in orders]

    def _weighed(
        self, orders: Sequence[Order]
    ) -> tuple[dict[str, Receipt | Exception], dict[str, tuple[Submission, Settled]]]:
        """(answers by change, leads that are to move by change)"""
        changes = waiting_changes(self._engine, [_change_of(order) for order in orders])
        answers: dict[str, Receipt | Exception] = {}
        moves: dict[str, tuple[Submission, Settled]] = {}
        settled = [
            *self._gone([one for one in changes.values() if one.kind in {"gone", "merged"}]),
            *self._deals([one for one in changes.values() if one.kind == "deal"]),
        ]
        for change, outcome in self._owners([one for one in changes.values() if one.kind == "owner"]):
            if isinstance(outcome, Settled):
                settled.append(outcome)
            elif isinstance(outcome, VendorError):
                answers[change.change_id] = outcome
            else:
                moves[change.change_id] = outcome
        if settled:
            settle_changes(self._engine, settled, self._clock())
        answers |= {one.change_id: Receipt(one.lead_id or one.state) for one in settled}
        return answers, moves

    def _owners(
        self, changes: Sequence[CrmChange]
    ) -> list[tuple[CrmChange, Settled | VendorError | tuple[Submission, Settled]]]:
        if not changes:
            return []
        contacts = self._crm.contacts(sorted({one.object_id for one in changes}))
        lead_of = self._leads_of(contacts)
        held = holdings(self._engine, sorted(set(lead_of.values())))
        return [
            (one, self._owner(one, contacts.get(one.object_id), held.get(lead_of.get(one.object_id, ""))))
            for one in changes
        ]

    def _leads_of(self, contacts: Mapping[str, Any]) -> dict[str, str]:
        """contact -> lead: as the router wrote it there, else by e-mail address."""
        written = known_leads(self._engine, [one.lead_id for one in contacts.values() if one.lead_id])
        others = [one for one in contacts.values() if one.lead_id not in written]
        by_email = leads_by_email(self._engine, sorted({key for one in others for key in one.keys if "@" in key}))
        found: dict[str, str] = {}
        for number, one in contacts.items():
            lead = one.lead_id if one.lead_id in written else None
            lead = lead or next((by_email[key] for key in one.keys if key in by_email), None)
            if lead is not None:
                found[number] = lead
        return found

    def _owner(
        self, change: CrmChange, contact: Any, held: Holding | None
    ) -> Settled | VendorError | tuple[Submission, Settled]:
        why_not = _nothing_follows(change, contact, held)
        if why_not is not None or held is None:
            return Settled(change.change_id, "ignored", why_not or "", held.lead_id if held else None)
        if held.owed:  # what HubSpot shows is not yet what was decided
            return VendorError("owner_owed", "our own write of the owner comes first", retry_after_s=_OWED_S)
        if change.occurred_at <= held.decided_at:
            note = f"older than our decision of {held.decided_at:%Y-%m-%d %H:%M:%S} UTC, which gave it to {held.owner}"
            return Settled(change.change_id, "ignored", note, held.lead_id)
        author = self._crm.author(change.author)
        try:
            newest = again(self._engine, held.lead_id, "reassigned")
        except UnknownLead:
            return Settled(change.change_id, "ignored", "no decision of the lead is recorded", held.lead_id)
        note = f"moved from {held.owner} to {contact.owner}, by {author}"
        return (
            reassigned(newest, change.change_id, contact.owner, author),
            Settled(change.change_id, "taken", note, held.lead_id),
        )

    def _deals(self, changes: Sequence[CrmChange]) -> list[Settled]:
        if not changes:
            return []
        deals = self._crm.deals(sorted({one.object_id for one in changes}))
        told = outcomes_of(self._engine, [one for one in deals.values() if one is not None])
        keep_outcomes(self._engine, told, SOURCE, self._clock())
        by_deal = {one.source: one.lead_id for one in told}
        settled = []
        for one in changes:
            deal, lead_id = deals.get(one.object_id), by_deal.get(f"{SOURCE} {one.object_id}")
            if one.object_id not in deals:
                settled.append(Settled(one.change_id, "ignored", "the deal is not there any more"))
            elif deal is None:
                settled.append(Settled(one.change_id, "ignored", "the deal is open: an outcome that was told stays"))
            elif lead_id is None:
                settled.append(Settled(one.change_id, "ignored", "no lead of ours behind the deal, or another counts"))
            else:
                how = "won" if deal.won else "lost"
                settled.append(Settled(one.change_id, "taken", f"the lead was {how} with the deal", lead_id))
        return settled

    def _gone(self, changes: Sequence[CrmChange]) -> list[Settled]:
        if not changes:
            return []
        lead_of = leads_of_contacts(self._engine, sorted({one.object_id for one in changes}))
        told = {"gone": "the contact was deleted in HubSpot; `crm reconcile` shows it", "merged": "merged with another"}
        return [
            Settled(one.change_id, "taken" if lead_id else "ignored", told[one.kind], lead_id)
            for one in changes
            for lead_id in (lead_of.get(one.object_id),)
        ]

    async def _thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)


def outcomes_of(engine: Engine, deals: Sequence[Any]) -> list[Told]:
    """How leads ended, one for each. A deal counts for the leads among its contacts; where none of them is a lead, for the
    newest lead of its company that came before it closed. Of several deals a sale counts, else the last; one that was told of
    before by another deal stays a sale."""
    by_email = leads_by_email(engine, sorted({email for deal in deals for email in deal.emails}))
    domains = sorted({deal.account.domain for deal in deals if deal.account and deal.account.domain})
    of_domain = leads_of_domains(engine, domains)
    found: dict[str, Told] = {}
    for deal in sorted(deals, key=lambda one: (one.won, one.closed_at, one.deal_id)):
        leads = {by_email[email] for email in deal.emails if email in by_email}
        if not leads and deal.account is not None:
            before = [lead for at, lead in of_domain.get(deal.account.domain or "", ()) if at <= deal.closed_at]
            leads = set(before[-1:])
        how, source = "won" if deal.won else "lost", f"{SOURCE} {deal.deal_id}"
        for lead_id in leads:
            found[lead_id] = Told(lead_id, how, deal.closed_at, deal.amount_usd, deal.reason, source)
    sold = sold_by(engine, [one.lead_id for one in found.values() if one.outcome == "lost"], SOURCE)
    return [one for one in found.values() if sold.get(one.lead_id, one.source) == one.source]


def _nothing_follows(change: CrmChange, contact: Any, held: Holding | None) -> str | None:
    """Why a change of an owner moves nothing, or None."""
    if contact is None:
        return "the contact is not there any more"
    if held is None:
        return "the contact is no lead of ours"
    reasons = (
        (contact.owner_id is None, "nobody owns the contact now"),
        (contact.owner_id != change.value, "the owner was changed again since"),
        (contact.owner is None, "HubSpot has no active owner of that id"),
        (contact.owner == held.owner.lower(), f"{contact.owner} has the lead already"),
        (held.closed, "the lead is closed: whoever owns the contact now, nobody is alerted"),
    )
    return next((why for holds, why in reasons if holds), None)


def _change_of(order: Order) -> str:
    if not isinstance(order.effect, TakeChange):
        raise VendorError("unsupported_effect", f"no change is called {order.effect.kind}", permanent=True)
    return order.effect.change_id


def crm_changes(settings: Settings, store: Store, inbox: Inbox) -> CrmChanges:
    """Over HubSpot, within its limits."""
    from tools.hubspot.changes import ChangesReader  # noqa: PLC0415

    reader = ChangesReader(hubspot_calls(settings), settings.hubspot_currency)
    return CrmChanges(store.engine, store.executor, inbox, reader)
