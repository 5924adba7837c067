"""GET /admin/forms, `app.py forms`, and settings that name what is not there."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

import app
from tests.fixtures.form_vendors import SECRET, sample
from tests.fixtures.front import ADMIN, client_of, opened
from tools.settings import Settings
from tools.web.forms.registry import HERE, accesses, place_of, vendors

ROOT = Path(__file__).resolve().parents[4]


async def rows(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/admin/forms", headers=ADMIN)
    assert answer.status_code == 200
    assert SECRET not in answer.text
    return {row["vendor"]: row for row in answer.json()["vendors"]}


async def test_every_vendor_is_listed_with_its_url_and_whether_it_is_set_up(client: httpx.AsyncClient):
    found = await rows(client)
    assert list(found) == sorted(vendors())
    typeform, meta, html = found["typeform"], found["meta"], found["html"]
    assert typeform["url"] == "http://leads.example/webhooks/forms/typeform"
    assert (typeform["secret_set"], typeform["open"], typeform["token_set"]) == (True, False, None)
    assert (meta["secret_set"], meta["token_set"]) == (True, False)
    assert (html["secret_set"], html["open"]) == (False, True)
    assert all((ROOT / row["page"]).is_file() for row in found.values())
    assert {row["last_delivery"] for row in found.values()} == {None}


def test_the_index_names_every_vendor_and_its_page():
    text = (ROOT / "infra" / "docs" / "forms.md").read_text(encoding="utf-8")
    linked = {line.split("](../../")[1].split(")")[0] for line in text.splitlines() if "](../../" in line}
    assert linked == {place_of(vendor) for vendor in vendors().values()}
    for name in ("FORM_SECRETS", "FORM_OPEN", "FORM_TOKENS", "FORM_DEADLINE_S"):
        assert name in text


async def test_what_was_last_heard_is_shown_and_survives_a_restart(front_settings: Settings, redis: Redis):
    async with opened(front_settings) as front, client_of(front) as client:
        assert (await sample("typeform", "demo_request.json").to(client)).status_code == 202
        assert (await sample("typeform", "demo_request.json").signed(secret="wrong").to(client)).status_code == 401
        before = (await rows(client))["typeform"]
    async with opened(front_settings) as front, client_of(front) as client:
        row = (await rows(client))["typeform"]
    assert row == before
    assert (row["last_delivery"]["status"], row["last_delivery"]["error"]) == (401, "bad_signature")
    assert (row["last_accepted"]["status"], row["last_accepted"]["error"]) == (202, None)
    assert row["last_accepted"]["at"] <= row["last_delivery"]["at"]


@pytest.mark.parametrize(
    "changed",
    [
        {"form_secrets": {"typefrom": SecretStr("x")}},
        {"form_tokens": {"typefrom": SecretStr("x")}},
        {"form_api_urls": {"typefrom": "http://x"}},
        {"form_open": "html, typefrom"},
    ],
)
def test_a_setting_of_a_vendor_that_there_is_not_stops_at_start(front_settings: Settings, changed: dict[str, Any]):
    with pytest.raises(ValueError, match="no form vendor 'typefrom'; there are calendly") as raised:
        accesses(front_settings.model_copy(update=changed))
    assert str(raised.value).startswith(next(iter(changed)).upper())


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = app.main(["forms", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("FORM_SECRETS", "FORM_TOKENS", "FORM_OPEN", "FORM_API_URLS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_own_folder")
def test_the_command_lists_what_is_set_up(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORM_SECRETS", '{"typeform": "x", "meta": "x"}')
    monkeypatch.setenv("FORM_OPEN", "gravity")
    code, out, _ = command(capsys, "list")
    states = {line.split()[0]: line for line in out.splitlines()[1:]}
    assert code == 0
    assert " ready " in states["typeform"]
    assert "no token in FORM_TOKENS" in states["meta"]
    assert " open " in states["gravity"]
    assert "no secret in FORM_SECRETS" in states["marketo"]
    monkeypatch.setenv("FORM_OPEN", "graviti")
    code, _, err = command(capsys, "list")
    assert code == 2
    assert "FORM_OPEN" in err


@pytest.mark.usefixtures("_own_folder")
def test_the_command_shows_what_a_payload_becomes_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for vendor in vendors().values():
        for path in (HERE / vendor.name / "samples").iterdir():
            code, out, _ = command(capsys, "try", vendor.name, str(path))
            assert code == 0
            assert out.strip()
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"email=a%40std-in.example&plan=Team")))
    code, out, _ = command(capsys, "try", "html", "-")
    assert '"email": "a@std-in.example"' in out
    assert code == 0


@pytest.mark.usefixtures("_own_folder")
def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    broken = tmp_path / "broken.json"
    broken.write_text('{"hello": 1}')
    for arguments, text in (
        (("try", "wufoo", str(broken)), "there is no form vendor 'wufoo'"),
        (("try", "typeform", str(broken)), "form_response is missing"),
        (("try", "typeform", str(tmp_path / "none.json")), "none.json"),
    ):
        code, _, err = command(capsys, *arguments)
        assert code == 2
        assert text in err
