"""What every memory of similar accounts shares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.domain.account import Outcome, SimilarAccount
from graph.ports import AccountQuery
from tools.account_metadata import account_of, known_of, nearness, record_id, shared_traits, shown

FULL = AccountQuery("acme.com", "Acme", "software", "US", 100, 5_000_000, ("Go", "Kafka", "AWS", "SAP"))
NOTHING = AccountQuery(None, None, None, None, None, None)

outcomes: st.SearchStrategy[Outcome] = st.sampled_from(["won", "lost", "no_decision"])


def accounts(found: list[Outcome]) -> list[SimilarAccount]:
    return [SimilarAccount(f"A-{n}", f"A-{n}", one, None, None, None, n / 100) for n, one in enumerate(found)]


def ids(found: tuple[SimilarAccount, ...]) -> list[str]:
    return [one.account_id for one in found]


@pytest.mark.parametrize("account", [FULL, NOTHING, AccountQuery("a.com", None, None, None, 1, None)])
def test_an_account_comes_back_from_its_metadata(account: AccountQuery) -> None:
    assert account_of(known_of(account)) == account
    assert None not in known_of(account).values()


def test_floats_that_are_whole_numbers_come_back_as_such_and_others_do_not() -> None:
    known = {"employees": 100.0, "revenue_usd": 0.5}
    assert (account_of(known).employees, account_of(known).revenue_usd) == (100, None)


def test_record_ids_are_ascii_and_differ() -> None:
    keys = ["acme.com", "müller.de", "muller.de", "日本.jp", "a/b", "a%2Fb", "a\x00b"]
    made = [record_id(key) for key in keys]
    assert len(set(made)) == len(keys)
    assert all(one.isascii() and one.isprintable() and len(one) <= 512 for one in made)
    assert record_id("ACME.com") == record_id("acme.com")


def test_shared_traits_say_what_two_accounts_have_in_common() -> None:
    other = AccountQuery("b.com", "B", "Software", "US", 199, None, ("kafka", "aws", "sap", "go"))
    assert shared_traits(FULL, other) == (
        "same industry: Software",
        "same country: US",
        "similar size: 199 employees",
        "both use Go, Kafka, AWS and 1 more",
    )


@pytest.mark.parametrize("other", [NOTHING, AccountQuery("c.com", "C", "retail", "DE", 201, 50_000_000, ("dotnet",))])
def test_what_is_unknown_or_different_is_not_shared_and_it_says_so(other: AccountQuery) -> None:
    assert shared_traits(FULL, other) == shared_traits(NOTHING, NOTHING) == ("no single trait in common",)


def test_revenue_and_words_of_the_name_are_traits_too() -> None:
    one = AccountQuery(None, "Nordkap Shipping GmbH", None, None, None, 5_000_000)
    other = AccountQuery(None, "Südkap shipping GmbH", None, None, None, 9_000_000)
    assert shared_traits(one, other) == ("similar revenue: $9,000,000 a year", "both names have shipping")


def test_the_nearest_lost_account_takes_the_place_of_the_last_won_one() -> None:
    assert ids(shown(accounts(["won", "won", "won", "no_decision", "lost", "lost"]), 3)) == ["A-0", "A-1", "A-4"]


def test_an_account_without_decision_gives_way_first() -> None:
    assert ids(shown(accounts(["no_decision", "won", "won", "lost"]), 3)) == ["A-0", "A-1", "A-3"]
    assert ids(shown(accounts(["lost", "no_decision", "won"]), 2)) == ["A-0", "A-2"]


def test_of_one_place_the_nearest_has_it() -> None:
    assert ids(shown(accounts(["won", "lost"]), 1)) == ["A-0"]


@given(st.lists(outcomes, max_size=12), st.integers(2, 6))
def test_whatever_is_near_both_stories_are_told_where_there_are_two(found: list[Outcome], k: int) -> None:
    ranked = accounts(found)
    chosen = shown(ranked, k)
    assert len(chosen) == min(k, len(ranked))
    assert list(chosen) == sorted(chosen, key=nearness)
    assert {"won", "lost"} & set(found) <= {one.outcome for one in chosen}
    if ranked and found[0] != "no_decision":
        assert chosen[0] == ranked[0]
