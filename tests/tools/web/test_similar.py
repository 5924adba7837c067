"""GET /admin/accounts/similar."""

from __future__ import annotations

import httpx
import pytest

from tests.fixtures.front import ADMIN

PATH = "/admin/accounts/similar"


async def test_the_nearest_come_with_their_story(client: httpx.AsyncClient) -> None:
    answer = await client.get(PATH, params={"name": "lumenara.io", "k": 4}, headers=ADMIN)
    told = answer.json()
    assert (answer.status_code, told["account"]["name"]) == (200, "Lumenara")
    first = told["similar"][0]
    assert (first["account_id"], first["outcome"], first["deal_usd"]) == ("A-1001", "won", 184_000)
    assert 1 < len(told["similar"]) <= 4


async def test_conditions_hold(client: httpx.AsyncClient) -> None:
    asked = {"name": "lumenara.io", "outcome": "lost", "size": "200-5000", "since": "2024-01-01"}
    told = (await client.get(PATH, params=asked, headers=ADMIN)).json()
    assert {one["outcome"] for one in told["similar"]} == {"lost"}


async def test_an_account_can_be_described(client: httpx.AsyncClient) -> None:
    asked = {"industry": "software", "country": "US", "employees": 300, "technologies": "go, kubernetes"}
    told = (await client.get(PATH, params=asked, headers=ADMIN)).json()
    assert told["found_in"] == "the question"
    assert "both use go, kubernetes" in told["similar"][0]["why"]


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"name": "nobody-at-all"}, 404, "Nobody here knows this name"),
        ({"name": "lumenara.io", "outcome": "sold"}, 422, "outcome 'sold' is none of"),
        ({"name": "lumenara.io", "k": 0}, 422, "greater than or equal to 1"),
        ({"employees": 0, "industry": "x"}, 422, "employees 0 is no number above 0"),
    ],
)
async def test_what_cannot_be_answered_says_why(
    client: httpx.AsyncClient, asked: dict[str, str | int], status: int, words: str
) -> None:
    answer = await client.get(PATH, params=asked, headers=ADMIN)
    assert answer.status_code == status
    assert words in answer.text


async def test_it_is_for_operators(client: httpx.AsyncClient) -> None:
    assert (await client.get(PATH, params={"name": "lumenara.io"})).status_code == 401
