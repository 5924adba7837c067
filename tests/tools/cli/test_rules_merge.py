"""`app.py rules diff` and `rules merge`, as people run them."""

from __future__ import annotations

import argparse
import json

import pytest

from tools.cli import rules
from tools.settings import Settings

BASE = {"US": "a@company.com", "DEFAULT": "g@company.com", "rules": [{"id": "r", "to": "a@company.com"}]}


@pytest.fixture
def paths(tmp_path):
    found = {}
    for name in ("base", "ours", "theirs"):
        found[name] = tmp_path / f"{name}.json"
        found[name].write_text("// " + name + "\n" + json.dumps(BASE, indent=1))
    return found


def main(*words) -> int:
    parser = argparse.ArgumentParser()
    rules.add(parser.add_subparsers())
    return rules.run(parser.parse_args(["rules", *map(str, words)]), Settings(_env_file=None))


def edit(path, old, new):
    path.write_text(path.read_text().replace(old, new))


def run(paths, *more):
    return main("merge", *(paths[name] for name in ("base", "ours", "theirs")), *more)


def test_the_changes_are_told_in_sentences(paths, capsys):
    edit(paths["ours"], '"US": "a@', '"US": "b@')
    assert main("diff", paths["base"], paths["ours"]) == 0
    assert capsys.readouterr().out == "US is b@company.com, was a@company.com (line 3 before, 3 now)\n"
    assert main("diff", paths["base"], paths["theirs"]) == 0
    assert "only comments, layout" in capsys.readouterr().out


def test_a_file_that_cannot_be_compared_is_named(paths, tmp_path, capsys):
    paths["ours"].write_text("{")
    assert main("diff", paths["base"], paths["ours"]) == 2
    assert capsys.readouterr().err.startswith(f"{paths['ours']} cannot be compared: ")
    assert main("diff", paths["base"], tmp_path / "none.json") == 2
    assert capsys.readouterr().err == f"{tmp_path / 'none.json'} cannot be read: No such file or directory\n"


def test_two_edits_become_one_file(paths, tmp_path, capsys):
    edit(paths["ours"], '"US": "a@', '"US": "b@')
    edit(paths["theirs"], '"to": "a@', '"to": "c@')
    assert run(paths) == 0
    printed = capsys.readouterr().out
    assert run(paths, "--out", tmp_path / "merged.json") == 0
    merged = (tmp_path / "merged.json").read_text()
    assert merged == printed
    assert merged.startswith("// ours\n")
    assert '"US": "b@company.com"' in merged
    assert '"to": "c@company.com"' in merged


def test_a_conflict_is_named_and_nothing_is_written(paths, tmp_path, capsys):
    edit(paths["ours"], '"to": "a@', '"to": "b@')
    edit(paths["theirs"], '"to": "a@', '"to": "c@')
    assert run(paths, "--out", tmp_path / "merged.json") == 1
    said = capsys.readouterr().err.splitlines()
    assert said == ["rules r .to: ours b@company.com, theirs c@company.com", "1 conflict; nothing is written"]
    assert not (tmp_path / "merged.json").exists()


def test_a_side_that_cannot_be_read_is_told(paths, capsys):
    paths["theirs"].write_text('{"US": 1')
    assert run(paths) == 2
    assert capsys.readouterr().err.startswith("cannot be merged: theirs: expected a comma or }")
