"""The Lead insights API: every endpoint of the contract answers as written, on both databases; wrong questions say why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import Engine, update

from graph.ports import Ports
from tests.fixtures.front import ADMIN, client_of, opened, settings_of
from tests.fixtures.router import person, settle
from tools.embedded.valkey import EmbeddedValkey
from tools.ml.registry import ensure_bootstrap, set_current
from tools.settings import Settings
from tools.store.predictions import VALIDITY, validations_since
from tools.store.tables import leads, predictions

API = "/api/lead-scoring"
INSIGHT = {
    "leadId", "revision", "decidedAt", "score", "scoreCategory", "tier", "probability", "low", "high", "confidence",
    "propensity", "contractValue", "daysToClose", "explanation", "riskFactors", "recommendations", "wouldRaise",
    "warnings", "model",    "version", "source", "latencyMs", "createdAt", "validUntil", "cached", "predictions",
}  # fmt: skip
PREDICTION = {
    "id", "type", "value", "unit", "status", "validUntil", "leadId", "revision", "model", "version", "source", "latencyMs",
    "createdAt", "validatedAt", "wasAccurate", "detail",
}  # fmt: skip
RANKED = {"leadId", "score", "tier", "scoreCategory", "owner", "path", "predictionId", "validUntil"}
JOB = {"job", "state", "total", "done", "predicted", "kept", "failed", "progress", "status"}

CONTRACT: list[tuple[str, str, dict[str, Any] | None, int, set[str]]] = [
    ("POST", "leads/{id}/ml/predict", {"forceRefresh": True, "ruleBasedOnly": False}, 200, INSIGHT),
    ("POST", "leads/{id}/ml/predict", {"forceRefresh": False, "ruleBasedOnly": True}, 200, INSIGHT),
    ("POST", "leads/{id}/ml/predict", None, 200, INSIGHT),
    ("GET", "leads/{id}/ml/prediction?type=CONVERSION", None, 200, PREDICTION),
    ("GET", "leads/{id}/ml/prediction?type=TIME_TO_CLOSE", None, 200, PREDICTION),
    ("GET", "leads/{id}/ml/prediction?type=SCORE", None, 200, PREDICTION),
    ("GET", "leads/{id}/ml/prediction?type=PRIORITY", None, 200, PREDICTION),
    ("GET", "leads/{id}/ml/features", None, 200, {"leadId", "revision", "features", "details"}),
    ("POST", "default/ml/bulk-predict", {"limit": 2, "minScore": 0, "forceRefresh": True}, 202, JOB),
    ("GET", "default/ml/bulk-predict", None, 200, {"jobs"}),
    ("GET", "default/ml/ranked-leads?limit=2&minScore=1", None, 200, {"leads", "next"}),
    ("GET", "default/ml/top-leads?n=2", None, 200, {"leads"}),
    ("GET", "ml/top-leads?n=2", None, 200, {"leads"}),
    ("GET", "default/ml/leads-by-tier?tier=high", None, 200, {"leads", "next"}),
    ("GET", "ml/leads-by-tier?tier=HOT", None, 200, {"leads", "next"}),
    ("POST", "predictions/{prediction}/validate", {"wasAccurate": True}, 200, PREDICTION),
    ("GET", "default/ml/accuracy", None, 200, {"total", "validated", "invalidated", "accuracy", "byModel"}),
    ("GET", "ml/accuracy", None, 200, {"total", "validated", "invalidated", "accuracy", "byModel"}),
    ("GET", "default/ml/feature-importance", None, 200, {"model", "version", "leads", "features"}),
    ("GET", "ml/feature-importance", None, 200, {"model", "version", "leads", "features"}),
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the bootstrap model."""
    folder = tmp_path_factory.mktemp("insights")
    ensure_bootstrap(folder / "models")
    return folder


@pytest.fixture
def given(models: Path, shared_valkey: EmbeddedValkey, database_url: str) -> Settings:
    return settings_of(models, shared_valkey.url, database_url)


