"""An installation's own secrets: made once, by whoever is first, for their owner alone."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tools.secrets_file import load_or_make


def test_they_are_made_at_the_first_start_and_stay(tmp_path: Path):
    first = load_or_make(tmp_path / "new" / "folder")
    again = load_or_make(tmp_path / "new" / "folder")
    assert (first.fresh, again.fresh) == (True, False)
    assert (first.admin_token, first.lead_key) == (again.admin_token, again.lead_key)
    assert len(first.admin_token) >= 32
    assert len(first.lead_key) == 32


def test_two_installations_differ(tmp_path: Path):
    one, two = load_or_make(tmp_path / "one"), load_or_make(tmp_path / "two")
    assert one.admin_token != two.admin_token
    assert one.lead_key != two.lead_key


def test_only_their_owner_may_read_them(tmp_path: Path):
    before = os.umask(0)
    try:
        load_or_make(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree(tmp_path: Path):
    with ProcessPoolExecutor(4, mp_context=get_context("forkserver")) as pool:
        found = list(pool.map(load_or_make, [tmp_path] * 12))
    assert len({secrets.lead_key for secrets in found}) == 1
    assert sum(secrets.fresh for secrets in found) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


def test_a_draft_of_a_start_that_died_is_no_harm(tmp_path: Path):
    (tmp_path / f"secrets.json.{os.getpid()}").write_text("{")
    assert load_or_make(tmp_path).fresh


def test_a_damaged_file_stops_the_start_and_is_not_replaced(tmp_path: Path):
    """New secrets would make new leads of everybody who is known."""
    (tmp_path / "secrets.json").write_text(json.dumps({"admin_token": "t"}))
    with pytest.raises(Exception, match="lead_key"):
        load_or_make(tmp_path)
    assert json.loads((tmp_path / "secrets.json").read_text()) == {"admin_token": "t"}
