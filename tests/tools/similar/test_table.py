from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import tools.embedded
from graph.domain.account import SimilarAccount
from graph.domain.facts import Absent, Found
from graph.ports import AccountQuery
from tools.embedded.csv_table import TableError
from tools.similar.searching import REACH
from tools.similar.table import COLUMNS, ExactSimilar
from tools.vectors import vector

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)
SHIPPED = Path(tools.embedded.__path__[0]) / "data" / "accounts.csv"
ACME = AccountQuery("acme.com", "Acme", "software", "US", 400, 90_000_000, ("kubernetes", "go"))
ROWS = """
w1,Won One,w1.com,software,US,420,95000000,kubernetes;go,won,price,90000,30,2025-01-01
w2,Won Two,w2.com,software,US,380,85000000,kubernetes;go,won,,,,
w3,Won Three,w3.com,software,US,300,70000000,kubernetes;java,won,,,,
l1,Lost One,l1.com,software,GB,2500,600000000,sap,lost,competitor,120000,80,2025-02-01
l2,Lost Far,l2.com,retail,BR,90000,20000000000,mainframe,lost,,,,
n1,Never Decided,n1.com,software,US,410,92000000,kubernetes;go,no_decision,,,,
o1,Open One,o1.com,software,US,400,90000000,kubernetes;go,,,,,
"""


def memory(tmp_path: Path, rows: str = ROWS) -> ExactSimilar:
    path = tmp_path / "accounts.csv"
    path.write_text(",".join(COLUMNS) + "\n" + rows.strip() + "\n", encoding="utf-8")
    return ExactSimilar(path)


async def near(similar: ExactSimilar, query: AccountQuery, k: int = 3) -> tuple[SimilarAccount, ...]:
    (fact,) = await similar.nearest([query], k, NOW)
    assert (fact.source, fact.at) == ("bundled", NOW)
    return fact.value if isinstance(fact, Found) else ()


def queries(count: int) -> list[AccountQuery]:
    drawn = random.Random(7)
    lines = [line.split(",") for line in SHIPPED.read_text(encoding="utf-8").splitlines()[1:]]
    return [
        AccountQuery(
            f"q{n}.com",
            drawn.choice(lines)[1],
            drawn.choice([None, *(line[3] for line in lines)]),
            drawn.choice([None, *(line[4] for line in lines)]),
            drawn.choice([None, 3, 40, 500, 6_000, 70_000]),
            drawn.choice([None, 10**6, 10**8, 10**10]),
            tuple(drawn.choice(lines)[7].split(";")),
        )
        for n in range(count)
    ]


async def test_the_nearest_come_first_with_a_lost_one_among_them(tmp_path: Path) -> None:
    found = await near(memory(tmp_path), ACME)
    assert [account.account_id for account in found] == ["n1", "w1", "l1"]
    assert [account.distance for account in found] == sorted(account.distance for account in found)
    assert found[1] == SimilarAccount(
        account_id="w1",
        name="Won One",
        outcome="won",
        reason="price",
        deal_usd=90_000,
        days_to_close=30,
        distance=found[1].distance,
        why=found[1].why,
    )


async def test_why_says_what_they_share(tmp_path: Path) -> None:
    why = " ".join((await near(memory(tmp_path), ACME))[1].why)
    for trait in ("same industry", "same country", "similar size", "kubernetes"):
        assert trait in why


async def test_the_same_company_is_said_to_be_the_same(tmp_path: Path) -> None:
    query = AccountQuery("w2.com", "Won Two", "software", "US", 380, 85_000_000, ("kubernetes", "go"))
    (first, *_) = await near(memory(tmp_path), query)
    assert (first.account_id, first.distance, first.why[0]) == ("w2", 0.0, "the same company")


async def test_a_won_one_is_among_many_lost(tmp_path: Path) -> None:
    rows = "\n".join(f"l{n},Lost {n},l{n}.com,software,US,40{n},90000000,kubernetes;go,lost,,,," for n in range(5))
    won = "w9,Won,w9.com,software,DE,4000,900000000,java,won,,,,"
    found = await near(memory(tmp_path, f"{rows}\n{won}"), ACME)
    assert [account.outcome for account in found] == ["lost", "lost", "won"]


async def test_both_outcomes_have_a_place_among_two(tmp_path: Path) -> None:
    assert {account.outcome for account in await near(memory(tmp_path), ACME, 2)} == {"lost", "won"}


