"""A challenger scores its share of the accounts: one model a family, named in the record, replayed bit for bit."""

from __future__ import annotations

import shutil
from concurrent.futures import Executor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from redis.asyncio import Redis
from sqlalchemy import Engine, select

from graph.ports import Challenge, Ports
from graph.rules.challenge import is_challengers
from tests.fixtures.front import settings_of
from tests.fixtures.router import NOW, ROUTING, Bench, person, ports_of, settle, the_table
from tools.ml.registry import set_current
from tools.ml.registry.choosing import Note, challenge, promote
from tools.ml.train import train_bootstrap
from tools.replaying import Replayer, stored_records
from tools.settings import Settings
from tools.store.routing_versions import keep_version
from tools.store.tables import decisions
from tools.stream.inbox import Inbox
from tools.wiring import build_ports, context_source, live_models, live_routing, open_store
from tools.xgb import XgbScorer

NOTE = Note("ana@sales.example", "a test", datetime(2026, 6, 1, tzinfo=UTC))
SALT = "a challenge"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A folder with two models that score differently, the first serving."""
    root = tmp_path_factory.mktemp("two") / "models"
    one, two = (train_bootstrap(root, seed=seed, rows=600).name for seed in (1, 2))
    set_current(root, one)
    return root, one, two


@pytest.fixture
def two_models(trained: tuple[Path, str, str], tmp_path: Path) -> tuple[Path, str, str]:
    root, one, two = trained
    return Path(shutil.copytree(root, tmp_path / "models")), one, two


def challenged(engine: Engine, executor: Executor, two_models: tuple[Path, str, str], share: float = 0.5) -> Ports:
    root, one, two = two_models
    second = Challenge(XgbScorer(root / two), share, SALT)
    return ports_of(engine, executor, scorer=XgbScorer(root / one), challenge=second)


async def test_the_record_names_the_model_that_scored_this_lead_and_replays_bit_for_bit(
    database: Engine, executor: Executor, two_models: tuple[Path, str, str], tmp_path: Path
):
    _, one, two = two_models
    keep_version(database, the_table().digest, the_table().text)
    ports = challenged(database, executor, two_models)
    people = [person(f"p{n}") for n in range(12)]
    await settle(database, ports, *people)
    with database.connect() as connection:
        rows = connection.execute(select(decisions.c.model_digest, decisions.c.record)).all()
    for digest, raw in rows:
        record = orjson.loads(raw)
        lot = is_challengers(record["lead"]["domain"], SALT, 0.5)
        assert digest == record["versions"]["model"] == (two if lot else one)
        assert digest[:8] in record["scoring"]["scorer"]
    assert {digest for digest, _ in rows} == {one, two}
    settings = Settings(_env_file=None, data_dir=tmp_path, routing_file=ROUTING)
    assert await Replayer(settings, database, ports).run(stored_records(database)) == (12, [])


async def test_a_family_sees_one_model_also_when_one_of_its_leads_comes_back(
    database: Engine, executor: Executor, two_models: tuple[Path, str, str]
):
    ports = challenged(database, executor, two_models)
    first, second = person("ann"), person("ann")
    colleague = replace(person("bob"), form=replace(person("bob").form, email="bob@ann-werke.de"))
    await settle(database, ports, first)
    await settle(database, ports, replace(second, cause="retry"), now=NOW + timedelta(days=1))
    await settle(database, ports, colleague)
    with database.connect() as connection:
        used = connection.execute(select(decisions.c.model_digest)).scalars().all()
    assert len(used) == 3
    assert len(set(used)) == 1


async def test_each_model_is_asked_once_for_its_part_of_a_batch(
    database: Engine, executor: Executor, two_models: tuple[Path, str, str]
):
    asked: list[tuple[str, int]] = []

    class Counting:
        def __init__(self, scorer: XgbScorer) -> None:
            self._scorer, self.digest, self.name = scorer, scorer.digest, scorer.name

        def score(self, rows):
            asked.append((self.digest, len(rows)))
            return self._scorer.score(rows)

    root, one, two = two_models
    second = Challenge(Counting(XgbScorer(root / two)), 0.5, SALT)
    ports = ports_of(database, executor, scorer=Counting(XgbScorer(root / one)), challenge=second)
    await settle(database, ports, *(person(f"p{n}") for n in range(20)))
    assert sorted(digest for digest, _ in asked) == sorted([one, two])
    assert sum(rows for _, rows in asked) == 20


async def test_a_worker_takes_up_a_promotion_and_a_challenge_without_a_restart(
    redis: Redis, inbox: Inbox, sqlite_url: str, two_models: tuple[Path, str, str], tmp_path: Path, shared_valkey
):
    root, one, two = two_models
    settings = settings_of(tmp_path, shared_valkey.url, sqlite_url)
    store = open_store(settings)
    models = live_models(settings)
    now = [0.0]
    models._clock = lambda: now[0]
    models._looked_at = 0.0
    context = context_source(settings, build_ports(settings, store, models), live_routing(settings, store), models)
    bench = Bench(redis, inbox, store.engine, store.executor)
    worker = bench.worker(context=context)
    used: list[set[str]] = []
    try:
        for number, change in enumerate(
            (lambda: None, lambda: challenge(root, two, 1.0, NOTE), lambda: promote(root, two, NOTE))
        ):
            change()
            now[0] += 1.0
            await bench.post(*(person(f"w{number}x{n}") for n in range(3)))
            await worker.run(drain=True)
            with store.engine.connect() as connection:
                rows = connection.execute(
                    select(decisions.c.model_digest).order_by(decisions.c.decided_at.desc()).limit(3)
                ).scalars()
                used.append(set(rows))
    finally:
        store.close()
    assert used == [{one}, {two}, {two}]
    assert models.current().challenger is None
