"""What a database file says of the decisions in it, read from outside by plain SQL. Never writes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

POLL_S = 0.01


class NotDrainedError(RuntimeError):
    """Leads that were answered are still undecided after a long time; the message says how many."""


class Decisions:
    """The table `decisions` of a SQLite file, ours or the plain router's: one row a decided lead.

    Rows are only ever added, so the newest row's number tells how many there are without reading them.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)

    def close(self) -> None:
        self._connection.close()

    def newest(self, table: str = "decisions") -> int:
        """The number of the newest row, 0 in an empty table."""
        return self._one(f"SELECT coalesce(max(rowid), 0) FROM {table}")

    def count(self, since: int) -> int:
        """Decisions above row number `since`, counted one by one."""
        return self._one(f"SELECT count(*) FROM decisions WHERE rowid > {since:d}")

    def with_effects(self, since: int, first_effect: int) -> int:
        """Leads decided above row number `since` that have effects above row number `first_effect` of the outbox,
        performed or not. A digest is an owner's effect, not a lead's: it does not count."""
        decided = f"SELECT lead_id FROM decisions WHERE rowid > {since:d}"
        found = f"SELECT lead_id FROM outbox WHERE id > {first_effect:d}"
        return self._one(f"SELECT count(*) FROM ({decided} INTERSECT {found})")

    def effects(self, since: int) -> tuple[int, int]:
        """(all, performed) effects above row number `since` of the outbox."""
        wanted = (
            f"SELECT count(*), coalesce(sum(state = 'done'), 0) FROM outbox WHERE id > {since:d} AND vendor <> 'sla'"
        )
        found = self._connection.execute(wanted).fetchone()
        return int(found[0]), int(found[1])

    def pending(self) -> int:
        """Effects whose time has come and that are not performed yet: timers, steps of sequences and alerts that wait
        for their owner's opening are due later."""
        now = "strftime('%Y-%m-%d %H:%M:%f', 'now')"  # as SQLAlchemy writes a time
        return self._one(f"SELECT count(*) FROM outbox WHERE state = 'pending' AND due_at <= {now}")

    def paths(self, since: int) -> dict[str, int]:
        """How many decisions above row number `since` took each path."""
        found = self._connection.execute(f"SELECT path, count(*) FROM decisions WHERE rowid > {since:d} GROUP BY path")
        return dict(found.fetchall())

    def wait_for(self, newest: int, timeout_s: float) -> float:
        """The monotonic time at which row number `newest` was first seen. Raises NotDrainedError."""
        return wait_until(lambda: newest - self.newest(), timeout_s, "leads undecided")

    def wait_for_effects(self, timeout_s: float) -> float:
        """The monotonic time at which no effect was pending. Raises NotDrainedError."""
        return wait_until(self.pending, timeout_s, "effects pending", every_s=0.1)

    def _one(self, question: str) -> int:
        return int(self._connection.execute(question).fetchone()[0])


def wait_until(left: Callable[[], int], timeout_s: float, what: str, every_s: float = POLL_S) -> float:
    """Ask `left()` until it is 0 or less; the monotonic time of that answer."""
    until = time.monotonic() + timeout_s
    while (rest := left()) > 0:
        if time.monotonic() > until:
            raise NotDrainedError(f"after {timeout_s:.0f} s still {rest} {what}")
        time.sleep(every_s)
    return time.monotonic()
