"""What people did is kept once, judged with its neighbours, seen by whoever asks, and asks for one weighing a lead."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, update

from graph.domain.activity import Wanted
from tests.fixtures.router import NOW, person, ports_of, settle, threads
from tests.fixtures.told import in_parts, kept, tell, told, weighings
from tools.store.activities import NewEvent, keep_events
from tools.store.activity_reading import NEWEST, events_of, read_activities
from tools.store.agents import networks_of, trace_of
from tools.store.tables import lead_events, outbox

ANN, BEN = "ld_ann", "ld_ben"


def did(engine: Engine, lead_id: str = ANN, *also: str) -> list[tuple[str, Any]]:
    with engine.connect() as connection:
        return list(read_activities(connection, [Wanted(lead_id, also)])[0])


def test_an_event_told_a_thousand_times_counts_once(database: Engine):
    event = told("a", ANN, NOW)
    assert tell(database, *[event] * 500) == {"a"}
    with ThreadPoolExecutor(4) as pool:
        assert not any(pool.map(lambda _: tell(database, *[event] * 25), range(20)))
    assert did(database) == [("page_view", NOW)]


def test_each_is_given_what_they_did_oldest_first_and_nobody_elses(database: Engine):
    tell(database, told("b", ANN, NOW, "click"), told("a", ANN, NOW - timedelta(days=1)), told("c", BEN, NOW, "call"))
    with database.connect() as connection:
        ann, nobody, ben = read_activities(connection, [Wanted(ANN), Wanted("ld_x"), Wanted(BEN)])
    assert ann == (("page_view", NOW - timedelta(days=1)), ("email_click", NOW))
    assert (nobody, ben) == ((), (("call", NOW),))


def test_what_the_same_person_did_under_another_address_is_theirs(database: Engine):
    other = NewEvent("o", "reply", NOW, "ld_other", "ann@home.example", "webhook", {})
    tell(database, told("a", ANN, NOW), other)
    assert did(database, ANN, "ann@home.example") == [("page_view", NOW), ("reply", NOW)]
    assert did(database, ANN) == [("page_view", NOW)]


def test_a_clock_that_goes_ahead_is_taken_for_ours(database: Engine):
    tell(database, told("a", ANN, NOW + timedelta(minutes=3)), now=NOW)
    assert did(database) == [("page_view", NOW)]
    assert events_of(database, ANN, limit=1)[0]["at"] == NOW + timedelta(minutes=3), "what was told is kept as told"


def test_of_a_very_busy_person_the_newest_events_are_seen(database: Engine):
    tell(database, *[told(f"{n:04}", ANN, NOW + timedelta(minutes=n)) for n in range(NEWEST + 10)])
    seen = did(database)
    assert len(seen) == NEWEST
    assert seen[0][1] == NOW + timedelta(minutes=10)


def test_what_no_person_did_is_kept_with_the_reason_and_not_seen(database: Engine):
    tell(
        database,
        told("bot", ANN, NOW, user_agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
        told("person", ANN, NOW, user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/128.0"),
        told("gmail", ANN, NOW, "open", user_agent="Mozilla/5.0 Firefox/11.0 (via ggpht.com GoogleImageProxy)"),
    )
    assert [kind for kind, _ in did(database)] == ["email_open", "page_view"]
    (bot,) = [one for one in events_of(database, ANN, limit=9) if not one["counts"]]
    assert (bot["event_key"], bot["reason"]) == ("bot", "Its user agent is a known bot's.")


def test_a_neighbour_that_is_told_later_changes_the_verdict(database: Engine):
    tell(database, told("open", ANN, NOW + timedelta(seconds=2), "open"))
    assert did(database)
    tell(database, told("sent", ANN, NOW, "sent"))
    assert [kind for kind, _ in did(database)] == ["email_sent"]


@pytest.mark.parametrize(
    ("address", "inside"), [("17.1.2.3", True), ("18.1.2.3", False), ("nonsense", False), ("::1", False), ("", False)]
)
def test_networks_that_load_ahead_are_known_by_their_addresses(address: str, inside: bool):
    found = trace_of("a", "email_open", NOW, orjson.dumps({"ip": address}).decode(), networks_of(["17.0.0.0/8"]))
    assert found.network is inside


# Weighing


async def lead(engine: Engine, name: str = "ann") -> str:
    submission = person(name)
    with threads() as executor:
        await settle(engine, ports_of(engine, executor), submission)
    return submission.lead_id


async def test_many_events_ask_for_one_weighing_named_by_the_newest(database: Engine):
    lead_id = await lead(database)
    tell(
        database,
        told("b", lead_id, NOW + timedelta(minutes=2)),
        told("a", lead_id, NOW + timedelta(minutes=1)),
        now=NOW,
    )
    tell(database, told("c", lead_id, NOW + timedelta(minutes=3)), now=NOW)
    tell(database, told("late", lead_id, NOW - timedelta(days=3)), now=NOW)
    (row,) = weighings(database)
    assert row.key == f"{lead_id}@1/weigh_activity/c"
    assert row.due_at == NOW + timedelta(seconds=5), "the first event says when"


async def test_what_comes_while_a_weighing_is_under_way_asks_for_another(database: Engine):
    lead_id = await lead(database)
    tell(database, told("a", lead_id, NOW))
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(
            update(outbox).where(outbox.c.vendor == "activity").values(attempts=1, lease_by="d/activity/1")
        )
    tell(database, told("b", lead_id, NOW))
    assert [row.key.rpartition("/")[2] for row in weighings(database)] == ["a", "b"]


async def test_nobody_is_weighed_for_a_mail_of_ours_or_before_they_write(database: Engine):
    lead_id = await lead(database)
    tell(database, told("s", lead_id, NOW, "sent"), told("u", lead_id, NOW, "unsubscribe"), told("x", "ld_x", NOW))
    assert weighings(database) == []


async def test_events_of_somebody_unknown_belong_to_their_lead_once_they_write(database: Engine):
    submission = person("ann")
    tell(database, told("before", submission.lead_id, NOW - timedelta(days=1)), now=NOW - timedelta(days=1))
    with threads() as executor:
        (decided,) = await settle(database, ports_of(database, executor), submission)
    record = orjson.loads(decided.record)
    assert record["facts"]["activities"] == [["page_view", "2026-04-06T14:02:00Z"]]
    assert weighings(database) == [], "the decision has seen it"


async def test_what_was_told_between_submission_and_decision_is_weighed_after_it(database: Engine):
    submission = person("ann")
    tell(database, told("meanwhile", submission.lead_id, NOW + timedelta(seconds=1)))
    with threads() as executor:
        (decided,) = await settle(database, ports_of(database, executor), submission)
    assert orjson.loads(decided.record)["facts"]["activities"] == []
    assert [row.key for row in weighings(database)] == [f"{submission.lead_id}@1/weigh_activity/meanwhile"]


KINDS = st.sampled_from(["view", "open", "click", "sent", "reply"])
ROWS = st.lists(
    st.tuples(st.sampled_from(["ann", "ben"]), KINDS, st.integers(0, 90), st.sampled_from(["/a", "/b", "/c"])),
    max_size=40,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, cuts=st.lists(st.integers(0, 40), max_size=4), random=st.randoms())
async def test_any_order_and_any_batching_leave_the_same_events_and_the_same_weighing(
    twice: tuple[Engine, Engine], rows: list[tuple[str, str, int, str]], cuts: list[int], random: Any
):
    ids = {name: person(name).lead_id for name in ("ann", "ben")}
    events = [
        told(f"e{n:03}", ids[name], NOW + timedelta(seconds=at), kind, url=url)
        for n, (name, kind, at, url) in enumerate(rows)
    ]
    other = list(events) + events[:5]
    random.shuffle(other)
    found = []
    for engine, parts in ((twice[0], [events] if events else []), (twice[1], in_parts(other, cuts))):
        with engine.execution_options(immediate=True).begin() as connection:
            connection.execute(delete(lead_events))
            connection.execute(delete(outbox).where(outbox.c.vendor == "activity"))
        for part in parts:
            if part:
                keep_events(engine, part, NOW)
        found.append((kept(engine), [(row.key, row.payload) for row in weighings(engine)]))
    assert found[0] == found[1]


@pytest.fixture
async def twice(tmp_path: Any, sqlite_template: Any) -> Any:
    """Two stores with the same two leads."""
    import shutil

    from tools.store.engine import open_engine

    engines = []
    for name in ("one", "other"):
        shutil.copy(sqlite_template, tmp_path / name)
        engines.append(open_engine(f"sqlite:///{tmp_path / name}"))
        with threads() as executor:
            await settle(engines[-1], ports_of(engines[-1], executor), person("ann"), person("ben"))
    yield tuple(engines)
    for engine in engines:
        engine.dispose()
