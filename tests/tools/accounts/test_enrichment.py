"""Company facts from the book: the same as the bundled table's where that is all that was told, and current."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from graph.domain.account import CompanyProfile
from graph.domain.evidence import Dispute
from graph.domain.facts import Absent, Found, Unavailable
from graph.ports import CompanyAsk
from tests.fixtures.books import ORDER, tell
from tools.accounts.enrichment import LARGEST_FAMILY, BookEnrichment
from tools.accounts.importing import keep_bundled
from tools.accounts.opening import TABLE
from tools.embedded.enrichment import BundledEnrichment
from tools.store.engine import open_engine

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)


@pytest.fixture
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


async def profile(enrichment: BookEnrichment, domain: str | None, name: str | None = None) -> CompanyProfile | None:
    (fact,) = await enrichment.profiles([CompanyAsk(domain, name)], NOW)
    assert (fact.source, fact.at) == ("accounts", NOW)
    return fact.value if isinstance(fact, Found) else None


async def test_a_book_of_the_bundled_table_alone_says_what_the_table_says(database: Engine, threads: Executor):
    keep_bundled(database, TABLE, ORDER)
    book, table = BookEnrichment(database, threads), BundledEnrichment(TABLE)
    lines = [line.split(",")[:2] for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]]
    asks = [CompanyAsk(domain, name) for domain, name in lines]
    asks += [CompanyAsk(None, name) for _, name in lines]
    asks += [CompanyAsk("nobody.example", None), CompanyAsk(None, "Nobody At All"), CompanyAsk(None, None)]
    asks += [CompanyAsk("ACME.com", None), CompanyAsk(None, ""), CompanyAsk(None, "Inc.")]
    for ask, ours, theirs in zip(asks, await book.profiles(asks, NOW), await table.profiles(asks, NOW), strict=True):
        if isinstance(theirs, Found):
            assert isinstance(ours, Found), ask
            assert replace(ours.value, origins=()) == theirs.value
            assert {origin.source for origin in ours.value.origins} <= {"bundled"}
        else:
            assert ours == Absent("accounts", NOW), ask


async def test_a_parent_brings_its_size_and_owner_and_who_said_so(database: Engine, tmp_path: Path, threads: Executor):
    tell(
        database, tmp_path,
        "name,domain,parent,owner,employees,revenue\n"
        "Acme,acme.com,,ann@us.example,31000,9.8bn\n"
        "Labs,labs.io,Acme,bob@us.example,420,\n"
        "Deep,deep.dev,labs.io,,,\n",
    )  # fmt: skip
    found = await profile(BookEnrichment(database, threads), "deep.dev")
    assert found is not None
    assert (found.parent_domain, found.parent_name, found.parent_employees, found.parent_revenue_usd) == (
        "acme.com", "Acme", 31000, 9_800_000_000,
    )  # fmt: skip
    assert (found.owner, found.parent_owner) == (None, "ann@us.example")
    assert found.family == ("acme.com", "deep.dev", "labs.io")
    assert {origin.field for origin in found.origins} == {
        "name", "parent_name", "parent_employees", "parent_revenue_usd", "parent_owner"
    }  # fmt: skip
    assert {origin.source for origin in found.origins} == {"import"}


async def test_who_was_told_by_two_sources_has_the_higher_ones_value_and_the_others_dispute(
    database: Engine, tmp_path: Path, threads: Executor
):
    tell(database, tmp_path, "name,domain,employees,city\nAcme Corp,acme.com,100,Oslo\n", "crm")
    tell(database, tmp_path, "name,domain,employees\nAcme Inc,acme.com,200\n")
    found = await profile(BookEnrichment(database, threads), "acme.com")
    assert found is not None
    assert (found.employees, found.city, found.name) == (200, "Oslo", "Acme Inc")
    assert found.disputes == (Dispute("employees", "crm", "100"),)
    assert {(origin.field, origin.source) for origin in found.origins} == {
        ("name", "import"), ("employees", "import"), ("city", "crm")
    }  # fmt: skip


async def test_a_parent_that_is_no_account_is_known_by_the_name_it_was_given(
    database: Engine, tmp_path: Path, threads: Executor
):
    tell(database, tmp_path, "name,domain,parent\nLabs,labs.io,General Holding Co\nPay,pay.io,holding.com\n")
    book = BookEnrichment(database, threads)
    labs, pay = await profile(book, "labs.io"), await profile(book, "pay.io")
    assert labs is not None
    assert pay is not None
    assert (labs.parent_domain, labs.parent_name) == ("name:generalholding", "General Holding Co")
    assert (pay.parent_domain, pay.parent_name, pay.family) == ("holding.com", None, ("holding.com", "pay.io"))


async def test_an_account_without_a_domain_is_asked_for_by_its_key(database: Engine, tmp_path: Path, threads: Executor):
    tell(database, tmp_path, "name,employees\nQuiet Works GmbH,12\n")
    book = BookEnrichment(database, threads)
    found = await profile(book, "name:quietworks")
    assert found is not None
    assert (found.domain, found.employees) == ("name:quietworks", 12)
    assert await profile(book, None, "quiet works") == found


async def test_a_name_that_two_accounts_bear_and_a_name_that_was_only_claimed_find_nobody(
    database: Engine, tmp_path: Path, threads: Executor
):
    tell(database, tmp_path, "name,domain\nTwin,twin-a.com\nTwin Inc,twin-b.com\nLone,lone.com\n")
    book = BookEnrichment(database, threads)
    assert await profile(book, None, "Twin") is None
    assert await profile(book, None, "Lone") is not None
    (fact,) = await book.profiles([CompanyAsk(None, "Lone", claimed=True)], NOW)
    assert fact == Absent("accounts", NOW)


async def test_what_was_read_is_not_asked_for_again_until_the_book_changes(
    database: Engine, tmp_path: Path, threads: Executor
):
    tell(database, tmp_path, "name,domain,employees\nAcme,acme.com,1\n")
    seconds = iter(float(n) for n in range(1, 100))
    clock = [0.0]
    book = BookEnrichment(database, threads, refresh_s=10.0, clock=lambda: clock[0])
    del seconds
    asked: list[str] = []
    asks = [CompanyAsk("acme.com", None), CompanyAsk("nobody.com", None)]
    await book.profiles(asks, NOW)
    event.listen(database, "before_cursor_execute", lambda *args: asked.append(args[2]))
    await book.profiles(asks, NOW)
    assert asked == []
    tell(database, tmp_path, "name,domain,employees\nAcme,acme.com,2\nNobody,nobody.com,3\n")
    asked.clear()
    before = await book.profiles(asks, NOW)
    assert isinstance(before[0], Found)
    assert (before[0].value.employees, asked) == (1, [])
    clock[0] = 10.0
    after = await book.profiles(asks, NOW)
    assert [fact.value.employees for fact in after if isinstance(fact, Found)] == [2, 3]


async def test_a_batch_takes_a_handful_of_questions_however_many_leads_it_has(
    database: Engine, tmp_path: Path, threads: Executor
):
    rows = "".join(f"C{n},c{n}.com,{f'c{n - 1}.com' if n % 5 else ''}\n" for n in range(200))
    tell(database, tmp_path, "name,domain,parent\n" + rows)
    asked: list[str] = []
    event.listen(database, "before_cursor_execute", lambda *args: asked.append(args[2]))
    facts = await BookEnrichment(database, threads).profiles([CompanyAsk(f"c{n}.com", None) for n in range(200)], NOW)
    assert all(isinstance(fact, Found) for fact in facts)
    assert len([one for one in asked if one.lstrip().startswith(("SELECT", "("))]) <= 6


async def test_a_family_is_listed_up_to_a_number_with_the_account_itself_in_it(
    database: Engine, tmp_path: Path, threads: Executor
):
    rows = "".join(f"C{n:04},c{n:04}.com,top.com\n" for n in range(LARGEST_FAMILY + 50))
    tell(database, tmp_path, "name,domain,parent\n" + rows)
    found = await profile(BookEnrichment(database, threads), f"c{LARGEST_FAMILY + 20:04}.com")
    assert found is not None
    assert len(found.family) == LARGEST_FAMILY
    assert found.domain in found.family
    assert list(found.family) == sorted(found.family)


async def test_a_database_that_is_away_is_said_and_what_is_known_is_still_answered(
    database: Engine, tmp_path: Path, threads: Executor
):
    tell(database, tmp_path, "name,domain\nAcme,acme.com\n")
    clock = [0.0]
    book = BookEnrichment(database, threads, clock=lambda: clock[0])
    await book.profiles([CompanyAsk("acme.com", None)], NOW)
    book._engine = open_engine(f"sqlite:///{tmp_path / 'no' / 'such.db'}")
    known, unknown = await book.profiles([CompanyAsk("acme.com", None), CompanyAsk("other.com", None)], NOW)
    assert isinstance(known, Found)
    assert unknown == Unavailable("accounts", NOW, "unreachable")
