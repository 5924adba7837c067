"""A circuit breaker for one vendor: after a row of failures nobody asks it for a while, then one asks first.

Kept here and not taken from a library because the dispatcher asks it how many effects to claim, before any call is made.
Reads use it too, so that a vendor which hangs costs its deadline once in a while and not with every batch of leads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Breaker:
    """threshold: failures in a row that open it; rest_s: seconds it stays open before one call may try."""

    threshold: int = 5
    rest_s: float = 15.0
    failures: int = 0
    opened_at: float | None = None

    def room(self, now_s: float, wanted: int) -> int:
        """How many calls may start now: all, none, or the one that tries."""
        if self.opened_at is None:
            return wanted
        return 1 if now_s - self.opened_at >= self.rest_s else 0

    def succeeded(self) -> None:
        self.failures, self.opened_at = 0, None

    def failed(self, now_s: float) -> None:
        self.failures += 1
        if self.failures >= self.threshold:
            self.opened_at = now_s

    @property
    def state(self) -> Literal["closed", "open"]:
        return "closed" if self.opened_at is None else "open"
