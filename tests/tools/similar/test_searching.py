"""A batch of directions against blocks of few and of many accounts: the answers are those of each direction alone."""

from __future__ import annotations

import pytest

from bench.past_accounts import past_accounts, queries
from tools.account_metadata import ANY, Wanted
from tools.similar import searching
from tools.similar.blocks import Growing
from tools.similar.searching import REACH, nearest, nearest_each
from tools.vectors import vector

DIRECTIONS = [vector(query) for query in queries(60)]


@pytest.fixture(scope="module")
def block() -> Growing:
    found = Growing()
    for past in past_accounts(300):
        found.put(past.key, past, vector(past.account))
    for past in list(past_accounts(300))[::9]:
        found.drop(past.key)
    return found


@pytest.mark.parametrize("k", [0, 1, 2, 3, 10, 1_000])
@pytest.mark.parametrize("wanted", [ANY, Wanted(outcomes=("lost",)), Wanted(country="US"), Wanted(min_employees=10**9)])
@pytest.mark.parametrize("told", [True, False])
def test_few_accounts_are_answered_as_many_are(
    block: Growing, monkeypatch: pytest.MonkeyPatch, k: int, wanted: Wanted, told: bool
) -> None:
    at_once = nearest_each((block, block), DIRECTIONS, k, wanted=wanted, reach=REACH, told=told)
    monkeypatch.setattr(searching, "FEW", 0)
    assert nearest_each((block, block), DIRECTIONS, k, wanted=wanted, reach=REACH, told=told) == at_once
    assert [nearest((block, block), one, k, wanted=wanted, told=told) for one in DIRECTIONS] == at_once
    if k == 3 and wanted is ANY:
        assert sum(map(len, at_once)) > len(DIRECTIONS), "something is near at all"


def test_a_direction_of_nothing_is_near_to_nothing_and_takes_nothing_from_the_others(block: Growing) -> None:
    nothing = DIRECTIONS[0] * 0
    found = nearest_each((block,), [nothing, DIRECTIONS[1], nothing], 3, wanted=ANY, reach=2.0)
    assert found == [(), nearest((block,), DIRECTIONS[1], 3, wanted=ANY, reach=2.0), ()]
