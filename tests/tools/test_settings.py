"""Settings: the default needs nothing, a live part without its key stops at start and names the variable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tools.settings import Settings


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


def test_the_default_needs_no_key_and_no_server():
    plain = settings()
    assert {plain.enrichment, plain.crm, plain.notifier, plain.similar, plain.llm} == {"embedded"}
    assert plain.redis_url == ""
    assert plain.redis_fsync == "always"
    assert plain.database == f"sqlite:///{Path('var').resolve() / 'leads.db'}"
    assert plain.base_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("part", "variable"),
    [
        ({"enrichment": "live"}, "APOLLO_API_KEY"),
        ({"enrichment": "live", "enrichment_provider": "clearbit"}, "CLEARBIT_API_KEY"),
        ({"crm": "live"}, "HUBSPOT_ACCESS_TOKEN"),
        ({"notifier": "live"}, "SLACK_BOT_TOKEN"),
        ({"similar": "live"}, "PINECONE_API_KEY"),
        ({"similar": "live", "pinecone_api_key": "k"}, "PINECONE_HOST"),
        ({"llm": "live"}, "OPENAI_API_KEY"),
    ],
)
def test_a_live_part_without_its_key_stops_and_names_the_variable(part: dict[str, str], variable: str):
    with pytest.raises(ValidationError, match=variable):
        settings(**part)


@pytest.mark.parametrize(
    "part",
    [
        {"enrichment": "live", "apollo_api_key": ""},
        {"crm": "live", "hubspot_access_token": ""},
        {"llm": "live", "openai_api_key": ""},
    ],
)
def test_an_empty_key_is_no_key(part: dict[str, str]):
    with pytest.raises(ValidationError, match="needs"):
        settings(**part)


def test_all_that_is_missing_is_said_at_once():
    with pytest.raises(ValidationError) as raised:
        settings(crm="live", llm="live")
    assert "HUBSPOT_ACCESS_TOKEN" in str(raised.value)
    assert "OPENAI_API_KEY" in str(raised.value)


def test_a_live_part_with_its_key_starts():
    assert settings(crm="live", hubspot_access_token="t").crm == "live"


def test_they_come_from_the_environment_and_from_a_file_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / ".env").write_text('PORT=9001\nHOST=0.0.0.0\nWEBHOOK_SECRETS={"web": "whsec_abc"}\nUNKNOWN=1\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORT", "9002")
    found = Settings()
    assert (found.port, found.host) == (9002, "0.0.0.0")
    assert found.webhook_secrets["web"].get_secret_value() == "whsec_abc"


def test_no_secret_is_shown_by_accident():
    shown = repr(settings(admin_token="hush", openai_api_key="hush", webhook_secrets={"web": "hush"}))
    assert "hush" not in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": 70_000},
        {"stream_partitions": 0},
        {"body_limit": 1},
        {"accept_deadline_s": 1.0},
        {"wait_limit_s": 61},
        {"worker_batch": 0},
        {"redis_fsync": "sometimes"},
        {"crm": "salesforce"},
        {"read_deadline_s": 0},
    ],
)
def test_a_value_out_of_range_is_refused_by_name(wrong: dict[str, Any]):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        settings(**wrong)


def test_links_start_with_the_public_address_when_there_is_one():
    assert settings(public_url="https://leads.example.com/").base_url == "https://leads.example.com"
    assert settings(host="10.0.0.1", port=81).base_url == "http://10.0.0.1:81"


def test_a_database_of_ones_own_is_used_as_given(tmp_path: Path):
    assert settings(database_url="postgresql://u@h/d").database == "postgresql://u@h/d"
    assert settings(data_dir=tmp_path).database == f"sqlite:///{tmp_path / 'leads.db'}"
    assert settings(data_dir=tmp_path).models_dir == tmp_path / "models"


def test_several_providers_are_listed_and_one_alone_still_works():
    one = settings(enrichment="live", enrichment_provider="clearbit", clearbit_api_key="k")
    assert one.providers == ("clearbit",)
    assert settings().providers == ("bundled",)
    keys = {"apollo_api_key": "k", "clearbit_api_key": "k"}
    several = settings(enrichment="live", enrichment_providers="clearbit, apollo ,bundled", **keys)
    assert several.providers == ("clearbit", "apollo", "bundled")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"enrichment": "live", "enrichment_providers": "apollo,clearbit", "apollo_api_key": "k"}, "CLEARBIT_API_KEY"),
        ({"enrichment": "live", "enrichment_providers": "zoominfo"}, "nobody knows 'zoominfo'"),
        ({"enrichment": "live", "enrichment_providers": "bundled,bundled"}, "twice"),
        ({"enrichment_providers": "apollo"}, "set ENRICHMENT=live"),
        ({"enrichment_order": "form, apolo"}, "'apolo' is no source"),
        ({"enrichment_needed": "size"}, "ENRICHMENT_NEEDED: 'size'"),
        ({"enrichment_http_file": "nowhere.json"}, "nowhere.json: not readable"),
        ({"enrichment_terms": {"apollo": {"price": 1}}}, "price"),
        ({"enrichment_terms": {"acme-http": {"price_cents": 1}}}, "belongs into ENRICHMENT_HTTP_FILE"),
        (
            {"enrichment": "live", "apollo_api_key": "k", "enrichment_daily_cents": 100},
            "price_cents of apollo in ENRICHMENT_TERMS",
        ),
    ],
)
def test_what_cannot_be_asked_for_company_facts_stops_at_start(wrong: dict[str, Any], said: str):
    with pytest.raises(ValidationError) as raised:
        settings(**wrong)
    assert said in str(raised.value)


def test_a_described_provider_without_its_secret_stops_and_names_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "providers.json"
    path.write_text(
        '{"providers": [{"name": "acme-http", "url": "https://api.acme.example/{domain}", '
        '"headers": {"X-Api-Key": "${ACME_TEST_KEY}"}, "fields": {"name": "name"}}]}'
    )
    live = {"enrichment": "live", "enrichment_providers": "acme-http", "enrichment_http_file": path}
    with pytest.raises(ValidationError, match="acme-http needs the variable ACME_TEST_KEY"):
        settings(**live)
    monkeypatch.setenv("ACME_TEST_KEY", "x")
    assert settings(**live).described_providers["acme-http"].variables == ("ACME_TEST_KEY",)
    monkeypatch.delenv("ACME_TEST_KEY")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("ACME_TEST_KEY=y\n")
    assert settings(**live).providers == ("acme-http",)


def test_an_empty_value_in_the_environment_is_unset(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ENRICHMENT_DAILY_CENTS", "")
    monkeypatch.setenv("PORT", "")
    assert (settings().enrichment_daily_cents, settings().port) == (None, 8000)
