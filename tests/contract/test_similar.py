"""The `SimilarAccounts` port over every adapter: the table, the store (in memory, and as a snapshot), and Pinecone."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from graph.domain.account import SimilarAccount
from graph.domain.facts import Absent, Found, Unavailable
from graph.ports import AccountQuery
from tests.contract.faults import FAULTS, NOW, meaning
from tests.servers.aimock_server import Aimock
from tests.servers.base import Answer
from tests.servers.openai_server import OpenAiServer
from tests.servers.pinecone_server import PineconeServer
from tools.account_metadata import PastAccount, Wanted, shown
from tools.asking import ReadError
from tools.embedders import STRUCTURED, Embedder, PureEmbedder
from tools.llm import OpenAiEmbedder
from tools.pinecone_store import PineconeSimilar
from tools.similar.keeping import Keeper, Plan
from tools.similar.memory import StoredSimilar
from tools.similar.searching import REACH
from tools.similar.seeding import seed
from tools.similar.table import ExactSimilar, past_accounts
from tools.store.engine import open_engine
from tools.vectors import EMBEDDER_ID, vector

TABLE = Path(__file__).parents[2] / "tools" / "embedded" / "data" / "accounts.csv"
BANK = AccountQuery("ownbank.example", "Own Bank", "financial_services", "DE", 3000, 1_200_000_000, ("java", "splunk"))
GAMES = AccountQuery("play.example", "Play", "media", "US", 300, None, ("kubernetes", "datadog"))
NOTHING = AccountQuery(None, None, None, None, None, None)


PAST = list(past_accounts(TABLE))
PINECONE_FAULTS = [
    *(fault for fault in FAULTS if fault.id != "429"),
    pytest.param(Answer(429, headers={"Retry-After": "0.01"}), "rate limited", id="429 for a while"),
]


@pytest.fixture
def server() -> Iterator[PineconeServer]:
    with PineconeServer("key") as running:
        yield running


class Maker:
    """Makes memories in the server's index, and closes them."""

    def __init__(self, server: PineconeServer) -> None:
        self.server, self.made = server, list[PineconeSimilar]()

    def __call__(self, embedder: Embedder = STRUCTURED, key: str = "key", **settings: Any) -> PineconeSimilar:
        self.made.append(PineconeSimilar(key, embedder, host=self.server.url, **settings))
        return self.made[-1]

    async def full(self, **settings: Any) -> PineconeSimilar:
        """One with the past accounts in it; what was asked until then is forgotten."""
        memory = self(**settings)
        assert await memory.store(PAST) == len(PAST)
        self.server.clear()
        return memory


@pytest.fixture
async def make(server: PineconeServer) -> AsyncIterator[Maker]:
    maker = Maker(server)
    yield maker
    for memory in maker.made:
        await memory.aclose()


@pytest.fixture
def no_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's four tries come at once; it offers this seam for tests."""

    async def at_once(_: float) -> None:
        return

    monkeypatch.setattr("pinecone._internal.http_client._async_retry_sleep", at_once)


@dataclass
class Adapter:
    port: ExactSimilar | StoredSimilar | PineconeSimilar
    source: str


@pytest.fixture(params=["table", "store", "snapshot", "pinecone"])
async def any_memory(
    request: pytest.FixtureRequest, make: Maker, sqlite_url: str, tmp_path: Path
) -> AsyncIterator[Adapter]:
    if request.param == "table":
        yield Adapter(ExactSimilar(TABLE), "bundled")
    elif request.param == "pinecone":
        yield Adapter(await make.full(), "pinecone")
    else:
        engine = open_engine(sqlite_url)
        seed(engine, TABLE)
        if request.param == "snapshot":
            await Keeper(engine, Plan(STRUCTURED, tmp_path, snapshot_from=10)).once()
        memory = StoredSimilar(engine, STRUCTURED, folder=tmp_path)
        await memory.look()
        assert memory.describe()["in_snapshot"] == (len(PAST) if request.param == "snapshot" else 0)
        yield Adapter(memory, "past_accounts")
        await memory.aclose()
        engine.dispose()


# Every adapter


async def test_every_query_gets_one_fact_in_its_order(any_memory: Adapter) -> None:
    facts = await any_memory.port.nearest([NOTHING, BANK, GAMES, BANK], 3, NOW)
    assert [fact.kind for fact in facts] == ["absent", "found", "found", "found"]
    assert facts[1] == facts[3] != facts[2]


async def test_no_query_gets_no_fact(any_memory: Adapter) -> None:
    assert list(await any_memory.port.nearest([], 3, NOW)) == []


