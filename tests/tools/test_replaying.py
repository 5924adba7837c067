"""Recorded decisions are decided again from themselves, and any bit that differs is found and named."""

from __future__ import annotations

import shutil
from concurrent.futures import Executor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select, update

from graph.build import run_batch
from graph.ports import Ports
from graph.state import Case
from tests.fixtures.router import NOW, ROUTING, context_of, decided, person, ports_of, settle, the_graph, the_table
from tools.ml.registry import ensure_bootstrap
from tools.replaying import NotReplayable, Replayer, first_difference, stored_records
from tools.routing_file import parse
from tools.settings import Settings
from tools.store.commit import commit, seal
from tools.store.past import Chosen
from tools.store.routing_versions import keep_version
from tools.store.tables import assignments, decisions, routing_versions
from tools.stream.again import again, judged, missed
from tools.xgb import XgbScorer


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replayed") / "models"
    ensure_bootstrap(folder)
    return folder


@pytest.fixture
def settings(models: Path, tmp_path: Path) -> Settings:
    shutil.copytree(models, tmp_path / "models")
    return Settings(_env_file=None, data_dir=tmp_path, routing_file=ROUTING)


@pytest.fixture
def ports(database: Engine, executor: Executor, settings: Settings) -> Ports:
    keep_version(database, the_table().digest, the_table().text)
    return ports_of(database, executor, scorer=XgbScorer(ensure_bootstrap(settings.models_dir)))


@pytest.fixture
def replayer(settings: Settings, database: Engine, ports: Ports) -> Replayer:
    return Replayer(settings, database, ports)


def rewrite(engine: Engine, lead_id: str, old: bytes, new: bytes) -> None:
    with engine.execution_options(immediate=True).begin() as connection:
        (row,) = connection.execute(decisions.select().where(decisions.c.lead_id == lead_id)).all()
        assert row.record.count(old) >= 1
        changed = row.record.replace(old, new, 1)
        connection.execute(update(decisions).where(decisions.c.lead_id == lead_id).values(record=changed))


async def test_decisions_of_all_kinds_come_out_the_same(database: Engine, ports: Ports, replayer: Replayer):
    ann = person("ann", message="naïve 😀", extra={"utm": "x"})
    await settle(database, ports, ann, person("bob", honeypot="x"), person("cid", country="Atlantis"))
    await settle(database, ports, person("ann", message="again"), person("dan", phone="+49 30 23125118"))
    await settle(database, ports, replace(ann, submission_id="retry:1", cause="retry"), now=NOW + timedelta(days=40))
    assert await replayer.run(stored_records(database)) == (6, [])


async def test_a_replay_asks_for_what_was_asked_then_whoever_may_be_asked_now(
    database: Engine, ports: Ports, replayer: Replayer
):
    live = replace(ports, language_model="openai:m")
    ann = person("ann", message="Does it run on ARM?")
    (first,) = await settle(database, live, ann)
    assert [e.kind for e in first.case.effects if e.kind in {"ask_judgement", "write_note"}] == [
        "ask_judgement",
        "write_note",
    ]
    await settle(database, live, judged(again(database, ann.lead_id, "judged"), 1, "another tier"))
    await settle(database, ports, person("bob", message="Does it run on ARM?"))
    assert await replayer.run(stored_records(database)) == (3, [])


async def test_leads_that_were_decided_together_can_be_replayed_apart_and_the_other_way_round(
    database: Engine, ports: Ports, replayer: Replayer
):
    await settle(database, ports, *(person(f"p{n}") for n in range(5)))
    for n in range(5, 8):
        await settle(database, ports, person(f"p{n}"))
    records = list(stored_records(database))
    assert await replayer.run(iter(records)) == (8, [])
    for record in records:
        assert await replayer.run(iter([record])) == (1, [])


