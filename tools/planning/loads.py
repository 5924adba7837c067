"""How much each person gets in one world: leads, the busiest day, caps that were reached, deadlines."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from graph.domain.table import RoutingTable
from tools.planning.world import Outcome


@dataclass(frozen=True, slots=True)
class Load:
    """One person in one world. leads: times a lead became theirs; busiest: the most on one day of the file's calendar;
    capped_days: days on which a cap of a pool was reached; held: leads whose accept clock stood still for a while, as
    nobody was at work; accept_s: the median of the working time they had to accept."""

    leads: int = 0
    busiest: int = 0
    capped_days: int = 0
    held: int = 0
    accept_s: float | None = None


@dataclass(slots=True)
class _Person:
    days: Counter[date] = field(default_factory=Counter)
    capped: set[date] = field(default_factory=set)
    held: int = 0
    accept_s: list[int] = field(default_factory=list)


class LoadBook:
    """Counts the leads of one world as they come."""

    def __init__(self, table: RoutingTable) -> None:
        self._zone = ZoneInfo(table.timezone)
        self._caps = {name: pool.caps for name, pool in table.pools.items() if pool.caps}
        self._people: dict[str, _Person] = defaultdict(_Person)
        self._given: Counter[tuple[str, str, date]] = Counter()
        self._owners: dict[str, str] = {}

    def add(self, lead_id: str, at: datetime, outcome: Outcome) -> None:
        """A lead that stays with its owner is no new one."""
        if self._owners.get(lead_id) == outcome.owner:
            return
        self._owners[lead_id] = outcome.owner
        person, day = self._people[outcome.owner], at.astimezone(self._zone).date()
        person.days[day] += 1
        if outcome.accept_s is not None and outcome.accept_due_at is not None:
            person.accept_s.append(outcome.accept_s)
            person.held += outcome.accept_due_at - at > timedelta(seconds=outcome.accept_s)
        if outcome.pool in self._caps:
            self._count_caps(outcome.owner, outcome.pool, day, person)

    def _count_caps(self, owner: str, pool: str, day: date, person: _Person) -> None:
        for cap in self._caps[pool]:
            if cap.unit == "open":
                continue
            period = day if cap.unit == "day" else day - timedelta(days=day.weekday())
            key = (owner, f"{pool}/{cap.unit}", period)
            self._given[key] += 1
            if self._given[key] >= cap.count:
                person.capped.add(day)

    def loads(self) -> dict[str, Load]:
        """By e-mail address, of everybody who got a lead."""
        return {
            owner: Load(
                leads=person.days.total(),
                busiest=max(person.days.values()),
                capped_days=len(person.capped),
                held=person.held,
                accept_s=statistics.median(person.accept_s) if person.accept_s else None,
            )
            for owner, person in self._people.items()
        }