async def test_every_fact_says_where_it_is_from_and_when(any_memory: Adapter) -> None:
    facts = await any_memory.port.nearest([BANK, NOTHING], 3, NOW)
    assert {(fact.source, fact.at) for fact in facts} == {(any_memory.source, NOW)}


@pytest.mark.parametrize("k", [1, 2, 3, 5])
async def test_at_most_k_accounts_come_back_nearest_first(any_memory: Adapter, k: int) -> None:
    (fact,) = await any_memory.port.nearest([BANK], k, NOW)
    assert isinstance(fact, Found)
    assert 0 < len(fact.value) <= k
    distances = [account.distance for account in fact.value]
    assert distances == sorted(distances)
    assert all(0 <= distance <= REACH for distance in distances)


async def test_an_account_like_a_past_one_finds_it_with_its_story(any_memory: Adapter) -> None:
    past = next(account for account in PAST if account.outcome == "lost")
    (fact,) = await any_memory.port.nearest([replace(past.account, domain="another.example")], 3, NOW)
    assert isinstance(fact, Found)
    nearest = fact.value[0]
    assert (nearest.account_id, nearest.distance) == (past.account_id, 0.0)
    assert (nearest.name, nearest.outcome, nearest.reason) == (past.account.name, "lost", past.reason)
    assert (nearest.deal_usd, nearest.days_to_close) == (past.deal_usd, past.days_to_close)
    assert f"same industry: {past.account.industry}" in nearest.why


async def test_won_and_lost_accounts_are_both_shown_where_both_are_near(any_memory: Adapter) -> None:
    (fact,) = await any_memory.port.nearest([BANK], 3, NOW)
    assert isinstance(fact, Found)
    assert {"won", "lost"} <= {account.outcome for account in fact.value}


async def test_no_place_for_an_account_is_no_account(any_memory: Adapter) -> None:
    assert list(await any_memory.port.nearest([BANK], 0, NOW)) == [Absent(any_memory.source, NOW)]


async def test_the_same_queries_give_the_same_facts_in_any_batch(any_memory: Adapter) -> None:
    queries = [BANK, GAMES, NOTHING, replace(BANK, industry=None)]
    together = await any_memory.port.nearest(queries, 3, NOW)
    assert list(together) == [(await any_memory.port.nearest([query], 3, NOW))[0] for query in queries]


CONDITIONS = [
    Wanted(outcomes=("lost",)),
    Wanted(outcomes=("won", "no_decision")),
    Wanted(industry="Financial Services"),
    Wanted(country="DE"),
    Wanted(min_employees=200, max_employees=3000),
    Wanted(min_deal_usd=100_000),
    Wanted(max_deal_usd=100_000),
    Wanted(since=date(2025, 6, 1)),
    Wanted(outcomes=("lost",), industry="software", min_employees=100, since=date(2024, 1, 1)),
]


@pytest.mark.parametrize("wanted", CONDITIONS, ids=str)
async def test_a_condition_shows_the_nearest_of_those_that_fit_it(any_memory: Adapter, wanted: Wanted) -> None:
    for query in (BANK, GAMES, PAST[3].account):
        (fact,) = await any_memory.port.nearest([query], 4, NOW, wanted)
        (all_of_them,) = await any_memory.port.nearest([query], len(PAST), NOW)
        assert isinstance(all_of_them, Found)
        fitting = {past.account_id for past in PAST if wanted.fits(past)}
        expected = shown([one for one in all_of_them.value if one.account_id in fitting], 4)
        assert (fact.value if isinstance(fact, Found) else ()) == expected


async def test_both_adapters_show_the_same_accounts(make: Maker) -> None:
    industries = sorted({past.account.industry for past in PAST if past.account.industry})
    queries = [
        AccountQuery(None, name, industry, country, employees, None, technologies)
        for industry, country, employees, (name, technologies) in itertools.product(
            [*industries, None], ["US", "DE", None], [40, 3000, None], [("Acme", ()), (None, ("aws", "kubernetes"))]
        )
    ] + [past.account for past in PAST]
    table, pinecone, equal = ExactSimilar(TABLE), await make.full(), 0
    few = [queries[start : start + 40] for start in range(0, len(queries), 40)]  # a query's deadline counts its waiting
    for k, asked in itertools.product((1, 3), few):
        of_table = await table.nearest(asked, k, NOW)
        of_pinecone = await pinecone.nearest(asked, k, NOW)
        for one, other in zip(of_pinecone, of_table, strict=True):
            assert one.kind == other.kind
            if isinstance(one, Found) and isinstance(other, Found):
                for account, same in zip(one.value, other.value, strict=True):
                    assert account.distance == pytest.approx(same.distance, abs=2e-6)  # so others are ties at most
                    if account.account_id == same.account_id:
                        equal += 1
                        assert replace(account, distance=0.0) == replace(same, distance=0.0)
    assert equal > len(queries)


