"""infra/docs/accounts.md is true: the page is followed from top to bottom in one empty folder, and every command prints what
it says.

Blocks: ```csv NAME is a file, ```console has commands and what they print (`...` stands for anything).
"""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from app import main
from tests.fixtures.router import ROOT

PAGE = ROOT / "infra" / "docs" / "accounts.md"
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ app\.py (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def test_every_command_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ROUTING_FILE", str(ROOT / "infra" / "routing.json"))
    page = PAGE.read_text(encoding="utf-8")
    commands = 0
    for kind, name, text in _BLOCK.findall(page):
        assert kind in {"csv", "console"}, kind
        if kind == "csv":
            Path(name).write_text(text, encoding="utf-8")
            continue
        for command, wanted in _COMMAND.findall(text):
            main(shlex.split(command))
            captured = capsys.readouterr()
            printed = captured.out + captured.err
            assert doctest.OutputChecker().check_output(wanted, printed, doctest.ELLIPSIS), f"$ {command}\n{printed}"
            commands += 1
    assert commands > 10


def test_every_field_is_explained():
    from tools.accounts.columns import COLUMNS

    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in COLUMNS if name not in page and name != "parent_domain"] == []
