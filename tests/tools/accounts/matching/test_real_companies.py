"""Real companies: subsidiaries and their parents (SEC Exhibit 21), domains of one owner, the CRM of Maven. Each prints its
figures; the table of confidence was measured on half 0, and half 1 is what it was not measured on."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from random import Random

import pytest

from bench.companies import slipped
from bench.match_data import (
    EX21,
    FAMILIES,
    FOLDER,
    Case,
    families,
    family_cases,
    half,
    others,
    registered,
    subsidiaries,
)
from graph.ports import CompanyAsk
from tools.accounts.known import KnownAccount
from tools.accounts.matching import AccountIndex

MAVEN = FOLDER / "maven_crm"
pytestmark = pytest.mark.skipif(not EX21.is_dir(), reason=f"{FOLDER} is absent; set LEAD_DATA to match real companies")


def figures(index: AccountIndex, cases: Iterable[Case], what: str) -> tuple[float, float]:
    """(precision of the answers, share answered), printed."""
    cases = list(cases)
    matches = index.match([case.ask for case in cases])
    answered = [match.key == case.key for match, case in zip(matches, cases, strict=True) if match.key is not None]
    precision, rate = sum(answered) / max(1, len(answered)), len(answered) / len(cases)
    codes = Counter(match.code for match in matches)
    print(f"{what}: precision {precision:.3f}, {rate:.1%} of {len(cases)} answered, {dict(codes)}")
    return precision, rate


@pytest.fixture(scope="module")
def companies() -> AccountIndex:
    return AccountIndex.build(registered())


@pytest.mark.parametrize("wanted", [0, 1, None])
def test_subsidiaries_find_their_parent_or_nobody(companies: AccountIndex, wanted: int | None):
    cases = subsidiaries() if wanted is None else list(half(subsidiaries(), wanted))
    precision, rate = figures(companies, cases, "EX-21, all" if wanted is None else f"EX-21, half {wanted}")
    assert precision >= 0.90
    assert rate >= 0.14


@pytest.fixture(scope="module")
def owners() -> tuple[AccountIndex, list[Case]]:
    accounts, cases = family_cases(families())
    own = {account.key for account in accounts}
    taken = {host for family in families() for host in family}
    return AccountIndex.build([*accounts, *(one for one in others(taken) if one.key not in own)]), cases


@pytest.mark.parametrize("wanted", [0, 1, None])
def test_domains_of_a_family_find_their_owner_or_nobody(owners: tuple[AccountIndex, list[Case]], wanted: int | None):
    index, cases = owners
    chosen = cases if wanted is None else list(half(cases, wanted))
    what = "domain families, all" if wanted is None else f"domain families, half {wanted}"
    precision, rate = figures(index, chosen, f"{what}, among {len(index):,} accounts")
    assert precision >= 0.95
    assert rate >= 0.25


def test_domains_whose_owner_is_not_known_are_joined_to_nobody(owners: tuple[AccountIndex, list[Case]]):
    """Each family is asked for while it alone is missing from the book."""
    accounts, cases = family_cases(families())
    own = {account.key for account in accounts}
    taken = {host for family in families() for host in family}
    strangers = [one for one in others(taken) if one.key not in own]
    joined = []
    for side in (0, 1):
        asked = list(half(cases, side))
        missing = {case.key for case in asked}
        index = AccountIndex.build([*strangers, *(one for one in accounts if one.key not in missing)])
        joined += [
            (case.ask.host, match.key)
            for case, match in zip(asked, index.match([c.ask for c in asked]), strict=True)
            if match.key
        ]
    print(f"domains of families that are not known: {len(joined)} of {len(cases)} joined: {joined}")
    assert len(joined) <= 0.02 * len(cases)


def maven(name: str) -> list[dict[str, str]]:
    with (MAVEN / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def named(names: Iterable[str]) -> AccountIndex:
    return AccountIndex.build(KnownAccount(name, (name,)) for name in names)


def test_accounts_of_a_crm_match_as_written_misspelt_and_run_together():
    names = [row["account"] for row in maven("accounts.csv")]
    index, draw = named(names), Random(3)
    for how, typed, least in (
        ("as written", {name: name for name in names}, 0.98),
        ("in capitals with a form", {name: f"{name.upper()} GMBH" for name in names}, 0.95),
        ("run together", {name: name.replace(" ", "").replace("-", "") for name in names}, 0.9),
        ("misspelt", {name: slipped(name, draw) for name in names}, 0.7),
    ):
        matches = index.match([CompanyAsk(None, text) for text in typed.values()])
        right = sum(match.key == name for name, match in zip(typed, matches, strict=True))
        wrong = [(name, match.key) for name, match in zip(typed, matches, strict=True) if match.key not in (None, name)]
        print(f"Maven accounts {how}: {right} of {len(names)} right, {len(wrong)} wrong")
        assert right >= least * len(names)
        assert not wrong


def test_products_and_agents_of_the_pipeline_are_those_of_their_tables():
    deals = maven("sales_pipeline.csv")
    for table, column, field in (
        ("products.csv", "product", "product"),
        ("sales_teams.csv", "sales_agent", "sales_agent"),
    ):
        known = [row[column] for row in maven(table)]
        written = sorted({deal[field] for deal in deals})
        matches = named(known).match([CompanyAsk(None, name) for name in written])
        found = {name: match.key for name, match in zip(written, matches, strict=True)}
        assert found == {name: "GTX Pro" if name == "GTXPro" else name for name in written}


def test_deals_without_an_account_stay_unknown():
    index = named(row["account"] for row in maven("accounts.csv"))
    deals = [deal for deal in maven("sales_pipeline.csv") if not deal["account"]]
    assert len(deals) == 1_425
    assert {match.code for match in index.match([CompanyAsk(None, deal["account"] or None) for deal in deals])} == {
        "none"
    }


@pytest.mark.skipif(not FAMILIES.exists(), reason=f"{FAMILIES} is absent")
def test_no_family_is_in_both_halves():
    _, cases = family_cases(families())
    assert not {case.group for case in half(cases, 0)} & {case.group for case in half(cases, 1)}
