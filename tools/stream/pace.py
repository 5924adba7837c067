"""How often the dispatcher goes through the outbox, so that decisions find database and processor free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Waiting = Literal["none", "some", "many"]
"""How many leads wait for their decision: many are more than a worker takes at once."""

URGENT: Final = frozenset({"notifier"})
"""Vendors whose effects somebody waits for: a lead's owner hears of it before the CRM does."""


@dataclass(frozen=True, slots=True)
class DispatcherOptions:
    """limit: effects a round; within: those of a round that is one transaction, for which a writer of decisions may have to
    wait; side_by_side: leads performed at once, where the performer names no number of its own; deadline_s: for one call;
    lease_s: in its second half nothing is begun, so that half must exceed what a round takes; idle_s: longest pause after
    a round that found nothing; crowded_s: pause after each round while leads wait, else gather_s, so that a few effects
    share a transaction and the writer of decisions finds the database free, a quarter of it for URGENT and vendors outside;
    full_s: where more is due than a round takes, as long as a writer pauses before it asks for the lock again; yields: for
    so many times as long as a round of our own rows took, such vendors rest while leads are decided, that rounds in a row
    do not keep a decision from the write lock; patient_s: effects of leads that were accepted longer ago than this have
    waited enough, and rest no more; look_s: between two questions for queues that come and go."""

    limit: int = 200
    within: int = 100
    side_by_side: int = 8
    deadline_s: float = 20.0
    lease_s: float = 60.0
    idle_s: float = 0.5
    crowded_s: float = 2.0
    gather_s: float = 0.4
    full_s: float = 0.002
    yields: float = 2.0
    patient_s: float = 5.0
    look_s: float = 2.0

    def pause(self, vendor: str, found: int, *, own: bool, waiting: Waiting) -> float:
        """Seconds until a vendor's next round, when this one found so many effects. own: they are rows of our database; a
        vendor outside takes nobody's write lock."""
        if own and found >= self.within and waiting != "many":
            return self.full_s
        pause = self.crowded_s if waiting == "many" else self.gather_s
        return pause if own and vendor not in URGENT else pause / 4

    def rest(self, took_s: float, age_s: float, waiting: Waiting) -> float:
        """Seconds in which no vendor but URGENT whose effects are our own rows has a round, after one that took so long and
        whose youngest lead was accepted so long ago."""
        return 0.0 if waiting == "none" or age_s > self.patient_s else min(self.yields * took_s, self.gather_s)
