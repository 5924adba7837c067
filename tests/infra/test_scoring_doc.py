"""infra/docs/scoring.md is true: its commands, run in an order in which they can be, print what it says (`...` is anything)."""

import doctest
import re
import shlex

import polars as pl
import pytest

from app import main
from tests.fixtures.router import ROOT
from tests.tools.ml.table.conftest import leads

PAGE = ROOT / "infra" / "docs" / "scoring.md"
_SAME = doctest.OutputChecker().check_output


def examples():
    """(command, what it prints), the guard's stop first: it leaves nothing behind."""
    blocks = re.findall(
        r"^```console\n\$ app\.py (.*?)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return [(shlex.split(command), printed) for command, printed in blocks]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    frame = leads(1, 2_000).with_columns(
        pl.when(pl.col("converted") == "yes").then(pl.lit("sent")).otherwise(None).alias("welcome mail")
    )
    frame.write_csv(tmp_path / "leads.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_example_prints_what_the_page_shows(folder, capsys):
    shown = examples()
    assert [command[0] for command, _ in shown][:3] == ["train", "train", "score"]
    for command, printed in shown:
        code = main(command)
        said = capsys.readouterr().out
        assert code == (1 if printed.startswith("Stopped") else 0)
        assert _SAME(printed, said, doctest.ELLIPSIS), f"{command} printed\n{said}"


def test_the_page_links_to_sections_that_exist():
    text = PAGE.read_text(encoding="utf-8")
    titles = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#(.*?)\)", text)) <= titles