async def test_one_alone_is_simply_the_nearest(tmp_path: Path) -> None:
    assert [account.account_id for account in await near(memory(tmp_path), ACME, 1)] == ["n1"]


async def test_what_is_out_of_reach_is_not_similar(tmp_path: Path) -> None:
    found = await near(memory(tmp_path), ACME, 50)
    assert {account.account_id for account in found} == {"w1", "w2", "w3", "l1", "n1"}
    assert all(account.distance <= REACH for account in found)


@pytest.mark.parametrize(
    "query",
    [
        AccountQuery(None, None, None, None, None, None),
        AccountQuery("acme.com", None, None, None, None, None),
        AccountQuery(None, None, None, "US", None, None),
        AccountQuery(None, "Zzyzx", "hospitality", "NP", 1, 1_000, ("cobol",)),
    ],
)
async def test_an_account_that_nothing_is_near_to_has_an_absent_fact(tmp_path: Path, query: AccountQuery) -> None:
    assert list(await memory(tmp_path).nearest([query], 3, NOW)) == [Absent("bundled", NOW)]


async def test_an_empty_memory_knows_nobody(tmp_path: Path) -> None:
    assert list(await memory(tmp_path, "").nearest([ACME, ACME], 3, NOW)) == [Absent("bundled", NOW)] * 2
    assert list(await memory(tmp_path).nearest([], 3, NOW)) == []


async def test_equal_distances_go_by_account_id(tmp_path: Path) -> None:
    rows = "\n".join(f"{name},Same,s{name}.com,software,US,400,90000000,go,won,,,," for name in ("c", "a", "d", "b"))
    assert [account.account_id for account in await near(memory(tmp_path, rows), ACME, 3)] == ["a", "b", "c"]


async def test_the_same_query_has_the_same_bits_in_any_batch() -> None:
    similar, asked = ExactSimilar(SHIPPED), queries(160)
    alone = [fact for query in asked for fact in await similar.nearest([query], 3, NOW)]
    for size in (2, 7, 32, 160):
        together = [fact for at in range(0, 160, size) for fact in await similar.nearest(asked[at : at + size], 3, NOW)]
        assert together == alone
    assert sum(isinstance(fact, Found) for fact in alone) > 100


async def test_the_answer_is_that_of_a_search_over_every_pair() -> None:
    similar, past = ExactSimilar(SHIPPED), {}
    for line in SHIPPED.read_text(encoding="utf-8").splitlines()[1:]:
        cells = line.split(",")
        known = [int(cell) if cell else None for cell in cells[5:7]]
        account = AccountQuery(
            cells[2], cells[1], cells[3] or None, cells[4] or None, *known, tuple(cells[7].split(";"))
        )
        past[cells[0]] = (vector(account).astype(np.float64), cells[8])
    for query in queries(60):
        direction = vector(query).astype(np.float64)
        ranked = sorted((max(0.0, round(1 - float(direction @ row), 6)), key) for key, (row, _) in past.items())
        within = [pair for pair in ranked if pair[0] <= REACH]
        expected = within[:3]
        if {"lost", "won"} <= {past[key][1] for _, key in expected}:
            assert [(a.distance, a.account_id) for a in await near(similar, query)] == expected
        else:
            outcomes = {a.outcome for a in await near(similar, query)}
            assert outcomes >= {"lost", "won"} & {past[key][1] for _, key in within}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a1,A,a.com,,,,,,maybe,,,,", "line 2: outcome 'maybe' is none of won, lost, no_decision, nor blank"),
        ("a1,A,a.com,,,,,,won,,,,\na1,B,b.com,,,,,,won,,,,", "line 3: account_id a1 is there twice"),
        ("a1,A,a.com,,,,,,won,,lots,,", "line 2: deal_usd 'lots' is no whole number"),
        (",A,a.com,,,,,,won,,,,", "line 2: account_id is blank"),
        ("a1,A,a.com,,,,,,won,,,,\na2,B,A.com,,,,,,won,,,,", "line 3: domain a.com is there twice"),
        ("a1,A,a.com,,Germany,,,,won,,,,", "line 2: country 'Germany' is no ISO code"),
        ("a1,A,a.com,,,,,,won,,,90000,", "line 2: days_to_close 90000 is more than"),
        ("a1,A,a.com,,,,,,won,,,,yesterday", "line 2: closed_on 'yesterday' is no day"),
    ],
)
def test_a_table_with_a_fault_is_refused(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        memory(tmp_path, rows)
