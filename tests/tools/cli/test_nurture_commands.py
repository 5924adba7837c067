from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import app
from tests.fixtures.nurture import FILE, MAYA, Clock, enrol, enrolment, put_lead, shipped, steps_of, tick
from tools.store.engine import open_engine
from tools.store.migrate import migrate


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A database with Maya in the shipped sequence, as commands find it."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SEQUENCES_FILE", str(FILE))
    engine = open_engine(f"sqlite:///{tmp_path / 'leads.db'}")
    migrate(engine)

    async def made() -> None:
        put_lead(engine)
        await enrol(engine, shipped())
        clock = Clock()
        await tick(engine, steps_of(engine, clock, shipped()), clock.now)

    asyncio.run(made())
    yield engine
    engine.dispose()


def test_check_says_what_a_file_holds_or_where_it_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert app.main(["nurture", "check", str(FILE), "--routing", str(FILE.with_name("routing.json"))]) == 0
    assert "low_score_nurture: 8 steps, 3 mails" in capsys.readouterr().out
    bad = tmp_path / "sequences.json"
    bad.write_text('{"sequences": {"a": {"steps": [\n  {"id": "x", "do": "SMS"}]}}}')
    assert app.main(["nurture", "check", str(bad)]) == 1
    assert "sequences.a.steps[0].do: SMS needs a provider" in capsys.readouterr().err
    bad.write_text('{"sequences": {}}')
    assert app.main(["nurture", "check", str(bad), "--routing", str(FILE.with_name("routing.json"))]) == 1
    assert "names the sequence low_score_nurture" in capsys.readouterr().err
    assert app.main(["nurture", "check", str(tmp_path / "none.json")]) == 2


def test_list_show_pause_resume_cancel(store, capsys: pytest.CaptureFixture[str]):
    assert app.main(["nurture", "list"]) == 0
    assert f"ld_1  {MAYA}  low_score_nurture  ACTIVE  welcome 2026-03-03 18:30 UTC" in capsys.readouterr().out
    assert app.main(["nurture", "show", "ld_1"]) == 0
    assert "day1         nothing   Waits until 2026-03-03 18:30 UTC." in capsys.readouterr().out
    assert app.main(["nurture", "pause", "ld_1"]) == 0
    assert enrolment(store).status == "PAUSED"
    assert app.main(["nurture", "pause", "ld_1"]) == 1
    assert app.main(["nurture", "resume", "ld_1", "--sequence", "low_score_nurture"]) == 0
    assert app.main(["nurture", "cancel", "ld_1"]) == 0
    assert enrolment(store).status == "CANCELLED"
    assert app.main(["nurture", "show", "ld_9"]) == 1


def test_preview_and_unsubscribe(store, capsys: pytest.CaptureFixture[str]):
    assert (
        app.main(["nurture", "preview", "low_score_nurture", "--lead", "ld_1", "--from", "2026-03-02T10:30-08:00"]) == 0
    )
    out = capsys.readouterr().out
    assert "2026-03-03 18:30 UTC  welcome      EMAIL" in out
    assert "2026-03-09 17:30 UTC  guide        EMAIL" in out  # the clocks went forward
    assert app.main(["nurture", "preview", "nothing"]) == 1
    assert app.main(["nurture", "preview", "low_score_nurture", "--from", "tomorrow"]) == 2
    assert app.main(["nurture", "unsubscribe", MAYA.upper()]) == 0
    assert "1 running enrolment ended" in capsys.readouterr().out
    assert enrolment(store).status == "CANCELLED"
