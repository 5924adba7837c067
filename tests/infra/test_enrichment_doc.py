"""The examples of infra/docs/enrichment.md are read by what reads them in earnest."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.fixtures.router import ROOT
from tools.enrichment.switch import LEAST_PAST, TRIES, WINDOW
from tools.provider_file import read_provider_file
from tools.settings import Settings

DOC = (ROOT / "infra" / "docs" / "enrichment.md").read_text(encoding="utf-8")


def test_the_described_provider_and_the_settings_of_the_page_are_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (described,) = re.findall(r"```json\n(.*?)```", DOC, re.DOTALL)
    path = tmp_path / "providers.json"
    path.write_text(described)
    assert read_provider_file(path).providers[0].name == "acme-http"
    lines = re.findall(r"^(ENRICHMENT\w*)=(.*)$", DOC, re.MULTILINE)
    assert len(lines) >= 7
    for name, value in lines:
        monkeypatch.setenv(name, value)
    for name in ("APOLLO_API_KEY", "CLEARBIT_API_KEY", "ACME_API_KEY"):
        monkeypatch.setenv(name, "k")
    monkeypatch.setenv("ENRICHMENT_HTTP_FILE", str(path))
    terms = {"apollo": {"price_cents": 3}, "clearbit": {"price_cents": 9}}
    monkeypatch.setenv("ENRICHMENT_TERMS", json.dumps(terms))
    settings = Settings(_env_file=None)
    assert settings.providers == ("apollo", "clearbit", "acme-http")
    assert settings.enrichment_daily_cents == 2000


def test_the_figures_of_the_switch_are_those_of_the_code():
    assert f"needs {LEAST_PAST + WINDOW} answers" in DOC
    assert f"{TRIES} questions" in DOC
