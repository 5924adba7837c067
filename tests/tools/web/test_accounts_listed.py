"""The list of known accounts as an account's page shows it: from a real import, as a tree, paged, with who told what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tools.accounts.changing import Change
from tools.accounts.importing import import_file
from tools.store.engine import open_engine
from tools.web.accounts_listed import listed_account

ROWS = """name,domain,parent,owner,employees,industry
Acme Corp,acme.com,,ana@company.com,31000,software
Acme Labs,labs.io,acme.com,ben@company.com,420,
Deep GmbH,deep.dev,labs.io,,,
Acme Ulm,acme-ulm.de,acme.com,,,
Lone Ltd,lone.com,,,,
Kid Co,kid.com,Gone Holding,,,
"""


@pytest.fixture
def book(sqlite_url: str, tmp_path: Path) -> Iterator[Engine]:
    engine, path = open_engine(sqlite_url), tmp_path / "sales.csv"
    path.write_text(ROWS, encoding="utf-8")
    import_file(engine, path, Change("import", "import", path.name, "ana", replace=True), ("import", "crm", "bundled"))
    yield engine
    engine.dispose()


def test_a_family_is_a_tree_with_each_company_behind_its_owner(book: Engine):
    found = listed_account(book, "acme.com", 1, 100)
    assert found is not None
    assert [(one.domain, one.name, one.parent, one.depth) for one in found.members] == [
        ("acme-ulm.de", "Acme Ulm", "acme.com", 1),
        ("labs.io", "Acme Labs", "acme.com", 1),
        ("deep.dev", "Deep GmbH", "labs.io", 2),
    ]
    assert found.total == 3
    assert {(fact.field, fact.value, fact.by) for fact in found.facts} == {
        ("name", "Acme Corp", "import"), ("owner", "ana@company.com", "import"), ("employees", 31_000, "import"),
        ("industry", "software", "import"),
    }  # fmt: skip


def test_pages_follow_each_other_and_count_all(book: Engine):
    pages = [listed_account(book, "acme.com", number, 2) for number in (1, 2, 3)]
    assert [[one.domain for one in page.members] if page else None for page in pages] == [
        ["acme-ulm.de", "labs.io"], ["deep.dev"], [],
    ]  # fmt: skip
    assert {page.total for page in pages if page} == {3}


def test_a_daughter_says_whose_she_is_and_one_alone_has_no_members(book: Engine):
    daughter, alone = listed_account(book, "deep.dev", 1, 100), listed_account(book, "lone.com", 1, 100)
    assert daughter is not None
    assert (daughter.head, daughter.members) == ("acme.com", ())
    assert alone is not None
    assert (alone.head, list(alone.members), alone.total) == (None, [], 0)


def test_a_parent_that_is_no_account_itself_is_shown_with_the_name_that_was_said(book: Engine):
    head = listed_account(book, "kid.com", 1, 100)
    assert head is not None
    assert head.head is not None
    found = listed_account(book, head.head, 1, 100)
    assert found is not None
    assert [(fact.field, fact.value) for fact in found.facts] == [("name", "Gone Holding")]
    assert [one.domain for one in found.members] == ["kid.com"]


def test_what_nobody_told_is_not_on_the_list(book: Engine):
    assert listed_account(book, "nobody.example", 1, 100) is None
