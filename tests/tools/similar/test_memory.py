"""Blocks, snapshots and graphs: the same answers whatever the accounts are kept in, and vectors of two embedders never meet."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, select

from bench.past_accounts import past_accounts, queries
from graph.domain.account import SimilarAccount
from graph.domain.facts import Found, Unavailable
from graph.ports import AccountQuery
from tools.account_metadata import ANY, PastAccount, Wanted
from tools.asking import ReadError
from tools.embedders import STRUCTURED, Embedder, PureEmbedder
from tools.similar import graphs, snapshot
from tools.similar.blocks import Growing
from tools.similar.keeping import STATE, Keeper, Plan
from tools.similar.memory import StoredSimilar
from tools.similar.searching import nearest
from tools.store.engine import open_engine
from tools.store.past_accounts import keep
from tools.store.past_reading import last_number
from tools.store.past_state import state_of
from tools.store.past_vectors import forget_vectors
from tools.store.tables import account_vectors
from tools.vectors import EMBEDDER_ID, vector

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)
PAST = list(past_accounts(1_500))
ASKED = queries(40)
GATE = graphs.Gate(queries=60, threads=1)


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Engine]:
    """1,500 past accounts."""
    engine = open_engine(sqlite_url)
    keep(engine, PAST, "file", NOW)
    yield engine
    engine.dispose()


def plan(folder: Path, **changed: object) -> Plan:
    return replace(Plan(STRUCTURED, folder, snapshot_from=100, gate=GATE), **changed)


async def answers(
    engine: Engine, folder: Path | None = None, embedder: Embedder = STRUCTURED, wanted: Wanted = ANY
) -> list[tuple[SimilarAccount, ...]]:
    memory = StoredSimilar(engine, embedder, folder=folder, look_every_s=0)
    try:
        facts = await memory.nearest(ASKED, 5, NOW, wanted)
    finally:
        await memory.aclose()
    return [fact.value if isinstance(fact, Found) else () for fact in facts]


class Counted:
    """An embedder that asks somebody: the structured vectors turned round, under an id of its own."""

    dimensions = 384

    def __init__(self, embedder_id: str = "asked/1") -> None:
        self.embedder_id, self.asked, self.down = embedder_id, 0, False

    async def embed(self, accounts: Sequence[AccountQuery]) -> list[list[float]]:
        if self.down:
            raise ReadError("vendor error")
        self.asked += len(accounts)
        return [[float(number) for number in vector(account)[::-1]] for account in accounts]


async def test_a_snapshot_by_columns_or_by_rows_answers_as_memory_does(store: Engine, tmp_path: Path) -> None:
    expected = await answers(store)
    assert sum(len(one) for one in expected) > 150
    for name, limit in (("columns", 10_000), ("rows", 10)):
        folder = tmp_path / name
        state = await Keeper(store, plan(folder, exact_up_to=limit, gate=replace(GATE, recall=1.1))).once()
        assert state["search"]["by"] == "exact"
        (written,) = (folder / snapshot.slug(EMBEDDER_ID)).glob("*/manifest.json")
        assert json.loads(written.read_text())["layout"] == name
        assert await answers(store, folder) == expected
        for wanted in (
            Wanted(outcomes=("won",), min_deal_usd=50_000),
            Wanted(industry="Industry 0", max_employees=500),
        ):
            assert await answers(store, folder, wanted=wanted) == await answers(store, wanted=wanted) != expected


async def test_graphs_pass_the_gate_and_say_how_well_they_find(store: Engine, tmp_path: Path) -> None:
    state = await Keeper(store, plan(tmp_path, exact_up_to=10)).once()
    assert (state["search"]["by"], state["search"]["gate"]) == ("graphs", 0.95)
    assert state["search"]["recall"] >= 0.95
    assert state_of(store, STATE) == state
    exact = await answers(store)
    found = await answers(store, tmp_path)
    alike = [
        graphs.recall_of([o.distance for o in one], np.array([t.distance for t in true]))
        for one, true in zip(found, exact, strict=True)
        if true
    ]
    assert np.mean(alike) > 0.9


async def test_below_the_gate_parameters_are_raised_and_then_the_search_is_exact(store: Engine, tmp_path: Path) -> None:
    impossible = replace(GATE, recall=1.1, builds=(("f16", 4, 8), ("i8", 8, 16)), widths=(8, 16))
    state = await Keeper(store, plan(tmp_path, exact_up_to=10, gate=impossible)).once()
    said = state["search"]
    assert said["by"] == "exact"
    assert [(one["connectivity"], one["width"]) for one in said["tries"]] == [(4, 8), (4, 16), (8, 8), (8, 16)]
    assert said["recall"] == max(one["recall"] for one in said["tries"])


def test_an_answer_as_near_as_the_tenth_counts() -> None:
    true = np.array([0.1, 0.2, 0.2])
    assert graphs.recall_of([0.1, 0.2, 0.2, 0.2], true) == 1.0
    assert graphs.recall_of([0.1, 0.3], true) == pytest.approx(1 / 3)


async def test_what_changes_after_a_snapshot_is_read_alone_and_seen(store: Engine, tmp_path: Path) -> None:
    await Keeper(store, plan(tmp_path)).once()
    memory = StoredSimilar(store, STRUCTURED, folder=tmp_path, look_every_s=0)
    other = StoredSimilar(store, STRUCTURED, folder=tmp_path, look_every_s=0)
    await memory.look()
    await other.look()
    one = replace(PAST[7], outcome="lost", reason="only now", deal_usd=5)
    keep(store, [one, PastAccount("NEW", replace(one.account, domain="new.example"), "won")], "file", NOW)
    (fact,) = await memory.nearest([one.account], 2, NOW)
    assert isinstance(fact, Found)
    assert {(near.account_id, near.outcome, near.distance) for near in fact.value} == {
        (one.account_id, "lost", 0.0),
        ("NEW", "won", 0.0),
    }
    assert memory.describe()["accounts"] == len(PAST) + 1
    assert memory.describe()["in_snapshot"] == len(PAST) - 1
    assert await other.nearest([one.account], 2, NOW) == [fact]
    await memory.aclose()
    await other.aclose()


async def test_a_running_process_takes_the_newer_snapshot(store: Engine, tmp_path: Path) -> None:
    memory = StoredSimilar(store, STRUCTURED, folder=tmp_path, look_every_s=0)
    await memory.look()
    assert memory.describe()["in_snapshot"] == 0
    before = await memory.nearest(ASKED, 5, NOW)
    await Keeper(store, plan(tmp_path)).once()
    await memory.look()
    assert memory.describe()["in_snapshot"] == len(PAST) == memory.describe()["accounts"]
    assert await memory.nearest(ASKED, 5, NOW) == before
    await memory.aclose()


async def test_files_that_are_damaged_are_passed_over(store: Engine, tmp_path: Path) -> None:
    await Keeper(store, plan(tmp_path)).once()
    expected = await answers(store)
    (matrix,) = tmp_path.glob("*/*/columns.f32")
    matrix.write_bytes(matrix.read_bytes()[:-4])
    assert await answers(store, tmp_path) == expected
    shutil.rmtree(matrix.parent)
    assert await answers(store, tmp_path) == expected


async def test_another_embedder_sees_only_its_own_vectors_until_all_are_made(store: Engine, tmp_path: Path) -> None:
    await Keeper(store, plan(tmp_path)).once()
    asked = Counted()
    assert await answers(store, tmp_path, asked) == [()] * len(ASKED), "none is embedded yet"
    keeper, said = Keeper(store, plan(tmp_path, embedder=asked)), list[str]()
    asked.down = True
    with pytest.raises(ReadError):
        await keeper.once()
    asked.down = False
    state = await keeper.once(said.append)
    assert (state["embedder"], state["embedded"], state["closed"]) == ("asked/1", len(PAST), len(PAST))
    assert said[0].startswith("200 of 1,500") or "of 1,500 accounts embedded" in said[0]
    found = await answers(store, tmp_path, asked)
    as_structured = await answers(store, tmp_path)
    assert [[(o.account_id, o.distance) for o in one] for one in found] == [
        [(o.account_id, o.distance) for o in one] for one in as_structured
    ]
    with store.connect() as connection:
        assert set(connection.scalars(select(account_vectors.c.embedder))) == {EMBEDDER_ID, "asked/1"}
    asked.down = True
    memory = StoredSimilar(store, asked, folder=tmp_path)
    assert await memory.nearest(ASKED[:1], 3, NOW) == [Unavailable("past_accounts", NOW, "vendor error")]
    await memory.aclose()
    forget_vectors(store, except_of="asked/1")
    with store.connect() as connection:
        assert set(connection.scalars(select(account_vectors.c.embedder))) == {"asked/1"}


async def test_a_changed_definition_makes_all_vectors_anew(store: Engine, tmp_path: Path) -> None:
    await Keeper(store, plan(tmp_path)).once()
    newer = PureEmbedder("structured-384-v2", lambda account: np.roll(vector(account), 1))
    memory = StoredSimilar(store, newer, folder=tmp_path)
    facts = await memory.nearest(ASKED, 5, NOW)
    assert [fact.value if isinstance(fact, Found) else () for fact in facts] == await answers(store)
    assert memory.describe()["in_snapshot"] == 0, "the snapshot of another embedder is not opened"
    await memory.aclose()
    assert (await Keeper(store, plan(tmp_path, embedder=newer)).once())["embedded"] == len(PAST)


async def test_an_account_embedded_while_it_changed_is_embedded_again(store: Engine, tmp_path: Path) -> None:
    class Meddling(Counted):
        async def embed(self, accounts: Sequence[AccountQuery]) -> list[list[float]]:
            if not self.asked:
                changed = replace(PAST[0], account=replace(PAST[0].account, employees=7))
                keep(store, [changed], "file", NOW)
            return await super().embed(accounts)

    meddling = Meddling()
    state = await Keeper(store, plan(tmp_path, embedder=meddling)).once()
    assert state["embedded"] == len(PAST)
    assert meddling.asked > len(PAST)


async def test_a_store_that_is_away_leaves_what_was_seen(store: Engine, tmp_path: Path) -> None:
    clock = iter(range(1_000))
    memory = StoredSimilar(store, STRUCTURED, look_every_s=1.0, clock=lambda: float(next(clock)))
    before = await memory.nearest(ASKED, 5, NOW)
    with store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE account_memory RENAME TO away")
    for _ in range(3):
        assert await memory.nearest(ASKED, 5, NOW) == before
    await memory.aclose()
    fresh = StoredSimilar(store, STRUCTURED)
    assert {fact.kind for fact in await fresh.nearest(ASKED, 5, NOW)} == {"unavailable"}
    await fresh.aclose()


class Shelf:
    """A vendor that keeps vectors."""

    name = "shelf"

    def __init__(self) -> None:
        self.kept: dict[str, PastAccount] = {}

    async def store(self, accounts: Sequence[PastAccount]) -> int:
        self.kept |= {past.key: past for past in accounts}
        return len(accounts)

    async def remove(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.kept.pop(key, None)


@pytest.fixture
def shelf(store: Engine) -> tuple[Shelf, Keeper]:
    shelf = Shelf()
    return shelf, Keeper(store, Plan(STRUCTURED, elsewhere=shelf))


async def test_a_vendor_that_keeps_vectors_is_told_of_every_change_and_of_nothing_twice(
    store: Engine, shelf: tuple[Shelf, Keeper]
) -> None:
    vendor, keeper = shelf
    state = await keeper.once()
    assert (len(vendor.kept), state["embedder"]) == (len(PAST), f"shelf/{EMBEDDER_ID}")
    vendor.kept.clear()
    await keeper.once()
    assert vendor.kept == {}
    corrected = replace(PAST[3], outcome="won", reason="corrected")
    keep(store, [corrected], "file", NOW)
    await keeper.once()
    assert list(vendor.kept.values()) == [corrected]
    number = last_number(store)
    await keeper.once()
    assert last_number(store) == number


def test_one_more_account_copies_nothing_and_a_dropped_one_is_gone() -> None:
    block = Growing()
    for past in PAST[:65]:
        block.put(past.key, past, vector(past.account))
    room = block.matrix.base
    block.put(PAST[65].key, PAST[65], vector(PAST[65].account))
    assert block.matrix.base is room
    block.drop(PAST[0].key)
    hits = nearest((block,), vector(PAST[0].account), 66, wanted=ANY, reach=2.0)
    assert PAST[0].account_id not in {hit.account_id for hit in hits}
    assert len(hits) == 65
    block.put(PAST[0].key, PAST[0], vector(PAST[0].account))
    assert nearest((block,), vector(PAST[0].account), 1, wanted=ANY)[0].account_id == PAST[0].account_id
