"""The pages of vendors: the way to a test server that each shows is gone, and its figures are those of the code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from graph.ports import AccountQuery, CompanyAsk, JudgeAsk
from tests.fixtures.router import NOW, ROOT
from tests.servers.apollo_server import ApolloServer
from tests.servers.clearbit_server import ClearbitServer
from tests.servers.openai_server import OpenAiServer
from tests.servers.pinecone_server import PineconeServer
from tools.breaker import Breaker
from tools.http_enrichment import LARGEST_ANSWER
from tools.llm import OpenAiJudge
from tools.opinions import LONGEST
from tools.settings import Settings
from tools.store.migrate import migrate
from tools.stream.dispatcher import SCHEDULES
from tools.vectors import DIMENSIONS
from tools.wiring import chat_of, company_facts, open_store, similar_accounts

VENDORS: dict[str, type[Any]] = {
    "openai": OpenAiServer,
    "pinecone": PineconeServer,
    "apollo": ApolloServer,
    "clearbit": ClearbitServer,
}


def page(vendor: str) -> str:
    return (ROOT / "infra" / "docs" / f"{vendor}.md").read_text(encoding="utf-8")


def settings_of(vendor: str, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What the page says to set, with the server's own address."""
    (block,) = re.findall(r"```\n(.*?)```", page(vendor), re.DOTALL)
    for line in block.replace("http://127.0.0.1:9009", url).splitlines():
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value)
    return Settings(_env_file=None, data_dir=folder)


async def asked(vendor: str, settings: Settings) -> Sequence[Any]:
    store = open_store(settings)
    migrate(store.engine)
    part: Any
    try:
        if vendor == "openai":
            part = OpenAiJudge(chat_of(settings))
            return list(await part.judge([JudgeAsk("We want a demo.", None, None, None, None)], NOW))
        if vendor == "pinecone":
            part = similar_accounts(settings, store)
            return list(await part.nearest([AccountQuery("acme.com", "Acme", "software", "US", 50, None)], 3, NOW))
        part = company_facts(settings, store)
        return list(await part.profiles([CompanyAsk("acme.com", None)], NOW))
    finally:
        await part.aclose()
        store.close()


@pytest.mark.parametrize("vendor", VENDORS)
async def test_the_settings_of_the_page_lead_to_the_test_server_with_the_key(
    vendor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    key = re.findall(r"_API_KEY=(.*)", page(vendor))[-1]
    with VENDORS[vendor](key) as server:
        if vendor in {"apollo", "clearbit"}:
            server.known["acme.com"] = {"id": "1", "name": "Acme Inc", "domain": "acme.com"}
        (fact,) = await asked(vendor, settings_of(vendor, server.url, tmp_path, monkeypatch))
        assert len(server.requests) == 1
        assert fact.kind == ("absent" if vendor == "pinecone" else "found")
        assert server.requests[0].path in page(vendor) or server.requests[0].path.removeprefix("/v1") in page(vendor)
        if vendor == "openai":
            body = server.requests[0].json()
            assert (body["stream"], body["response_format"], body["model"]) == (
                False, {"type": "json_object"}, "the-name-your-server-has",
            )  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_setting_that_the_page_names_exists(vendor: str):
    named = set(re.findall(r"`([A-Z][A-Z_]{3,})[=`]", page(vendor))) | set(re.findall(r"\{([A-Z_]+)\}", page(vendor)))
    assert named
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_the_figures_of_the_pages_are_those_of_the_code():
    plain, breaker = Settings(_env_file=None), Breaker()
    for vendor in ("pinecone", "apollo", "clearbit"):
        assert (
            f"After {breaker.threshold} failures in a row nobody asks for {breaker.rest_s:g} s".lower()
            in page(vendor).lower()
        )
    for vendor in VENDORS:
        assert f"`READ_DEADLINE_S` ({plain.read_deadline_s:g} s)" in page(vendor)
    assert f"`OPENAI_DEADLINE_S` ({plain.openai_deadline_s:g} s)" in page("openai")
    assert f"{LONGEST:,} characters" in page("openai")
    assert SCHEDULES["ask_judgement"] == (2, 10, 60, 300, 1800)
    assert f"{DIMENSIONS} dimensions" in page("pinecone")
    assert f"`OPENAI_EMBEDDING_DIMENSIONS` ({plain.openai_embedding_dimensions})" in page("pinecone")
    assert LARGEST_ANSWER == 2 * 1024 * 1024
    for vendor in ("apollo", "clearbit"):
        assert f"({plain.enrichment_ttl_d:g})" in page(vendor)
        assert f"({plain.enrichment_absent_ttl_d:g})" in page(vendor)
        assert "more than 2 MB" in page(vendor)


def test_a_model_may_be_left_its_own_temperature():
    chat = chat_of(Settings(_env_file=None, openai_temperature="default", openai_structured="function_calling"))
    assert (chat.temperature, chat.structured) == (None, "function_calling")
    assert chat_of(Settings(_env_file=None)).temperature == 0.0
