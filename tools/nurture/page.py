"""The enrolments whose visits one transaction performs: what all of them need is read at once, what came of them is written
at once, each with a sentence for people."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from graph.domain.sequence import END, Status, Step
from graph.domain.sequence import Sequence as Steps
from graph.ports import Receipt
from graph.rules.sequences.walking import REVISIT, SETTLE, Act
from tools.observe import metrics
from tools.store import nurture_mails as mails
from tools.store.nurture_moves import Moves
from tools.store.nurture_person import known_of
from tools.store.tables import decisions

LOOK_AGAIN: Final = timedelta(minutes=10)
UNKNOWN: Final = "Perhaps sent: the outcome is not known, so that it is never sent again."


class Page:
    """rows: enrolments at the visits that are due. unsettled: ids of their mails that were given to a server by somebody who
    did not say what came of it; known: what is known of their leads."""

    def __init__(self, connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
        self.connection, self.now = connection, now
        self.unsettled = mails.handed_over(connection, {mail_id_at(row) for row in rows})
        self.known = known_of(connection, {row.lead_id for row in rows})
        self._moves, self._seen = Moves(now), set[tuple[str, str]]()
        self._did: Counter[tuple[str, str]] = Counter()

    def first(self, row: Row[Any]) -> bool:
        """Whether this is the first visit of the enrolment here: another would have to see what the first one changes."""
        new = (row.contact_key, row.sequence) not in self._seen
        self._seen.add((row.contact_key, row.sequence))
        return new

    def write(self) -> None:
        self._moves.write(self.connection)
        for labels, number in self._did.items():
            metrics.nurture_steps.labels(*labels).inc(number)

    def moved(
        self, row: Row[Any], sequence: Steps, what: Act, *, did: str | None = None, said: str | None = None
    ) -> Receipt:
        """Written down, and on to what follows: the next step, the time until the lead is scored again, or the end."""
        did = did or what.doing
        self._journal(row, did, said or what.said)
        if what.next != END:
            self._moves.go_on(row, what.next, what.due_at, version=sequence.version)
        elif sequence.revisit is not None:
            at = max(self.now, (row.run_began_at or row.enrolled_at) + sequence.revisit.after)
            self._moves.go_on(row, REVISIT, at, version=sequence.version)
        else:
            self._moves.end(row, "COMPLETED", "All steps are done.")
        return Receipt(did)

    def passed(self, row: Row[Any], sequence: Steps, step: Step | None, mail_id: str) -> Receipt:
        """The rule for a mail of unknown outcome: settled as unknown, and the sequence goes on behind it."""
        mails.settle(self.connection, mail_id, "unknown", self.now, UNKNOWN)
        following = step.next if step is not None else END
        return self.moved(row, sequence, Act("nothing", following, self.now, UNKNOWN), did="unknown")

    def settled(self, row: Row[Any], sequence: Steps) -> Receipt:
        """After the lead was scored again, and is still not ready; who is ready was handed over before this is asked."""
        now, wanted = self.now, select(decisions.c.revision).where(decisions.c.submission_id == revisit_id(row))
        if self.connection.scalar(wanted) is None:
            return self.moved(row, sequence, Act("later", SETTLE, now + LOOK_AGAIN, "Not decided yet."))
        revisit = sequence.revisit
        if revisit is not None and revisit.then == "again" and row.run <= revisit.times:
            self._moves.journal(row, "again", "Still not ready: the sequence begins again.")
            begun = {"run": row.run + 1, "run_began_at": now}
            self._moves.go_on(row, sequence.first, now, version=sequence.version, **begun)
            return Receipt("again")
        return self.ended(row, "COMPLETED", "Still not ready when it was scored again.")

    def ended(self, row: Row[Any], status: Status, reason: str, *, did: str = "ended") -> Receipt:
        self._journal(row, did, reason)
        self._moves.end(row, status, reason)
        return Receipt(status)

    def asked_again(self, row: Row[Any]) -> Receipt:
        self._moves.journal(row, "revisit", "The lead is scored again.")
        self._moves.go_on(row, SETTLE, self.now + LOOK_AGAIN)
        return Receipt("revisit")

    def _journal(self, row: Row[Any], did: str, said: str) -> None:
        self._did[row.sequence, did] += 1
        self._moves.journal(row, did, said)


def mail_id_at(row: Row[Any]) -> str:
    """Of the mail of the visit that the row is at, if that is one."""
    return mails.mail_id_of(row.contact_key, row.sequence, row.visit)


def revisit_id(row: Row[Any]) -> str:
    """One submission a run, however often it is asked for."""
    about = f"{row.sequence}\n{row.run}\n{row.enrolled_at.isoformat()}\n{row.contact_key}"
    return f"revisit:{hashlib.sha256(about.encode()).hexdigest()[:32]}"


def note_mail(connection: Connection, mail_id: str, kind: str, now: datetime) -> None:
    """Among the events of the lead."""
    mail = mails.find(connection, mail_id)
    if mail is not None:
        mails.note_event(connection, mail, kind, mail_id, now)
