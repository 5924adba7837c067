"""Many orders in one transaction: each has its own outcome, none is written twice, and a failure of one is its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text

from graph.domain.effects import (
    AssignOwner,
    CreateTask,
    Effect,
    EnrolNurture,
    PostAlert,
    UpdateAlert,
    UpsertCompany,
    UpsertContact,
    key_of,
)
from graph.ports import Order, Receipt, VendorError
from tools.embedded.crm import EmbeddedCrm
from tools.embedded.notifier import EmbeddedNotifier
from tools.embedded.nurture import EmbeddedNurture
from tools.store.engine import open_engine
from tools.store.tables import alert_notes, alerts, crm_companies, crm_contacts, crm_owners, crm_tasks

DEE = "dee@us.example"


def orders_of(effects: Sequence[Effect], lead_id: str = "ld_1", revision: int = 1) -> list[Order]:
    return [Order(key_of(effect, lead_id, revision), lead_id, revision, 1, effect) for effect in effects]


def crm_effects(email: str, domain: str = "acme.example") -> list[Effect]:
    contact = UpsertContact(
        email, email, None, "Maya", None, domain, "Acme", "US", None, 60.0, "hot", "qualify", None, None
    )
    return [
        UpsertCompany(domain, "Acme", None, None, None, None, None, None),
        contact,
        AssignOwner(email, DEE, "map.US"),
        CreateTask(email, DEE, "Call", "now", None),
    ]


def count(database: Engine, table: Any) -> int:
    with database.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


async def test_the_effects_of_many_leads_are_written_in_one_transaction(database: Engine) -> None:
    commits = 0

    def counted(_: Any) -> None:
        nonlocal commits
        commits += 1

    event.listen(database, "commit", counted)
    orders = [o for n in range(12) for o in orders_of(crm_effects(f"p{n}@acme.example"), f"ld_{n}")]
    receipts = await EmbeddedCrm(database).perform_many(orders)
    assert commits == 1
    assert all(isinstance(receipt, Receipt) for receipt in receipts)
    assert [count(database, t) for t in (crm_companies, crm_contacts, crm_owners, crm_tasks)] == [1, 12, 1, 12]
    companies = {r.external_id for r in receipts[::4] if isinstance(r, Receipt)}
    contacts = [r.external_id for r in receipts[1::4] if isinstance(r, Receipt)]
    assert len(companies) == 1
    assert contacts == [r.external_id for r in receipts[2::4] if isinstance(r, Receipt)]
    assert len(set(contacts)) == 12


async def test_the_whole_batch_again_writes_nothing(database: Engine) -> None:
    crm = EmbeddedCrm(database)
    orders = [o for n in range(5) for o in orders_of(crm_effects(f"p{n}@acme.example"), f"ld_{n}")]
    first = await crm.perform_many(orders)
    with database.connect() as connection:
        before = connection.execute(select(crm_contacts).order_by(crm_contacts.c.contact_id)).all()
    second = await crm.perform_many(orders)
    with database.connect() as connection:
        assert connection.execute(select(crm_contacts).order_by(crm_contacts.c.contact_id)).all() == before
    assert all(isinstance(r, Receipt) and r.repeated for r in second)
    ids = [[r.external_id for r in receipts if isinstance(r, Receipt)] for receipts in (first, second)]
    assert ids[0] == ids[1]


async def test_outcomes_stand_in_the_place_of_their_orders(database: Engine) -> None:
    stranger = EnrolNurture("p@acme.example", "revisit", DEE)
    effects = [stranger, *crm_effects("p@acme.example"), AssignOwner("nobody@acme.example", DEE, "map.US")]
    outcomes = await EmbeddedCrm(database).perform_many(orders_of(effects))
    codes = [outcome.code if isinstance(outcome, VendorError) else "" for outcome in outcomes]
    assert codes == ["unsupported_effect", "", "", "", "", "contact_missing"]
    assert count(database, crm_tasks) == 1


async def test_no_orders_are_no_transaction(database: Engine) -> None:
    assert await EmbeddedCrm(database).perform_many([]) == []


async def test_an_order_the_database_refuses_fails_alone_and_for_good(database: Engine) -> None:
    bad = CreateTask("b@acme.example", DEE, None, "now", None)  # type: ignore[arg-type]
    good = [o for n in range(3) for o in orders_of(crm_effects(f"p{n}@acme.example"), f"ld_{n}")]
    orders = [*good, *orders_of(crm_effects("b@acme.example")[:2], "ld_b"), *orders_of([bad], "ld_b")]
    outcomes = await EmbeddedCrm(database).perform_many(orders)
    *others, refused = outcomes
    assert isinstance(refused, VendorError)
    assert (refused.code, refused.permanent) == ("refused", True)
    assert isinstance(others[-1], Receipt)
    assert not others[-1].repeated
    assert all(isinstance(other, Receipt) for other in others)
    assert count(database, crm_tasks) == 3


async def test_the_same_orders_performed_at_once_are_written_once(database: Engine) -> None:
    orders = [o for n in range(20) for o in orders_of(crm_effects(f"p{n}@acme.example"), f"ld_{n}")]
    alert = [PostAlert(DEE, None, 1, {"text": "x"}), UpdateAlert(DEE, 1, {"text": "y"}, "note")]
    shown = [o for n in range(20) for o in orders_of(alert, f"ld_{n}")]
    twins = [EmbeddedCrm(database) for _ in range(4)], [EmbeddedNotifier(database) for _ in range(4)]
    outcomes = await asyncio.gather(
        *(twin.perform_many(orders) for twin in twins[0]), *(twin.perform_many(shown) for twin in twins[1])
    )
    flat = [outcome for batch in outcomes for outcome in batch]
    assert [outcome for outcome in flat if not isinstance(outcome, Receipt)] == []
    assert [count(database, t) for t in (crm_companies, crm_contacts, crm_tasks)] == [1, 20, 20]
    assert [count(database, t) for t in (alerts, alert_notes)] == [20, 20]


async def test_writers_of_one_contact_do_not_undo_each_other(database: Engine) -> None:
    email = "p@acme.example"
    await EmbeddedCrm(database).perform_many(orders_of(crm_effects(email)[:2]))
    newer = crm_effects(email)[1]
    for revision in range(2, 12):
        score = [Order(f"s{revision}", "ld_1", revision, 1, _with_score(newer, float(revision)))]
        owner = orders_of([AssignOwner(email, f"o{revision}@us.example", "map.US")], "ld_2", revision)
        await asyncio.gather(EmbeddedCrm(database).perform_many(score), EmbeddedCrm(database).perform_many(owner))
        with database.connect() as connection:
            row = connection.execute(select(crm_contacts.c.score, crm_contacts.c.owner)).one()
        assert tuple(row) == (float(revision), f"o{revision}@us.example")


def _with_score(effect: Effect, score: float) -> Effect:
    assert isinstance(effect, UpsertContact)
    values = {name: getattr(effect, name) for name in effect.__dataclass_fields__ if name not in {"kind", "score"}}
    return UpsertContact(score=score, **values)


async def test_a_post_and_its_update_in_one_batch_are_performed_in_order(database: Engine) -> None:
    effects = [PostAlert(DEE, None, 1, {"text": "new"}), UpdateAlert(DEE, 1, {"text": "moved"}, "to Eli", closed=True)]
    outcomes = await EmbeddedNotifier(database).perform_many(orders_of(effects))
    assert len({o.external_id for o in outcomes if isinstance(o, Receipt)}) == 1
    with database.connect() as connection:
        (row,) = connection.execute(select(alerts)).all()
    assert (row.message, row.closed, row.effect_key) == (b'{"text":"moved"}', True, "ld_1@1/post_alert/dee@us.example")


async def test_a_locked_database_is_a_passing_failure_of_each_order(sqlite_url: str) -> None:
    holder, waiting = open_engine(sqlite_url), open_engine(sqlite_url)
    event.listen(waiting, "connect", lambda c, _: c.execute("PRAGMA busy_timeout=50"))
    with holder.execution_options(immediate=True).begin():
        enrolments = [EnrolNurture(f"{n}@acme.example", "revisit", DEE) for n in range(3)]
        orders = [o for n, enrolment in enumerate(enrolments) for o in orders_of([enrolment], f"ld_{n}")]
        outcomes = await EmbeddedNurture(waiting, dict).perform_many(orders)
    assert [(o.code, o.permanent) for o in outcomes if isinstance(o, VendorError)] == [
        ("database_unavailable", False)
    ] * 3
    later = await EmbeddedNurture(waiting, dict).perform_many(orders)
    assert [o for o in later if not isinstance(o, Receipt)] == []
    holder.dispose()
    waiting.dispose()


async def test_perform_raises_what_perform_many_returns(database: Engine) -> None:
    (order,) = orders_of([AssignOwner("nobody@acme.example", DEE, "map.US")])
    with pytest.raises(VendorError, match="contact_missing"):
        await EmbeddedCrm(database).perform(order)


async def test_writes_do_not_block_the_event_loop(sqlite_url: str) -> None:
    holder, engine = open_engine(sqlite_url), open_engine(sqlite_url)
    (order,) = orders_of([EnrolNurture("p@acme.example", "revisit", DEE)])
    with holder.execution_options(immediate=True).begin() as connection:
        task = asyncio.create_task(EmbeddedNurture(engine, dict).perform(order))
        for _ in range(20):
            await asyncio.sleep(0.005)
        assert not task.done()
        connection.execute(text("SELECT 1"))
    assert not (await task).repeated
    holder.dispose()
    engine.dispose()