# Pinecone


async def test_the_query_is_exactly_this(make: Maker, server: PineconeServer) -> None:
    await make().nearest([BANK], 3, NOW)
    (request,) = server.requests
    assert meaning(request, "api-key", "content-type", "x-pinecone-api-version") == {
        "method": "POST",
        "target": "/query",
        "api-key": "key",
        "content-type": "application/json",
        "x-pinecone-api-version": "2026-07",
    }
    assert request.json() == {
        "topK": 11,
        "includeValues": False,
        "includeMetadata": True,
        "namespace": EMBEDDER_ID,
        "vector": [float(number) for number in vector(BANK)],
        "filter": {"embedder": {"$eq": EMBEDDER_ID}, "outcome": {"$in": ["won", "lost", "no_decision"]}},
    }


async def test_a_past_account_is_written_exactly_so(make: Maker, server: PineconeServer) -> None:
    account = AccountQuery("new.example", "New", "Software ", "US", 50, None, ("go",))
    await make().store([PastAccount("A-1", account, "won", "price", 9000, 30, date(2026, 4, 30))])
    (upsert,) = server.requests
    assert meaning(upsert, "api-key") == {"method": "POST", "target": "/vectors/upsert", "api-key": "key"}
    assert upsert.json() == {
        "namespace": EMBEDDER_ID,
        "vectors": [
            {
                "id": "new.example",
                "values": [float(number) for number in vector(account)],
                "metadata": {
                    "domain": "new.example",
                    "name": "New",
                    "industry": "Software ",
                    "industry_key": "software",
                    "country": "US",
                    "employees": 50,
                    "technologies": ["go"],
                    "embedder": EMBEDDER_ID,
                    "account_id": "A-1",
                    "outcome": "won",
                    "reason": "price",
                    "deal_usd": 9000,
                    "days_to_close": 30,
                    "closed_on": 20260430,
                },
            }
        ],
    }


async def test_another_outcome_takes_the_place_of_the_first(make: Maker, server: PineconeServer) -> None:
    memory = make()
    await memory.store([PAST[0]])
    await memory.store([replace(PAST[0], outcome="lost", reason="price", deal_usd=None)])
    (kept,) = server.records[EMBEDDER_ID].values()
    assert (kept["metadata"]["outcome"], kept["metadata"]["reason"]) == ("lost", "price")
    assert "deal_usd" not in kept["metadata"]


async def test_what_is_removed_is_not_found_any_more(make: Maker, server: PineconeServer) -> None:
    memory = make()
    await memory.remove(["nobody.example"])  # before anything was stored
    await memory.store(PAST[:3])
    await memory.remove([PAST[0].key, PAST[1].key, "nobody.example"])
    assert [kept["metadata"]["account_id"] for kept in server.records[EMBEDDER_ID].values()] == [PAST[2].account_id]


async def test_an_account_that_nothing_is_known_of_is_not_kept(make: Maker, server: PineconeServer) -> None:
    memory, blank = make(), AccountQuery("blank.example", None, None, None, None, None)
    await memory.store([PastAccount("B", replace(BANK, domain="blank.example"), "won")])
    assert await memory.store([PastAccount("B", blank, "won"), PAST[0]]) == 1
    assert list(server.records[EMBEDDER_ID]) == [PAST[0].key]


@pytest.mark.parametrize("domain", ["müller.example", "日本.example", "a/b?c=d", "NEW.example", "x" * 300])
async def test_any_domain_makes_a_record_id(make: Maker, server: PineconeServer, domain: str) -> None:
    memory = make()
    past = PastAccount("A", replace(BANK, domain=domain), "won")
    assert [await memory.store([past]), await memory.store([past])] == [1, 1]
    assert len(server.records[EMBEDDER_ID]) == 1
    await memory.remove([past.key])
    assert server.records[EMBEDDER_ID] == {}


