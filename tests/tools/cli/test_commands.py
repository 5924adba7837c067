"""The command line itself: what it says of settings, of a routing file, of the graph."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from graph.draw import mermaid
from tests.fixtures.router import ROOT, ROUTING


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """app.py as a module; no .env of this folder counts."""
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location("front_door_of_tests", ROOT / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_graph_is_drawn(app: ModuleType, capsys: pytest.CaptureFixture[str]):
    assert app.main(["draw"]) == 0
    assert capsys.readouterr().out == mermaid()


def test_settings_that_are_wrong_are_named_and_nothing_starts(
    app: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("PORT", "99999")
    assert app.main(["serve"]) == 2
    assert capsys.readouterr().err.startswith("settings: PORT: ")
    monkeypatch.setenv("PORT", "8000")
    monkeypatch.setenv("CRM", "live")
    assert app.main(["worker"]) == 2
    assert "CRM=live needs HUBSPOT_ACCESS_TOKEN" in capsys.readouterr().err


def test_a_routing_file_is_checked(app: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert app.main(["rules", "check", str(ROUTING)]) == 0
    capsys.readouterr()
    (tmp_path / "bad.json").write_text('{"US": "us@c.com"}')
    assert app.main(["rules", "check", str(tmp_path / "bad.json")]) != 0
    assert "DEFAULT" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["dance"], ["route"], ["rules"], ["replay", "--limit", "many"]])
def test_a_command_that_is_none_ends_with_the_usage(
    app: ModuleType, words: list[str], capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as ended:
        app.main(words)
    assert ended.value.code == 2
    assert "usage: app.py" in capsys.readouterr().err


def test_every_command_has_a_line_of_help(app: ModuleType, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        app.main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for name in ("serve", "api", "worker", "dispatch", "demo", "route", "replay", "rules", "train", "draw"):
        assert any(line.split()[:1] == [name] and len(line.split()) > 2 for line in said.splitlines()), name
