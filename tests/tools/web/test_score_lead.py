"""A score for whoever asks: the router's own, explained, remembered, bounded; nothing is stored."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import Engine, func, select

from graph.ports import Ports
from tests.fixtures.front import ADMIN, LEAD, client_of, opened, settings_of
from tests.fixtures.router import ports_of, settle, threads
from tools import score_cache
from tools.embedded.valkey import EmbeddedValkey
from tools.ml.registry import ensure_bootstrap
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.store.tables import metadata
from tools.web.insights.score_bodies import MOST_ACTIVITIES, MOST_LEADS

KEYS = {
    "lead_id", "score", "score_category", "confidence", "latency_ms", "source", "feature_importance", "explanation",
}  # fmt: skip


def ago(**since: float) -> str:
    return (datetime.now(UTC) - timedelta(**since)).isoformat()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scores")
    ensure_bootstrap(folder / "models")
    return folder


@pytest.fixture
def given(models: Path, shared_valkey: EmbeddedValkey, sqlite_url: str) -> Settings:
    return settings_of(models, shared_valkey.url, sqlite_url)


@pytest.fixture
async def asking(redis: Redis, given: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(given) as front, client_of(front, headers=ADMIN) as speaking:
        yield speaking


async def score(asking: httpx.AsyncClient, body: Any, path: str = "/score-lead") -> dict[str, Any]:
    answer = await asking.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(asking: httpx.AsyncClient, body: Any, path: str = "/score-lead") -> dict[str, Any]:
    answer = await asking.post(path, json=body)
    assert answer.status_code == 422, answer.text
    return answer.json()


async def test_the_answer_has_the_fields_of_the_contract_and_adds_up(asking: httpx.AsyncClient):
    told = await score(asking, LEAD | {"activities": [{"type": "page_view", "at": ago(hours=2)}]})
    assert told.keys() >= KEYS
    assert told["score_category"] in {"hot", "warm", "cold", "dead"}
    assert 0 <= told["confidence"] <= 1
    assert told["source"] == "model"
    points = sum(each["points"] for each in told["explanation"]["contributions"])
    assert round(told["explanation"]["base"] + points, 2) == told["score"]
    assert told["explanation"]["categories"]["judgement"]["points"] == 0
    assert (await score(asking, LEAD, "/api/v1/score-lead")).keys() == told.keys()


async def test_it_is_the_score_that_the_router_gives_before_a_judgement(
    asking: httpx.AsyncClient, given: Settings, models: Path
):
    """Same capture, company facts, features and model: the model's own probability is the same to the bit."""
    from graph.domain.lead import Submission
    from tools.idempotency import Identifier
    from tools.secrets_file import load_or_make
    from tools.web.insights.score_bodies import read_lead
    from tools.xgb import XgbScorer

    now = datetime.now(UTC)
    form = read_lead(LEAD, now).ask.form
    lead_id = Identifier(load_or_make(given.data_dir).lead_key).lead_id(form)
    database = open_engine(given.database)
    scorer = XgbScorer(ensure_bootstrap(models / "models"))
    with threads(2) as executor:
        ports: Ports = ports_of(database, executor, scorer=scorer)
        (one,) = await settle(database, ports, Submission("s:x", lead_id or "", now, form), now=now)
    database.dispose()
    told = await score(asking, LEAD)
    assert told["lead_id"] == lead_id
    assert told["score"] == pytest.approx(100 * one.case.score.propensity, abs=0.006)