async def test_the_world_may_have_changed_since(database: Engine, ports: Ports, settings: Settings):
    """A replay asks nobody: other history, other ledgers and vendors that are away change nothing."""
    await settle(database, ports, person("ann"))
    record = list(stored_records(database))
    await settle(database, ports, person("bob"), person("ann", message="later"))

    class Gone:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"a replay asked for {name}")

    nobody = replace(ports, enrichment=Gone(), crm=Gone(), similar=Gone(), judge=Gone(), writer=Gone(), history=Gone())
    assert await Replayer(settings, database, nobody).run(iter(record)) == (1, [])


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (b'"status":"decided"', b'"status":"deciped"', "status"),
        (b'"node":"capture","rule":"new"', b'"node":"capture","rule":"old"', "trace[0].rule"),
        (b'"owner":"maren', b'"owner":"laren', "owner"),
        (b'"revision":1', b'"revision":2', "revision"),
    ],
)
async def test_a_changed_outcome_is_found_and_named(
    sqlite_url: str, executor: Executor, settings: Settings, old: bytes, new: bytes, path: str
):
    from tools.store.engine import open_engine

    engine = open_engine(sqlite_url)
    keep_version(engine, the_table().digest, the_table().text)
    used = ports_of(engine, executor, scorer=XgbScorer(ensure_bootstrap(settings.models_dir)))
    ann = person("ann")
    await settle(engine, used, ann, person("bob"))
    rewrite(engine, ann.lead_id, old, new)
    count, (found,) = await Replayer(settings, engine, used).run(stored_records(engine))
    assert count == 2
    assert (found.lead_id, found.path, found.other_code) == (ann.lead_id, path, False)
    engine.dispose()


async def test_a_changed_input_is_found_by_what_follows_from_it(database: Engine, ports: Ports, replayer: Replayer):
    ann = person("ann", title="Intern")
    await settle(database, ports, ann)
    rewrite(database, ann.lead_id, b'"form":{"email":"ann@ann-werke.de"', b'"form":{"email":"eve@ann-werke.de"')
    _, (found,) = await replayer.run(stored_records(database))
    assert found.path == "lead.email"
    assert "ann@ann-werke.de" in found.recorded
    assert "eve@ann-werke.de" in found.replayed


async def test_a_decision_of_another_release_says_so(database: Engine, ports: Ports, replayer: Replayer):
    ann = person("ann")
    await settle(database, ports, ann)
    with database.connect() as connection:
        code = orjson.loads(connection.scalar(decisions.select().with_only_columns(decisions.c.record)))["versions"][
            "code"
        ]
    rewrite(database, ann.lead_id, code.encode(), b"0" * len(code))
    assert await replayer.run(stored_records(database)) == (1, []), (
        "another release that decides the same is no difference"
    )
    rewrite(database, ann.lead_id, b'"status":"decided"', b'"status":"x"')
    _, (found,) = await replayer.run(stored_records(database))
    assert found.other_code


async def test_each_decision_is_replayed_under_its_own_routing_file(database: Engine, ports: Ports, replayer: Replayer):
    text = the_table().text.replace('"FR": "france@company.com"', '"FR": "paris@company.com"')
    other = parse(text, ROUTING.parent)
    keep_version(database, other.digest, other.text)
    await settle(database, ports, person("ann", country="France"))
    batch, context = await decided(ports, person("bob", country="France"))
    context = context_of(ports, table=other)
    from graph.build import run_batch
    from graph.state import Case
    from tools.store.commit import seal

    done = await run_batch(the_graph(), [Case(batch[0].case.submission)], context)
    commit(database, [seal(done[0], context)], context.now, context.versions)
    owners = {orjson.loads(record)["owner"] for record in stored_records(database)}
    assert owners == {"france@company.com", "paris@company.com"}
    assert await replayer.run(stored_records(database)) == (2, [])


async def test_a_routing_file_or_model_that_is_not_kept_is_named(
    database: Engine, ports: Ports, replayer: Replayer, settings: Settings
):
    await settle(database, ports, person("ann"))
    shutil.rmtree(settings.models_dir)
    with pytest.raises(NotReplayable, match="the model"):
        await replayer.run(stored_records(database))
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(delete(routing_versions))
    with pytest.raises(NotReplayable, match=r"the (routing file|model)"):
        await replayer.run(stored_records(database))


WORKING = """{
  "DEFAULT": "general@company.com",
  "people": {
    "ana": {"email": "ana@company.com", "hours": "mon-fri 09:00-18:00 Europe/Berlin", "holidays": "DE-BY", "max_open": 3},
    "ben": {"email": "ben@company.com", "ooo": [{"from": "2026-04-06", "until": "2026-04-09", "cover": "ana"}]},
    "cy":  {"email": "cy@company.com", "hours": "mon-fri 12:00-20:00 America/New_York"}
  },
  "pools": {
    "crew": {"members": {"ana": 2, "ben": 1, "cy": 1}, "cap": ["4/day", "9/week", "5/open"], "if_none": "pool:rest"},
    "rest": {"members": ["cy", "ana"], "off_hours": "hold"}
  },
  "slas": {"hot": {"accept": "30m", "touch": "4h"}}, "default_sla": "hot",
  "rules": [{"id": "all", "to": "pool:crew"}]
}"""


