"""`app.py forms map`: a payload is shown as a lead, corrected on the command line, and saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import parser
from tools.cli import forms
from tools.settings import Settings
from tools.store import form_mappings as store
from tools.store.engine import open_engine

PAYLOAD = {"Name": "Maya Ortiz", "E-Mail": "maya@acme-werke.de", "Handy": "030 23125118", "Wo": "Deutschland", "x": "y"}


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, database_url=sqlite_url, public_url="http://leads.example")


@pytest.fixture
def payload(tmp_path: Path) -> str:
    path = tmp_path / "payload.json"
    path.write_text(json.dumps(PAYLOAD))
    return str(path)


def run(settings: Settings, *given: str) -> int:
    return forms.run(parser(("forms",)).parse_args(["forms", "map", *given]), settings)


def test_each_value_is_named_with_its_reason_and_the_lead_is_shown(
    settings: Settings, payload: str, capsys: pytest.CaptureFixture[str]
):
    assert run(settings, payload) == 0
    said = capsys.readouterr().out
    assert "its value is an e-mail address" in said
    assert "maya@acme-werke.de" in said
    assert "kept: x = y" in said
    assert store.all_current(open_engine(settings.database)) == []


def test_a_correction_goes_before_the_proposal_and_is_saved_with_a_secret_once(
    settings: Settings, payload: str, capsys: pytest.CaptureFixture[str]
):
    given = (
        payload,
        "--as",
        "phone=Handy",
        "--as",
        "country=Wo",
        "--source",
        "fair",
        "--name",
        "webinar",
        "--save",
        "--by",
        "ana",
    )
    assert run(settings, *given, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["preview"]["lead"]["phone"] == "+493023125118"
    assert told["saved"]["secret"].startswith("whsec_")
    assert told["saved"]["url"] == "http://leads.example/webhooks/forms/webinar"
    assert run(settings, *given) == 0
    assert "whsec_" not in capsys.readouterr().out
    (held,) = store.all_current(open_engine(settings.database))
    assert (held.version, held.author, held.body and held.body["source"]) == (2, "ana", "fair")


def test_a_mapping_of_a_file_is_tried(
    settings: Settings, payload: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    mapping = tmp_path / "m.json"
    mapping.write_text(json.dumps({"fields": {"email": {"pick": "Elsewhere"}}}))
    assert run(settings, payload, "--mapping", str(mapping)) == 1
    said = capsys.readouterr().out
    assert "No valid e-mail" in said
    assert "not in this payload: Elsewhere" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--save",), "--save needs a --name"),
        (("--as", "owner=Name"), "'owner' is no field of a lead"),
        (("--as", "phone=Nowhere"), "the payload has no value 'Nowhere'"),
        (("--as", "email="), "which value is the email or the phone"),
        (("--mapping", "/nonexistent.json"), "No such file"),
    ],
)
def test_what_cannot_be_tried_is_said_with_the_fix(
    settings: Settings, payload: str, capsys: pytest.CaptureFixture[str], given: tuple[str, ...], said: str
):
    assert run(settings, payload, *given) == 2
    assert said in capsys.readouterr().err
