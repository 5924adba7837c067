"""`app.py rules ledger`."""

from __future__ import annotations

from argparse import Namespace
from concurrent.futures import Executor
from pathlib import Path

import pytest

from graph.domain.routing import PoolState
from tests.fixtures.router import ROUTING, person, ports_of, settle
from tools.cli.rules import ledger
from tools.settings import Settings
from tools.store.engine import open_engine


def settings_in(folder: Path, routing: Path = ROUTING) -> Settings:
    return Settings(_env_file=None, data_dir=folder, routing_file=routing)


def test_a_store_that_is_new_has_ledgers_without_turns(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert ledger.run(Namespace(pool=None), settings_in(tmp_path)) == 0
    said = capsys.readouterr().out
    assert "us-smb: 0 turns, off hours next" in said
    assert "lucy@company.com" in said


async def test_the_turns_of_the_store_are_shown(tmp_path: Path, executor: Executor, capsys: pytest.CaptureFixture[str]):
    assert ledger.run(Namespace(pool="dach"), settings_in(tmp_path)) == 0
    engine = open_engine(settings_in(tmp_path).database)
    ports = ports_of(engine, executor)
    await settle(engine, ports, *(person(f"p{number}") for number in range(3)))
    assert isinstance((await ports.history.pools(["dach"]))["dach"], PoolState)
    engine.dispose()
    capsys.readouterr()
    assert ledger.run(Namespace(pool="dach"), settings_in(tmp_path)) == 0
    title, head, maren, jonas = capsys.readouterr().out.strip().splitlines()
    assert title.startswith("dach: 3 turns")
    assert head.split() == ["member", "share", "turns", "owed", "caps", "now"]
    assert maren.split() == ["maren@company.com", "50%", "2", "-0.50", "works", "now"]
    assert jonas.split() == [">", "jonas@company.com", "50%", "1", "+0.50", "works", "now"]


def test_a_pool_that_does_not_exist_is_told_with_the_one_that_was_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert ledger.run(Namespace(pool="duch"), settings_in(tmp_path)) == 2
    assert capsys.readouterr().err == 'pool "duch" does not exist, did you mean "dach"?\n'


@pytest.mark.parametrize("text", ['{"US": "us@c.com"}', None])
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None):
    routing = tmp_path / "routing.json"
    if text is not None:
        routing.write_text(text)
    assert ledger.run(Namespace(pool=None), settings_in(tmp_path, routing)) == 2
    assert str(routing) in capsys.readouterr().err


def test_a_file_without_pools_has_nothing_to_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    routing = tmp_path / "routing.json"
    routing.write_text('{"DEFAULT": "g@c.com"}')
    assert ledger.run(Namespace(pool=None), settings_in(tmp_path, routing)) == 0
    assert capsys.readouterr().out == "the file has no pools\n"
