"""How often the dispatcher goes through the outbox, so that decisions find database and processor free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

URGENT: Final = frozenset({"notifier"})
"""Vendors whose effects somebody waits for: a lead's owner hears of it before the CRM does."""


@dataclass(frozen=True, slots=True)
class DispatcherOptions:
    """limit: effects a round; within: those of a round that is one transaction, for which a writer of decisions may have to
    wait; side_by_side: leads performed at once, where the performer names no number of its own; deadline_s: for one call;
    lease_s: in its second half nothing is begun, so that half must exceed what a round takes; idle_s: longest pause after
    a round that found nothing; crowded_s: pause after each round while leads wait, else gather_s, so that a few effects
    share a transaction and the writer of decisions finds the database free, a quarter of it for URGENT and vendors outside;
    full_s: where more is due than a round takes, as long as a writer pauses before it asks for the lock again; look_s:
    between two questions for queues that come and go."""

    limit: int = 200
    within: int = 100
    side_by_side: int = 8
    deadline_s: float = 20.0
    lease_s: float = 60.0
    idle_s: float = 0.5
    crowded_s: float = 2.0
    gather_s: float = 0.4
    full_s: float = 0.002
    look_s: float = 2.0

    def pause(self, vendor: str, found: int, *, own: bool, crowded: bool) -> float:
        """Seconds until a vendor's next round, when this one found so many effects. own: they are rows of our database; a
        vendor outside takes nobody's write lock. crowded: more leads wait than a worker takes at once."""
        if own and found >= self.within and not crowded:
            return self.full_s
        pause = self.crowded_s if crowded else self.gather_s
        return pause if own and vendor not in URGENT else pause / 4