async def test_the_same_content_is_answered_from_the_cache(asking: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(score_cache, "DEADLINE_S", 10.0)  # a busy machine is no server that is away
    lead = LEAD | {"message": "cached?", "activities": [{"type": "email.opened", "at": ago(days=1)}]}
    first, second = await score(asking, lead), await score(asking, lead)
    assert (first["source"], second["source"]) == ("model", "cache")
    same = {"source", "latency_ms"}
    assert {k: v for k, v in first.items() if k not in same} == {k: v for k, v in second.items() if k not in same}
    spelled = {"Email": " MAYA@Brightwater-Werke.de ", "lead_id": "mine"} | {
        k: v for k, v in lead.items() if k != "email"
    }
    third = await score(asking, spelled)
    assert (third["source"], third["lead_id"]) == ("cache", "mine")
    other = await score(asking, lead | {"title": "CTO"})
    assert other["source"] == "model"


async def test_without_a_cache_every_answer_is_the_models(redis: Redis, given: Settings):
    off = given.model_copy(update={"score_cache_places": 0})
    async with opened(off) as front, client_of(front, headers=ADMIN) as asking:
        assert [(await score(asking, LEAD))["source"] for _ in range(2)] == ["model", "model"]
    assert not [key async for key in redis.scan_iter("lr:{score}:*")]


@pytest.mark.parametrize("how", ["away", "hung"])
async def test_a_cache_that_is_away_or_hangs_is_done_without(
    own_valkey: EmbeddedValkey, models: Path, sqlite_url: str, how: str
):
    given = settings_of(models, own_valkey.url, sqlite_url)
    async with opened(given) as front, client_of(front, headers=ADMIN) as asking:
        assert (await score(asking, LEAD))["source"] == "model"
        try:
            if how == "away":
                own_valkey.stop()
            else:
                own_valkey.process.send_signal(signal.SIGSTOP)
            assert {(await score(asking, LEAD))["source"] for _ in range(3)} == {"model"}
        finally:
            if how == "hung":
                own_valkey.process.send_signal(signal.SIGCONT)


async def test_nothing_is_stored(asking: httpx.AsyncClient, given: Settings):
    await score(asking, LEAD)
    database: Engine = open_engine(given.database)
    with database.connect() as connection:
        for table in metadata.sorted_tables:
            if table.name not in ("routing_versions", "routing_changes", "nurture_versions"):
                assert connection.scalar(select(func.count()).select_from(table)) == 0, table.name
    database.dispose()


@pytest.mark.parametrize(
    ("activities", "field", "fix"),
    [
        ([{"type": "page_view", "at": "yesterday"}], "activities.0.at", "send a time as"),
        ([{"type": "page_view", "at": "2026-13-45T00:00:00Z"}], "activities.0.at", "send a time as"),
        ([{"type": "page_view", "at": "2026-01-01T10:00:00"}], "activities.0.at", "add the zone"),
        ([{"type": "page_view", "at": "2099-01-01T10:00:00Z"}], "activities.0.at", "send when it happened"),
        ([{"type": "page_view", "at": "1970-01-01T10:00:00Z"}], "activities.0.at", "send when it happened"),
        ([{"type": "page_view"}], "activities.0.at", "send it"),
        ([{"type": "teleport", "at": "2026-01-01T10:00:00Z"}], "activities.0.type", "meeting_booked"),
        ([{"type": "view", "at": "2026-01-01T10:00:00Z", "count": -3}], "activities.0.count", "send 1 or more"),
        ([{"type": "view", "at": "2026-01-01T10:00:00Z", "count": 900}] * 2, "activities", "at most 1,000"),
        ("page_view", "activities", "send a list"),
        ([{"type": "view", "at": "2026-01-01T10:00:00Z"}] * (MOST_ACTIVITIES + 1), "activities", "send fewer"),
    ],
)
async def test_an_activity_that_cannot_be_counted_is_refused_by_name(
    asking: httpx.AsyncClient, activities: Any, field: str, fix: str
):
    told = await refused(asking, LEAD | {"activities": activities})
    (problem, *_) = told["fields"]
    assert problem["field"] == field
    assert fix in problem["fix"]
    assert "teleport" not in str(told)


@pytest.mark.parametrize("count", [{"employees": -5}, {"employees": "-5"}, {"emailOpenCount": -1}, {"page_views": -2}])
async def test_a_negative_count_is_refused_by_name(asking: httpx.AsyncClient, count: dict[str, Any]):
    (problem,) = (await refused(asking, LEAD | count))["fields"]
    assert problem == {"field": next(iter(count)), "problem": "a negative count", "fix": "send 0 or more"}


async def test_a_count_beside_the_activities_is_said_not_to_count(asking: httpx.AsyncClient):
    told = await score(asking, LEAD | {"emailOpenCount": 7})
    assert told["warnings"] == ["emailOpenCount is counted from activities; the number sent does not count."]


async def test_activities_count_by_type_and_number(asking: httpx.AsyncClient):
    plain = await score(asking, LEAD)
    seen = [
        {"type": "Meeting-Booked", "at": ago(days=1)},
        {"type": "page view", "at": ago(days=1, hours=1), "count": 4},
    ]
    active = await score(asking, LEAD | {"activities": seen})
    assert active["score"] > plain["score"]
    assert active["explanation"]["categories"]["behavioral"] != plain["explanation"]["categories"]["behavioral"]


async def test_a_body_that_cannot_be_read_says_why(asking: httpx.AsyncClient):
    for raw, status in ((b"", 400), (b"{", 400), (b"[]", 422), (b"3", 422), (b'{"email": []}', 422), (b"\xff", 400)):
        for path in ("/score-lead", "/score-batch"):
            answer = await asking.post(path, content=raw)
            assert answer.status_code in ({status} if path == "/score-lead" else {400, 422}), (raw, path, answer.text)
    large = b'{"message": "' + b"x" * 300_000 + b'"}'
    assert (await asking.post("/score-lead", content=large)).status_code == 413


async def test_a_batch_answers_each_lead_in_order_with_its_score_or_its_error(asking: httpx.AsyncClient):
    leads = [LEAD | {"lead_id": f"l{n}", "employees": str(n + 1)} for n in range(40)]
    leads[7] = {"lead_id": "l7", "activities": [{"type": "x", "at": "2026-01-01T10:00:00Z"}]}
    leads[9] = "no lead"
    told = await score(asking, {"leads": leads}, "/score-batch")
    assert (told["scored"], told["failed"]) == (38, 2)
    assert [each["lead_id"] for each in told["results"]] == [None if n == 9 else f"l{n}" for n in range(40)]
    assert told["results"][7]["fields"][0]["field"] == "activities.0.type"
    assert told["results"][9]["error"] == "not_an_object"
    assert told["results"][0].keys() >= KEYS
    assert (await score(asking, leads[:2], "/api/v1/score-batch"))["scored"] == 2
    for body in ({"leads": []}, {}, {"leads": "x"}, {"leads": [LEAD] * (MOST_LEADS + 1)}):
        assert (await refused(asking, body, "/score-batch"))["fields"][0]["field"] == "leads"


async def test_only_the_token_lets_in_unless_a_setting_opens_the_door(redis: Redis, given: Settings):
    async with opened(given) as front, client_of(front) as stranger:
        for path in ("/score-lead", "/api/v1/score-lead", "/score-batch", "/api/v1/score-batch"):
            assert (await stranger.post(path, json=LEAD)).status_code == 401
    async with opened(given.model_copy(update={"score_lead_open": True})) as front, client_of(front) as stranger:
        assert (await stranger.post("/score-lead", json=LEAD)).status_code == 200
        assert (await stranger.get("/api/lead-scoring/ml/top-leads")).status_code == 401


async def test_many_at_once_all_get_their_own_answer(asking: httpx.AsyncClient):
    leads = [LEAD | {"lead_id": f"l{n}", "employees": str(10 * n + 1)} for n in range(100)]
    answers = await asyncio.gather(*(score(asking, lead) for lead in leads))
    assert [each["lead_id"] for each in answers] == [f"l{n}" for n in range(100)]
    alone = await score(asking, leads[3] | {"message": None})
    assert alone["lead_id"] == "l3"


async def test_without_a_model_the_rules_answer_and_say_so(
    redis: Redis, tmp_path: Path, shared_valkey: EmbeddedValkey, sqlite_url: str
):
    given = settings_of(tmp_path, shared_valkey.url, sqlite_url)
    async with opened(given) as front, client_of(front, headers=ADMIN) as asking:
        told = await score(asking, LEAD)
        assert (told["source"], told["model"], told["confidence"]) == ("rules", "rules@1", 0.0)
        assert "No model" in told["warnings"][0]
        assert (await score(asking, LEAD))["source"] == "rules"
