"""`app.py rank accounts`."""

from __future__ import annotations

import json
from concurrent.futures import Executor
from pathlib import Path

import pytest

from app import main
from tests.fixtures.router import person, ports_of, settle
from tools.settings import Settings
from tools.store.engine import open_engine


def rank(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setenv("DATA_DIR", str(folder))
    return main(["rank", "accounts", *arguments])


def test_a_store_that_is_new_has_no_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert rank(tmp_path, monkeypatch) == 0
    assert "No account yet" in capsys.readouterr().out


async def test_accounts_are_listed_best_first_as_a_table_and_as_json(
    tmp_path: Path, executor: Executor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert rank(tmp_path, monkeypatch) == 0
    engine = open_engine(Settings(_env_file=None, data_dir=tmp_path).database)
    await settle(engine, ports_of(engine, executor), *(person(f"p{number}") for number in range(3)))
    engine.dispose()
    capsys.readouterr()
    assert rank(tmp_path, monkeypatch, "--limit", "2") == 0
    head, *rows, last = capsys.readouterr().out.strip().splitlines()
    assert head.split()[:4] == ["rank", "account", "chance", "best"]
    assert (len(rows), last) == (2, "2 of 3 accounts")
    assert rank(tmp_path, monkeypatch, "--find", "p1-", "--json") == 0
    (found,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (found["rank"], found["parent_domain"], found["currency"]) == (1, "p1-werke.de", "USD")


def test_a_page_that_cannot_be_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SystemExit, match="--limit is 1 to 500"):
        rank(tmp_path, monkeypatch, "--limit", "0")
