"""Commands about decisions: try one without committing it, replay those that were."""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import shutil
import sys
from pathlib import Path

import orjson
import pytest
from pydantic import SecretStr
from sqlalchemy import delete, func, select, update

from tests.fixtures.router import NOW, ROUTING, person, ports_of, settle, the_table, threads
from tests.servers.base import Answer
from tests.servers.openai_server import OPINION, OpenAiServer
from tools import replaying
from tools.cli import replay as time_machine
from tools.cli.decide import command, route
from tools.idempotency import Identifier
from tools.ml.registry import ensure_bootstrap
from tools.secrets_file import load_or_make
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.store.migrate import migrate
from tools.store.routing_versions import keep_version
from tools.store.tables import decisions, leads, outbox, pools, routing_versions
from tools.xgb import XgbScorer

LEAD = {"email": "ann@ann-werke.de", "country": "Germany", "employees": 400, "source": "demo_request"}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "models"
    ensure_bootstrap(folder)
    return folder


@pytest.fixture
def settings(models: Path, tmp_path: Path) -> Settings:
    shutil.copytree(models, tmp_path / "data" / "models")
    return Settings(_env_file=None, data_dir=tmp_path / "data", routing_file=ROUTING)


def lead_file(folder: Path, body: object = LEAD) -> Path:
    path = folder / "lead.json"
    path.write_bytes(body if isinstance(body, bytes) else orjson.dumps(body))
    return path


async def decide(settings: Settings, *names: str) -> None:
    """Decided leads in the data folder's database."""
    engine = open_engine(settings.database)
    migrate(engine)
    keep_version(engine, the_table().digest, the_table().text)
    with threads(2) as executor:
        scorer = XgbScorer(ensure_bootstrap(settings.models_dir))
        for name in names:
            await settle(engine, ports_of(engine, executor, scorer=scorer), person(name), now=NOW)
    engine.dispose()


async def test_a_person_who_waits_hears_the_language_model_at_once(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    lead = lead_file(tmp_path, {**LEAD, "message": "We would like a demo."})
    with OpenAiServer() as server:
        live = {"llm": "live", "openai_api_key": SecretStr("sk-test"), "openai_base_url": server.base_url}
        server.says = lambda about: OPINION if "message_cut" in about else {"note": "They want a demonstration."}
        assert await route(lead, settings.model_copy(update=live), as_json=False) == 0
        said = capsys.readouterr().out
        assert "By openai:gpt-4o-mini the message reads as demo request" in said
        assert "ask_judgement" not in said
        server.always(Answer(500))
        assert await route(lead, settings.model_copy(update=live), as_json=False) == 0
    said = capsys.readouterr().out
    assert "By the rules the message reads as demo request" in said
    assert "ask_judgement/openai:gpt-4o-mini" in said


async def test_a_decision_is_shown_in_sentences_and_nothing_is_written(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert await route(lead_file(tmp_path), settings, as_json=False) == 0
    said = capsys.readouterr().out
    assert said.startswith(("owner maren@company.com   rule rules.dach", "owner jonas@company.com   rule rules.dach"))
    for node in ("capture", "enrich", "score", "rollup", "route", "summarize"):
        assert f"\n  {node} " in said
    assert "would write: upsert_company/ann-werke.de, upsert_contact/contact, assign_owner/" in said
    engine = open_engine(settings.database)
    with engine.connect() as connection:
        for table in (decisions, leads, outbox, pools):
            assert connection.scalar(select(func.count()).select_from(table)) == 0
    engine.dispose()


async def test_the_whole_record_is_given_as_json(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(orjson.dumps(LEAD))))
    assert await route(Path("-"), settings, as_json=True) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["status"], record["rule"], record["revision"]) == ("decided", "rules.dach", 1)
    lead_id = Identifier(load_or_make(settings.data_dir).lead_key).lead_id
    assert record["lead_id"].startswith("ld_")
    assert record["submission"]["form"]["email"] == LEAD["email"]
    assert lead_id is not None


async def test_a_form_body_is_read_too(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert await route(lead_file(tmp_path, b"email=x%40gmail.com&country=France"), settings, as_json=False) == 0
    assert "france@company.com" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "malformed_json"),
        (b"", "empty_body"),
        ({"consent": "maybe"}, "consent"),
        ({"full_name": "Nobody"}, "valid e-mail or phone"),
    ],
)
async def test_a_lead_that_cannot_be_read_is_said_so(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], body: object, said: str
):
    assert await route(lead_file(tmp_path, body), settings, as_json=False) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(f"{tmp_path / 'lead.json'}: ")
    assert said in shown.err
    assert shown.out == ""
    assert list(settings.data_dir.glob("*.sqlite*")) == []  # nothing was opened for it


