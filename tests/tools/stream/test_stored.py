"""A round whose effects are rows of the outbox's own database: one transaction, and what fails fails alone."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, event, select, text

from graph.domain.effects import UpsertContact
from graph.ports import Order, Receipt
from tests.fixtures.effects import alert, due, owner, rows, states, task
from tools.embedded.crm import EmbeddedCrm
from tools.embedded.notifier import EmbeddedNotifier
from tools.store.dead import list_dead
from tools.store.tables import alerts, crm_contacts, crm_tasks
from tools.stream.dispatcher import Dispatcher, DispatcherOptions
from tools.stream.outbox import claim
from tools.stream.stored import perform_due


def contact(name: str = "maya@acme.example") -> UpsertContact:
    return UpsertContact(name, name, None, "Maya", None, None, None, None, None, 60.0, "hot", "qualify", None, None)


async def drained(engine: Engine, executor: Executor, **vendors: Any) -> None:
    await Dispatcher(engine, executor, vendors, "d").run(drain=True)


def written(engine: Engine) -> list[int]:
    """Grows by one with each transaction that wrote."""
    commits: list[int] = []

    def count(connection: Connection) -> None:
        if connection.get_execution_options().get("immediate"):
            commits.append(1)

    event.listen(engine, "commit", count)
    return commits


async def test_what_is_due_is_performed_and_settled_in_one_transaction(database: Engine, executor: Executor):
    for n in range(20):
        due(database, f"ld_{n}", alert())
    commits = written(database)
    await drained(database, executor, notifier=EmbeddedNotifier(database, executor=executor))
    assert len(commits) == 1
    assert set(states(database)) == {"done"}
    with database.connect() as connection:
        shown = {str(number) for number in connection.scalars(select(alerts.c.alert_id))}
    settled = rows(database).values()
    assert {row.external_id for row in settled} == shown
    assert len(shown) == 20
    assert {(row.attempts, row.lease_by, row.error) for row in settled} == {(1, None, None)}
    assert all(row.done_at is not None for row in settled)


async def test_what_cannot_be_performed_is_tried_again_alone(database: Engine, executor: Executor):
    (lost,) = due(database, "ld_1", owner())
    due(database, "ld_2", contact("other@acme.example"))
    await drained(database, executor, crm=EmbeddedCrm(database, executor=executor))
    found = rows(database)
    failed = found.pop(lost)
    assert (failed.state, failed.attempts, failed.error.split(":")[0]) == ("pending", 1, "contact_missing")
    assert failed.due_at > datetime.now(UTC)
    assert [(row.state, row.attempts) for row in found.values()] == [("done", 1)]


class Broken(EmbeddedNotifier):
    """A twin with a bug: it breaks on one order, alone or among others."""

    def apply(self, connection: Connection, orders: Sequence[Order], now: datetime) -> list[Any]:
        outcomes = super().apply(connection, orders, now)
        if any(order.lead_id == "ld_bad" for order in orders):
            raise ZeroDivisionError("oops")
        return outcomes

    async def perform_many(self, orders: Sequence[Order]) -> list[Any]:
        answers: list[Any] = []
        for order in orders:
            try:
                answers += self._write((order,))
            except ZeroDivisionError as error:
                answers.append(error)
        return answers


async def test_a_bug_undoes_the_whole_round_and_then_hurts_no_neighbour(database: Engine, executor: Executor):
    (bad,) = due(database, "ld_bad", alert())
    goods = [key for n in range(5) for key in due(database, f"ld_{n}", alert())]
    await drained(database, executor, notifier=Broken(database, executor=executor))
    found = rows(database)
    assert (found[bad].state, found[bad].error, found[bad].attempts) == ("pending", "ZeroDivisionError: oops", 1)
    assert {(found[key].state, found[key].attempts) for key in goods} == {("done", 1)}
    with database.connect() as connection:
        assert len(connection.execute(select(alerts)).all()) == 5


async def test_an_effect_that_cannot_be_read_is_a_dead_letter_and_stops_nobody(database: Engine, executor: Executor):
    bad, good = due(database, "ld_1", alert(), alert("eli@us.example"))
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(text("UPDATE outbox SET payload = :p WHERE key = :k"), {"p": b"{}", "k": bad})
    await drained(database, executor, notifier=EmbeddedNotifier(database, executor=executor))
    assert {key: row.state for key, row in rows(database).items()} == {bad: "dead", good: "done"}
    assert [letter.ref for letter in list_dead(database)] == [bad]


class Counting:
    """Remembers what it was asked to perform; writes nothing."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def perform_within(self, connection: Connection, orders: Sequence[Order]) -> list[Receipt | Exception]:
        self.keys += [order.key for order in orders]
        return [Receipt("x") for _ in orders]


def test_dispatchers_at_the_same_time_perform_each_effect_once(database: Engine):
    for n in range(60):
        due(database, f"ld_{n}", task("1"), task("2"))
    performers = [Counting() for _ in range(4)]

    def work(performer: Counting) -> None:
        while perform_due(database, "crm", performer, datetime.now(UTC), limit=7).found:
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, performers))
    performed = [key for performer in performers for key in performer.keys]
    assert sorted(performed) == sorted(rows(database))
    assert set(states(database)) == {"done"}


def test_what_another_has_leased_is_not_performed(database: Engine):
    due(database, "ld_1", task("1"), task("2"))
    now = datetime.now(UTC)
    assert len(claim(database, "crm", "other/crm/1", now, limit=1, lease_s=60)) == 1
    performer = Counting()
    assert not perform_due(database, "crm", performer, now, limit=10).found
    assert performer.keys == [], "the second waits for the first, which is leased"


async def test_a_leads_effects_are_performed_in_their_order(database: Engine, executor: Executor):
    for n in range(3):
        due(database, f"ld_{n}", contact(), owner(f"o{n}@us.example"), task("1"))
    crm = EmbeddedCrm(database, executor=executor)
    await Dispatcher(database, executor, {"crm": crm}, "d", DispatcherOptions(within=2)).run(drain=True)
    assert set(states(database)) == {"done"}
    with database.connect() as connection:
        assert connection.scalars(select(crm_contacts.c.owner)).all() == ["o2@us.example"]
        assert len(connection.execute(select(crm_tasks)).all()) == 3
