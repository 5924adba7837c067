"""The same verdicts by trying every lead of a little world at every moment: slow, simple, and written without masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product

from graph.domain.routing import RoutingFacts
from graph.domain.table import Place, RoutingTable, Target
from graph.domain.working import Window
from graph.rules.conditions import View, holds, parts, view_of
from graph.rules.map_index import MapIndex
from graph.rules.places import country_of, postal_key
from tests.graph.rules.proof.random_files import DAYS, NOW

STATES = {
    "US": (None, "US-CA", "US-NY", "US-TX"),
    "GB": (None, "GB-ENG", "GB-LND", "GB-MAN", "GB-SCT"),
    "DE": (None, "DE-BY"),
}
POSTALS = {
    "US": (None, "10000", "10300", "1035", "10360", "105", "1", "2", "9", "10A"),
    "GB": (None, "SW1A1AA", "SW2", "S", "N1"),
    "DE": (None, "79", "80331", "88", "8"),
}
VALUES = {
    "industry": (None, "banking", "retail", "farming"),
    "source": (None, "event", "web", "phone"),
    "tier": (None, "top", "high", "medium", "low"),
    "employees": (None, 199, 200, 999, 1000),
    "score": (None, 0.4, 0.5, 0.6),
}
MOMENTS = [NOW, *DAYS[1:], NOW + timedelta(days=100)]
ALWAYS = [(NOW, datetime.max.replace(tzinfo=NOW.tzinfo))]
Gaps = dict[str, list[tuple[datetime, datetime]]]


@dataclass
class Verdict:
    """By name of the claim: does it get a lead; is some of its own taken before. falls: countries that come to DEFAULT
    (`*` for one the file does not name); default_gap: a lead comes to DEFAULT while nobody is there."""

    alive: dict[str, bool] = field(default_factory=dict)
    losing: dict[str, bool] = field(default_factory=dict)
    falls: set[str | None] = field(default_factory=set)
    default_gap: bool = False


def leads(table: RoutingTable) -> Iterator[RoutingFacts]:
    """Every lead of the little world that differs in what the file asks for."""
    asked = {name for rule in table.rules for part in parts(rule.condition) for name in VALUES if getattr(part, name)}
    places: list[tuple[str | None, str | None, str | None]] = [(None, None, None), ("BR", None, None)]
    for country in written_countries(table):
        own = [place for place in written_places(table) if place.country == country]
        states = STATES[country] if any(place.subdivision for place in own) else (None,)
        postals = POSTALS[country] if any(place.low for place in own) else (None,)
        places += [(country, state, postal) for state in states for postal in postals]
    names = [name for name in VALUES if name in asked]
    for (country, state, postal), values in product(places, list(product(*(VALUES[name] for name in names)))):
        yield RoutingFacts(country=country, state=state, postal=postal, **dict(zip(names, values, strict=True)))


def away(table: RoutingTable, email: str, now: datetime) -> bool:
    """Nobody takes what goes to this address."""
    person = table.people_by_email.get(email)
    if person is None:
        return False
    leaves = [leave for leave in person.leave if leave.window.holds(now)]
    return not person.active or any(not covers(table, leave.cover, now) for leave in leaves)


def covers(table: RoutingTable, email: str | None, now: datetime) -> bool:
    person = table.people_by_email.get(email or "")
    if person is None:
        return email is not None
    return person.active and not any(leave.window.holds(now) for leave in person.leave)


def passes(table: RoutingTable, gaps: Gaps, to: Target, now: datetime) -> tuple[bool, bool]:
    """(may the target leave a lead to others, can it not take one at all)"""
    if to.pool is None:
        gone = away(table, to.email or "", now)
        return gone, gone
    pool = table.pools[to.pool]
    late = now >= NOW + timedelta(days=90)
    empty = any(start <= now < end for start, end in gaps[pool.name])
    hands_on = bool(pool.caps) or empty or (late and bool(gaps[pool.name]))
    may, closed = (True, True) if pool.if_none is None else passes(table, gaps, pool.if_none, now)
    return hands_on and may, empty and closed


def claims(
    table: RoutingTable, facts: RoutingFacts, view: View, index: MapIndex
) -> Iterator[tuple[str, Target, Window | None]]:
    """Who is asked for this lead, in order."""
    for step in table.precedence:
        if step == "rules":
            yield from (
                (f"rules.{rule.id}", rule.to, rule.window) for rule in table.rules if holds(rule.condition, view)
            )
        else:
            where = country_of(facts.country, facts.state), facts.state, postal_key(facts.postal or "")
            yield from ((f"map.{entry.key}", entry.to, None) for entry in index.find(*where))


def verdict(table: RoutingTable, gaps: Gaps) -> Verdict:
    found, index = Verdict(), MapIndex(table.map)
    countries = written_countries(table)
    status = {
        (to, moment): passes(table, gaps, to, moment)
        for to in {item.to for item in (*table.rules, *table.map)}
        for moment in MOMENTS
    }
    default_away = {moment: away(table, table.default.to.email or "", moment) for moment in MOMENTS}
    seen = set()
    for facts in leads(table):
        asked = list(claims(table, facts, view_of(facts), index))
        country = facts.country if facts.country in countries or facts.country is None else "*"
        key = country, *(name for name, _, _ in asked)
        if key in seen:
            continue
        seen.add(key)
        for moment in MOMENTS:
            taken, tried = False, set()
            for name, to, window in asked:
                may_pass, closed = status[to, moment]
                if (window is not None and not window.holds(moment)) or closed:
                    continue
                if taken or to in tried:
                    found.losing[name] = True
                else:
                    found.alive[name] = True
                tried.add(to)
                taken = taken or not may_pass
            if not taken:
                found.falls.add(country)
                found.default_gap = found.default_gap or default_away[moment]
    return found


def written_places(table: RoutingTable) -> list[Place]:
    places = [spot.place for entry in table.map for spot in entry.spots]
    asked = [part for rule in table.rules for part in parts(rule.condition)]
    return places + [place for part in asked for where in part.where for place in where.places]


def written_countries(table: RoutingTable) -> list[str]:
    return sorted({place.country for place in written_places(table)})
