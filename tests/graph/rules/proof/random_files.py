"""Small routing files made of a seed, with everything the proof looks at: places in places, ranges, any and not, dates,
leave, pools that pass. Small enough that every lead of a little world can be tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from graph.domain.table import (
    Condition,
    MapEntry,
    Member,
    Person,
    Place,
    Pool,
    Range,
    RoutingTable,
    Rule,
    Segment,
    Spot,
    Target,
    Where,
)
from graph.domain.working import Cap, Leave, Window

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAYS = [NOW + timedelta(days=days) for days in (-9, 10, 20, 30)]

PLACES = (
    Place("US"),
    Place("US", "US-CA"),
    Place("US", "US-NY"),
    Place("US", "US-NY", "100", "104"),
    Place("US", "US-NY", "103", "103"),
    Place("US", "US-NY", "1035", "1039"),
    Place("US", None, "1", "1"),
    Place("US", "US-CA", "9", "9"),
    Place("GB"),
    Place("GB", "GB-ENG"),
    Place("GB", "GB-LND"),
    Place("GB", None, "SW1A", "SW1A"),
    Place("GB", "GB-ENG", "SW", "SW"),
    Place("DE"),
    Place("DE", None, "80", "87"),
)
WORDS = {"industry": ("banking", "retail"), "source": ("event", "web"), "tier": ("top", "high", "medium", "low")}
RANGES = {
    "employees": (
        Range(None, 200, high_open=True),
        Range(200, 999),
        Range(1000, None),
        Range(199, None, low_open=True),
    ),
    "score": (Range(None, 0.5, high_open=True), Range(0.5, None), Range(0.5, 0.5)),
}
EMAILS = tuple(f"{name}@company.com" for name in "abcd")


def random_table(random: Random) -> tuple[RoutingTable, dict[str, list[tuple[datetime, datetime]]]]:
    """A table, and the stretches in which nobody of each pool works."""
    asked = random.sample(["where", "industry", "source", "tier", "employees", "score"], k=random.choice((2, 2, 3)))
    places = random.sample(PLACES, k=random.randint(2, 5))
    segments = [Segment(f"s{at}", _condition(random, asked, places, [], 1), 1) for at in range(random.randint(0, 2))]
    pools = {name: _pool(random, name) for name in ("p", "q")}
    targets = [*(Target(email) for email in EMAILS), Target(pool="p"), Target(pool="q")]
    rules = tuple(
        Rule(
            f"r{at}",
            _condition(random, asked, places, segments, 0),
            random.choice(targets),
            None,
            None,
            _window(random),
            at,
        )
        for at in range(random.randint(2, 5))
    )
    keys = random.sample(PLACES, k=random.choice((0, 0, 1, 3)))
    people = {email: _person(random, email) for email in EMAILS if random.random() < 0.6}
    table = RoutingTable(
        digest="",
        text="",
        version=1,
        timezone="UTC",
        default=MapEntry("DEFAULT", (), Target(random.choice((EMAILS[0], "general@company.com"))), 1),
        map=tuple(MapEntry(f"k{at}", (Spot(key),), random.choice(targets), at) for at, key in enumerate(keys)),
        pools=pools,
        people=people,
        people_by_email=people,
        rules=rules,
        precedence=random.choice((("rules", "map"), ("map", "rules"))),
    )
    return table, {name: _gaps(random) for name in pools}


def _condition(random: Random, asked: list[str], places: list[Place], segments: list[Segment], depth: int) -> Condition:
    found = Condition()
    for key in random.sample(asked, k=random.randint(0 if depth == 0 else 1, len(asked))):
        if key == "where":
            chosen = random.sample(places, k=min(len(places), random.choice((1, 1, 2))))
            found = replace(found, where=(Where("w", tuple(chosen)),))
        elif key in WORDS:
            found = replace(found, **{key: tuple(random.sample(WORDS[key], k=random.choice((1, 1, 2))))})
        else:
            found = replace(found, **{key: tuple(random.sample(RANGES[key], k=random.choice((1, 1, 2))))})
    if segments and random.random() < 0.4:
        found = replace(found, segments=tuple(random.sample(segments, k=random.randint(1, len(segments)))))
    if depth < 2 and random.random() < 0.25:
        inner = [_condition(random, asked, places, [], depth + 1) for _ in range(random.randint(1, 2))]
        found = replace(found, any_of=tuple(inner))
    if depth < 2 and random.random() < 0.25:
        found = replace(found, negated=_condition(random, asked, places, segments, depth + 1))
    return found


def _window(random: Random) -> Window | None:
    if random.random() < 0.6:
        return None
    first, last = sorted(random.sample(range(len(DAYS)), k=2))
    starts = random.choice((None, DAYS[first]))
    return Window(None, None, starts, DAYS[last] if starts is None or random.random() < 0.7 else None)


def _person(random: Random, email: str) -> Person:
    person = Person(email, email, None, None, random.random() < 0.8, 1)
    if random.random() < 0.5:
        cover = random.choice((None, None, *EMAILS))
        window = Window(None, None, DAYS[random.randint(0, 1)], DAYS[random.randint(2, 3)])
        person = replace(person, leave=(Leave(window, None if cover == email else cover, 1),))
    return person


def _pool(random: Random, name: str) -> Pool:
    heir = random.choice((None, None, *(Target(email) for email in EMAILS), Target(pool="q")))
    return Pool(
        name,
        (Member(f"{name}@company.com", 1),),
        None if heir is not None and heir.pool == name else heir,
        caps=random.choice(((), (), (Cap(8, "day"),))),
    )


def _gaps(random: Random) -> list[tuple[datetime, datetime]]:
    if random.random() < 0.5:
        return []
    first, last = sorted(random.sample([NOW, *DAYS[1:]], k=2))
    return [(first, last)]
