"""One transaction a batch: whole or not at all, once for each submission, and never over somebody else's turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from graph.domain.effects import VENDOR_OF, key_of
from graph.domain.routing import PoolState
from graph.ports import Ports
from graph.record import Undecided
from graph.state import Case
from tests.fixtures.router import NOW, TABLES, context_of, decided, person, settle
from tools.store.acts import accept
from tools.store.assigning import too_late
from tools.store.commit import Conflict, already_decided, commit, seal
from tools.store.tables import assignments, decisions, leads, outbox, pools
from tools.stream.again import again, passed


def counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in TABLES.items()
        }


def rows(engine: Engine, name: str, *order: str) -> list[Any]:
    table = TABLES[name]
    with engine.connect() as connection:
        return list(connection.execute(select(table).order_by(*(table.c[column] for column in order))))


async def test_a_decision_is_written_whole(database: Engine, ports: Ports):
    ann = person("ann", message="hello")
    (one,) = await settle(database, ports, ann)
    case = one.case
    assert case.assignment is not None
    assert case.score is not None
    (row,) = rows(database, "decisions")
    assert (row.lead_id, row.revision, row.submission_id) == (ann.lead_id, 1, ann.submission_id)
    assert (row.owner, row.rule, row.pool) == (case.assignment.owner, case.assignment.rule, "dach")
    assert (row.path, row.tier, row.score) == (case.path, case.score.tier, case.score.points)
    assert (row.received_at, row.decided_at, row.record) == (ann.received_at, NOW, one.record)
    (lead,) = rows(database, "leads")
    assert (lead.owner, lead.alert_owner, lead.revision, lead.assignment) == (row.owner, row.owner, 1, 1)
    assert (lead.email, lead.domain, lead.country) == ("ann@ann-werke.de", "ann-werke.de", "DE")
    assert orjson.loads(lead.form)["message"] == "hello"
    (offer,) = rows(database, "assignments")
    assert (offer.number, offer.state, offer.owner, offer.offered_at) == (1, "offered", row.owner, NOW)
    assert offer.accept_due_at == case.assignment.accept_due_at
    (turn,) = rows(database, "turns")
    assert (turn.lead_id, turn.pool, turn.member) == (ann.lead_id, "dach", row.owner)
    (ledger,) = rows(database, "pools")
    assert (ledger.version, orjson.loads(ledger.turns)) == (1, {row.owner: 1})


async def test_each_effect_is_a_row_of_its_own_in_order(database: Engine, ports: Ports):
    (one,) = await settle(database, ports, person("ann"))
    found = rows(database, "outbox", "id")
    assert [row.key for row in found] == [key_of(e, one.case.submission.lead_id, 1) for e in one.case.effects]
    assert [row.vendor for row in found] == [VENDOR_OF[effect.kind] for effect in one.case.effects]
    assert {(row.state, row.attempts) for row in found} == {("pending", 0)}
    assigned, at_once = one.case.assignment, {row.due_at for row in found if row.vendor != "sla"}
    assert assigned is not None
    assert at_once == {NOW}
    timers = {row.kind: row.due_at for row in found if row.vendor == "sla"}
    assert timers == {"accept_missed": assigned.accept_due_at, "touch_missed": assigned.touch_due_at}
    assert [row.payload for row in found] == [orjson.dumps(effect) for effect in one.case.effects]
    assert {row.accepted_at for row in found} == {one.case.submission.received_at}


async def test_the_same_decision_again_is_a_conflict_and_changes_nothing(database: Engine, ports: Ports):
    batch, context = await decided(ports, person("ann"), person("bob"))
    commit(database, batch, NOW, context.versions)
    before = counts(database), rows(database, "pools")
    with pytest.raises(Conflict):
        commit(database, batch, NOW, context.versions)
    assert (counts(database), rows(database, "pools")) == before


async def test_one_known_submission_in_a_batch_holds_back_the_whole_batch(database: Engine, ports: Ports):
    ann = person("ann")
    await settle(database, ports, ann)
    batch, context = await decided(ports, person("bob"), replace(ann, lead_id="ld_other"))
    before = counts(database)
    with pytest.raises(Conflict):
        commit(database, batch, NOW, context.versions)
    assert counts(database) == before


async def test_a_pool_that_moved_on_is_a_conflict(database: Engine, ports: Ports):
    early, context = await decided(ports, person("ann"))
    await settle(database, ports, person("bob"))
    with pytest.raises(Conflict, match="pool dach moved on from version 0"):
        commit(database, early, NOW, context.versions)
    late, _ = await decided(ports, person("cid"))
    await settle(database, ports, person("dan"))
    with pytest.raises(Conflict, match="pool dach moved on from version 1"):
        commit(database, late, NOW, context.versions)
    assert counts(database)["decisions"] == 2
    assert [row.version for row in rows(database, "pools")] == [2]


async def test_a_lead_that_was_decided_meanwhile_is_a_conflict(database: Engine, ports: Ports):
    early, context = await decided(ports, person("ann", country="France"))
    await settle(database, ports, person("ann", country="France", message="other"))
    with pytest.raises(Conflict):
        commit(database, early, NOW, context.versions)


async def test_the_turns_of_a_batch_follow_each_other(database: Engine, ports: Ports):
    await settle(database, ports, *(person(f"p{n}") for n in range(5)))
    (ledger,) = rows(database, "pools")
    assert ledger.version == 5
    assert sorted(orjson.loads(ledger.turns).values()) == [2, 3]
    assert sum(orjson.loads(ledger.credits).values()) == 0


async def test_a_lead_that_writes_again_keeps_its_turn_and_owner(database: Engine, ports: Ports):
    (first,) = await settle(database, ports, person("ann"))
    await settle(database, ports, person("bob"))
    later = NOW + timedelta(hours=1)
    (second,) = await settle(database, ports, person("ann", message="me again"), now=later)
    assert (second.revision, second.case.assignment.owner) == (2, first.case.assignment.owner)  # type: ignore[union-attr]
    lead = next(row for row in rows(database, "leads") if row.lead_id == first.case.submission.lead_id)
    assert (lead.revision, lead.assignment, lead.submissions, lead.decided_at) == (2, 1, 2, later)
    assert lead.created_at == NOW
    assert [row.version for row in rows(database, "pools")] == [2]
    assert len(rows(database, "assignments")) == 2
    kinds = [row.kind for row in rows(database, "outbox", "id") if row.lead_id == lead.lead_id and row.revision == 2]
    assert "update_alert" in kinds
    assert "post_alert" not in kinds


async def test_a_new_owner_gets_a_new_assignment_and_the_old_one_has_moved(database: Engine, ports: Ports):
    await settle(database, ports, person("ann"))
    await settle(database, ports, person("ann", country="France", employees="20"))
    old, new = rows(database, "assignments", "number")
    assert (old.state, new.state, new.owner) == ("moved", "offered", "france@company.com")
    assert old.acted_at == NOW


async def test_an_accepted_assignment_is_no_longer_open_when_the_lead_moves_and_keeps_its_acceptance(
    database: Engine, ports: Ports
):
    await settle(database, ports, person("ann"))
    (offer,) = rows(database, "assignments")
    assert accept(database, offer.lead_id, 1, offer.owner, NOW).outcome == "done"
    await settle(database, ports, person("ann", country="France", employees="20"))
    before, after = rows(database, "assignments", "number")
    assert (before.state, before.accepted_at, before.acted_by) == ("moved", NOW, offer.owner)
    assert after.state == "offered"


async def test_a_pass_closes_the_assignment_it_names_and_remembers_who_passed(database: Engine, ports: Ports):
    ann = person("ann")
    await settle(database, ports, ann)
    (offer,) = rows(database, "assignments")
    act = passed(again(database, ann.lead_id, "pass"), 1, offer.owner, "on leave")
    await settle(database, ports, act)
    old, new = rows(database, "assignments", "number")
    assert (old.state, old.acted_by, old.reason) == ("passed", offer.owner, "on leave")
    assert new.owner != offer.owner
    assert orjson.loads(rows(database, "leads")[0].passed_by) == [offer.owner]
    assert {row.pool for row in rows(database, "turns")} == {"dach"}


async def test_a_pass_of_an_accepted_assignment_is_a_conflict_and_is_void(database: Engine, ports: Ports):
    ann = person("ann")
    await settle(database, ports, ann)
    act = passed(again(database, ann.lead_id, "pass"), 1, rows(database, "assignments")[0].owner, "late")
    assert too_late(database, [act, ann]) == set()
    batch, context = await decided(ports, act)
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(update(assignments).values(state="accepted"))
    before = counts(database)
    with pytest.raises(Conflict, match="no longer on offer"):
        commit(database, batch, NOW, context.versions)
    assert counts(database) == before
    assert too_late(database, [act, ann]) == {act.submission_id}
    assert too_late(database, [ann]) == set()


async def test_known_submissions_are_found(database: Engine, ports: Ports):
    ann, bob = person("ann"), person("bob")
    await settle(database, ports, ann)
    assert already_decided(database, [ann.submission_id, bob.submission_id]) == {ann.submission_id}
    assert already_decided(database, []) == set()


async def test_nothing_to_commit_asks_the_database_nothing(database: Engine, ports: Ports):
    _, context = await decided(ports, person("ann"))
    database.dispose()
    commit(database, [], NOW, context.versions)
    assert database.pool.checkedin() == 0  # type: ignore[attr-defined]


async def test_a_value_that_the_tables_refuse_is_not_taken_for_a_lost_race(database: Engine, ports: Ports):
    """A lost race is tried again at once and for ever; this would never end."""
    (one,), context = await decided(ports, person("ann"))
    broken = replace(one, case=replace(one.case, assignment=replace(one.case.assignment, owner=None)))  # type: ignore[arg-type]
    before = counts(database)
    with pytest.raises(DBAPIError):
        commit(database, [broken], NOW, context.versions)
    assert counts(database) == before


async def test_an_unfinished_case_cannot_be_sealed(database: Engine, ports: Ports):
    with pytest.raises(Undecided):
        seal(Case(person("ann")), context_of(ports))
    (one,), context = await decided(ports, person("ann"))
    with pytest.raises(Undecided):
        seal(replace(one.case, assignment=None), context)


async def test_a_commit_that_fails_at_its_last_statement_leaves_nothing(database: Engine, ports: Ports):
    (one,), context = await decided(ports, person("ann"))
    key = key_of(one.case.effects[-1], one.case.submission.lead_id, 1)
    stray = {"key": key, "lead_id": "x", "revision": 1, "vendor": "crm", "kind": "x", "payload": b"", "state": "done"}
    stray |= {"attempts": 0, "due_at": NOW, "accepted_at": NOW, "created_at": NOW}
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(insert(outbox), [stray])
    with pytest.raises(Conflict):
        commit(database, [one], NOW, context.versions)
    assert counts(database) == dict.fromkeys(TABLES, 0) | {"outbox": 1}


async def test_both_databases_hold_the_same(sqlite_url: str, postgres_url: str, executor: Any):
    from tests.fixtures.router import ports_of
    from tools.store.engine import open_engine

    people = [person(f"p{n}", message="ünïcödé 😀") for n in range(3)]
    held = []
    for url in (sqlite_url, postgres_url):
        engine = open_engine(url)
        await settle(engine, ports_of(engine, executor), *people)
        held.append({name: [tuple(row) for row in rows(engine, name, *order)] for name, order in ORDER.items()})
        engine.dispose()
    assert held[0] == held[1]


ORDER = {
    "leads": ("lead_id",),
    "decisions": ("lead_id", "revision"),
    "assignments": ("lead_id", "number"),
    "pools": ("pool",),
    "turns": ("lead_id",),
    "outbox": ("id",),
}


async def test_a_ledger_read_back_is_the_ledger_that_was_written(database: Engine, ports: Ports):
    (one,) = await settle(database, ports, person("ann"))
    turn = one.case.assignment.turn  # type: ignore[union-attr]
    assert turn is not None
    found = await ports.history.pools(["dach", "us-smb"])
    assert found == {"dach": turn.after}
    assert isinstance(found["dach"], PoolState)
    assert {decisions.name, leads.name, pools.name} <= {table.name for table in TABLES.values()}
