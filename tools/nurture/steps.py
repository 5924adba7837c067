"""Performs the steps of sequences when they come due: the performer of the vendor `steps`.

    read     the enrolment, the newest decision, what the person did since, whether they want mails
    decide   graph.rules.sequences.walking
    write    journal, next visit, outbox row of what follows; for a mail its intent     (one transaction)
    send     the mail, and what came of it                                              (another)

Only the visit that the enrolment waits for is performed, so that a step which comes twice does nothing the second time. A
mail whose outcome nobody knows is never sent again (infra/docs/adr/0027).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, Row, select

from graph.domain.effects import NurtureStep
from graph.domain.sequence import END, Since, Step
from graph.domain.sequence import Sequence as Steps
from graph.ports import Order, Receipt, VendorError
from graph.rules.sequences.walking import REVISIT, SETTLE, Act, act
from tools.nurture.letters import Letterhead, draft
from tools.nurture.owners import note_for, task_for
from tools.nurture.smtp import Lost, NotSent, Refused, Smtp, Unknown
from tools.nurture.tokens import Tokens
from tools.nurture.versions import NoVersion, Versions
from tools.observe import metrics
from tools.store import nurture_mails as mails
from tools.store.nurture_mails import Draft
from tools.store.nurture_person import Known, known, since
from tools.store.nurture_places import due, end, go_on, journal, place
from tools.store.tables import decisions

T = TypeVar("T")
VOID: Final = Receipt("not needed", repeated=True)
"""The enrolment has moved on, is paused or over."""
NOTHING: Final = Since({})
LOOK_AGAIN: Final = timedelta(minutes=10)
UNKNOWN: Final = "Perhaps sent: the outcome is not known, so that it is never sent again."


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Limits:
    per_day: int = 500
    per_minute: int = 30


@dataclass(frozen=True, slots=True)
class _Letter:
    """A mail to send now. next: what follows once it is settled."""

    mail: Draft
    next: Act
    version: Steps


@dataclass(frozen=True, slots=True)
class _Again:
    """The lead is to be scored again, under this submission id."""

    submission_id: str


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
        self._versions, self._head, self._tokens, self._revisit = versions, head, tokens, revisit
        self._smtp, self._limits, self._clock = smtp, limits or Limits(), clock

    async def perform(self, order: Order) -> Receipt:
        """Raises VendorError while a mail server or the stream is away, and what the database raises."""
        effect = order.effect
        if not isinstance(effect, NurtureStep):
            raise VendorError("unsupported_effect", f"no step is called {effect.kind}", permanent=True)
        found = await self._thread(self._decided, effect)
        match found:
            case _Letter():
                return await self._sent(effect, found)
            case _Again(submission_id=submission_id):
                await self._revisit(order.lead_id, submission_id)
                return await self._thread(self._asked_again, effect)
            case Receipt():
                return found

    def _decided(self, effect: NurtureStep) -> Receipt | _Letter | _Again:
        now = self._clock()
        with self._writes.begin() as connection:
            row = place(connection, effect.contact_key, effect.sequence)
            if row is None or not due(row, effect):
                return VOID
            try:
                sequence = self._versions.of(connection, row)
            except NoVersion as error:
                return _ended(connection, row, "CANCELLED", str(error), now)
            return self._step(connection, row, sequence, now)

    def _step(
        self, connection: Connection, row: Row[Any], sequence: Steps, now: datetime
    ) -> Receipt | _Letter | _Again:
        step = sequence.step(row.step)
        waits = step is not None and step.do == "WAIT"  # reads nothing of the person but where they are
        happened = NOTHING if waits else since(connection, row)
        unsettled = self._unsettled(connection, row)
        if unsettled is not None:
            return _passed(connection, row, sequence, step, unsettled, now)
        if happened.ended is not None:
            mails.settle(connection, self._mail_id(row), "withdrawn", now, happened.ended)
            return _ended(connection, row, happened.status, happened.ended, now)
        if row.step == REVISIT:
            return _Again(revisit_id(row))
        if row.step == SETTLE:
            return _settled(connection, row, sequence, now)
        person = known(connection, row.lead_id)
        if person is None or step is None:
            why = "The lead is no longer known." if person is None else f"The sequence has no step {row.step}."
            return _ended(connection, row, "CANCELLED", why, now)
        what = act(sequence, step, person.person, happened, row.run_began_at or row.enrolled_at, now)
        return self._done(connection, row, sequence, step, person, what, now)

    def _done(
        self, connection: Connection, row: Row[Any], sequence: Steps, step: Step, known: Known, what: Act, now: datetime
    ) -> Receipt | _Letter:
        match what.doing:
            case "task":
                task_for(connection, row, step, known, now)
            case "note":
                note_for(connection, row, step, known, now)
            case "mail":
                mail = draft(self._head, self._tokens, row, step, known)
                free = mails.room(connection, now, self._limits.per_day, self._limits.per_minute, mail.mail_id)
                if free > now:
                    said = f"The limit of mails is reached: waits until {free:%Y-%m-%d %H:%M} UTC."
                    return _moved(connection, row, sequence, Act("later", step.id, free, said), now)
                mails.intend(connection, mail, now)
                if self._smtp is not None:
                    return _Letter(mail, what, sequence)
                mails.settle(connection, mail.mail_id, "kept", now)
                _note(connection, mail.mail_id, "email_sent", now)
        return _moved(connection, row, sequence, what, now)

    def _mail_id(self, row: Row[Any]) -> str:
        return mails.mail_id_of(row.contact_key, row.sequence, row.visit)

    def _unsettled(self, connection: Connection, row: Row[Any]) -> str | None:
        """A mail of this visit that was given to a server by somebody who did not say what came of it."""
        mail = mails.find(connection, self._mail_id(row))
        return None if mail is None or mail.state != "handing_over" else mail.mail_id

    async def _sent(self, effect: NurtureStep, letter: _Letter) -> Receipt:
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

    def _settle(self, effect: NurtureStep, letter: _Letter, state: mails.Settled, said: str) -> Receipt:
        now, mail_id = self._clock(), letter.mail.mail_id
        with self._writes.begin() as connection:
            mails.settle(connection, mail_id, state, now, None if state == "sent" else said)
            if state == "sent":
                _note(connection, mail_id, "email_sent", now)
            row = place(connection, effect.contact_key, effect.sequence)
            if row is not None and due(row, effect):
                did, words = (("mail", letter.next.said), (state, said))[state != "sent"]
                _moved(connection, row, letter.version, letter.next, now, did=did, said=words)
        return Receipt(letter.mail.message_id if state == "sent" else state)

    def _refused(self, effect: NurtureStep, letter: _Letter, error: Refused) -> Receipt:
        if not error.bounced:
            return self._settle(effect, letter, "refused", f"The mail server refused it: {error}")
        now, mail_id = self._clock(), letter.mail.mail_id
        with self._writes.begin() as connection:
            mails.settle(connection, mail_id, "refused", now, str(error))
            _note(connection, mail_id, "email_bounce", now)
            row = place(connection, effect.contact_key, effect.sequence)
            if row is not None and due(row, effect):
                _ended(connection, row, "CANCELLED", "Mail to the address came back.", now, did="refused")
        return Receipt("refused")

    def _asked_again(self, effect: NurtureStep) -> Receipt:
        now = self._clock()
        with self._writes.begin() as connection:
            row = place(connection, effect.contact_key, effect.sequence)
            if row is None or not due(row, effect):
                return VOID
            journal(connection, row, "revisit", "The lead is scored again.", now)
            go_on(connection, row, SETTLE, now + LOOK_AGAIN, now)
        return Receipt("revisit")

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


def revisit_id(row: Row[Any]) -> str:
    """One submission a run, however often it is asked for."""
    about = f"{row.sequence}\n{row.run}\n{row.enrolled_at.isoformat()}\n{row.contact_key}"
    return f"revisit:{hashlib.sha256(about.encode()).hexdigest()[:32]}"


def _moved(
    connection: Connection,
    row: Row[Any],
    sequence: Steps,
    what: Act,
    now: datetime,
    *,
    did: str | None = None,
    said: str | None = None,
) -> Receipt:
    """Written down, and on to what follows: the next step, the time until the lead is scored again, or the end."""
    did = did or what.doing
    metrics.nurture_steps.labels(row.sequence, did).inc()
    journal(connection, row, did, said or what.said, now)
    if what.next != END:
        go_on(connection, row, what.next, what.due_at, now, version=sequence.version)
    elif sequence.revisit is not None:
        at = max(now, (row.run_began_at or row.enrolled_at) + sequence.revisit.after)
        go_on(connection, row, REVISIT, at, now, version=sequence.version)
    else:
        end(connection, row, "COMPLETED", "All steps are done.", now)
    return Receipt(did)


def _passed(
    connection: Connection, row: Row[Any], sequence: Steps, step: Step | None, mail_id: str, now: datetime
) -> Receipt:
    """The rule for a mail of unknown outcome: settled as unknown, and the sequence goes on behind it."""
    mails.settle(connection, mail_id, "unknown", now, UNKNOWN)
    following = step.next if step is not None else END
    return _moved(connection, row, sequence, Act("nothing", following, now, UNKNOWN), now, did="unknown")


def _settled(connection: Connection, row: Row[Any], sequence: Steps, now: datetime) -> Receipt:
    """After the lead was scored again, and is still not ready; who is ready was handed over before this is asked."""
    wanted = select(decisions.c.revision).where(decisions.c.submission_id == revisit_id(row))
    if connection.scalar(wanted) is None:
        return _moved(connection, row, sequence, Act("later", SETTLE, now + LOOK_AGAIN, "Not decided yet."), now)
    revisit = sequence.revisit
    if revisit is not None and revisit.then == "again" and row.run <= revisit.times:
        journal(connection, row, "again", "Still not ready: the sequence begins again.", now)
        go_on(connection, row, sequence.first, now, now, run=row.run + 1, run_began_at=now, version=sequence.version)
        return Receipt("again")
    return _ended(connection, row, "COMPLETED", "Still not ready when it was scored again.", now)


def _ended(
    connection: Connection, row: Row[Any], status: Any, reason: str, now: datetime, *, did: str = "ended"
) -> Receipt:
    metrics.nurture_steps.labels(row.sequence, did).inc()
    journal(connection, row, did, reason, now)
    end(connection, row, status, reason, now)
    return Receipt(status)


def _note(connection: Connection, mail_id: str, kind: str, now: datetime) -> None:
    mail = mails.find(connection, mail_id)
    if mail is not None:
        mails.note_event(connection, mail, kind, mail_id, now)
