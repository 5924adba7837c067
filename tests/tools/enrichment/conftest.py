"""Three vendors on this machine, a database, and leads that go through the graph to their decision record."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine

from graph.domain.account import CompanyProfile
from graph.domain.facts import Fact
from graph.ports import CompanyAsk
from tests.fixtures.router import NOW, decided, person, ports_of
from tests.servers.apollo_server import ApolloServer
from tests.servers.clearbit_server import ClearbitServer
from tests.servers.described_server import DescribedServer
from tools.enrichment.building import build_waterfall
from tools.enrichment.waterfall import Waterfall
from tools.settings import Settings

DOMAIN = "ann-werke.de"  # of the lead that `person("ann")` sends
APOLLO: dict[str, Any] = {
    "name": "Ann Werke",
    "primary_domain": DOMAIN,
    "industry": "manufacturing",
    "estimated_num_employees": 400,
    "annual_revenue": 90_000_000,
    "country": "Germany",
    "technology_names": ["Kafka"],
}
CLEARBIT: dict[str, Any] = {
    "id": "c1",
    "name": "Ann Werke AG",
    "domain": DOMAIN,
    "category": {"industry": "Manufacturing"},
    "geo": {"countryCode": "DE", "city": "Ulm"},
    "metrics": {"employees": 450, "annualRevenue": 95_000_000},
    "tech": ["kafka"],
    "ultimateParent": {"domain": "werke-holding.de"},
}
ACME: dict[str, Any] = {
    "company": {
        "site": f"https://www.{DOMAIN}",
        "title": "Ann Werke",
        "size": {"heads": "201-500"},
        "turnover": 90_000,
    },
    "stack": [{"label": "Kafka"}, {"label": "OpenTelemetry"}],
    "jobs": [
        {"role": "Site Reliability Engineer", "since": "2026-03-20", "body": "OpenTelemetry, on call"},
        {"role": "Accountant", "since": "soon", "body": None},
        {"since": "2026-03-20"},
    ],
}
DESCRIBED: dict[str, Any] = {
    "name": "acme-http",
    "headers": {"Authorization": "Token ${ACME_API_KEY}"},
    "fields": {
        "domain": "company.site",
        "name": "company.title",
        "employees": "company.size.heads",
        "revenue_usd": "company.turnover",
        "technologies": "stack[].label",
    },
    "revenue_unit_usd": 1000,
    "job_posts": {"list": "jobs", "title": "role", "posted_at": "since", "text": "body"},
}


class World:
    """apollo, clearbit, acme: the vendors, each knowing `ann-werke.de` where `knows` was called for it."""

    def __init__(self, engine: Engine, executor: Executor, folder: Path) -> None:
        self.engine, self.executor, self.folder = engine, executor, folder
        self.apollo, self.clearbit = ApolloServer("key"), ClearbitServer("key")
        self.acme = DescribedServer("secret")
        self.made: list[Waterfall] = []

    def knows(self, **changes: dict[str, Any]) -> None:
        """Each vendor that is named knows the company as it writes it, with these changes."""
        given = {"apollo": (self.apollo, APOLLO), "clearbit": (self.clearbit, CLEARBIT), "acme": (self.acme, ACME)}
        for name, change in changes.items():
            server, company = given[name]
            server.known[DOMAIN] = {**company, **change}

    def described(self, **changes: Any) -> Path:
        path = self.folder / "providers.json"
        one = {"url": f"{self.acme.url}/v1/companies/{{domain}}", **DESCRIBED, **changes}
        path.write_text(json.dumps({"providers": [one]}))
        return path

    def settings(self, **changes: Any) -> Settings:
        given: dict[str, Any] = {
            "enrichment": "live",
            "enrichment_providers": "apollo, clearbit",
            "apollo_api_key": "key",
            "apollo_base_url": self.apollo.url,
            "clearbit_api_key": "key",
            "clearbit_base_url": self.clearbit.url,
            "read_deadline_s": 2.0,
        }
        return Settings(_env_file=None, **{**given, **changes})

    def waterfall(self, **changes: Any) -> Waterfall:
        self.made.append(build_waterfall(self.settings(**changes), self.engine, self.executor))
        return self.made[-1]

    async def facts(self, waterfall: Waterfall, *domains: str | None, now: Any = NOW) -> list[Fact[CompanyProfile]]:
        return list(await waterfall.profiles([CompanyAsk(domain, None) for domain in domains], now))

    async def record(self, waterfall: Waterfall, name: str = "ann", **form: Any) -> dict[str, Any]:
        """The company as the decision record of a lead of this name holds it: the fact `profile`."""
        ports = ports_of(self.engine, self.executor, enrichment=waterfall)
        batch, _ = await decided(ports, person(name, **({"employees": None} | form)))
        record = orjson.loads(batch[0].record)
        assert record["path"] in {"qualify", "nurture", "manual_review"}
        found: dict[str, Any] = record["facts"]["profile"]
        return found


@pytest.fixture
async def world(
    database: Engine, executor: Executor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setenv("ACME_API_KEY", "secret")
    made = World(database, executor, tmp_path)
    with made.apollo, made.clearbit, made.acme:
        yield made
        for waterfall in made.made:
            await waterfall.aclose()


def tried(profile: dict[str, Any]) -> dict[str, str]:
    """source -> outcome, as the record says."""
    return {one["source"]: one["outcome"] for one in (profile.get("value") or profile)["tried"]}


def origins(profile: dict[str, Any]) -> dict[str, str]:
    """field -> source."""
    return {one["field"]: one["source"] for one in profile["value"]["origins"]}