@pytest.fixture
async def api(redis: Redis, given: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(given) as front, client_of(front, headers=ADMIN) as speaking:
        yield speaking


async def known(database: Engine, ports: Ports, *names: str, **form: Any) -> list[str]:
    people = [person(name, **form) for name in names]
    await settle(database, ports, *people)
    return [one.lead_id for one in people]


async def predicted(api: httpx.AsyncClient, lead_id: str, **body: Any) -> dict[str, Any]:
    answer = await api.post(f"{API}/leads/{lead_id}/ml/predict", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_every_endpoint_of_the_contract_answers_as_written(
    api: httpx.AsyncClient, database: Engine, ports: Ports
):
    ann, *_ = await known(database, ports, "ann", "ben", "cleo")
    held = {each["type"]: each for each in (await predicted(api, ann))["predictions"]}
    assert set(held) == {"CONVERSION", "TIME_TO_CLOSE", "SCORE", "PRIORITY"}
    for method, written, body, status, keys in CONTRACT:
        path = written.replace("{id}", ann).replace("{prediction}", await newest_id(api, ann))
        answer = await api.request(method, f"{API}/{path}", json=body)
        assert answer.status_code == status, (method, path, answer.text)
        assert keys <= answer.json().keys(), (method, path, keys - answer.json().keys())
        assert answer.headers["content-type"] == "application/json"
        async with httpx.AsyncClient(transport=api._transport, base_url=api.base_url) as stranger:
            assert (await stranger.request(method, f"{API}/{path}", json=body)).status_code == 401, path


async def newest_id(api: httpx.AsyncClient, lead_id: str, kind: str = "CONVERSION") -> str:
    found = await api.get(f"{API}/leads/{lead_id}/ml/prediction", params={"type": kind})
    return str(found.json()["id"])


async def test_an_explanation_adds_up_to_the_score_in_all_categories(
    api: httpx.AsyncClient, database: Engine, ports: Ports
):
    (ann,) = await known(database, ports, "ann", message="A demo of your tracing this quarter, please.")
    told = await predicted(api, ann)
    explained = told["explanation"]
    assert explained["total"] == told["score"]
    points = [each["points"] for each in explained["contributions"]]
    assert round(explained["base"] + sum(points), 2) == told["score"]
    assert set(explained["categories"]) == {"demographic", "behavioral", "temporal", "engagement", "judgement"}
    sums = sum(each["points"] for each in explained["categories"].values())
    assert round(explained["base"] + sums, 2) == told["score"]
    assert sum(each["share"] for each in explained["categories"].values()) == pytest.approx(1)
    assert explained["categories"]["judgement"]["points"] > 0
    assert told["source"] == "model"


async def test_a_prediction_holds_until_a_new_one_is_asked_for_or_the_lead_changes(
    api: httpx.AsyncClient, database: Engine, ports: Ports
):
    (ann,) = await known(database, ports, "ann")
    first, again = await predicted(api, ann), await predicted(api, ann)
    assert (first["cached"], again["cached"]) == (False, True)
    assert again | {"cached": False} == first
    forced = await predicted(api, ann, forceRefresh=True)
    assert forced["predictions"][0]["id"] != first["predictions"][0]["id"]
    assert forced["score"] == first["score"]
    await known(database, ports, "ann", message="Pricing for 400 hosts, please.")
    changed = await predicted(api, ann)
    assert (changed["cached"], changed["revision"]) == (False, 2)


async def test_a_newer_prediction_takes_the_place_of_the_older_one(
    api: httpx.AsyncClient, database: Engine, ports: Ports
):
    (ann,) = await known(database, ports, "ann")
    await predicted(api, ann)
    await predicted(api, ann, forceRefresh=True)
    with database.connect() as connection:
        rows = connection.execute(predictions.select()).all()
    by_status = sorted((row.type, row.status) for row in rows)
    assert by_status == sorted(
        (kind, status)
        for kind in ("CONVERSION", "TIME_TO_CLOSE", "SCORE", "PRIORITY")
        for status in ("ACTIVE", "EXPIRED")
    )


async def test_a_prediction_expires_after_seven_days(api: httpx.AsyncClient, database: Engine, ports: Ports):
    (ann,) = await known(database, ports, "ann")
    told = await predicted(api, ann)
    made, until = (datetime.fromisoformat(told[name]) for name in ("createdAt", "validUntil"))
    assert until - made == timedelta(days=7)
    past = datetime.now(UTC) - timedelta(seconds=1)
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(update(predictions).values(created_at=past - VALIDITY, valid_until=past))
    found = (await api.get(f"{API}/leads/{ann}/ml/prediction?type=SCORE")).json()
    assert found["status"] == "EXPIRED"
    assert (await predicted(api, ann))["cached"] is False


async def test_rules_alone_answer_when_asked_and_say_so(api: httpx.AsyncClient, database: Engine, ports: Ports):
    (ann,) = await known(database, ports, "ann")
    told = await predicted(api, ann, ruleBasedOnly=True)
    assert (told["source"], told["model"]) == ("rules", "rules@1")
    assert told["contractValue"] is None
    values = {each["type"]: each["value"] for each in told["predictions"]}
    assert values["PRIORITY"] is None
    assert values["SCORE"] == told["score"]
    assert (await predicted(api, ann))["source"] == "model"


async def test_a_model_that_cannot_be_loaded_is_replaced_by_the_rules_with_a_warning(
    redis: Redis, tmp_path: Path, shared_valkey: EmbeddedValkey, sqlite_url: str, models: Path
):
    from tests.fixtures.router import ports_of, threads
    from tools.store.engine import open_engine

    given = settings_of(tmp_path, shared_valkey.url, sqlite_url)
    database = open_engine(sqlite_url)
    with threads(2) as executor:
        (ann,) = await known(database, ports_of(database, executor), "ann")
    async with opened(given) as front, client_of(front, headers=ADMIN) as api:
        told = await predicted(api, ann)
        assert told["source"] == "rules"
        assert "No model" in told["warnings"][0]
    database.dispose()


async def test_a_promoted_model_answers_without_a_restart(
    redis: Redis, tmp_path: Path, shared_valkey: EmbeddedValkey, sqlite_url: str
):
    from tests.fixtures.router import ports_of, threads
    from tools.ml.train import train_bootstrap
    from tools.store.engine import open_engine

    given = settings_of(tmp_path, shared_valkey.url, sqlite_url)
    first = ensure_bootstrap(given.models_dir)
    second = train_bootstrap(given.models_dir, seed=5)
    database = open_engine(sqlite_url)
    with threads(2) as executor:
        (ann,) = await known(database, ports_of(database, executor), "ann")
    async with opened(given) as front, client_of(front, headers=ADMIN) as api:
        assert (await predicted(api, ann))["version"] == first.name
        set_current(given.models_dir, second.name)
        async with asyncio.timeout(15):
            while (await predicted(api, ann))["version"] != second.name:
                await asyncio.sleep(0.05)
    database.dispose()


async def test_a_verdict_counts_once_and_the_last_word_wins(api: httpx.AsyncClient, database: Engine, ports: Ports):
    (ann,) = await known(database, ports, "ann")
    await predicted(api, ann)
    found = await newest_id(api, ann)
    wrong = await api.post(f"{API}/predictions/{found}/validate", json={"wasAccurate": False})
    assert wrong.json()["status"] == "INVALIDATED"
    right = await api.post(f"{API}/predictions/{found}/validate", json={"wasAccurate": True})
    assert (right.json()["status"], right.json()["wasAccurate"]) == ("VALIDATED", True)
    accuracy = (await api.get(f"{API}/default/ml/accuracy")).json()
    assert (accuracy["total"], accuracy["validated"], accuracy["accuracy"]) == (1, 1, 1.0)
    assert accuracy["byModel"][0]["brier"] is not None
    (verdict,) = validations_since(database)
    assert (verdict.lead_id, verdict.was_accurate) == (ann, True)
    assert verdict.converted is (verdict.value >= 0.5)
    assert validations_since(database, verdict.validated_at) == []
    later = datetime.now(UTC) + timedelta(days=1)
    assert (await api.get(f"{API}/ml/accuracy", params={"since": later.isoformat()})).json()["accuracy"] is None


async def test_a_prediction_without_a_value_cannot_be_judged(api: httpx.AsyncClient, database: Engine, ports: Ports):
    (ann,) = await known(database, ports, "ann")
    await predicted(api, ann, ruleBasedOnly=True)
    found = await newest_id(api, ann, "PRIORITY")
    answer = await api.post(f"{API}/predictions/{found}/validate", json={"wasAccurate": True})
    assert answer.status_code == 409


async def test_ranked_leads_come_by_score_and_pages_hold_each_once(
    api: httpx.AsyncClient, database: Engine, ports: Ports
):
    ids = await known(database, ports, *(f"p{n}" for n in range(7)))
    with database.execution_options(immediate=True).begin() as connection:
        for n, lead_id in enumerate(ids):
            connection.execute(update(leads).where(leads.c.lead_id == lead_id).values(score=10.0 * (n % 4) + 5))
    seen: list[tuple[float, str]] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = (await api.get(f"{API}/default/ml/ranked-leads", params=query)).json()
        seen += [(row["score"], row["leadId"]) for row in page["leads"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == sorted(seen, key=lambda row: (-row[0], row[1]))
    assert {lead_id for _, lead_id in seen} == set(ids)
    above = (await api.get(f"{API}/default/ml/ranked-leads", params={"minScore": 25})).json()["leads"]
    assert {row["score"] for row in above} == {25.0, 35.0}
    top = (await api.get(f"{API}/ml/top-leads", params={"n": 2})).json()["leads"]
    assert [row["rank"] for row in top] == [1, 2]
    medium = (await api.get(f"{API}/ml/leads-by-tier", params={"tier": "medium"})).json()["leads"]
    assert {row["tier"] for row in medium} == {"medium"}
    dead = (await api.get(f"{API}/ml/leads-by-tier", params={"tier": "DEAD"})).json()["leads"]
    assert {row["score"] for row in dead} == {5.0, 15.0}


async def test_a_valid_prediction_ranks_before_the_decision(api: httpx.AsyncClient, database: Engine, ports: Ports):
    _, ben = await known(database, ports, "ann", "ben")
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(update(leads).values(score=1.0))
    told = await predicted(api, ben)
    first = (await api.get(f"{API}/ml/top-leads")).json()["leads"][0]
    assert (first["leadId"], first["score"], first["decidedScore"]) == (ben, told["score"], 1.0)


async def finished(api: httpx.AsyncClient, path: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (job := (await api.get(path)).json())["state"] in ("waiting", "running"):
            await asyncio.sleep(0.02)
    return job


async def test_a_bulk_prediction_tells_how_far_it_is_and_keeps_what_holds(
    api: httpx.AsyncClient, database: Engine, ports: Ports
):
    ids = await known(database, ports, *(f"p{n}" for n in range(11)))
    await predicted(api, ids[0])
    answer = await api.post(f"{API}/default/ml/bulk-predict", json={"limit": 50})
    job = await finished(api, answer.json()["status"])
    assert (job["state"], job["total"], job["done"], job["progress"]) == ("done", 11, 11, 1.0)
    assert (job["predicted"], job["kept"], job["failed"]) == (10, 1, 0)
    for lead_id in ids:
        found = await api.get(f"{API}/leads/{lead_id}/ml/prediction")
        assert found.json()["status"] == "ACTIVE"
    limited = await api.post(f"{API}/default/ml/bulk-predict", json={"limit": 3, "forceRefresh": True})
    assert (await finished(api, limited.json()["status"]))["predicted"] == 3
    nobody = await api.post(f"{API}/default/ml/bulk-predict", json={"minScore": 100})
    assert (await finished(api, nobody.json()["status"]))["total"] == 0


async def test_a_bulk_prediction_can_be_cancelled(api: httpx.AsyncClient, database: Engine, ports: Ports):
    await known(database, ports, *(f"p{n}" for n in range(40)))
    job = (await api.post(f"{API}/default/ml/bulk-predict", json={"limit": 40})).json()
    cancelled = (await api.delete(job["status"])).json()
    assert cancelled["state"] == "cancelled"
    assert (await finished(api, job["status"]))["done"] < 40


async def test_what_is_not_there_is_404_and_says_what_to_send(api: httpx.AsyncClient, database: Engine, ports: Ports):
    (ann,) = await known(database, ports, "ann")
    for method, path in (
        ("POST", "leads/ld_nobody/ml/predict"),
        ("GET", "leads/ld_nobody/ml/prediction?type=SCORE"),
        ("GET", "leads/ld_nobody/ml/features"),
        ("GET", f"leads/{ann}/ml/prediction?type=SCORE"),
        ("POST", "other/ml/bulk-predict"),
        ("GET", "other/ml/ranked-leads"),
        ("GET", "other/ml/top-leads"),
        ("GET", "default/ml/bulk-predict/pj_none"),
        ("DELETE", "default/ml/bulk-predict/pj_none"),
        ("POST", "predictions/pr_none/validate"),
    ):
        body = {"wasAccurate": True} if path.startswith("predictions") else None
        answer = await api.request(method, f"{API}/{path}", json=body)
        assert answer.status_code == 404, (path, answer.text)
        assert answer.json()["detail"], path


async def test_a_wrong_question_is_422_and_names_the_field(api: httpx.AsyncClient, database: Engine, ports: Ports):
    (ann,) = await known(database, ports, "ann")
    for method, path, body, field in (
        ("POST", f"leads/{ann}/ml/predict", {"force": True}, "force"),
        ("POST", f"leads/{ann}/ml/predict", {"forceRefresh": "maybe"}, "forceRefresh"),
        ("POST", f"leads/{ann}/ml/predict", [], "body"),
        ("GET", f"leads/{ann}/ml/prediction?type=LUCK", None, "type"),
        ("GET", "default/ml/ranked-leads?limit=0", None, "limit"),
        ("GET", "default/ml/ranked-leads?minScore=nan", None, "minScore"),
        ("GET", "default/ml/ranked-leads?cursor=%00", None, "cursor"),
        ("GET", "default/ml/ranked-leads?cursor=WzEsMl0=x", None, "cursor"),
        ("GET", "ml/top-leads?n=501", None, "n"),
        ("GET", "ml/leads-by-tier", None, "tier"),
        ("GET", "ml/leads-by-tier?tier=best", None, "tier"),
        ("POST", "default/ml/bulk-predict", {"limit": 10_001}, "limit"),
        ("POST", "default/ml/bulk-predict", {"limit": 1.5}, "limit"),
        ("POST", "default/ml/bulk-predict", {"minScore": -1}, "minScore"),
        ("POST", "predictions/pr_x/validate", {}, "wasAccurate"),
        ("POST", "predictions/pr_x/validate", {"wasAccurate": "yes"}, "wasAccurate"),
        ("GET", "ml/accuracy?since=yesterday", None, "since"),
    ):
        answer = await api.request(method, f"{API}/{path}", json=body)
        assert answer.status_code == 422, (path, answer.text)
        assert field in answer.text, (path, answer.text)


async def test_features_are_told_by_name_with_unknown_as_null(api: httpx.AsyncClient, database: Engine, ports: Ports):
    (ann,) = await known(database, ports, "ann")
    told = (await api.get(f"{API}/leads/{ann}/ml/features")).json()
    assert told["features"]["titleSeniority"] == "vp"
    assert told["features"]["hasCompany"] == 1.0
    assert told["features"]["emailOpenRate"] is None
    assert {each["name"] for each in told["details"]} == set(told["features"])


async def test_importance_is_measured_on_the_newest_leads(api: httpx.AsyncClient, database: Engine, ports: Ports):
    empty = (await api.get(f"{API}/ml/feature-importance")).json()
    assert (empty["leads"], empty["features"]) == (0, [])
    await known(database, ports, "ann", "ben")
    told = (await api.get(f"{API}/ml/feature-importance")).json()
    assert told["leads"] == 2
    sizes = [each["importance"] for each in told["features"]]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(each["share"] for each in told["features"]) == pytest.approx(1, abs=0.01)


async def test_the_page_says_what_would_raise_the_score(api: httpx.AsyncClient, database: Engine, ports: Ports):
    (ann,) = await known(database, ports, "ann", full_name="<b>Ann</b>", message="<script>alert(1)</script>")
    page = await api.get(f"/inbox/lead/{ann}")
    assert page.status_code == 200
    assert "What would raise it" in page.text
    assert "alert(1)" not in page.text
    assert (await api.get("/inbox/lead/ld_nobody")).status_code == 404
    why = await api.get(f"/inbox/why/{ann}?number=1")
    assert f"/inbox/lead/{ann}" in why.text
