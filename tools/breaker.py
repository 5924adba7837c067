"""A circuit breaker for one vendor: after a row of failures nobody asks it for a while, then one asks first.

Kept here and not taken from a library because the dispatcher asks it how many effects to claim, before any call is made.
Reads use it too, so that a vendor which hangs costs its deadline once in a while and not with every batch of leads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Breaker:
    """threshold: failures in a row that open it; rest_s: seconds it stays open before one call may try. A vendor that says
    itself how long to leave it alone is left alone at once and altogether, for `longest_s` at most."""

    threshold: int = 5
    rest_s: float = 15.0
    failures: int = 0
    opened_at: float | None = None
    longest_s: float = 900.0
    quiet_until: float = 0.0

    def room(self, now_s: float, wanted: int) -> int:
        """How many calls may start now: all, none, or the one that tries."""
        if now_s < self.quiet_until:
            return 0
        if self.opened_at is None:
            return wanted
        return 1 if now_s - self.opened_at >= self.rest_s else 0

    def succeeded(self) -> None:
        self.failures, self.opened_at = 0, None

    def failed(self, now_s: float, retry_after_s: float | None = None) -> None:
        """retry_after_s: the vendor's own word."""
        if retry_after_s is not None:
            self.quiet_until = max(self.quiet_until, now_s + min(retry_after_s, self.longest_s))
        self.failures += 1
        if self.failures >= self.threshold:
            self.opened_at = now_s

    @property
    def state(self) -> Literal["closed", "open"]:
        return "closed" if self.opened_at is None else "open"
