"""The commands that change the file, as a person types them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from tools.cli import rules
from tools.cli.rules import editing
from tools.settings import Settings

TEXT = """{
  "US": "us@company.com",
  "DEFAULT": "general@company.com",  // the last resort
  "version": 1,
  "guards": {"approvals": {"accounts": 1}}
}
"""


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tools.editing.router.router_uses", lambda _settings, _digest: (True, "No router answers."))
    path = tmp_path / "routing.json"
    path.write_text(TEXT)
    return path


def main(live: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    rules.add(parser.add_subparsers())
    settings = Settings(_env_file=None, data_dir=live.parent / "var", routing_file=live)
    return rules.run(parser.parse_args(["rules", *words]), settings)


def draft(live: Path, old: str, new: str) -> str:
    path = live.parent / "draft.json"
    path.write_text(live.read_text().replace(old, new))
    return str(path)


def test_an_edit_a_look_back_and_a_rollback(live: Path, capsys: pytest.CaptureFixture[str]):
    made = draft(live, "us@company.com", "boston@company.com")
    assert main(live, "plan", made) == 0
    assert "No guard stops it." in capsys.readouterr().out
    assert main(live, "apply", made, "--by", "kim@company.com", "--reason", "we moved") == 0
    assert "Change 2 is live as version 2" in capsys.readouterr().out
    assert "boston@company.com" in live.read_text()
    assert "// the last resort" in live.read_text()
    assert main(live, "history") == 0
    newest, first = capsys.readouterr().out.splitlines()[1:]
    assert ("kim@company.com" in newest, "we moved" in newest, first.split()[1:3]) == (True, True, ["1", "live"])
    assert main(live, "show", "1") == 0
    assert capsys.readouterr().out == TEXT
    assert main(live, "diff", "1", "live") == 0
    assert "boston@company.com" in capsys.readouterr().out
    assert main(live, "diff", "1", str(live)) == 0
    assert "boston@company.com" in capsys.readouterr().out
    assert main(live, "diff", "1", "7") == 2
    assert capsys.readouterr().err == (
        '7 cannot be compared: there is no such file, and no version "7" was ever live; `rules history` lists them.\n'
    )
    assert main(live, "rollback", "--by", "kim@company.com") == 0
    assert live.read_text() == TEXT.replace('"version": 1', '"version": 3')
    live.write_text("{")
    assert (
        main(live, "rollback", "--by", "kim@company.com") == 0
    )  # undoes what is broken, and not the version before it
    assert live.read_text() == TEXT.replace('"version": 1', '"version": 4')
    assert main(live, "show", "9") == 1
    assert "rules history" in capsys.readouterr().err


def test_an_edit_that_needs_a_second_word(live: Path, capsys: pytest.CaptureFixture[str]):
    made = draft(live, '"version"', '"accounts": {"acme.com": {"owner": "ana@company.com"}}, "version"')
    assert main(live, "apply", made, "--by", "ana@company.com", "--reason", "list") == editing.PROPOSED
    assert "rules approve 2 --by NAME" in capsys.readouterr().out
    assert main(live, "approve", "2", "--by", "ana@company.com") == 1
    assert main(live, "approve", "2", "--by", "rita@company.com") == 0
    assert "acme.com" in live.read_text()
    assert main(live, "cancel", "2", "--by", "rita@company.com") == 1


def test_what_cannot_be_tried_says_why(live: Path, capsys: pytest.CaptureFixture[str]):
    made = draft(live, "us@", "x@")
    assert main(live, "apply", "none.json", "--by", "a@b.com", "--reason", "r") == 2
    assert main(live, "apply", made, "--by", "a@b.com", "--reason", "r", "--at", "noon") == 2
    assert main(live, "plan", made, "--last", "many") == 2
    assert main(live, "plan", "none.json") == 2
    assert "write 30d" in capsys.readouterr().err
    assert main(live, "plan", draft(live, "us@company.com", "nobody")) == 1


def test_a_plan_over_leads_from_a_file_is_stopped_by_a_guard(live: Path, capsys: pytest.CaptureFixture[str]):
    live.write_text(TEXT.replace('"approvals"', '"max_moved": "40%", "approvals"'))
    leads = live.parent / "leads.jsonl"
    leads.write_text('{"id": "=a", "country": "US"}\n{"country": "DE"}\n')
    made = draft(live, "us@company.com", "boston@company.com")
    assert main(live, "plan", made, "--leads", str(leads)) == 1
    assert "STOPPED by max_moved: 50.0% of the leads would move (1 of 2)" in capsys.readouterr().out
    assert main(live, "plan", made, "--leads", str(leads), "--json") == 1
    assert json.loads(capsys.readouterr().out)["moved"] == 1
    assert main(live, "plan", made, "--leads", str(leads), "--csv") == 1
    assert "'=a" in capsys.readouterr().out


def test_a_draft_whose_own_test_fails_shows_who_would_move_and_that_it_cannot_go_live(
    live: Path, capsys: pytest.CaptureFixture[str]
):
    tested = ', "tests": [{"name": "US", "lead": {"country": "US"}, "expect": {"owner": "us@company.com"}}]}'
    live.write_text(TEXT.rstrip().removesuffix("}").rstrip() + tested)
    leads = live.parent / "leads.jsonl"
    leads.write_text('{"country": "US"}\n{"country": "DE"}\n')
    made = live.with_name("made.json")
    made.write_text(live.read_text().replace('"US": "us@company.com"', '"US": "boston@company.com"'))
    assert main(live, "plan", str(made), "--leads", str(leads)) == 1
    said = capsys.readouterr().out
    assert "us@company.com -> boston@company.com" in said
    assert 'STOPPED by tests: tests[0] "US": the test fails: owner is boston@company.com' in said
    assert main(live, "apply", str(made), "--by", "ana@company.com", "--reason", "r", "--override", "now") == 1


def test_a_router_that_does_not_use_the_edit_is_said(live: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        "tools.editing.router.router_uses", lambda _settings, _digest: (False, "It reads another file.")
    )
    made = draft(live, "us@company.com", "boston@company.com")
    assert main(live, "apply", made, "--by", "kim@company.com", "--reason", "r") == 1


def test_a_territory_beside_the_draft_that_is_another_is_not_passed_over(
    live: Path, capsys: pytest.CaptureFixture[str]
):
    made = draft(live, '"US": "us@company.com"', '"DACH": "d@company.com", "regions": {"DACH": "@dach.csv"}')
    drafts = live.parent / "drafts"
    drafts.mkdir()
    moved = Path(made).rename(drafts / "draft.json")
    (live.parent / "dach.csv").write_text("place\nDE\n")
    (drafts / "dach.csv").write_text("place\nDE\nAT\n")
    words = ("apply", str(moved), "--by", "kim@company.com", "--reason", "r")
    assert main(live, *words) == 1
    assert "dach.csv beside" in capsys.readouterr().err
    (drafts / "dach.csv").write_text("place\nDE\n")
    assert main(live, *words) == 0
