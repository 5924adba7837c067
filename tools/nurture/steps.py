"""Performs the steps of sequences when they come due: the performer of the vendor `steps`.

    visit    `tools.nurture.visits`: read, decided and written, many in one transaction
    send     the mail, and what came of it                      (a transaction each)

A mail whose outcome nobody knows is never sent again (infra/docs/adr/0027).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from graph.domain.effects import NurtureStep
from graph.ports import Order, Receipt, Untried, VendorError
from tools.clock import utc_now
from tools.nurture.letters import Letterhead
from tools.nurture.page import UNKNOWN, Page, note_mail, revisit_id
from tools.nurture.smtp import Lost, NotSent, Refused, Smtp, Unknown
from tools.nurture.tokens import Tokens
from tools.nurture.versions import Versions
from tools.nurture.visits import VOID, Again, Found, Letter, Limits, Visits
from tools.store import nurture_mails as mails
from tools.store.nurture_person import since
from tools.store.nurture_places import due, place

__all__ = ["KeptSteps", "Limits", "SequenceSteps", "revisit_id"]
T = TypeVar("T")


class SequenceSteps:
    """Implements Performer. smtp: None keeps mails in the store. revisit: (lead id, submission id) -> the lead goes back
    into the stream; the same submission id is taken once; raises VendorError while the stream is away."""

    def __init__(
        self,
        engine: Engine,
        executor: Executor | None,
        versions: Versions,
        head: Letterhead,
        tokens: Tokens,
        revisit: Callable[[str, str], Awaitable[None]],
        *,
        smtp: Smtp | None = None,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._engine, self._writes, self._executor = engine, engine.execution_options(immediate=True), executor
        self._visits = Visits(versions, head, tokens, limits or Limits(), keeps=smtp is None)
        self._smtp, self._revisit, self._clock = smtp, revisit, clock

    def perform_within(self, connection: Connection, orders: Sequence[Order]) -> list[Receipt | Exception]:
        """Every visit that needs nothing but the store; a mail to send and a lead to score again are left Untried."""
        now = self._clock()
        known = [effect for order in orders if isinstance(effect := order.effect, NurtureStep)]
        found = iter(self._visits.decide(connection, known, now, letters=False))
        answers = [next(found) if isinstance(order.effect, NurtureStep) else Untried() for order in orders]
        return [answer if isinstance(answer, Receipt) else Untried() for answer in answers]

    async def perform(self, order: Order) -> Receipt:
        """Raises VendorError while a mail server or the stream is away, and what the database raises."""
        effect = order.effect
        if not isinstance(effect, NurtureStep):
            raise VendorError("unsupported_effect", f"no step is called {effect.kind}", permanent=True)
        found = await self._thread(self._decided, effect)
        match found:
            case Letter():
                return await self._sent(effect, found)
            case Again(submission_id=submission_id):
                await self._revisit(order.lead_id, submission_id)
                return await self._thread(self._asked_again, effect)
            case Receipt():
                return found
            case Untried():
                raise found

    def _decided(self, effect: NurtureStep) -> Found:
        with self._writes.begin() as connection:
            return self._visits.decide(connection, (effect,), self._clock())[0]

    async def _sent(self, effect: NurtureStep, letter: Letter) -> Receipt:
        assert self._smtp is not None
        mail_id, now = letter.mail.mail_id, self._clock()
        try:
            said = await self._smtp.send(letter.mail, now, lambda: self._thread(self._take, effect, mail_id))
        except Lost:
            return VOID
        except NotSent as error:
            await self._thread(mails.give_back, self._engine, mail_id, str(error))
            raise VendorError("mail_not_sent", str(error)) from None
        except Refused as error:
            return await self._thread(self._refused, effect, letter, error)
        except Unknown as error:
            return await self._thread(self._settle, effect, letter, "unknown", f"{UNKNOWN} ({error})")
        return await self._thread(self._settle, effect, letter, "sent", said)

    def _take(self, effect: NurtureStep, mail_id: str) -> bool:
        """Once more, while it can still be stopped: does the person want it, and is the step still the one that is due?"""
        with self._writes.begin() as connection:
            row = place(connection, effect.contact_key, effect.sequence)
            if row is None or not due(row, effect) or since(connection, row).ended is not None:
                return False
        return mails.take(self._engine, mail_id, self._clock())

    def _settle(self, effect: NurtureStep, letter: Letter, state: mails.Settled, said: str) -> Receipt:
        now, mail_id = self._clock(), letter.mail.mail_id
        with self._writes.begin() as connection:
            mails.settle(connection, mail_id, state, now, None if state == "sent" else said)
            if state == "sent":
                note_mail(connection, mail_id, "email_sent", now)
            row = place(connection, effect.contact_key, effect.sequence)
            if row is not None and due(row, effect):
                did, words = (("mail", letter.next.said), (state, said))[state != "sent"]
                page = Page(connection, (row,), now)
                page.moved(row, letter.version, letter.next, did=did, said=words)
                page.write()
        return Receipt(letter.mail.message_id if state == "sent" else state)

    def _refused(self, effect: NurtureStep, letter: Letter, error: Refused) -> Receipt:
        if not error.bounced:
            return self._settle(effect, letter, "refused", f"The mail server refused it: {error}")
        now, mail_id = self._clock(), letter.mail.mail_id
        with self._writes.begin() as connection:
            mails.settle(connection, mail_id, "refused", now, str(error))
            note_mail(connection, mail_id, "email_bounce", now)
            row = place(connection, effect.contact_key, effect.sequence)
            if row is not None and due(row, effect):
                page = Page(connection, (row,), now)
                page.ended(row, "CANCELLED", "Mail to the address came back.", did="refused")
                page.write()
        return Receipt("refused")

    def _asked_again(self, effect: NurtureStep) -> Receipt:
        now = self._clock()
        with self._writes.begin() as connection:
            row = place(connection, effect.contact_key, effect.sequence)
            if row is None or not due(row, effect):
                return VOID
            page = Page(connection, (row,), now)
            receipt = page.asked_again(row)
            page.write()
        return receipt

    async def _thread(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)


class KeptSteps(SequenceSteps):
    """The same where nothing leaves the store: a round at once."""

    async def perform_many(self, orders: Sequence[Order]) -> list[Receipt | Exception]:
        """One failure does not fail the others."""
        answers: list[Receipt | Exception] = []
        for order in orders:
            try:
                answers.append(await self.perform(order))
            except Exception as error:  # noqa: BLE001 - becomes the outcome of this one
                answers.append(error)
        return answers
