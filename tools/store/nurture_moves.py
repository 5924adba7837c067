"""What visits of sequences change, collected and written in three statements however many there are.

    journal row of each visit, the enrolments where they stand now, and an outbox row for each visit that follows

The enrolments are locked by whoever read them, until the end of the transaction that writes this.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row

from graph.domain.effects import NurtureStep
from graph.domain.sequence import Status
from tools.store.queueing import queue, queued
from tools.store.rows import insert_rows, update_rows
from tools.store.tables import nurture_enrolments, nurture_steps

MOVES: Final = ("status", "reason", "version", "run", "run_began_at", "step", "visit", "due_at", "ended_at")
KEY: Final = ("contact_key", "sequence")
STEPS: Final = (*KEY, "visit", "step", "did", "said", "at")


class Moves:
    """Of any number of enrolments, each once. now: the time that is written."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._journal: list[tuple[Any, ...]] = []
        self._places: list[tuple[Any, ...]] = []
        self._next: list[tuple[Any, ...]] = []

    def journal(self, row: Row[Any], did: str, said: str) -> None:
        """What came of the visit that the row is at. `nothing` of a wait is written too: people ask why nothing comes."""
        self._journal.append((row.contact_key, row.sequence, row.visit, row.step or "-", did, said, self._now))

    def go_on(self, row: Row[Any], step: str, due_at: datetime, **changes: Any) -> None:
        """On to the next visit. changes: of other columns (version, run)."""
        visit = row.visit + 1
        self.change(row, step=step, visit=visit, due_at=due_at, **changes)
        effect = NurtureStep(row.contact_key, row.sequence, visit, due_at)
        self._next.append(queued(effect, row.lead_id, row.revision, self._now))

    def end(self, row: Row[Any], status: Status, reason: str) -> None:
        over = {"status": status, "reason": reason, "ended_at": self._now}
        self.change(row, step=None, due_at=None, visit=row.visit + 1, **over)

    def change(self, row: Row[Any], **changes: Any) -> None:
        values = {**row._mapping, **changes}  # noqa: SLF001 - SQLAlchemy's documented name
        self._places.append(tuple([values[name] for name in (*MOVES, *KEY)]))

    def write(self, connection: Connection) -> None:
        insert_rows(connection, nurture_steps, STEPS, self._journal, keys=(*KEY, "visit"), keep=STEPS)
        update_rows(connection, nurture_enrolments, MOVES, KEY, self._places)
        queue(connection, self._next)
