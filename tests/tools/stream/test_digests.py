"""Digests are made once for each person and part of a day: over restarts, and by any number of dispatchers."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, select

from tests.fixtures.inbox import offer
from tools.routing_file import parse
from tools.store import digests as store
from tools.store.engine import open_engine
from tools.store.tables import digests, outbox
from tools.stream.digests import Digests

NOW = datetime(2026, 4, 7, 12, 5, tzinfo=UTC)  # a Tuesday; 14:05 in Berlin, 8:05 in New York
BERLIN, NEW_YORK = "mon-fri 09:00-18:00 Europe/Berlin", "mon-fri 08:00-18:00 America/New_York"


class File:
    def __init__(self, **people: dict[str, Any]) -> None:
        named = {name: {"email": f"{name}@company.com"} | given for name, given in people.items()}
        self.table = parse(json.dumps({"DEFAULT": "general@company.com", "people": named}))

    def current(self) -> Any:
        return self.table


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def database(request: pytest.FixtureRequest) -> Any:
    engine = open_engine(request.getfixturevalue(request.param))
    yield engine
    engine.dispose()


def job(engine: Engine, file: File, now: datetime = NOW) -> Digests:
    with ThreadPoolExecutor(1) as executor:
        return Digests(engine, executor, lambda: file, (8, 13), "http://127.0.0.1:8000", clock=lambda: now)


def sent(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(outbox).where(outbox.c.kind == "post_digest").order_by(outbox.c.id)))


def test_each_reader_gets_the_part_of_their_own_clock_and_only_who_has_something_to_read(database: Engine):
    offer(database, "ld_1", owner="dee@company.com", at=NOW - timedelta(hours=1))
    offer(database, "ld_2", owner="uma@company.com", at=NOW - timedelta(hours=1))
    file = File(dee={"hours": BERLIN, "slack": "U01DEE"}, uma={"hours": NEW_YORK}, zoe={"hours": BERLIN})
    assert job(database, file).once() == 2
    rows = sent(database)
    effects = {row.key.partition("/post_digest/")[2]: orjson.loads(row.payload) for row in rows}
    assert set(effects) == {"dee@company.com/2026-04-07T13", "uma@company.com/2026-04-07T08"}
    assert effects["dee@company.com/2026-04-07T13"]["channel"] == "U01DEE"
    assert {row.vendor for row in rows} == {"notifier"}
    assert len({row.lead_id for row in rows}) == 2, "one reader's digest waits for nobody else's"


def test_who_is_at_rest_or_on_leave_is_not_written_to(database: Engine):
    for name in ("dee", "eve", "fay"):
        offer(database, f"ld_{name}", owner=f"{name}@company.com", at=NOW - timedelta(hours=1))
    away = {"ooo": [{"from": "2026-04-06", "until": "2026-04-10"}]}
    file = File(dee={"hours": "mon-fri 18:00-23:00"}, eve=away, fay={"active": False})
    assert job(database, file).once() == 0


def test_a_part_is_made_once_over_restarts_and_dispatchers(database: Engine):
    offer(database, "ld_1", owner="dee@company.com", at=NOW - timedelta(hours=1))
    file = File(dee={"hours": BERLIN})
    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(lambda _: job(database, file).once(), range(12)))
    assert sum(made) == 1
    assert len(sent(database)) == 1
    assert job(database, file, NOW + timedelta(minutes=20)).once() == 0


def test_decisions_are_written_while_a_digest_reads(database: Engine, monkeypatch: pytest.MonkeyPatch):
    offer(database, "ld_1", owner="dee@company.com", at=NOW - timedelta(hours=1))
    read, meanwhile = store._assignments, iter(range(2, 9))

    def reading(*asked: Any) -> Any:
        found = read(*asked)
        offer(database, f"ld_{next(meanwhile)}", owner="zoe@company.com", at=NOW)  # waits where the write lock is held
        return found

    monkeypatch.setattr(store, "_assignments", reading)
    assert job(database, File(dee={"hours": BERLIN})).once() == 1


def test_the_next_part_tells_of_what_came_since_the_last_one(database: Engine):
    file = File(dee={"hours": BERLIN})
    morning = datetime(2026, 4, 7, 7, 30, tzinfo=UTC)
    offer(database, "ld_1", owner="dee@company.com", at=morning - timedelta(hours=1))
    assert job(database, file, morning).once() == 1
    offer(database, "ld_2", owner="dee@company.com", at=NOW - timedelta(hours=1))
    assert job(database, file).once() == 1
    with database.connect() as connection:
        kept = connection.execute(select(digests).order_by(digests.c.part)).all()
    assert [(row.part, row.since, row.leads) for row in kept] == [
        ("2026-04-07T08", morning - timedelta(days=1), 1),
        ("2026-04-07T13", morning, 2),
    ]
    texts = [str(orjson.loads(row.payload)["message"]["blocks"]) for row in sent(database)]
    assert ["*New*" in text for text in texts] == [True, True]
    assert orjson.loads(sent(database)[1].payload)["message"]["text"].startswith("Your leads: 1 new, 2 wait")


def test_a_manager_reads_how_their_team_stands(database: Engine):
    offer(database, "ld_1", owner="dee@company.com", at=NOW - timedelta(hours=1))
    file = File(dee={"hours": "mon-fri 18:00-23:00", "manager": "rita"}, rita={"hours": BERLIN})
    assert job(database, file).once() == 1
    assert "• Dee: 1 new, 1 waits, 0 missed" in str(orjson.loads(sent(database)[0].payload)["message"]["blocks"])


async def test_a_store_that_is_away_ends_no_dispatcher(tmp_path: Any):
    class Away:
        def current(self) -> Any:
            raise OSError("gone")

    with ThreadPoolExecutor(1) as executor:
        engine = open_engine(f"sqlite:///{tmp_path / 'leads.db'}")
        await Digests(engine, executor, Away, (8,), "").run(once=True)
        engine.dispose()
