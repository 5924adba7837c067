"""What happened is announced with what happened, once, to those who asked, with as much of the person as they asked for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from sqlalchemy import Engine

from graph.build import run_batch
from graph.domain.announcing import DATA, EVENTS
from graph.ports import Ports
from graph.state import Case
from tests.fixtures.router import NOW, context_of, decided, person, settle, the_graph
from tests.fixtures.webhooks import happened, passed, told
from tools.outgoing.schemas import schema_of
from tools.routing_file import parse
from tools.store import acts
from tools.store.announcing import forget
from tools.store.commit import Conflict, commit, seal
from tools.store.dead import bury_lead, find_dead, list_dead, mark_replayed
from tools.store.engine import open_engine
from tools.store.webhooks import add_endpoint, remove_endpoint, set_state
from tools.stream.again import missed
from tools.stream.again import passed as given_back

PERSONAL = ("maya@acme.com", "Maya Ortiz", "cousin")


def ask(engine: Engine, endpoint: str = "ep_aaaaaaaa", *events: str, personal: bool = False) -> None:
    url = f"https://hooks.example/{endpoint}"
    add_endpoint(engine, endpoint, url, events or EVENTS, "sealed", personal=personal, now=NOW)


def bodies(engine: Engine, endpoint: str | None = None) -> list[dict[str, Any]]:
    """What was announced, each checked against its schema."""
    found = []
    for row in told(engine):
        effect = orjson.loads(row.payload)
        if endpoint in (None, effect["endpoint"]):
            body = effect["body"]
            jsonschema_rs.validator_for(schema_of(body["type"])).validate(body)
            found.append(body)
    return found


def types(engine: Engine) -> list[str]:
    return [body["type"] for body in bodies(engine)]


async def test_a_decision_is_announced_with_it_and_says_who_has_the_lead_until_when(database: Engine, ports: Ports):
    ask(database, personal=True)
    ann = person("ann")
    (sealed,) = await settle(database, ports, ann)
    (body,) = bodies(database)
    record = orjson.loads(sealed.record)
    data = body["data"]
    assert (body["type"], body["timestamp"]) == ("lead.decided", "2026-04-07T14:02:00Z")
    for name in ("lead_id", "revision", "path", "tier", "score", "owner", "rule"):
        assert data[name] == record[name], name
    assert data["assignment"]["accept_due_at"] == record["assignment"]["accept_due_at"]
    assert (data["company"]["domain"], data["company"]["country"]) == ("ann-werke.de", "DE")
    assert data["person"]["email"] == "ann@ann-werke.de"
    assert data["cause"] == "submission"
    (row,) = told(database)
    assert (row.vendor, row.state, row.lead_id) == ("webhooks:ep_aaaaaaaa", "pending", ann.lead_id)


async def test_a_decision_that_is_not_committed_announces_nothing(database: Engine, ports: Ports):
    ask(database)
    ann = person("ann")
    batch, context = await decided(ports, ann, person("bob"))
    await settle(database, ports, ann)
    with pytest.raises(Conflict):
        commit(database, batch, context.now, context.versions)
    assert [row.lead_id for row in told(database)] == [ann.lead_id]


async def test_without_an_endpoint_nothing_is_written(database: Engine, ports: Ports):
    ann = person("ann")
    await settle(database, ports, ann)
    assert acts.accept(database, ann.lead_id, 1, "dee@company.com", NOW).outcome == "done"
    bury_lead(database, "s:x", ann.lead_id, b"{}", "graph: Undecided: x", 5)
    assert told(database) == []


async def test_what_people_do_is_announced_once_and_only_where_it_counted(database: Engine, ports: Ports):
    ask(database)
    ann = person("ann")
    (sealed,) = await settle(database, ports, ann)
    owner = sealed.case.assignment.owner
    later = NOW + timedelta(minutes=3)
    for _ in range(2):
        acts.accept(database, ann.lead_id, 1, owner, later)
    for _ in range(2):
        acts.touch(database, ann.lead_id, 1, owner, "call", later)
    for _ in range(2):
        acts.close(database, ann.lead_id, 1, owner, "won", later)
    assert types(database) == ["lead.decided", "lead.accepted", "lead.touched", "lead.closed"]
    accepted, touched, closed = (body["data"] for body in bodies(database)[1:])
    assert (accepted["by"], accepted["after_s"], accepted["assignment"]["number"]) == (owner, 180.0, 1)
    assert touched["how"] == "call"
    assert closed["outcome"] == "won"
    assert accepted["company"]["domain"] == "ann-werke.de"


async def test_a_pass_says_who_passed_it_and_that_it_moved(database: Engine, ports: Ports):
    ask(database, "ep_aaaaaaaa", "lead.passed", "lead.moved")
    ask(database, "ep_bbbbbbbb", "lead.passed", personal=True)
    ann = person("ann")
    (first,) = await settle(database, ports, ann)
    owner = first.case.assignment.owner
    (second,) = await settle(database, ports, given_back(ann, 1, owner, "conflict: Maya is my cousin"))
    now = second.case.assignment.owner
    assert now != owner
    passed_on, moved = bodies(database, "ep_aaaaaaaa")
    assert (passed_on["type"], passed_on["data"]["by"], passed_on["data"]["owner"]) == ("lead.passed", owner, now)
    assert passed_on["data"]["reason"] is None, "what a person typed may be personal"
    assert (moved["type"], moved["data"]["from_owner"], moved["data"]["cause"]) == ("lead.moved", owner, "pass")
    (asked_for,) = bodies(database, "ep_bbbbbbbb")
    assert asked_for["data"]["reason"] == "conflict: Maya is my cousin"
    assert moved["data"]["assignment"]["number"] == 2


async def test_a_time_that_went_by_is_announced_whether_or_not_somebody_else_gets_the_lead(
    database: Engine, ports: Ports
):
    ask(database, "ep_aaaaaaaa", "lead.missed", "lead.moved")
    ann = person("ann")
    (first,) = await settle(database, ports, ann)
    owner = first.case.assignment.owner
    (second,) = await settle(database, ports, missed(ann, 1, owner), now=NOW + timedelta(hours=5))
    moves = second.case.assignment.owner != owner
    assert types(database) == ["lead.missed", *(["lead.moved"] if moves else [])]
    data = bodies(database)[0]["data"]
    assert (data["by"], data["moved"], data["owner"]) == (owner, moves, second.case.assignment.owner)


async def test_the_way_into_a_sequence_is_announced_once(database: Engine, ports: Ports):
    ask(database, "ep_aaaaaaaa", "lead.nurtured")
    file = {"DEFAULT": "dee@company.com", "nurture": {"if": {"score": "<1"}, "sequence": "low_score_nurture"}}
    context = context_of(ports, NOW, parse(orjson.dumps(file).decode(), Path()))
    for _ in range(2):
        cases = await run_batch(the_graph(), [Case(person("ann"))], context)
        assert [case.path for case in cases] == ["nurture"]
        commit(database, [seal(case, context) for case in cases], NOW, context.versions)
    (body,) = bodies(database)
    assert body["data"]["sequence"] == "low_score_nurture"
    assert body["data"]["assignment"] == {"number": 1, "sla": None, "accept_due_at": None, "touch_due_at": None}


def test_a_lead_that_was_given_up_is_announced_again_only_after_a_replay(database: Engine):
    ask(database, "ep_aaaaaaaa", "lead.dead")
    for _ in range(2):  # the worker died between burying and acknowledging
        bury_lead(database, "s:x", "ld_1", b"{}", "graph: Broken: maya@acme.com is odd", 5)
    (body,) = bodies(database)
    assert body["data"] == {"version": 1, "lead_id": "ld_1", "error": "graph: Broken", "attempts": 5}
    (letter,) = list_dead(database)
    assert find_dead(database, letter.id)
    mark_replayed(database, letter.id)
    bury_lead(database, "s:x", "ld_1", b"{}", "graph: Broken: again", 5)
    bury_lead(database, "s:y", "", b"\xff", "decode: Undecodable: no JSON", 1)
    assert [body["data"]["lead_id"] for body in bodies(database)] == ["ld_1", "ld_1", None]


def test_the_same_thing_is_announced_once_whoever_tells_it_again(database: Engine):
    ask(database)
    happened(database, passed(part="1"), passed(part="1"))
    happened(database, passed(part="1"))
    happened(database, passed(part="2"))
    assert len(told(database)) == 2
    assert len({orjson.loads(row.payload)["event_id"] for row in told(database)}) == 2


def test_a_message_has_one_id_for_all_endpoints_and_a_queue_of_its_own_for_each(database: Engine):
    ask(database)
    ask(database, "ep_bbbbbbbb", personal=True)
    happened(database)
    rows = told(database)
    assert [row.vendor for row in rows] == ["webhooks:ep_aaaaaaaa", "webhooks:ep_bbbbbbbb"]
    assert len({orjson.loads(row.payload)["event_id"] for row in rows}) == 1


def test_personal_fields_go_only_to_who_asked_for_them(database: Engine):
    ask(database)
    ask(database, "ep_bbbbbbbb", personal=True)
    happened(database)
    plain, full = (row.payload.decode() for row in told(database))
    assert not any(text in plain for text in PERSONAL)
    assert all(text in full for text in PERSONAL)


def test_who_is_paused_or_off_is_still_announced_to_and_who_is_gone_is_not(database: Engine):
    for name in ("ep_aaaaaaaa", "ep_bbbbbbbb", "ep_cccccccc"):
        ask(database, name)
    set_state(database, "ep_aaaaaaaa", "paused", "by a person")
    set_state(database, "ep_bbbbbbbb", "off", "410")
    remove_endpoint(database, "ep_cccccccc", NOW)
    happened(database)
    assert [row.vendor for row in told(database)] == ["webhooks:ep_aaaaaaaa", "webhooks:ep_bbbbbbbb"]


def test_another_process_learns_of_a_new_endpoint_when_it_reads_the_list_again(database: Engine, database_url: str):
    """`forget` stands for the seconds that go by there."""
    other = open_engine(database_url)
    happened(other)
    ask(database)
    happened(other)
    assert told(database) == [], "it has read the list a moment ago"
    forget(other)
    happened(other)
    assert len(told(database)) == 1
    other.dispose()


def test_every_event_has_a_schema_that_refuses_something(database: Engine):
    assert set(DATA) == {*EVENTS, "ping"}
    for event in DATA:
        validator = jsonschema_rs.validator_for(schema_of(event))
        assert not validator.is_valid({"type": event, "timestamp": "2026-03-02T08:00:00Z", "data": {}})
        assert not validator.is_valid({"type": "other", "timestamp": "2026-03-02T08:00:00Z", "data": {}})
