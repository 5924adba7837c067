"""May somebody take one more lead? A pool's caps by day, week and open leads, and a person's own `max_open`.

Days and weeks begin at midnight in the file's zone, weeks on Monday. Their counts stand in the pool's ledger, by who
got the lead, and are therefore as exact as its turns; leads open now are counted by whoever asks for the turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple

from graph.domain.routing import PoolState, Spent
from graph.domain.table import Pool, RoutingTable
from graph.rules.local_time import named_zone

_NOBODY: Final[Mapping[str, int]] = {}
_DAY: Final = timedelta(days=1)


class Quota(NamedTuple):
    """What the caps leave at one instant. counts: leads at most, by unit; spent: had in the present period, by unit;
    most_open: leads at once, by e-mail; opened: leads open now, by e-mail."""

    counts: tuple[tuple[str, int], ...] = ()
    spent: Mapping[str, Spent] = {}
    most_open: Mapping[str, int] = _NOBODY
    opened: Mapping[str, int] = _NOBODY

    def allows(self, email: str) -> bool:
        for unit, count in self.counts:
            if self.spent[unit].leads.get(email, 0) >= count:
                return False
        most = self.most_open.get(email)
        return most is None or self.opened.get(email, 0) < most

    def is_slack(self) -> bool:
        """A quick test: nobody at all has reached a cap."""
        if self.most_open:
            return False
        for unit, count in self.counts:
            leads = self.spent[unit].leads
            if leads and max(leads.values()) >= count:
                return False
        return True

    def with_lead(self, email: str) -> dict[str, Spent]:
        """The periods with one more lead for them, for the ledger."""
        found = {}
        for unit, held in self.spent.items():
            leads = held.leads.copy()
            leads[email] = leads.get(email, 0) + 1
            found[unit] = Spent(held.period, leads)
        return found


FREE: Final = Quota()


class Limits:
    """The caps of one pool. takers: everybody who may get its leads, members and covers.

    asks: those of them whose open leads must be counted.
    """

    def __init__(self, pool: Pool, takers: frozenset[str], table: RoutingTable) -> None:
        self._counts = tuple((cap.unit, cap.count) for cap in pool.caps if cap.unit != "open")
        shared = [cap.count for cap in pool.caps if cap.unit == "open"]
        own = {email: table.people_by_email[email].max_open for email in takers if email in table.people_by_email}
        limits = {email: [*shared, *([most] if (most := own.get(email)) is not None else [])] for email in takers}
        self._most_open = {email: min(found) for email, found in limits.items() if found}
        self.asks = frozenset(self._most_open)
        self._zone = table.timezone
        self._today = (datetime.max.replace(tzinfo=UTC),) * 2, {"day": "", "week": ""}

    def quota(self, state: PoolState, opened: Mapping[str, int], now: datetime) -> Quota:
        if not self._counts and not self._most_open:
            return FREE
        spent: dict[str, Spent] = {}
        if self._counts:
            periods = self.periods(now)
            for unit, _ in self._counts:
                held = state.spent.get(unit)
                spent[unit] = held if held is not None and held.period == periods[unit] else Spent(periods[unit])
        return Quota(self._counts, spent, self._most_open, opened)

    def periods(self, now: datetime) -> Mapping[str, str]:
        """The day and the Monday of the week it is, by unit."""
        (since, until), periods = self._today
        if not since <= now < until:
            zone = named_zone(self._zone)
            day = now.astimezone(zone).date()
            edges = [datetime.combine(edge, time(), zone).astimezone(UTC) for edge in (day, day + _DAY)]
            periods = {"day": day.isoformat(), "week": (day - _DAY * day.weekday()).isoformat()}
            self._today = (edges[0], edges[1]), periods
        return periods
