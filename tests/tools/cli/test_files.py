"""A router whose files are not where its settings say does not start, and says so in one line each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from tools import sequence_file
from tools.cli.demo import free_port
from tools.cli.files import missing, unusable
from tools.editing.editor import Editor
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.store.migrate import migrate
from tools.wiring import live_routing, live_sequences, open_store

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("command", ["serve", "api", "worker", "dispatch"])
def test_a_part_that_is_started_elsewhere_says_which_file_it_wants(command: str, tmp_path: Path) -> None:
    env = {**os.environ, "DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), command],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    fix = f"does not exist in {tmp_path}; start in the project's folder, or name the file with its whole path"
    assert done.stderr.splitlines() == [
        f"settings: ROUTING_FILE: infra/routing.json {fix}",
        f"settings: SEQUENCES_FILE: infra/sequences.json {fix}",
    ]
    assert not (tmp_path / "data").exists()


def test_a_bad_file_stops_the_first_start_with_its_line(tmp_path: Path) -> None:
    bad = tmp_path / "routing.json"
    bad.write_text('{"DEFAULT": "a@company.com",\n "US": }')
    env = {**os.environ, "DATA_DIR": str(tmp_path / "data"), "ROUTING_FILE": str(bad), "PORT": str(free_port())}
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "serve"],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"settings: ROUTING_FILE: {bad}: " in done.stderr
    assert "(line 2, column 8)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for name in ("routing.json", "sequences.json"):
        shutil.copy(ROOT / "infra" / name, tmp_path / name)
    shutil.copytree(ROOT / "infra" / "mails", tmp_path / "mails")
    given = Settings(
        _env_file=None,
        data_dir=tmp_path,
        routing_file=tmp_path / "routing.json",
        sequences_file=tmp_path / "sequences.json",
    )
    engine = open_engine(given.database)
    migrate(engine)
    engine.dispose()
    return given


@pytest.mark.parametrize("spoil", [lambda path: path.write_text("{"), lambda path: path.unlink()], ids=["bad", "gone"])
def test_what_was_in_use_stands_in_for_a_file_that_is_bad_when_a_part_starts(settings: Settings, spoil: Any) -> None:
    store = open_store(settings)
    try:
        digest, sequences = live_routing(settings, store).current().digest, live_sequences(settings, store).current()
        for path in (settings.routing_file, settings.sequences_file):
            spoil(path)
        assert unusable(settings) == []
        routing, others = live_routing(settings, store), live_sequences(settings, store)
    finally:
        store.close()
    assert routing.current().digest == digest
    assert others.current().digest == sequences.digest
    assert str(routing.fault).startswith("routing.json")
    assert str(others.fault).startswith("sequences.json")


def test_a_worker_that_slept_through_an_edit_and_a_bad_one_routes_by_what_is_live(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that is ahead of the history stays where it is."""
    monkeypatch.setattr("tools.routing_file.live.LOOK_EVERY_S", 0.0)
    first, store = settings.routing_file.read_text(), open_store(settings)
    editor = Editor(store.engine, settings.routing_file)
    try:
        sleeping = live_routing(settings, store)
        editor.note_disk()
        settings.routing_file.write_text(f"{first}\n// second\n")
        editor.note_disk()
        settings.routing_file.write_text("{")
        assert sleeping.current().text.endswith("// second\n")
        settings.routing_file.write_text(f"{first}\n// third\n")
        assert sleeping.current().text.endswith("// third\n")  # not noted in the history yet
        settings.routing_file.write_text("{")
        assert sleeping.current().text.endswith("// third\n")
    finally:
        store.close()


def test_the_file_is_read_again_when_it_is_mended(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.routing_file.live.LOOK_EVERY_S", 0.0)
    monkeypatch.setattr("tools.sequence_file.live.LOOK_EVERY_S", 0.0)
    good = [path.read_text() for path in (settings.routing_file, settings.sequences_file)]
    store = open_store(settings)
    try:
        live_routing(settings, store), live_sequences(settings, store)
        for path in (settings.routing_file, settings.sequences_file):
            path.write_text("{")
        routing, sequences = live_routing(settings, store), live_sequences(settings, store)
        assert None not in (routing.fault, sequences.fault)
        settings.routing_file.write_text(good[0] + "\n// mended\n")
        settings.sequences_file.write_text(good[1])
        assert routing.current().text.endswith("// mended\n")
        assert sequences.current().sequences
        assert (routing.fault, sequences.fault) == (None, None)
    finally:
        store.close()


def test_a_file_that_could_not_be_read_for_a_moment_is_tried_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, file = [0.0], sequence_file.load(settings.sequences_file)
    with monkeypatch.context() as moment:
        moment.setattr("tools.sequence_file.live.load", Mock(side_effect=PermissionError))
        live = sequence_file.LiveSequences(settings.sequences_file, lambda: now[0], kept=lambda: file)
    assert live.fault is not None
    now[0] += 1
    assert live.current().digest == file.digest
    assert live.fault is None


def test_without_anything_in_use_before_a_bad_file_is_said(settings: Settings) -> None:
    settings.routing_file.write_text("{")
    settings.sequences_file.write_text("")
    found = unusable(settings)
    assert [one.split(": ")[0] for one in found] == ["ROUTING_FILE", "SEQUENCES_FILE"]
    assert "the file is empty" in found[1]


def test_a_whole_path_is_said_as_it_is(tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None, routing_file=tmp_path / "none.json", sequences_file=ROOT / "infra/sequences.json"
    )
    assert missing(settings) == [
        f"ROUTING_FILE: {tmp_path}/none.json does not exist; name the file, or leave the setting out for the project's own"
    ]