async def test_hours_leave_covers_and_caps_replay_bit_for_bit(
    database: Engine, ports: Ports, replayer: Replayer, executor: Executor
):
    """Over the days of a leave, at all hours: whatever was asked of ledgers and counts stands in the record."""
    table = parse(WORKING)
    keep_version(database, table.digest, table.text)
    for number in range(40):
        now = NOW + timedelta(hours=5 * number)
        names = [person(f"p{number}"), person(f"q{number % 7}", message=f"{number}")]
        context = context_of(ports, now, table)
        cases = await run_batch(the_graph(), [Case(submission) for submission in names], context)
        commit(database, [seal(case, context) for case in cases], now, context.versions)
    pools_seen = [set(orjson.loads(record)["facts"]["pools"]) for record in stored_records(database)]
    owners = {orjson.loads(record)["owner"] for record in stored_records(database)}
    assert {"crew", "rest"} in pools_seen, "the pool that gave nothing is recorded too"
    assert {"ana@company.com", "ben@company.com", "cy@company.com"} <= owners
    assert await replayer.run(stored_records(database)) == (80, [])


async def test_the_newest_are_taken_and_given_oldest_first(database: Engine, ports: Ports):
    for n in range(5):
        await settle(database, ports, person(f"p{n}"), now=NOW + timedelta(minutes=n))
    newest = [orjson.loads(record)["lead"]["email"][:2] for record in stored_records(database, Chosen(limit=3))]
    assert newest == ["p2", "p3", "p4"]
    assert len(list(stored_records(database))) == 5
    assert list(stored_records(database, Chosen(limit=0))) == []


async def test_a_territory_of_that_time_comes_from_the_store(settings: Settings, database: Engine, ports: Ports):
    text = '{"DEFAULT": "g@company.com", "DACH": "d@company.com", "regions": {"DACH": "@dach.csv"}}'
    table = parse(text, files={"dach.csv": "place\nDE\n"})
    keep_version(database, table.digest, table.text, table.files)
    found = Replayer(settings, database, ports)._table(table.digest)
    assert (found.digest, found.regions["DACH"].spots) == (table.digest, table.regions["DACH"].spots)


def test_the_first_place_that_differs_is_named():
    assert first_difference({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}) == ("a.b[1]", "2", "3")
    assert first_difference({"a": 1}, {"a": 1, "b": 2}) == ("b", "None", "2")
    assert first_difference({"a": None}, {}) == ("a", "None", "None")
    assert first_difference([1], [1, 2]) == ("", "1 items", "2 items")
    assert first_difference({"a": 1, "b": 2}, {"b": 2, "a": 1}) == ("", "other key order", "other key order")
    assert len(first_difference("x" * 999, "y" * 999)[1]) <= 120


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, json_values)
def test_a_difference_is_always_told_in_three_words(before: Any, after: Any):
    if before != after:
        path, recorded, replayed = first_difference(before, after)
        assert all(isinstance(part, str) for part in (path, recorded, replayed))


async def test_a_missed_lead_is_replayed_with_the_ladder_it_climbed(database: Engine, ports: Ports, replayer: Replayer):
    await settle(database, ports, person("ann"), person("bob", honeypot="x"))
    for number in range(1, 6):  # the other of the pool, the manager, DEFAULT, where it stays
        for row in _assignments(database, number):
            given = again(database, row.lead_id, "missed")
            await settle(database, ports, missed(given, number, row.owner), now=NOW + timedelta(minutes=5 * number))
    causes = [orjson.loads(record)["submission"]["cause"] for record in stored_records(database)]
    assert causes.count("missed") >= 6
    assert await replayer.run(stored_records(database)) == (len(causes), [])


def _assignments(engine: Engine, number: int) -> list[Any]:
    wanted = select(assignments).where(assignments.c.number == number, assignments.c.state == "offered")
    with engine.connect() as connection:
        return list(connection.execute(wanted))


async def test_aliases_are_those_of_the_version_that_decided(
    database: Engine, ports: Ports, replayer: Replayer, settings: Settings
):
    """The file of today has none; the record is decided again with those it was decided with."""
    text = ROUTING.read_text(encoding="utf-8").replace(
        '"version": 2,', '"version": 3, "aliases": {"country": {"Germnay": "DE"}},'
    )
    table = parse(text, ROUTING.parent)
    keep_version(database, table.digest, table.text)
    context = context_of(ports, NOW, table)
    submission = person("ann", country="Germnay")
    (case,) = await run_batch(the_graph(), [Case(submission)], context)
    commit(database, [seal(case, context)], NOW, context.versions)
    assert case.assignment is not None
    assert case.assignment.rule == "rules.dach"
    assert await replayer.run(stored_records(database)) == (1, [])
