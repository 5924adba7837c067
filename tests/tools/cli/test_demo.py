"""The demo: how decisions are compared with their labels, and the whole of it once."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.router import ROOT
from tests.fixtures.router import samples as ours
from tools.cli.demo import Totals, free_port, judge, report, samples, wait_until_ready

SAMPLE = {"name": "one", "expect": {"owner": ["a@c.com", "b@c.com"], "path": "qualify", "tier": ["high", "top"]}}
RECORD: dict[str, Any] = {
    "owner": "b@c.com",
    "rule": "map.US",
    "path": "qualify",
    "tier": "top",
    "score": 81.25,
    "facts": {"similar": {"kind": "found", "value": [{"name": "Northwind", "outcome": "won"}]}},
}


def judged(sample: dict[str, Any] = SAMPLE, lead_ids: dict[str, str] | None = None, **changed: Any) -> Totals:
    totals = Totals()
    judge(totals, sample, RECORD | changed, lead_ids or {"one": "ld_1"})
    return totals


def test_a_decision_as_labelled_counts_and_is_shown(capsys: pytest.CaptureFixture[str]):
    totals = judged()
    assert (totals.leads, totals.owner, totals.path, totals.tier, totals.wrong) == (1, 1, 1, 1, [])
    line = capsys.readouterr().out
    for word in ("one", "b@c.com", "map.US", "top", "81.2", "qualify", "Northwind (won)"):
        assert word in line


@pytest.mark.parametrize(
    ("changed", "mark"), [({"owner": "c@c.com"}, "owner"), ({"path": "nurture"}, "path"), ({"tier": "low"}, "tier")]
)
def test_what_is_other_than_labelled_does_not_count_and_is_marked(
    changed: dict[str, str], mark: str, capsys: pytest.CaptureFixture[str]
):
    totals = judged(**changed)
    assert getattr(totals, mark) == 0
    assert totals.owner + totals.path + totals.tier == 2
    assert f"!{mark}" in capsys.readouterr().out
    assert totals.wrong[0].startswith(f"one: {mark} (expected")


def test_an_owner_may_be_one_name_and_similar_accounts_may_be_unknown():
    sample = {"name": "one", "expect": {"owner": "b@c.com", "path": "qualify", "tier": ["top"]}}
    assert judged(sample, facts={"similar": None}).owner == 1


@pytest.mark.parametrize("key", ["same_lead_as", "duplicate_of"])
def test_the_same_lead_is_counted_where_the_label_says_so(key: str):
    sample = {"name": "two", "expect": SAMPLE["expect"] | {key: "one"}}  # type: ignore[operator]
    same = judged(sample, {"one": "ld_1", "two": "ld_1"})
    assert (same.same_lead, same.same_lead_of) == (1, 1)
    other = judged(sample, {"one": "ld_1", "two": "ld_2"})
    assert (other.same_lead, other.same_lead_of) == (0, 1)


def test_the_last_line_is_the_owners(capsys: pytest.CaptureFixture[str]):
    report(Totals(leads=10, owner=9, wrong=["one: owner (...)"]), Path("var/demo"))
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[-1] == "owner correct: 9 of 10"
    assert "  one: owner (...)" in lines


def test_there_are_at_least_120_samples_with_a_name_and_a_label_each():
    found = samples()
    assert found == ours()
    assert len(found) >= 120
    assert len({sample["name"] for sample in found}) == len(found)
    assert all({"owner", "path", "tier"} <= sample["expect"].keys() for sample in found)


def test_a_free_port_is_free():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", free_port()))


def test_a_server_that_ends_before_it_is_ready_is_said_so():
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as dead:
        dead.wait(20)
        with pytest.raises(SystemExit, match="ended with 3"):
            wait_until_ready("http://127.0.0.1:1", dead)


def test_the_whole_demo_decides_every_sample_and_touches_nothing_outside(tmp_path: Path):
    """In a process of its own, with settings that would send sample leads into the world."""
    wild = {"CRM": "live", "HUBSPOT_ACCESS_TOKEN": "t", "HUBSPOT_BASE_URL": "http://127.0.0.1:1", "NOTIFIER": "live"}
    wild |= {"SLACK_BOT_TOKEN": "t", "SLACK_BASE_URL": "http://127.0.0.1:1/", "DATABASE_URL": "postgresql://nowhere/x"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "demo"],
        env=os.environ | wild | {"DATA_DIR": str(tmp_path), "REDIS_URL": "redis://127.0.0.1:1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.strip().splitlines()
    found = re.fullmatch(r"owner correct: (\d+) of (\d+)", lines[-1])
    assert found is not None
    right, of = map(int, found.groups())
    assert of == len(samples())
    assert right / of >= 0.98
    names = {line[:38].strip() for line in lines}
    assert {sample["name"][:38] for sample in samples()} <= names
