"""What became of past leads, as rows to learn from: known at intake on the left, outcome on the right.

    features   the vector of a lead's FIRST decision: later revisions know what happened after intake
    converted  won within the window after intake. A lead younger than the window says nothing yet, won or not: to count
               the young winners and not the young others would promise too much
    days       to the sale; a lead that is still open, or ended otherwise, is censored where it was last seen
    contract   US dollars a year of the ultimate parent: its won leads of one year together, with the first of them as row

Nothing here reads a store or fits a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DAY_S: Final = 86_400.0
SHORTEST_DAYS: Final = 0.5
"""Of a sale on the day of its lead: the logarithm of days needs a positive number."""
CONTRACT_YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLead:
    """A lead's first decision and its end. account: see graph.rules.challenge.account_of; parent: the ultimate parent's
    domain; row: the vector; model, probability, propensity, tier: of that decision; outcome: won, lost, no_show,
    not_a_fit, or None while it is open."""

    lead_id: str
    account: str
    parent: str | None
    received_at: datetime
    row: NDArray[np.float32]
    model: str
    propensity: float
    probability: float
    tier: str
    outcome: str | None = None
    closed_at: datetime | None = None
    contract_usd: float | None = None

    @property
    def won_at(self) -> datetime | None:
        return self.closed_at if self.outcome == "won" else None


@dataclass(frozen=True, slots=True)
class History:
    """Leads in the order in which they came. rows: (n, k) float32, NaN unknown; received: (n,) seconds since 1970."""

    leads: tuple[PastLead, ...]
    rows: NDArray[np.float32]
    received: Floats

    @property
    def accounts(self) -> list[str]:
        return [lead.account for lead in self.leads]

    def at(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> History:
        """The leads of a mask, or at these places."""
        index = np.flatnonzero(places) if places.dtype == np.bool_ else places
        return History(tuple(self.leads[i] for i in index.tolist()), self.rows[index], self.received[index])

    def since(self, at: datetime | None) -> History:
        """Those received at that time or later."""
        return self if at is None else self.at(self.received >= at.timestamp())


def history_of(leads: Iterable[PastLead], width: int) -> History:
    """width: number of features, for a history without a lead."""
    held = tuple(sorted(leads, key=lambda lead: (lead.received_at, lead.lead_id)))
    rows = np.array([lead.row for lead in held], dtype=np.float32).reshape(len(held), width)
    return History(held, rows, np.array([lead.received_at.timestamp() for lead in held], dtype=np.float64))


def matured(history: History, now: datetime, window: timedelta) -> History:
    """The leads that had the whole window to convert."""
    return history.at(history.received <= (now - window).timestamp())


def converted(leads: Sequence[PastLead], window: timedelta) -> NDArray[np.int8]:
    """(n,) 1 where a lead was won within the window after its intake. Ask for matured leads only."""
    return np.array(
        [lead.won_at is not None and lead.won_at - lead.received_at <= window for lead in leads], dtype=np.int8
    )


def days_to_close(leads: Sequence[PastLead], now: datetime) -> tuple[Floats, NDArray[np.bool_]]:
    """(days, closed), (n,) each: days to the sale; closed is False where they are only the time without one."""
    days = [max(SHORTEST_DAYS, ((lead.closed_at or now) - lead.received_at).total_seconds() / DAY_S) for lead in leads]
    return np.array(days), np.array([lead.won_at is not None for lead in leads], dtype=np.bool_)


def contract_values(history: History) -> tuple[History, Floats]:
    """(one lead a parent, dollars a year): the first won lead whose contract is known, and what was sold to the same parent
    within a year of that sale."""
    sold: dict[str, list[int]] = {}
    for place, lead in enumerate(history.leads):
        if lead.won_at is not None and lead.contract_usd is not None and lead.contract_usd > 0:
            sold.setdefault(lead.parent or lead.account, []).append(place)
    first = np.array(sorted(places[0] for places in sold.values()), dtype=np.int64)
    by_first = {places[0]: places for places in sold.values()}
    return history.at(first), np.array([_year(history, by_first[place]) for place in first.tolist()], dtype=np.float64)


def _year(history: History, places: Sequence[int]) -> float:
    leads = [history.leads[place] for place in places]
    begun = min(lead.won_at for lead in leads if lead.won_at is not None)
    return sum(
        lead.contract_usd or 0.0 for lead in leads if lead.won_at is not None and lead.won_at - begun < CONTRACT_YEAR
    )