async def test_vectors_of_another_embedder_are_never_compared(make: Maker, server: PineconeServer) -> None:
    old = make(PureEmbedder("structured-384-v0", vector))
    await old.store(PAST)
    new = make()
    assert [fact.kind for fact in await new.nearest([BANK], 3, NOW)] == ["absent"]
    await new.store(PAST[:1])
    server.records[EMBEDDER_ID].clear()
    assert set(server.records) == {"structured-384-v0", EMBEDDER_ID}
    # Even in the wrong drawer, a record of another embedder is not shown.
    server.records[EMBEDDER_ID] |= server.records["structured-384-v0"]
    assert [fact.kind for fact in await new.nearest([BANK], 3, NOW)] == ["absent"]


async def test_storing_again_replaces(make: Maker, server: PineconeServer) -> None:
    memory = await make.full()
    assert await memory.store(PAST) == len(PAST) == len(server.records[EMBEDDER_ID])


async def test_many_accounts_are_stored_in_requests_of_bounded_size(make: Maker, server: PineconeServer) -> None:
    many = [
        replace(PAST[0], account_id=f"B-{number}", account=replace(PAST[0].account, domain=f"c{number}.example"))
        for number in range(250)
    ]
    assert await make().store(many) == 250
    assert len(server.records[EMBEDDER_ID]) == 250
    assert max(len(request.body) for request in server.requests) < 2_000_000


NONSENSE = {
    "no matches field of the right type": {"matches": "none"},
    "a match without a score": {"matches": [{"id": "a"}]},
    "a score that is no cosine": {"score": 17.0},
    "a record of another embedder": {"metadata": {"embedder": "other", "outcome": "won", "account_id": "A"}},
    "a record without metadata": {"metadata": None},
    "an open account": {"metadata": {"embedder": EMBEDDER_ID, "outcome": "open", "account_id": "A"}},
    "an outcome of its own": {"metadata": {"embedder": EMBEDDER_ID, "outcome": ["won"], "account_id": "A"}},
    "no account id": {"metadata": {"embedder": EMBEDDER_ID, "outcome": "won"}},
}


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE)
async def test_an_answer_that_is_not_what_was_asked_for_is_no_answer(
    make: Maker, server: PineconeServer, said: dict[str, Any]
) -> None:
    good = {"id": "a", "score": 0.9, "metadata": {"embedder": EMBEDDER_ID, "outcome": "won", "account_id": "A"}}
    server.always(Answer(200, said if "matches" in said else {"matches": [good | said], "namespace": EMBEDDER_ID}))
    assert (await make().nearest([BANK], 3, NOW))[0] == Unavailable("pinecone", NOW, "invalid answer")


async def test_what_a_record_does_not_say_well_stays_unknown(make: Maker, server: PineconeServer) -> None:
    odd = {
        "name": 5,
        "reason": ["x"],
        "deal_usd": "much",
        "days_to_close": 1.5,
        "employees": True,
        "technologies": "go",
    }
    known = {"embedder": EMBEDDER_ID, "outcome": "won", "account_id": "A"} | odd
    server.always(Answer(200, {"matches": [{"id": "a", "score": 0.9, "metadata": known}], "namespace": ""}))
    (fact,) = await make().nearest([BANK], 1, NOW)
    assert fact == Found(
        (SimilarAccount("A", "A", "won", None, None, None, 0.1, ("no single trait in common",)),), "pinecone", NOW
    )


@pytest.mark.parametrize(("answer", "reason"), PINECONE_FAULTS)
async def test_a_vendor_that_fails_is_unavailable_for_a_reason(
    make: Maker, server: PineconeServer, no_back_off: None, answer: Answer, reason: str
) -> None:
    server.always(answer)
    assert (await make().nearest([BANK], 3, NOW))[0] == Unavailable("pinecone", NOW, reason)


@pytest.mark.parametrize(("answer", "reason"), PINECONE_FAULTS)
async def test_a_vendor_that_fails_a_write_says_why(
    make: Maker, server: PineconeServer, no_back_off: None, answer: Answer, reason: str
) -> None:
    server.always(answer)
    with pytest.raises(ReadError) as raised:
        await make().store(PAST[:1])
    assert raised.value.reason == reason


async def test_a_vendor_that_asks_for_more_patience_than_the_deadline_has_times_out(
    make: Maker, server: PineconeServer
) -> None:
    server.always(Answer(429, headers={"Retry-After": "30"}))
    memory = make(deadline_s=0.3)
    assert (await memory.nearest([BANK], 3, NOW))[0] == Unavailable("pinecone", NOW, "timeout")
    with pytest.raises(ReadError, match="timeout"):
        await memory.store(PAST[:1])


async def test_a_vendor_that_is_gone_is_unreachable(make: Maker, server: PineconeServer, no_back_off: None) -> None:
    memory = make()
    server.stop()
    assert (await memory.nearest([BANK], 3, NOW))[0] == Unavailable("pinecone", NOW, "unreachable")
    with pytest.raises(ReadError, match="unreachable"):
        await memory.store(PAST[:1])


