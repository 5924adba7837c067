"""Ranked accounts follow each decision, in its own transaction, on both databases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, select

from graph.domain.account import CompanyProfile
from graph.ports import Ports
from graph.rules.rollup import family_chance
from tests.fixtures.ports import Answering
from tests.fixtures.router import NOW, decided, person, settle
from tools.store.account_rows import leads_of
from tools.store.accounts import Currency, how_many, ranked
from tools.store.commit import Conflict, commit
from tools.store.tables import accounts, leads
from tools.stream.again import again

USD = Currency()


def family(ports: Ports, parents: dict[str, str | None]) -> Ports:
    """Ports whose enrichment knows these companies, each with its parent."""

    def profile(ask: Any) -> CompanyProfile:
        parent = parents.get(ask.domain)
        return CompanyProfile(ask.domain, ask.domain.upper(), employees=300, parent_domain=parent, parent_name=parent)

    return replace(ports, enrichment=Answering(answer=profile))


def held(engine: Engine) -> dict[str, Any]:
    with engine.connect() as connection:
        return {row.parent_domain: row for row in connection.execute(select(accounts))}


def propensities(engine: Engine) -> dict[str, float]:
    with engine.connect() as connection:
        return {row.domain: row.propensity for row in connection.execute(select(leads))}


def ids(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(leads.c.lead_id)))


async def test_an_account_appears_with_its_first_lead(database: Engine, ports: Ports):
    (one,) = await settle(database, ports, person("ann"))
    assert one.case.account is not None
    (row,) = held(database).values()
    assert (row.parent_domain, row.leads, row.companies, row.updated_at) == ("ann-werke.de", 1, 1, NOW)
    assert (row.p_max, row.p_calibrated) == (one.case.account.p_max, one.case.account.p_calibrated)


async def test_a_family_is_one_account_made_from_all_its_leads(database: Engine, ports: Ports):
    parents = {"ann-werke.de": "acme.com", "bob-werke.de": "acme.com", "cyd-werke.de": "acme.com"}
    await settle(database, family(ports, parents), person("ann"), person("bob", title="CTO", phone="+493023125118"))
    await settle(database, family(ports, parents), person("cyd"))
    (row,) = held(database).values()
    each = propensities(database)
    assert (row.parent_domain, row.name, row.companies, row.leads) == ("acme.com", "acme.com", 3, 3)
    assert (row.p_max, row.p_calibrated) == (max(each.values()), family_chance(list(each.values())))
    assert row.priority_usd == round(row.p_calibrated * row.acv_usd, 2)


async def test_a_later_revision_replaces_what_the_lead_said_before(database: Engine, ports: Ports):
    await settle(database, ports, person("ann", title="CTO", phone="+493023125118"))
    before = held(database)["ann-werke.de"]
    await settle(database, ports, person("ann", title="Student", source="newsletter"))
    after = held(database)["ann-werke.de"]
    assert (before.leads, after.leads, after.companies) == (1, 1, 1)
    assert after.p_max == propensities(database)["ann-werke.de"]


async def test_a_lead_whose_company_belongs_to_another_family_leaves_the_old_one(database: Engine, ports: Ports):
    await settle(
        database, family(ports, {"ann-werke.de": "old.com", "bob-werke.de": "old.com"}), person("ann"), person("bob")
    )
    assert held(database)["old.com"].companies == 2
    moved = family(ports, {"ann-werke.de": "new.com", "bob-werke.de": "new.com"})
    for name in ("ann", "bob"):
        await settle(database, moved, again(database, person(name).lead_id, "retry"))
    rows = held(database)
    assert set(rows) == {"new.com"}
    assert (rows["new.com"].companies, rows["new.com"].leads) == (2, 2)


async def test_whatever_happens_a_row_says_what_its_leads_say(database: Engine, ports: Ports):
    dice, names = Random(7), [f"p{number}" for number in range(6)]
    for _ in range(8):
        parents = {f"{name}-werke.de": dice.choice(("one.com", "two.com", None)) for name in names}
        known = family(ports, parents)
        for name in dice.sample(names, 3):
            title = dice.choice(("CTO", "Student", "VP Engineering"))
            await settle(database, known, person(name, email=f"{dice.choice('abc')}@{name}-werke.de", title=title))
        with database.connect() as connection:
            anew = leads_of(connection, {row.parent_domain for row in connection.execute(select(accounts))})
        rows = held(database)
        assert {name: (one.best, one.number) for name, one in anew.items()} == {
            name: (json.loads(row.best), row.leads) for name, row in rows.items()
        }
        assert all(row.p_max == max(anew[name].best.values()) for name, row in rows.items())
        assert sum(row.leads for row in rows.values()) == len(ids(database))


async def test_batches_that_write_one_family_at_once_both_count(database: Engine, ports: Ports):
    together = family(ports, {f"p{number}-werke.de": "one.com" for number in range(8)})
    batches = [await decided(together, person(f"p{number}")) for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(commit, database, sealed, NOW, context.versions) for sealed, context in batches]
        lost = [one for one in writing if isinstance(one.exception(), Conflict)]
        assert all(one in lost or one.exception() is None for one in writing)
    written = len(ids(database))
    (row,) = held(database).values()
    assert (row.leads, row.companies, written) == (written, written, 8 - len(lost))
    assert json.loads(row.best) == propensities(database)


async def test_what_is_not_committed_is_not_ranked(database: Engine, ports: Ports):
    sealed, context = await decided(ports, person("ann"))
    commit(database, sealed, NOW, context.versions)
    first = held(database)
    with pytest.raises(Conflict):
        commit(database, sealed, NOW, context.versions)
    assert held(database) == first


async def test_the_ranking_is_by_priority_paged_and_filtered(database: Engine, ports: Ports):
    await settle(database, ports, *(person(f"p{number}") for number in range(5)))
    with database.begin() as connection:
        for number in range(5):
            row = accounts.c.parent_domain == f"p{number}-werke.de"
            connection.execute(
                accounts.update().where(row).values(priority_usd=100.0 * number, name=f"Number {number}%")
            )
    rows = ranked(database, USD)
    assert [row.priority for row in rows] == [400, 300, 200, 100, 0]
    assert [row.rank for row in rows] == [1, 2, 3, 4, 5]
    second = ranked(database, USD, limit=2, page=2)
    assert [(row.rank, row.priority) for row in second] == [(3, 200), (4, 100)]
    assert [row.name for row in ranked(database, USD, find="number 3%")] == ["Number 3%"]
    assert ranked(database, USD, find="_") == []
    assert how_many(database, USD, find="WERKE", least=200) == 3


async def test_amounts_are_shown_in_the_currency_of_the_settings(database: Engine, ports: Ports):
    await settle(database, ports, person("ann"))
    with database.begin() as connection:
        connection.execute(accounts.update().values(priority_usd=1000.0, acv_usd=5000.0))
    euro = Currency("EUR", 0.9)
    (row,) = ranked(database, euro, least=900)
    assert (row.priority, row.acv, row.currency) == (900, 4500, "EUR")
    assert ranked(database, euro, least=901) == []
