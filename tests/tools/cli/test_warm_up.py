"""What a start prepares: a process fit to be forked, tables, a model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.fixtures.router import ROOT
from tools.cli.forking import possible
from tools.cli.warm_up import prepare
from tools.ml import registry
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.store.tables import leads


def python(code: str, metrics: Path, *arguments: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(not possible(), reason="parts are not forked on this system")
def test_a_process_that_has_imported_everything_has_one_thread_and_no_socket(tmp_path: Path):
    code = """
import gc, os
from tools.cli.warm_up import preload
preload()
numbers = [number for number in os.listdir("/proc/self/fd") if int(number) > 2 and os.path.lexists(f"/proc/self/fd/{number}")]
files = {os.path.splitext(os.readlink(f"/proc/self/fd/{number}"))[1] for number in numbers}
print(len(os.listdir("/proc/self/task")), files, gc.isenabled(), gc.get_freeze_count() > 10_000)
"""
    assert python(code, tmp_path) == "1 {'.db'} True True\n", "the metrics' files, which the client replaces"


@pytest.mark.skipif(not possible(), reason="parts are not forked on this system")
def test_a_process_forked_from_it_counts_in_files_of_its_own(tmp_path: Path):
    code = """
import os
from tools.cli.forking import fork
from tools.cli.warm_up import preload
preload()
from tools.observe import metrics
def count():
    metrics.conflicts.inc()
    return 0
children = [fork("worker", count) for _ in range(3)]
assert [child.wait() for child in children] == [0, 0, 0]
print(metrics.exposition().decode())
"""
    assert "lead_conflicts_total 3.0" in python(code, tmp_path)
    assert len(list(tmp_path.glob("counter_*.db"))) == 4


def test_models_of_other_packages_that_a_run_seldom_needs_are_built_when_they_are_used(tmp_path: Path):
    code = """
from tools.cli.warm_up import preload
preload()
from fastapi import FastAPI
from fastapi.openapi.models import OpenAPI
from langsmith.run_trees import RunTree
from pydantic import BaseModel
from tools.web.intake import LeadForm
print([one.__pydantic_complete__ for one in (OpenAPI, RunTree, LeadForm)], "defer_build" in BaseModel.model_config)
api = FastAPI()
api.add_api_route("/leads/{lead}", lambda lead: lead)
print(sorted(api.openapi()["paths"]), OpenAPI.__pydantic_complete__)
print(RunTree(name="run", run_type="chain").name, RunTree.__pydantic_complete__)
"""
    assert python(code, tmp_path).splitlines() == [
        "[False, False, True] False",
        "['/leads/{lead}'] True",
        "run True",
    ]


def test_what_the_helper_needs_is_imported_before_it_is_forked(tmp_path: Path):
    code = """
import sys
from tools.cli import warm_up
from tools.settings import Settings
warm_up.preload(warm_up.TABLES)
there = set(sys.modules)
warm_up.prepare(Settings(_env_file=None, data_dir=sys.argv[1]))
late = {name.partition(".")[0] for name in sys.modules.keys() - there}
print(sorted(late & {"graph", "pydantic", "fastapi", "langgraph", "xgboost"}))
"""
    assert python(code, tmp_path, str(tmp_path)).splitlines()[-1] == "[]"


def test_tables_and_a_model_are_there_and_a_second_time_changes_nothing(tmp_path: Path):
    settings = Settings(_env_file=None, data_dir=tmp_path)
    assert prepare(settings) == 0
    model = registry.current(settings.models_dir)
    assert model is not None
    assert prepare(settings) == 0
    assert registry.current(settings.models_dir) == model
    engine = open_engine(settings.database)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(leads)) == 0
    engine.dispose()


def test_a_model_that_cannot_be_kept_does_not_stop_the_start(tmp_path: Path):
    """The worker tries again and says why."""
    (tmp_path / "models").write_text("in the way")
    assert prepare(Settings(_env_file=None, data_dir=tmp_path)) == 0
