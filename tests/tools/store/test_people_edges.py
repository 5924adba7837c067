"""Merges are edges: whatever is merged and unmerged, in whatever order, the records are what they would have been without."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime, timedelta
from random import Random
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, Engine, insert, select, update

from graph.rules.people.golden import golden
from tests.fixtures.router import NOW
from tools.store.people_edges import CannotSay, components, links_of, pair_of, say, split, undo
from tools.store.people_groups import members, person_of
from tools.store.tables import decisions, leads, metadata, person_edges

SEQUENCES = {"sqlite": 1_000, "postgresql": 60}
NAMES = ("Maya Ortiz", "M. Ortiz", "Ortiz, Maya", "Maya B. Ortiz", None)
FIXED: dict[str, Any] = {
    "assignment": 1, "owner": "ana@company.com", "path": "qualify", "tier": "high", "score": 50.0, "propensity": 0.5,
    "form": "{}",
}  # fmt: skip


class Store:
    """A few leads whose rows this test writes as the commit of a decision does, without a graph between."""

    def __init__(self, engine: Engine, random: Random, prefix: str) -> None:
        self.engine, self.random, self.now = engine, random, NOW
        self.ids = [f"{prefix}{n}" for n in range(random.randint(3, 5))]
        self.same: dict[tuple[str, str], bool] = {}
        with engine.execution_options(immediate=True).begin() as connection:
            for lead_id in self.ids:
                self.write(connection, lead_id, 1)

    def write(self, connection: Connection, lead_id: str, revision: int) -> None:
        self.now += timedelta(minutes=1)
        random = self.random
        host = random.choice(("acme.com", "gmail.com"))
        lead = {
            "full_name": random.choice(NAMES),
            "email": f"{lead_id}@{host}" if random.random() < 0.8 else None,
            "phone": random.choice((None, "+14155550132")),
            "title": random.choice((None, "CTO", "VP")),
            "consent": random.choice((None, True, False)),
        }
        columns = {
            "full_name": lead["full_name"],
            "email": lead["email"],
            "phone": lead["phone"],
            "decided_at": self.now,
        }
        if revision == 1:
            connection.execute(
                insert(leads).values(lead_id=lead_id, revision=1, created_at=self.now, **columns, **FIXED)
            )
        else:
            changed = update(leads).where(leads.c.lead_id == lead_id)
            connection.execute(changed.values(revision=revision, submissions=revision, **columns))
        connection.execute(
            insert(decisions).values(**_decision(lead_id, revision, orjson.dumps({"lead": lead}), self.now))
        )

    def revise(self) -> None:
        lead_id = self.random.choice(self.ids)
        with self.engine.execution_options(immediate=True).begin() as connection:
            revision = connection.scalar(select(leads.c.revision).where(leads.c.lead_id == lead_id))
            self.write(connection, lead_id, (revision or 0) + 1)

    def merge(self) -> None:
        one, other = self.random.sample(self.ids, 2)
        self.now += timedelta(minutes=1)
        made = say(self.engine, one, other, "same", by="ana", why="", now=self.now)
        assert made == (pair_of(one, other) not in self.same)
        self.same[pair_of(one, other)] = True

    def unmerge(self) -> None:
        if self.same:
            pair = self.random.choice(sorted(self.same))
            assert undo(self.engine, *pair, by="ben", now=self.now) == "same"
            del self.same[pair]

    def groups(self) -> dict[str, frozenset[str]]:
        """By the edges that this test knows of."""
        near: dict[str, set[str]] = {}
        for low, high in self.same:
            near.setdefault(low, set()).add(high)
            near.setdefault(high, set()).add(low)
        found = components(near)
        return {lead_id: found.get(lead_id, frozenset((lead_id,))) for lead_id in self.ids}


def _decision(lead_id: str, revision: int, record: bytes, now: datetime) -> dict[str, Any]:
    return {
        "lead_id": lead_id, "revision": revision, "submission_id": f"s:{lead_id}:{revision}", "path": "qualify",
        "owner": "ana@company.com", "rule": "map", "tier": "high", "score": 50.0, "routing_digest": "r", "model_digest": "m",
        "received_at": now, "decided_at": now, "record": record,
    }  # fmt: skip


def rows(connection: Connection, ids: list[str]) -> list[tuple[Any, ...]]:
    """What is stored about these leads, as the database holds it."""
    named = ", ".join(f"'{lead_id}'" for lead_id in ids)
    found: list[tuple[Any, ...]] = []
    for name in ("leads", "decisions"):
        held = connection.exec_driver_sql(f"SELECT * FROM {name} WHERE lead_id IN ({named}) ORDER BY lead_id, revision")
        found += [(name, *row) for row in held]
    return found


def everything(connection: Connection) -> dict[str, list[str]]:
    """All rows of all tables but those that hold what was said."""
    names = [table.name for table in metadata.sorted_tables if table.name != "person_edges"]
    return {name: sorted(map(repr, connection.exec_driver_sql(f"SELECT * FROM {name}"))) for name in names}


def _sequence(engine: Engine, seed: int) -> None:
    random = Random(seed)
    store = Store(engine, random, f"ld_{seed}_")
    for _ in range(random.randint(3, 9)):
        act = random.choice((store.merge, store.merge, store.unmerge, store.revise))
        with engine.connect() as connection:
            before = rows(connection, store.ids)
        act()
        if act != store.revise:
            with engine.connect() as connection:
                assert rows(connection, store.ids) == before, "no lead is touched by what is said of it"
    with engine.connect() as connection:
        links = links_of(connection, store.ids)
    assert {lead_id: links.group(lead_id) for lead_id in store.ids} == store.groups()
    merged = person_of(engine, store.ids[0])
    assert merged is not None
    assert set(merged.golden.lead_ids) == store.groups()[store.ids[0]]
    while store.same:
        store.unmerge()
    for lead_id in store.ids:
        alone = person_of(engine, lead_id)
        assert alone is not None
        assert alone.golden == _alone(engine, lead_id), "as if it had never been merged"


def _alone(engine: Engine, lead_id: str) -> Any:
    wanted = select(leads, decisions.c.record).join(
        decisions, (decisions.c.lead_id == leads.c.lead_id) & (decisions.c.revision == leads.c.revision)
    )
    with engine.connect() as connection:
        return golden(members(connection.execute(wanted.where(leads.c.lead_id == lead_id)).all()))


def test_merges_and_unmerges_in_any_order_leave_identical_records(database: Engine):
    """1,000 random sequences on SQLite, fewer on PostgreSQL, where each step costs more."""
    least = SEQUENCES[database.dialect.name]
    for seed in range(int(os.environ.get("MERGE_SEQUENCES", least))):
        _sequence(database, seed)


def test_no_table_but_that_of_the_edges_knows_of_a_merge(database: Engine):
    store = Store(database, Random(2), "ld_")
    with database.connect() as connection:
        before = everything(connection)
    for _ in range(20):
        store.merge()
        store.unmerge()
    store.merge()
    with database.connect() as connection:
        assert everything(connection) == before


@pytest.fixture
def pair(database: Engine) -> tuple[Engine, str, str, str]:
    store = Store(database, Random(1), "ld_")
    return database, store.ids[0], store.ids[1], store.ids[2]


def test_a_merge_says_who_made_it_when_and_who_undid_it(pair: tuple[Engine, str, str, str]):
    engine, one, other, _ = pair
    assert say(engine, other, one, "same", by="ana", why="same phone", now=NOW, code="phone_name", confidence=0.9)
    assert not say(engine, one, other, "same", by="ben", why="", now=NOW), "it stood already"
    assert undo(engine, one, other, by="ben", now=NOW + timedelta(hours=1)) == "same"
    person = person_of(engine, one)
    assert person is not None
    (edge,) = person.edges
    assert asdict(edge) == {
        "low": min(one, other), "high": max(one, other), "verdict": "same", "code": "phone_name", "confidence": 0.9,
        "why": "same phone", "made_by": "ana", "made_at": NOW, "undone_by": "ben", "undone_at": NOW + timedelta(hours=1),
    }  # fmt: skip
    assert [shown.lead_id for shown in person.leads] == [one]


def test_not_the_same_keeps_whole_groups_apart_until_it_is_undone(pair: tuple[Engine, str, str, str]):
    engine, one, other, third = pair
    say(engine, one, other, "same", by="ana", why="", now=NOW)
    assert say(engine, other, third, "different", by="ana", why="", now=NOW)
    with pytest.raises(CannotSay, match="were called different: undo that first"):
        say(engine, one, third, "same", by="ben", why="", now=NOW)
    assert undo(engine, third, other, by="ana", now=NOW) == "different"
    assert say(engine, one, third, "same", by="ben", why="", now=NOW)


def test_two_of_one_group_are_not_called_different_before_they_are_unmerged(pair: tuple[Engine, str, str, str]):
    engine, one, other, third = pair
    say(engine, one, other, "same", by="ana", why="", now=NOW)
    say(engine, other, third, "same", by="ana", why="", now=NOW)
    with pytest.raises(CannotSay, match="unmerge them first"):
        say(engine, one, third, "different", by="ana", why="", now=NOW)
    assert split(engine, other, by="ana", now=NOW) == 2
    assert say(engine, one, third, "different", by="ana", why="", now=NOW)


def test_what_cannot_be_said_is_named(pair: tuple[Engine, str, str, str]):
    engine, one, other, _ = pair
    with pytest.raises(CannotSay, match="is one lead: name two"):
        say(engine, one, one, "same", by="ana", why="", now=NOW)
    with pytest.raises(CannotSay, match="ld_nobody is no lead"):
        say(engine, one, "ld_nobody", "same", by="ana", why="", now=NOW)
    with pytest.raises(CannotSay, match="Nothing stands between"):
        undo(engine, one, other, by="ana", now=NOW)
    with engine.connect() as connection:
        assert connection.execute(select(person_edges)).all() == []
