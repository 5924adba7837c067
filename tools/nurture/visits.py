"""What a visit of a sequence comes to, and what is written of it; many visits in one transaction.

    read     the enrolments, the newest decisions, what each person did since, whether they want mails
    decide   graph.rules.sequences.walking
    write    journal, next visit, outbox row of what follows; for a mail its intent

Only the visit that the enrolment waits for is performed, so that a step which comes twice does nothing the second time.
Sends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Row

from graph.domain.effects import NurtureStep
from graph.domain.sequence import Sequence as Steps
from graph.domain.sequence import Since, Step
from graph.ports import Receipt, Untried
from graph.rules.sequences.walking import REVISIT, SETTLE, Act, act
from tools.nurture.letters import Letterhead, draft
from tools.nurture.owners import note_for, task_for
from tools.nurture.page import Page, mail_id_at, note_mail, revisit_id
from tools.nurture.tokens import Tokens
from tools.nurture.versions import NoVersion, Versions
from tools.store import nurture_mails as mails
from tools.store.nurture_mails import Draft
from tools.store.nurture_person import Known, since
from tools.store.nurture_places import due, places

VOID: Final = Receipt("not needed", repeated=True)
"""The enrolment has moved on, is paused or over."""
NOTHING: Final = Since({})


@dataclass(frozen=True, slots=True)
class Limits:
    per_day: int = 500
    per_minute: int = 30


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to send now. next: what follows once it is settled."""

    mail: Draft
    next: Act
    version: Steps


@dataclass(frozen=True, slots=True)
class Again:
    """The lead is to be scored again, under this submission id."""

    submission_id: str


Found: TypeAlias = Receipt | Letter | Again | Untried


class Visits:
    """keeps: mails stay in the store."""

    def __init__(self, versions: Versions, head: Letterhead, tokens: Tokens, limits: Limits, *, keeps: bool) -> None:
        self._versions, self._head, self._tokens, self._limits, self._keeps = versions, head, tokens, limits, keeps

    def decide(
        self, connection: Connection, effects: Sequence[NurtureStep], now: datetime, *, letters: bool = True
    ) -> list[Found]:
        """One answer for each, in order. letters: a mail that is to be sent is made ready; else it is Untried, and nothing
        is written of it. So is a second visit of an enrolment."""
        found = places(connection, {effect.contact_key for effect in effects})
        rows = [found.get((effect.contact_key, effect.sequence)) for effect in effects]
        waiting = [row for row, effect in zip(rows, effects, strict=True) if row is not None and due(row, effect)]
        page = Page(connection, waiting, now)
        answers = [
            self._visit(page, row, letters=letters) if row is not None and due(row, effect) else VOID
            for row, effect in zip(rows, effects, strict=True)
        ]
        page.write()
        return answers

    def _visit(self, page: Page, row: Row[Any], *, letters: bool) -> Found:
        if not page.first(row):
            return Untried()
        try:
            sequence = self._versions.of(page.connection, row)
        except NoVersion as error:
            return page.ended(row, "CANCELLED", str(error))
        step = sequence.step(row.step)
        waits = step is not None and step.do == "WAIT"  # reads nothing of the person but where they are
        happened = NOTHING if waits else since(page.connection, row)
        over = self._over(page, row, sequence, step, happened)
        return over or self._step(page, row, sequence, step, happened, letters=letters)

    def _over(
        self, page: Page, row: Row[Any], sequence: Steps, step: Step | None, happened: Since
    ) -> Receipt | Again | None:
        """Before or after all steps; None where a step is due."""
        mail_id = mail_id_at(row)
        if mail_id in page.unsettled:
            return page.passed(row, sequence, step, mail_id)
        if happened.ended is not None:
            mails.settle(page.connection, mail_id, "withdrawn", page.now, happened.ended)
            return page.ended(row, happened.status, happened.ended)
        if row.step == REVISIT:
            return Again(revisit_id(row))
        return page.settled(row, sequence) if row.step == SETTLE else None

    def _step(
        self, page: Page, row: Row[Any], sequence: Steps, step: Step | None, happened: Since, *, letters: bool
    ) -> Found:
        person = page.known.get(row.lead_id)
        if person is None or step is None:
            why = "The lead is no longer known." if person is None else f"The sequence has no step {row.step}."
            return page.ended(row, "CANCELLED", why)
        what = act(sequence, step, person.person, happened, row.run_began_at or row.enrolled_at, page.now)
        if what.doing == "mail" and not (self._keeps or letters):
            return Untried()
        return self._done(page, row, sequence, step, person, what)

    def _done(self, page: Page, row: Row[Any], sequence: Steps, step: Step, known: Known, what: Act) -> Found:
        match what.doing:
            case "task":
                task_for(page.connection, row, step, known, page.now)
            case "note":
                note_for(page.connection, row, step, known, page.now)
            case "mail":
                return self._mail(page, row, sequence, step, known, what)
        return page.moved(row, sequence, what)

    def _mail(self, page: Page, row: Row[Any], sequence: Steps, step: Step, known: Known, what: Act) -> Found:
        connection, now, limits = page.connection, page.now, self._limits
        mail = draft(self._head, self._tokens, row, step, known)
        free = mails.room(connection, now, limits.per_day, limits.per_minute, mail.mail_id)
        if free > now:
            said = f"The limit of mails is reached: waits until {free:%Y-%m-%d %H:%M} UTC."
            return page.moved(row, sequence, Act("later", step.id, free, said))
        mails.intend(connection, mail, now)
        if not self._keeps:
            return Letter(mail, what, sequence)
        mails.settle(connection, mail.mail_id, "kept", now)
        note_mail(connection, mail.mail_id, "email_sent", now)
        return page.moved(row, sequence, what)