async def test_a_stalled_vendor_is_unavailable_within_the_deadline(make: Maker, server: PineconeServer) -> None:
    server.always(Answer(delay_s=30))
    memory = make(deadline_s=1.5, concurrency=2)  # a client is made meanwhile, which may take a while on a busy machine
    began = time.monotonic()
    facts = await memory.nearest([replace(BANK, employees=number) for number in range(1, 7)], 3, NOW)
    assert time.monotonic() - began < 10  # of the 30 s that it stalls
    assert [fact.reason for fact in facts if isinstance(fact, Unavailable)] == ["timeout"] * 2 + ["busy"] * 4
    began = time.monotonic()
    with pytest.raises(ReadError, match="timeout"):
        await memory.store(PAST[:1])
    assert time.monotonic() - began < 15  # of the 30 s that it stalls


async def test_equal_queries_of_a_batch_are_asked_once_and_new_ones_each_time(
    make: Maker, server: PineconeServer
) -> None:
    memory = await make.full()
    await memory.nearest([GAMES, GAMES], 1, NOW)
    asked = len(server.requests)
    await memory.nearest([GAMES], 1, NOW)
    assert len(server.requests) == 2 * asked


# Pinecone with OpenAI's embeddings


async def test_embeddings_of_openai_find_the_same_account_again(make: Maker, server: PineconeServer) -> None:
    with OpenAiServer("key") as openai:
        embedder = OpenAiEmbedder("key", dimensions=16, base_url=openai.base_url)
        memory = make(embedder, reach=2.0)
        await memory.store(PAST[:5])
        (fact,) = await memory.nearest([PAST[2].account], 1, NOW)
        await embedder.aclose()
    assert isinstance(fact, Found)
    assert (fact.value[0].account_id, fact.value[0].distance) == (PAST[2].account_id, 0.0)
    assert set(server.records) == {"openai/text-embedding-3-small/16/account-text-1"}


async def test_embeddings_of_aimock_find_the_same_account_again(
    make: Maker, server: PineconeServer, aimock: Aimock
) -> None:
    embedder = OpenAiEmbedder("key", dimensions=16, base_url=aimock.base_url)
    memory = make(embedder, reach=2.0)
    await memory.store(PAST[:5])
    (fact,) = await memory.nearest([PAST[2].account], 1, NOW)
    await embedder.aclose()
    assert isinstance(fact, Found)
    assert (fact.value[0].account_id, fact.value[0].distance) == (PAST[2].account_id, 0.0)


async def test_the_embedding_request_is_exactly_this() -> None:
    with OpenAiServer("key") as openai:
        embedder = OpenAiEmbedder("key", dimensions=16, base_url=openai.base_url)
        await embedder.embed([BANK, NOTHING])
        await embedder.aclose()
        (request,) = openai.requests
    assert meaning(request, "authorization") == {
        "method": "POST",
        "target": "/v1/embeddings",
        "authorization": "Bearer key",
    }
    assert request.json() == {
        "model": "text-embedding-3-small",
        "dimensions": 16,
        "encoding_format": "float",
        "input": [
            (
                "company: Own Bank\ndomain: ownbank.example\nindustry: financial_services\ncountry: DE\n"
                "employees: 3000\nannual revenue in US dollars: 1200000000\ntechnologies: java, splunk"
            ),
            "company: unknown",
        ],
    }


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        *FAULTS,
        pytest.param(Answer(200, {"data": []}), "invalid answer", id="no vectors"),
        pytest.param(Answer(200, {"data": [{"embedding": []}]}), "invalid answer", id="an empty vector"),
        pytest.param(Answer(200, {"data": [{"embedding": ["a"]}]}), "invalid answer", id="a vector of words"),
        pytest.param(Answer(200, {"data": [{"embedding": [1.0]}] * 2}), "invalid answer", id="a vector too many"),
    ],
)
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
async def test_an_embedder_that_fails_is_a_memory_that_fails(make: Maker, answer: Answer, reason: str) -> None:
    with OpenAiServer("key") as openai:
        openai.always(answer)
        embedder = OpenAiEmbedder("key", base_url=openai.base_url, max_retries=0)
        memory = make(embedder)
        assert (await memory.nearest([BANK], 3, NOW))[0] == Unavailable("pinecone", NOW, reason)
        with pytest.raises(ReadError, match=reason):
            await memory.store(PAST[:1])
        await embedder.aclose()
