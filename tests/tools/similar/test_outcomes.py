"""Accounts are remembered durably, and what becomes of leads comes back to them, in every process."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from graph.domain.account import SimilarAccount
from graph.domain.effects import EnrolNurture, RememberAccount, key_of
from graph.domain.facts import Found
from graph.ports import AccountQuery, Order, Ports, VendorError
from tests.fixtures.router import NOW, person, settle
from tools.account_metadata import PastAccount
from tools.embedders import STRUCTURED
from tools.similar.memory import StoredSimilar
from tools.similar.performing import RememberedAccounts
from tools.similar.seeding import seed
from tools.store.acts import accept, close
from tools.store.engine import open_engine
from tools.store.learning import Told, keep_outcomes
from tools.store.past_accounts import keep
from tools.store.past_reading import last_number
from tools.store.tables import past_accounts

LIKE = AccountQuery("next.example", "Next", "aerospace", "DE", 410, None, ("ada", "kafka"))
EFFECT = RememberAccount("new.example", "New", "aerospace", "DE", 400, None, ("ada", "kafka"))
BLANK = PastAccount("F-1", AccountQuery("new.example", None, None, None, None, None), "lost")


def order(lead_id: str, effect: RememberAccount = EFFECT, revision: int = 1, attempt: int = 1) -> Order:
    return Order(key_of(effect, lead_id, revision), lead_id, revision, attempt, effect)


async def near(engine: Engine, query: AccountQuery = LIKE) -> list[SimilarAccount]:
    """As a process that starts now sees it."""
    memory = StoredSimilar(engine, STRUCTURED, look_every_s=0)
    try:
        (fact,) = await memory.nearest([query], 5, NOW)
    finally:
        await memory.aclose()
    return list(fact.value) if isinstance(fact, Found) else []


def told(lead_id: str, outcome: str, days: int, usd: float | None = None, reason: str | None = None) -> Told:
    return Told(lead_id, outcome, NOW + timedelta(days=days), usd, reason)


@pytest.fixture
async def lead(database: Engine, ports: Ports) -> str:
    """A decided lead whose account is remembered; the only one in the store."""
    (one,) = await settle(database, ports, person("brightwater"))
    lead_id = one.case.submission.lead_id
    assert not (await RememberedAccounts(database).perform(order(lead_id))).repeated
    return lead_id


async def test_an_open_account_is_kept_and_not_shown(database: Engine, lead: str) -> None:
    assert await near(database) == []
    with database.connect() as connection:
        (row,) = connection.execute(select(past_accounts))
    assert (row.account_key, row.outcome, row.employees, row.number) == ("new.example", "open", 400, 0)
    assert last_number(database) == 0, "nothing that is searched has changed"


async def test_an_outcome_makes_it_a_past_account_and_a_correction_replaces_it(database: Engine, lead: str) -> None:
    other = StoredSimilar(database, STRUCTURED, look_every_s=0)  # another process, that has looked before
    assert (await other.nearest([LIKE], 5, NOW))[0].kind == "absent"
    keep_outcomes(database, [told(lead, "won", 49, 84_000.0, "tracing rollout")], "crm.csv", NOW)
    (one,) = await near(database)
    assert (one.account_id, one.name, one.outcome, one.reason) == ("new.example", "New", "won", "tracing rollout")
    assert (one.deal_usd, one.days_to_close) == (84_000, 49)
    assert one.why == (
        "same industry: aerospace",
        "same country: DE",
        "similar size: 400 employees",
        "both use ada, kafka",
    )
    (seen,) = (await other.nearest([LIKE], 5, NOW))[0].value  # type: ignore[union-attr]
    assert seen == one
    keep_outcomes(database, [told(lead, "lost", 60, None, "price")], "crm.csv", NOW)
    (one,) = await near(database)
    assert (one.outcome, one.reason, one.deal_usd, one.days_to_close) == ("lost", "price", None, 60)
    assert (await other.nearest([LIKE], 5, NOW))[0].value == (one,)  # type: ignore[union-attr]
    await other.aclose()


async def test_it_is_there_after_a_restart(database: Engine, lead: str) -> None:
    keep_outcomes(database, [told(lead, "won", 5, 1_000.0)], "crm.csv", NOW)
    database.dispose()
    again = open_engine(database.url.render_as_string(hide_password=False).replace("+psycopg", ""))
    assert [one.outcome for one in await near(again)] == ["won"]
    again.dispose()


async def test_the_same_outcome_again_changes_nothing(database: Engine, lead: str) -> None:
    keep_outcomes(database, [told(lead, "won", 5)], "crm.csv", NOW)
    number = last_number(database)
    keep_outcomes(database, [told(lead, "won", 5)], "crm.csv", NOW + timedelta(days=1))
    assert last_number(database) == number


async def test_an_owner_who_closes_a_lead_closes_its_account(database: Engine, ports: Ports) -> None:
    (one,) = await settle(database, ports, person("brightwater"))
    lead_id, owner = one.case.submission.lead_id, one.case.assignment.owner  # type: ignore[union-attr]
    await RememberedAccounts(database).perform(order(lead_id))
    accept(database, lead_id, 1, owner, NOW)
    assert close(database, lead_id, 1, owner, "no_show", NOW + timedelta(days=3)).outcome == "done"
    (account,) = await near(database)
    assert (account.outcome, account.reason, account.days_to_close) == ("no_decision", "never showed up", 3)


async def test_an_outcome_that_comes_before_the_account_is_not_lost(database: Engine, ports: Ports) -> None:
    (one,) = await settle(database, ports, person("brightwater"))
    lead_id = one.case.submission.lead_id
    keep_outcomes(database, [told(lead_id, "not_a_fit", 2)], "crm.csv", NOW)
    await RememberedAccounts(database).perform(order(lead_id))
    (account,) = await near(database)
    assert (account.outcome, account.reason) == ("lost", "not a fit")


async def test_of_several_leads_a_sale_counts_else_the_last(database: Engine, ports: Ports) -> None:
    leads = [
        one.case.submission.lead_id
        for one in await settle(database, ports, person("one"), person("two"), person("three"))
    ]
    performer = RememberedAccounts(database)
    await performer.perform_many([order(lead_id) for lead_id in leads])
    keep_outcomes(database, [told(leads[0], "lost", 9, reason="price"), told(leads[1], "no_show", 4)], "crm.csv", NOW)
    assert [(one.outcome, one.reason) for one in await near(database)] == [("lost", "price")]
    keep_outcomes(database, [told(leads[2], "won", 1, 7.0)], "crm.csv", NOW)
    assert [(one.outcome, one.deal_usd) for one in await near(database)] == [("won", 7)]


async def test_what_a_later_lead_does_not_say_is_not_forgotten_and_its_outcome_stays(
    database: Engine, lead: str
) -> None:
    keep_outcomes(database, [told(lead, "won", 5)], "crm.csv", NOW)
    later = replace(EFFECT, country=None, employees=500, technologies=())
    await RememberedAccounts(database).perform(order("another-lead", later))
    (one,) = await near(database)
    assert one.outcome == "won"
    assert one.why == (
        "same industry: aerospace",
        "same country: DE",
        "similar size: 500 employees",
        "both use ada, kafka",
    )


async def test_an_effect_is_performed_once_and_an_older_one_not_after_a_newer(database: Engine, lead: str) -> None:
    performer = RememberedAccounts(database)
    assert (await performer.perform(order(lead, attempt=2))).repeated
    newer = order(lead, replace(EFFECT, name="Newer"), revision=2)
    old = order(lead, replace(EFFECT, name="Old"), revision=1, attempt=3)
    outcomes = await performer.perform_many([newer, old])
    assert [one.repeated for one in outcomes if not isinstance(one, VendorError)] == [False, True]
    with database.connect() as connection:
        assert connection.scalars(select(past_accounts.c.name)).all() == ["Newer"]


async def test_another_effect_is_refused_for_good_and_fails_no_other(database: Engine, lead: str) -> None:
    wrong = Order("k", "ld_1", 1, 1, EnrolNurture("a@b.com", "edu-90d", "o@company.com"))
    outcomes = await RememberedAccounts(database).perform_many([order("x"), wrong])
    assert not isinstance(outcomes[0], VendorError)
    assert isinstance(outcomes[1], VendorError)
    assert outcomes[1].permanent


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ("file", "file", "won"),  # the same source corrects itself, whatever the day
        ("file", "crm", "lost"),  # elsewhere a later day is known
        ("bundled", "file", "won"),  # what is invented goes before nothing
        ("file", "bundled", "lost"),
    ],
)
def test_of_two_sources_the_later_day_counts(database: Engine, first: str, second: str, outcome: str) -> None:
    keep(database, [replace(BLANK, closed_on=date(2026, 3, 1))], first, NOW)  # type: ignore[arg-type]
    keep(database, [replace(BLANK, outcome="won", closed_on=date(2026, 2, 1))], second, NOW)  # type: ignore[arg-type]
    with database.connect() as connection:
        assert connection.scalar(select(past_accounts.c.outcome)) == outcome


async def test_a_leads_end_gives_way_to_a_later_day_that_a_file_knows(database: Engine, lead: str) -> None:
    keep(database, [replace(BLANK, outcome="won", closed_on=NOW.date() + timedelta(days=90))], "file", NOW)
    keep_outcomes(database, [told(lead, "lost", 5)], "crm.csv", NOW)
    assert [one.outcome for one in await near(database)] == ["won"]
    keep_outcomes(database, [told(lead, "lost", 95)], "crm.csv", NOW)
    assert [one.outcome for one in await near(database)] == ["lost"]


async def test_the_bundled_accounts_come_once_and_go_when_they_are_not_wanted(database: Engine, lead: str) -> None:
    assert seed(database)
    assert not seed(database)
    keep(database, [replace(BLANK, account_id="F-2", account=replace(LIKE, domain="mine.example"))], "file", NOW)
    assert len(await near(database)) > 1
    assert seed(database, shown=False)
    assert [one.account_id for one in await near(database)] == ["F-2"]
    assert seed(database), "and come back"
    assert len(await near(database)) > 1


def test_thousands_of_accounts_are_told_of_in_pages(database: Engine) -> None:
    many = [
        replace(BLANK, account_id=f"F-{n}", account=AccountQuery(f"d{n}.example", None, None, None, n, None))
        for n in range(1, 2_502)
    ]
    assert keep(database, many, "file", NOW) == (2_501, 0)
    assert last_number(database) == 3
    assert keep(database, many, "file", datetime.now(UTC)) == (2_501, 0)
    assert last_number(database) == 3, "nothing was new"
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(past_accounts)) == 2_501