async def test_a_file_that_is_not_there_is_named(settings: Settings, capsys: pytest.CaptureFixture[str]):
    assert await route(Path("/nowhere/lead.json"), settings, as_json=False) == 2
    assert capsys.readouterr().err == "/nowhere/lead.json: No such file or directory\n"


async def replay(settings: Settings, *words: str) -> int:
    parser = argparse.ArgumentParser()
    time_machine.add(parser)
    return await asyncio.to_thread(time_machine.run, parser.parse_args(words), settings)


async def test_a_replay_without_differences_ends_well(settings: Settings, capsys: pytest.CaptureFixture[str]):
    await decide(settings, "ann", "bob", "cid")
    assert await replay(settings) == 0
    assert "replayed 3 decisions" in capsys.readouterr().out
    assert await replay(settings, "--lead", "ld_nobody") == 2
    assert capsys.readouterr().err == "ld_nobody has no decision here\n"
    assert await replay(settings, "--limit", "2") == 0
    assert "replayed 2 decisions" in capsys.readouterr().out


async def test_a_difference_is_named_and_ends_with_1(settings: Settings, capsys: pytest.CaptureFixture[str]):
    await decide(settings, "ann", "bob")
    engine = open_engine(settings.database)
    with engine.execution_options(immediate=True).begin() as connection:
        row = connection.execute(select(decisions).order_by(decisions.c.lead_id).limit(1)).one()
        changed = row.record.replace(b'"status":"decided"', b'"status":"decides"')
        connection.execute(update(decisions).where(decisions.c.lead_id == row.lead_id).values(record=changed))
    engine.dispose()
    assert await replay(settings) == 1
    said = capsys.readouterr().out
    assert f"{row.lead_id}@1: status: recorded 'decides', replayed 'decided'" in said
    assert said.strip().endswith("1 differences")


async def test_a_replay_that_lacks_its_routing_file_says_so_and_ends_with_2(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    await decide(settings, "ann")
    engine = open_engine(settings.database)
    with engine.execution_options(immediate=True).begin() as connection:
        connection.execute(delete(routing_versions))
    engine.dispose()
    assert await replay(settings) == 2
    assert "cannot replay: the routing file" in capsys.readouterr().err


async def test_a_model_that_was_lost_is_trained_again_and_is_the_same(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    await decide(settings, "ann")
    shutil.rmtree(settings.models_dir)
    assert await replay(settings) == 0
    assert "replayed 1 decisions" in capsys.readouterr().out


async def test_a_large_replay_is_shared_by_processes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(time_machine, "SHARE", 2)
    monkeypatch.setattr(replaying, "BATCH", 2)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    await decide(settings, "ann", "bob", "cid", "dan", "eva")
    assert await replay(settings) == 0
    assert "replayed 5 decisions" in capsys.readouterr().out
    engine = open_engine(settings.database)
    with engine.execution_options(immediate=True).begin() as connection:
        connection.execute(delete(routing_versions))
    engine.dispose()
    assert await replay(settings) == 2
    assert "cannot replay: the routing file" in capsys.readouterr().err


async def test_a_lead_and_a_period_are_chosen(settings: Settings, capsys: pytest.CaptureFixture[str]):
    await decide(settings, "ann", "bob")
    engine = open_engine(settings.database)
    with engine.connect() as connection:
        lead_id = connection.scalar(select(decisions.c.lead_id).limit(1))
    engine.dispose()
    for words, count in (
        (("--lead", str(lead_id)), 1),
        (("--from", "2026-04-07", "--to", "2026-04-08"), 2),
        (("--to", "2026-04-07"), 0),
        (("--last", "1h"), 0),
    ):
        assert await replay(settings, *words) == 0
        assert f"replayed {count} decisions" in capsys.readouterr().out
    for wrong in (("--last", "long"), ("--from", "noon"), ("--last", "3d", "--from", "2026-04-07")):
        assert await replay(settings, *wrong) == 2


async def test_another_routing_file_shows_what_would_differ(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    await decide(settings, "ann")
    draft = tmp_path / "draft.json"
    draft.write_text('{"DEFAULT": "desk@company.com"}')
    assert await replay(settings, "--under", str(ROUTING)) == 0
    capsys.readouterr()
    assert await replay(settings, "--under", str(draft)) == 1
    said = capsys.readouterr().out
    assert "-> desk@company.com" in said
    assert "1 decisions under version 1" in said
    assert await replay(settings, "--under", "99") == 2
    assert "99 is no file" in capsys.readouterr().err


async def test_an_empty_store_replays_nothing(settings: Settings, capsys: pytest.CaptureFixture[str]):
    assert await replay(settings) == 0
    assert "replayed 0 decisions" in capsys.readouterr().out


def test_a_command_that_is_none_is_a_bug(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    from tools.observe import logs

    monkeypatch.setattr(logs, "configure", lambda *_: None)
    with pytest.raises(ValueError, match="dance"):
        command(argparse.Namespace(command="dance"), settings)
